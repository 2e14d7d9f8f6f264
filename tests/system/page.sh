#!/bin/sh
# The page at "/" in Chromium, driven by playwright-core of the npm registry: page.js.
# Screenshots at 1280 and 390 px: page-*.png of the build. Skipped where there is no
# Chromium, node or npm, or the registry is out of reach; TICKRING_PAGE=required makes
# that a failure (make check-page).
#
# TICKRING_BUILD: the build.
set -u

bin=${TICKRING_BUILD:?run make test}
npm=${bin%/*}/npm
version=1.64.1 # of playwright-core

give_up() { # TEXT
	echo "$1: make check-page"
	[ "${TICKRING_PAGE-}" = required ] && exit 1
	exit 77
}

CHROMIUM=$(command -v chromium) || give_up "there is no chromium"
for c in node npm python3; do
	command -v "$c" >/dev/null || give_up "there is no $c"
done
if [ ! -d "$npm/node_modules/playwright-core" ]; then
	mkdir -p "$npm" && timeout 120 npm install --prefix "$npm" --no-save --no-audit --no-fund \
	    --ignore-scripts --loglevel=error "playwright-core@$version" >"$npm/log" 2>&1 || {
		cat "$npm/log"
		give_up "npm cannot bring playwright-core"
	}
fi
export CHROMIUM NODE_PATH="$npm/node_modules" PYTHONDONTWRITEBYTECODE=1
exec python3 tests/system/page_rig.py "$bin"
