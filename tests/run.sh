#!/bin/sh
# Runs test programs one after the other, each with a time limit, and counts
# test cases: cmocka's own totals, or one for a program that prints none (exit
# status 77 says skipped). One line each; the whole output of those that fail.
# The last line is "N passed, N failed, N skipped"; exit status 1 when N failed.
#
# usage: run.sh FILE... [--skip-without-WHAT FILE...] [--run FILE...]
#
# TEST_SECONDS_MAX: time limit of each in seconds (300)
set -u

limit=${TEST_SECONDS_MAX:-300}
passed=0 failed=0 skipped=0
skip_for=
group=

out=$(mktemp) || exit 1
end() {
	[ -z "$group" ] || kill -s KILL -- "-$group" 2>/dev/null
	rm -f "$out"
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

run_one() {
	name=${1#"${TICKRING_BUILD:-}"/}
	name=${name#build/*/}
	name=${name#tests/}
	begin=$(clock)
	case $1 in
	*/*) program=$1 ;;
	*) program=./$1 ;;
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
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))

	word=ok
	[ "$3" -eq 0 ] || word="ok ($3 skipped)"
	[ "$1" -ne 0 ] || [ "$3" -eq 0 ] || word=skip
	[ "$2" -eq 0 ] || word=FAIL
	[ "$word" != FAIL ] || sed "s|^|$name: |" "$out"
	[ "$word" != skip ] || word="skip: $(tail -n 1 "$out")"
	printf '%4d.%02d s %5d  %s: %s\n' $((ms / 1000)) $((ms % 1000 / 10)) $(($1 + $2 + $3)) \
	    "$name" "$word"
}

for file; do
	case $file in
	--skip-without-*) skip_for=${file#--skip-without-} ;;
	--run) skip_for= ;;
	*)
		if [ -n "$skip_for" ]; then
			skipped=$((skipped + 1))
			file=${file#build/*/}
			echo "   0.00 s     1  ${file#tests/}: skip: $skip_for is not set"
		else
			run_one "$file"
		fi
		;;
	esac
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
