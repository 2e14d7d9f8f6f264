#!/bin/sh
# Runs test programs, TEST_JOBS at a time (as many as there are processors, and
# one more: most of them wait), each by run_one.sh. It counts test cases:
# cmocka's own totals, or one for a program that prints none (exit status 77
# says skipped). The last line is "N passed, N failed, N skipped"; exit status
# 1 when N failed.
#
# usage: run.sh FILE... [--skip-without-WHAT FILE...] [--run FILE...]
#
# TEST_SECONDS_MAX: time limit of each in seconds (300)
set -u

jobs=${TEST_JOBS:-$(($(nproc) + 1))}
skip_for=

totals=$(mktemp) || exit 1
trap 'rm -f "$totals"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

for file; do
	case $file in
	--skip-without-*) skip_for=${file#--skip-without-} ;;
	--run) skip_for= ;;
	*) printf '%s\n%s\n' "$file" "$skip_for" ;;
	esac
done | xargs -d '\n' -n 2 -P "$jobs" "$(dirname "$0")/run_one.sh" "$totals"
status=$?

awk -v wanted="$status" '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || wanted != 0
	}' "$totals"
