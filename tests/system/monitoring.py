"""Prometheus' rules and Grafana's boards against the feed's metrics.

1. Every metric that a rule or a panel names is in the table (feed/ops/metrics.def,
   include/tickring/counters.def, feed/ops/metrics.c) and in a live scrape; every alert
   has a test that sees it fire and a runbook; boards are well formed.
2. promtool: check config, check rules, test rules. A real Prometheus scrapes a feed,
   takes every query of every panel, and its alert for a stalled line fires and clears.
   Without Debian's prometheus: a word, unless TICKRING_PROMTOOL=required.

TICKRING_BUILD: the build.
"""
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.parse

from feed_here import FeedHere, http, wait_for

RULES = "conf/prometheus/tickring.rules.yml"
TESTS = "conf/prometheus/tickring.test.yml"
BOARDS = sorted(glob.glob("conf/grafana/*.json"))
# No sample before something was measured or is due.
NOT_AT_ONCE = {
    "tickring_connect_success_ratio", "tickring_heartbeat_ratio", "tickring_cpu_ratio",
    "tickring_memory_bytes", "tickring_sockets", "tickring_line_round_trip_seconds",
    "tickring_line_pongs_ratio", "tickring_line_pings_total", "tickring_line_retire_seconds",
    "tickring_endpoint_connect_seconds", "tickring_health_reason",
}
bad = []


def expect(holds, text):
    if not holds:
        bad.append(text)
    return holds


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def metrics_of(expression):
    """Names of the feed's metrics, histograms by their family."""
    without_text = re.sub(r'"[^"]*"', '""', expression)
    names = re.findall(r"\btickring_[a-z_]+", without_text)
    return {re.sub(r"(_seconds)_(bucket|sum|count)$", r"\1", n) for n in names}


def table():
    names = set(re.findall(r'METRIC\(\w+, \w+, "(\w+)"', read("feed/ops/metrics.def")))
    names |= {f"tickring_{n}_total" for n in
              re.findall(r"TICK_COUNTER\(\w+, (\w+),", read("include/tickring/counters.def"))}
    names |= set(re.findall(r'"(tickring_[a-z_]+)"', read("feed/ops/metrics.c")))
    return names


def rules():
    """Alert -> expression."""
    found = {}
    for block in re.split(r"^      - alert: ", read(RULES), flags=re.M)[1:]:
        name, rest = block.split("\n", 1)
        expr = re.match(r"        expr: (.*?)\n        (?:for|labels): ", rest, flags=re.S)
        found[name] = expr[1]
        for want in ("severity: ", "summary: ", "action: "):
            expect(want in rest, f"{name} has no {want.strip(': ')}")
    return found


def panels():
    """(board, panel, expression) of every query."""
    for path in BOARDS:
        board = json.loads(read(path))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield os.path.basename(path), panel["title"], target["expr"]


def check_boards():
    uids = set()
    for path in BOARDS:
        board = json.loads(read(path))
        uids.add(board["uid"])
        variables = {v["name"]: v["type"] for v in board["templating"]["list"]}
        expect(variables.get("datasource") == "datasource", f"{path}: a data source is fixed")
        places = set()
        for panel in board["panels"]:
            where = panel["gridPos"]
            expect((where["x"], where["y"]) not in places and where["x"] + where["w"] <= 24,
                   f"{path}: {panel['title']} lies on another panel")
            places.add((where["x"], where["y"]))
            for thing in [panel, *panel.get("targets", [])]:
                expect(panel["type"] == "row" or thing["datasource"]["uid"] == "${datasource}",
                       f"{path}: {panel['title']} has a data source of its own")
    expect(len(uids) == len(BOARDS) == 3, "there are not three boards with uids of their own")


def check_names(known):
    alerts = rules()
    expect(len(alerts) > 30, "there are few rules")
    for alert, expr in alerts.items():
        expect(metrics_of(expr) or "up{" in expr, f"{alert} is about nothing")
        for name in metrics_of(expr) - known:
            expect(False, f"{alert}: there is no metric {name}")
    for board, title, expr in panels():
        expect(metrics_of(expr) or "ALERTS" in expr, f"{board}: {title} is about nothing")
        for name in metrics_of(expr) - known:
            expect(False, f"{board}: {title}: there is no metric {name}")
    fired = set(re.findall(r"alertname: (\w+)\n        exp_alerts:", read(TESTS)))
    quiet = set(re.findall(r"\{eval_time: \w+, alertname: (\w+)\}", read(TESTS)))
    for alert in alerts:
        expect(alert in fired and alert in quiet, f"{alert} has no test that it fires and clears")
    book = "docs/OPERATING.md"
    if os.path.exists(book):
        for alert in alerts:
            expect(f"`{alert}`" in read(book), f"{book} has no runbook of {alert}")


