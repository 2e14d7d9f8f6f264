"""Do the rendered pods fit the feed?

usage: containers.py RENDERED FEED_JSON   checks, and writes the feed's configuration there
       containers.py --parse DIR          parses all files; resources exist
"""
import os
import re
import sys

import yaml

USER = 10001
bad = []


def expect(holds, text):
    if not holds:
        bad.append(text)


def feed_paths():
    """Paths that the HTTP interface has."""
    with open("feed/ops/web_pages.c", encoding="utf-8") as f:
        return set(re.findall(r'\{"(/[a-z]+)", [a-z_]+,', f.read()))


def check_probe(name, probe, ports, paths):
    expect(probe is not None, f"there is no {name}")
    if probe is None:
        return
    get = probe.get("httpGet", {})
    expect(get.get("path") in paths, f"{name} asks for {get.get('path')}, which there is not")
    expect(get.get("port") in ports, f"{name} asks port {get.get('port')}")


def check_container(c):
    name = c["name"]
    security = c.get("securityContext", {})
    expect(security.get("readOnlyRootFilesystem") is True, f"{name} may write to its root")
    expect(security.get("allowPrivilegeEscalation") is False, f"{name} may gain privileges")
    expect(security.get("capabilities") == {"drop": ["ALL"]}, f"{name} keeps capabilities")
    resources = c.get("resources", {})
    for kind, what in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
        expect(what in resources.get(kind, {}), f"{name} has no {kind} of {what}")
    mounts = {m["mountPath"]: m for m in c.get("volumeMounts", [])}
    shm = mounts.get("/dev/shm", {})
    expect(shm.get("name") == "shm", f"{name} does not see the shared memory")
    expect(bool(shm.get("readOnly")) == (name != "feedd"), f"{name}: readOnly of /dev/shm")


def check_feedd(c, config, paths):
    ports = {p["name"]: p["containerPort"] for p in c.get("ports", [])}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        check_probe(probe, c.get(probe), ports, paths)
    expect(c["livenessProbe"]["httpGet"]["path"] == "/livez", "a lost exchange would kill the pod")
    expect(c["readinessProbe"]["httpGet"]["path"] == "/readyz", "readiness is not /readyz")
    listen = re.search(r'"listen":\s*"([^"]*):(\d+)"', config)
    expect(listen is not None, "feed.json has no ops.listen: probes get no answer")
    if listen:
        expect(int(listen[2]) == ports.get("ops"), "ops.listen is not the container's port")
        expect(not listen[1].startswith(("127.", "localhost")), "nobody outside can ask")
    mounts = {m["mountPath"]: m for m in c["volumeMounts"]}
    path = c["args"][c["args"].index("--config") + 1]
    expect(os.path.dirname(path) in mounts, f"nothing is mounted where {path} should be")


def mebibytes(text):
    found = re.fullmatch(r"(\d+)Mi", text)
    return int(found[1]) if found else 0


def check_pod(pod, config):
    paths = feed_paths()
    security = pod.get("securityContext", {})
    expect(security.get("runAsNonRoot") is True, "the pod may run as root")
    for who in ("runAsUser", "runAsGroup", "fsGroup"):
        expect(security.get(who) == USER, f"{who} is not that of the image")
    expect(security.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
           "there is no seccomp profile")
    expect(pod.get("automountServiceAccountToken") is False, "the pod gets a token it needs not")
    volume = {v["name"]: v for v in pod["volumes"]}
    shm = volume["shm"].get("emptyDir", {})
    expect(shm.get("medium") == "Memory", "the shared memory is a disk")
    for c in pod["containers"]:
        check_container(c)
        limit = c.get("resources", {}).get("limits", {}).get("memory", "0Mi")
        if c["name"] == "feedd":
            # Its own memory, up to the alarm at 95 MB, and the segments.
            expect(mebibytes(limit) >= 91 + mebibytes(shm.get("sizeLimit", "0Mi")),
                   f"the memory limit {limit} kills the feed before its alarm comes")
            check_feedd(c, config, paths)
    expect(any(c["name"] == "feedd" for c in pod["containers"]), "there is no feedd")


def check_rendered(path, config_path):
    with open(path, encoding="utf-8") as f:
        objects = [o for o in yaml.safe_load_all(f) if o]
    of_kind = {o["kind"]: o for o in objects}
    for kind in ("Deployment", "Service", "NetworkPolicy", "ConfigMap"):
        expect(kind in of_kind, f"there is no {kind}")
    if bad:
        return
    deployment = of_kind["Deployment"]
    template = deployment["spec"]["template"]
    expect(deployment["spec"]["replicas"] == 1, "one feed, one pod")
    expect(deployment["spec"]["strategy"]["type"] == "Recreate", "two pods at a time")
    labels = template["metadata"]["labels"].items()
    service = of_kind["Service"]["spec"]
    for who in (deployment["spec"]["selector"]["matchLabels"], service["selector"]):
        expect(who.items() <= labels, "a selector does not find the pod")
    expect(len({o["metadata"].get("namespace") for o in objects}) == 1, "several namespaces")
    config = of_kind["ConfigMap"]["data"]["feed.json"]
    used = {v.get("configMap", {}).get("name") for v in template["spec"]["volumes"]}
    expect(of_kind["ConfigMap"]["metadata"]["name"] in used, "nobody mounts the configuration")
    check_pod(template["spec"], config)
    with open(config_path, "w", encoding="utf-8") as f:
        f.write(config)


def parse(root):
    for folder, _, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)
            if not name.endswith(".yaml"):
                continue
            with open(path, encoding="utf-8") as f:
                objects = [o for o in yaml.safe_load_all(f) if o]
            expect(objects, f"{path} is empty")
            if name != "kustomization.yaml":
                continue
            for key in ("resources", "components"):
                for item in objects[0].get(key, []):
                    expect(os.path.exists(os.path.join(folder, item)), f"{path}: no {item}")
            for patch in objects[0].get("patches", []):
                expect(os.path.exists(os.path.join(folder, patch["path"])),
                       f"{path}: no {patch['path']}")


if sys.argv[1] == "--parse":
    parse(sys.argv[2])
else:
    check_rendered(sys.argv[1], sys.argv[2])
for text in bad:
    print("containers:", text)
sys.exit(1 if bad else 0)
