#!/bin/sh
# Runs test programs, TEST_JOBS at a time (twice as many as there are processors:
# most of them wait), each by run_one.sh. It counts test cases:
# cmocka's own totals, or one for a program that prints none (exit status 77
# says skipped). Those that ALONE names compare times in one run, and have the
# machine for themselves in the end. The last line is "N passed, N failed, N
# skipped"; exit status 1 when N failed.
#
# usage: run.sh FILE... [--skip-without-WHAT FILE...] [--run FILE...]
#
# ALONE: names of test programs, separated by blanks
# TEST_SECONDS_MAX: time limit of each in seconds (300)
set -u

jobs=${TEST_JOBS:-$((2 * $(nproc)))}

totals=$(mktemp) || exit 1
trap 'rm -f "$totals"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Prints the files that run "together" or "alone", each with what it is skipped for.
choose() {
	wanted=$1
	shift
	skip_for=
	for file; do
		case $file in
		--skip-without-*) skip_for=${file#--skip-without-} ;;
		--run) skip_for= ;;
		*)
			case " ${ALONE:-} " in
			*" ${file##*/} "*) when=alone ;;
			*) when=together ;;
			esac
			[ "$when" != "$wanted" ] || printf '%s\n%s\n' "$file" "$skip_for"
			;;
		esac
	done
}

# Runs what `choose` prints, so many at a time.
run() {
	xargs -r -d '\n' -n 2 -P "$1" "$(dirname "$0")/run_one.sh" "$totals"
}

status=0
choose together "$@" | run "$jobs" || status=$?
choose alone "$@" | run 1 || status=$?

awk -v wanted="$status" '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || wanted != 0
	}' "$totals"
