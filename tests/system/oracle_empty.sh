#!/bin/sh
# A comparison of nothing must not pass: tests/oracle.sh on a folder without
# recordings, and on one with other files only, fails and says why.
set -u

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

expect_refusal() { # WHAT
	if tests/oracle.sh "$tmp" >"$tmp.out" 2>&1; then
		echo "oracle.sh passes with $1"
		bad=1
	elif ! grep -q '^oracle: no .*jsonl' "$tmp.out"; then
		echo "oracle.sh with $1 does not say what is missing:"
		cat "$tmp.out"
		bad=1
	fi
	rm -f "$tmp.out"
}

expect_refusal 'an empty folder'
mkdir "$tmp/expected"
echo text >"$tmp/README.md"
expect_refusal 'no recording'
exit $bad
