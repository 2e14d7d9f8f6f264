#!/bin/sh
# Runs one libFuzzer target. What it learns stays in the build folder
# (corpus/NAME) and is where the next run begins; a finding stays there too and
# is named. Seeds: tests/fuzz/seeds/NAME/, dictionary: tests/fuzz/NAME.dict,
# where they exist.
#
# usage: run_one.sh SECONDS TARGET
set -u

dir=$(dirname "$0")
seconds=$1
target=$2
name=$(basename "$target")
corpus=$(dirname "$target")/corpus/$name
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

mkdir -p "$corpus"
set -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$corpus.found-"
[ ! -e "$dir/$name.dict" ] || set -- "$@" -dict="$dir/$name.dict"
set -- "$@" "$corpus"
[ ! -d "$dir/seeds/$name" ] || set -- "$@" "$dir/seeds/$name"
if ! timeout -k 10 $((seconds + 120)) "$target" "$@" >"$out" 2>&1; then
	sed "s|^|$name: |" "$out"
	echo "$name: FAILED, see $corpus.found-*"
	exit 1
fi
echo "$name: clean after $seconds s," \
    "$(awk '/number_of_executed_units/ { print $2 }' "$out") runs"
