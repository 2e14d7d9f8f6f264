#!/bin/sh
# closed_files.sh: programs whose standard files are closed, or lie on a disk that
# is full. A feed must not write its log into a segment that took the number of
# its standard error; who could not write what was asked for says so by its exit
# code.
set -u
name=closed_files
. tests/feed_rig.sh

# Without an exchange: nobody listens at port 1.
start() { # NUMBER, of the file that is closed
	case $1 in
	0) set -- '<&-' ;;
	1) set -- '>&-' ;;
	2) set -- '2>&-' ;;
	all) set -- '<&- >&- 2>&-' ;;
	esac
	eval '"$bin"/feedd --set feed="$feed" --set endpoint.host=localhost \
	    --set endpoint.port=1 --set endpoint.address=127.0.0.1 \
	    --set streams=btcusdt@trade --set log.level=debug' "$1" '&'
	feedd=$!
}

# What the last one left may be there before the next has begun.
wait_for_writer() {
	for _ in $(seq 600); do
		"$bin"/shm-inspect --check "$feed" >"$work/out" 2>&1 &&
		    "$bin"/shm-inspect --status "$feed" >"$work/out" 2>&1 && return 0
		sleep 0.1
	done
	fail "no writer: $(cat "$work/out")"
}

for closed in 0 1 2 all; do
	for round in 1 2; do # the second one finds what the first one left
		if [ $closed = 2 ] || [ $closed = all ]; then
			start $closed 2>/dev/null
		else
			start $closed 2>"$work/feedd.log"
		fi
		wait_for_writer
		for look in --head --board; do
			"$bin"/shm-inspect $look "$feed" >"$work/out" 2>&1 ||
			    fail "without $closed: $look: $(cat "$work/out")"
		done
		kill -TERM $feedd
		wait $feedd || fail "without $closed, round $round: exit code $?"
		feedd=''
		for segment in ring board status; do
			[ "$(head -c 8 /dev/shm/"$feed".$segment)" = TCKRING1 ] ||
			    fail "without $closed: the log is in $segment"
		done
		[ "$(head -c 8 /dev/shm/"$feed".lock)" = TICRLCK1 ] ||
		    fail "without $closed: the log is in the lock"
	done
done

full() { # CODE PROGRAM ARGUMENT...
	code=$1
	shift
	for out in '>/dev/full' '>&-'; do
		[ "$out" = '>&-' ] && [ "$1" = feedd ] && continue # it makes do without
		eval '"$bin"/"$@"' "$out" '2>"$work/err"'
		got=$?
		[ $got -eq "$code" ] || fail "$* $out: exit code $got"
	done
}

# Files of a feed that has ended are enough.
full 1 feedd --help
full 1 feedd --print-config
for tool in shm-inspect pool-status tick-diff; do
	full 3 $tool --help
	full 3 $tool --version
done
full 3 feed-health --help
full 3 feed-health "$feed"
full 3 shm-inspect --head "$feed"
full 3 shm-inspect --follow --from oldest --drain "$feed"
full 3 pool-status "$feed"
full 3 pool-status --follow --plain --count 2 --interval 0.01 "$feed"
full 3 tick-diff "$feed" "$feed"
exit 0
