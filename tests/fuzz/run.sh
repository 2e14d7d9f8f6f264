#!/bin/sh
# Runs libFuzzer targets one after the other. What they learn stays in the
# build folder (corpus/NAME) and is where the next run begins; a finding stays
# there too and is named. Seeds: tests/fuzz/seeds/NAME/, dictionary:
# tests/fuzz/NAME.dict, where they exist.
#
# usage: run.sh SECONDS TARGET...
set -u

dir=$(dirname "$0")
seconds=$1
shift
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
bad=0

for target; do
	name=$(basename "$target")
	corpus=$(dirname "$target")/corpus/$name
	mkdir -p "$corpus"
	set -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	    -artifact_prefix="$corpus.found-"
	[ ! -e "$dir/$name.dict" ] || set -- "$@" -dict="$dir/$name.dict"
	set -- "$@" "$corpus"
	[ ! -d "$dir/seeds/$name" ] || set -- "$@" "$dir/seeds/$name"
	if timeout -k 10 $((seconds + 120)) "$target" "$@" >"$out" 2>&1; then
		echo "$name: clean after $seconds s," \
		    "$(awk '/number_of_executed_units/ { print $2 }' "$out") runs"
	else
		sed "s|^|$name: |" "$out"
		echo "$name: FAILED, see $corpus.found-*"
		bad=1
	fi
done
exit $bad