def promtool(*command):
    done = subprocess.run(["promtool", *command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    expect(done.returncode == 0, f"promtool {' '.join(command)}:\n{done.stdout}")


def check_live_names(feed):
    text = feed.get("/metrics")[1]
    live = {re.sub(r"(_seconds)_(bucket|sum|count)$", r"\1", n)
            for n in re.findall(r"^(tickring_\w+)\{", text, flags=re.M)}
    used = set().union(*(metrics_of(e) for e in rules().values()),
                       *(metrics_of(e) for _, _, e in panels()))
    for name in used - live - NOT_AT_ONCE:
        expect(False, f"{name} is used and not in a live scrape")


class Prometheus:
    """Beside a feed, with our rules; the time until a line counts as stalled cut short."""

    def __init__(self, feed):
        text = read(RULES)
        rule = text[text.index("- alert: TickringLineStalled"):]
        rule = rule[:rule.index("annotations:")]
        short = rule.replace("> 30", "> 5").replace("for: 10s", "for: 1s")
        assert short.count("> 5") == 1 and short.count("for: 1s") == 1, rule
        with open(feed.path("rules.yml"), "w", encoding="utf-8") as f:
            f.write(text.replace(rule, short))
        with open(feed.path("prometheus.yml"), "w", encoding="utf-8") as f:
            f.write("global: {scrape_interval: 500ms, evaluation_interval: 500ms}\n"
                    "rule_files: [rules.yml]\n"
                    "scrape_configs: [{job_name: tickring, static_configs: "
                    f'[{{targets: ["{feed.address}"]}}]}}]\n')
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        feed.run(["prometheus", f"--config.file={feed.path('prometheus.yml')}",
                  f"--storage.tsdb.path={feed.path('tsdb')}",
                  f"--web.listen-address=127.0.0.1:{port}"], "prometheus.log")
        wait_for("Prometheus scrapes", lambda: self.query('up{job="tickring"} == 1'))

    def ask(self, path):
        try:
            return json.loads(http(self.url + path)[1])
        except (OSError, ValueError):
            return {}

    def answer(self, expr):
        return self.ask("/api/v1/query?" + urllib.parse.urlencode({"query": expr}))

    def query(self, expr):
        return self.answer(expr).get("data", {}).get("result")

    def firing(self):
        alerts = self.ask("/api/v1/alerts").get("data", {}).get("alerts", [])
        return {a["labels"]["alertname"] for a in alerts if a["state"] == "firing"}


def check_queries(prometheus):
    for board, title, expr in panels():
        for variable, value in (("$feed", ".*"), ("$__rate_interval", "1m")):
            expr = expr.replace(variable, value)
        answer = prometheus.answer(expr)
        expect(answer.get("status") == "success", f"{board}: {title}: {answer.get('error')}")


def check_with_prometheus(feed):
    prometheus = Prometheus(feed)
    check_queries(prometheus)
    wait_for("nothing is critical", lambda: not prometheus.query(
        "tickring_health_reason == 2"))
    expect("TickringLineStalled" not in prometheus.firing(), "a line stalled by itself")
    own = {"TickringOwnAlert", "TickringOwnAlertCritical"}
    wait_for("no alert of the feed's own", lambda: not own & prometheus.firing())
    feed.fault("stall-data conn=1")
    wait_for("the alert for a stalled line fires",
             lambda: "TickringLineStalled" in prometheus.firing())
    wait_for("the feed's own alert is one of Prometheus",
             lambda: own & prometheus.firing())
    feed.clear()
    wait_for("it clears", lambda: "TickringLineStalled" not in prometheus.firing())
    print("monitoring: the alerts for a stalled line and of the feed itself fired")


def main():
    check_boards()
    check_names(table())
    here = shutil.which("promtool") and shutil.which("prometheus")
    if here:
        promtool("check", "config", "conf/prometheus/prometheus.yml")
        promtool("check", "rules", RULES)
        promtool("test", "rules", TESTS)
    elif os.environ.get("TICKRING_PROMTOOL") == "required":
        expect(False, "promtool or prometheus is not installed (Debian's package prometheus)")
    with FeedHere(["streams=btcusdt@bookTicker,ethusdt@bookTicker,btcusdt@trade",
                   "alerts.hold_ms=0"]) as feed:
        check_live_names(feed)
        if here:
            check_with_prometheus(feed)
    if not here:
        print("monitoring: no Prometheus here, rules are checked by name only:"
              " make check-metrics")
    for text in bad:
        print("monitoring:", text)
    sys.exit(1 if bad else 0)


main()
