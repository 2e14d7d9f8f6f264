#!/bin/sh
# Runs one test program within a time limit and prints one line about it; the
# whole output before that when it fails. What outlives it is ended, and is a
# failure. Its counts are appended to the file TOTALS: "passed failed skipped".
#
# usage: run_one.sh TOTALS FILE [SKIP_FOR]      SKIP_FOR: not set, so it is skipped
#
# TEST_SECONDS_MAX: time limit in seconds (300)
set -u

limit=${TEST_SECONDS_MAX:-300}
totals_file=$1
file=$2
skip_for=${3:-}
group=

out=$(mktemp) || exit 1
said=$(mktemp) || exit 1
end() {
	[ -z "$group" ] || kill -s KILL -- "-$group" 2>/dev/null
	rm -f "$out" "$said"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Reads a test's output; prints "passed failed skipped". A test that began
# and gave no result (crash, time limit) has failed.
totals() {
	awk -v status="$1" '
		/^\[==========\] Running [0-9]+ test/ { n += $3; cmocka = 1 }
		/^\[  PASSED  \] [0-9]+ test\(s\)/ { ok += $4 }
		/^\[  SKIPPED \] [0-9]+ test\(s\)/ { skip += $4 }
		END {
			if (!cmocka && status == 77)
				print 0, 0, 1
			else if (!cmocka)
				print (status == 0), (status != 0), 0
			else {
				bad = n - ok - skip
				if (bad < 1 && status != 0)
					bad = 1
				print ok + 0, bad, skip + 0
			}
		}' "$out"
}

# Milliseconds of some clock.
clock() {
	echo $(($(date +%s%N) / 1000000))
}

run() {
	begin=$(clock)
	case $file in
	*/*) program=$file ;;
	*) program=./$file ;;
	esac
	# timeout(1) leads a process group of its own: what outlives it is seen and ended.
	timeout -k 10 "$limit" "$program" >"$out" 2>&1 </dev/null &
	group=$!
	wait "$group"
	status=$?
	left=0
	if kill -s KILL -- "-$group" 2>/dev/null; then
		left=1
	fi
	group=
	ms=$(($(clock) - begin))

	set -- $(totals "$status")
	case $status in
	124 | 137) echo "ended by the limit of $limit s" >>"$out" ;;
	0 | 77) ;;
	*) echo "exit status $status" >>"$out" ;;
	esac
	if [ "$left" -eq 1 ] && [ "$status" -lt 124 ]; then
		echo "left processes behind" >>"$out"
		# It has failed: one of its passes goes.
		set -- "$(($1 > 0 ? $1 - 1 : 0))" "$(($2 + 1))" "$3"
	fi
	echo "$1 $2 $3" >>"$totals_file"

	word=ok
	[ "$3" -eq 0 ] || word="ok ($3 skipped)"
	[ "$1" -ne 0 ] || [ "$3" -eq 0 ] || word=skip
	[ "$2" -eq 0 ] || word=FAIL
	[ "$word" != FAIL ] || sed "s|^|$name: |" "$out"
	[ "$word" != skip ] || word="skip: $(tail -n 1 "$out")"
	printf '%4d.%02d s %5d  %s: %s\n' $((ms / 1000)) $((ms % 1000 / 10)) $(($1 + $2 + $3)) \
	    "$name" "$word"
}

name=${file#"${TICKRING_BUILD:-}"/}
name=${name#build/*/}
name=${name#tests/}
if [ -n "$skip_for" ]; then
	echo "0 0 1" >>"$totals_file"
	echo "   0.00 s     1  $name: skip: $skip_for is not set" >"$said"
else
	run >"$said"
fi
# All of it at once: others print as well.
flock "$totals_file" cat "$said"
