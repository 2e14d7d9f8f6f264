"""Runs page.js against a feed on a simulated exchange.

usage: page_rig.py FOLDER, for the screenshots. TICKRING_BUILD, NODE_PATH, CHROMIUM: see page.js
"""
import subprocess
import sys

from feed_here import FeedHere

STREAMS = ",".join(f"{s}usdt@{kind}" for s in ("btc", "eth", "bnb", "sol")
                   for kind in ("trade", "bookTicker", "depth@100ms"))

with FeedHere([f"streams={STREAMS}", "redundancy=2"]) as feed:
    done = subprocess.run(
        ["node", "tests/system/page.js", f"http://{feed.address}/", feed.control,
         str(feed.feedd.pid), sys.argv[1]], check=False, timeout=240)
sys.exit(done.returncode)
