#!/bin/sh
# Prometheus' rules and Grafana's boards against the feed's metrics: monitoring.py.
# Skipped without python3.
set -u
: "${TICKRING_BUILD:?run make test}"
command -v python3 >/dev/null || { echo "there is no python3"; exit 77; }
PYTHONDONTWRITEBYTECODE=1 exec python3 tests/system/monitoring.py
