"""A feed on a simulated exchange, for tests in Python: start, ask, disturb, end.

TICKRING_BUILD: the build.
"""
import glob
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

WITHIN_S = 60  # for anything to happen; loaded machines are slow


def wait_for(what, ready, within_s=WITHIN_S):
    """Calls ready() until it returns something true, and returns that."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {within_s} s: {what}")


def http(url, data=None):
    """Status and text."""
    request = urllib.request.Request(url, data=None if data is None else data.encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class FeedHere:
    """with FeedHere(["streams=..."]) as feed: feed.get("/metrics"), feed.fault("rst conn=1")"""

    def __init__(self, settings):
        self.settings = settings
        self.name = f"test-{os.getpid()}"
        self.children = []

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        if kind is not None:
            print(self.log()[-4000:])
        for path in glob.glob(f"/dev/shm/{self.name}.*"):
            os.unlink(path)
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run(self, command, log):
        """Starts a child that ends with the feed."""
        with open(self.path(log), "wb") as out:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.children.append(child)
        return child

    def content(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as f:
                return f.read().strip()
        except FileNotFoundError:
            return ""

    def log(self):
        return self.content("feedd.log")

    def start(self):
        build = os.environ["TICKRING_BUILD"]
        self.run([f"{build}/exchange-sim", "--dir", self.folder.name, "--port", "0",
                  "--port-file", self.path("port"), "--control-port", "0",
                  "--control-port-file", self.path("control")], "sim.log")
        port = wait_for("exchange-sim listens", lambda: self.content("port"))
        self.control = wait_for("it takes faults", lambda: self.content("control"))
        command = [f"{build}/feedd"]
        # A sanitizer's own memory is no alarm.
        for setting in ["resources.max_memory_bytes=2147483648", f"feed={self.name}", "endpoint.host=localhost", f"endpoint.port={port}",
                        f"endpoint.ca_file={self.path('ca.pem')}", "ops.listen=127.0.0.1:0",
                        "ring.unlink_at_exit=true", *self.settings]:
            command += ["--set", setting]
        self.feedd = self.run(command, "feedd.log")
        found = wait_for("feedd listens", lambda: re.search(
            r"event=http_listening .*port=(\d+)", self.log()))
        self.address = f"127.0.0.1:{found[1]}"
        wait_for("the feed is ready", lambda: self.get("/readyz")[0] == 200)

    def get(self, path):
        return http(f"http://{self.address}{path}")

    def fault(self, line):
        """One line of exchange-sim's script of faults, now."""
        status, text = http(f"http://127.0.0.1:{self.control}/fault", f"0 {line}\n")
        assert status == 200, text

    def clear(self):
        assert http(f"http://127.0.0.1:{self.control}/clear", "")[0] == 200
