#!/bin/sh
# The short form of the benchmarks: of a feed that runs it measures what is
# specified; a figure that is missed, a feed that is not there and wrong usage
# have exit codes of their own.
#
# TICKRING_BUILD: the build.
set -u

bin=${TICKRING_BUILD:?run make test}
feed=bench-quick-$$
work=$(mktemp -d) || exit 1
sim='' feedd=''

clean() {
	kill $feedd $sim 2>/dev/null
	wait
	rm -rf "$work"
	rm -f /dev/shm/$feed.ring /dev/shm/$feed.board /dev/shm/$feed.status \
	    /dev/shm/$feed.bell /dev/shm/$feed.lock
}
trap clean EXIT
trap 'exit 1' INT TERM HUP

fail() { # TEXT
	echo "bench_quick: $1"
	cat "$work"/*.log "$work/out" 2>/dev/null
	exit 1
}

quick() { # EXIT_CODE ARGUMENT...
	code=$1
	shift
	tools/bench_quick.sh "$@" >"$work/out" 2>&1
	[ $? -eq "$code" ] || fail "bench-quick $* does not end with $code"
}

says() { # TEXT
	grep -q -- "$1" "$work/out" || fail "it does not say: $1"
}

"$bin"/exchange-sim --dir "$work" --port-file "$work/port" --rate 1000 >"$work/sim.log" 2>&1 &
sim=$!
for _ in $(seq 200); do
	[ ! -s "$work/port" ] || break
	sleep 0.1
done
"$bin"/feedd -s feed=$feed -s endpoint.host=localhost -s endpoint.port="$(cat "$work/port")" \
    -s endpoint.address=127.0.0.1 -s endpoint.ca_file="$work/ca.pem" \
    -s monitoring.metrics_interval_ms=100 -s streams=btcusdt@trade,btcusdt@bookTicker \
    2>"$work/feedd.log" &
feedd=$!
"$bin"/feed-health --wait 30 --ready $feed >"$work/health.log" || fail "the feed is not ready"

# A machine that is loaded may miss the specified ones: none is judged here but this.
BENCH_MESSAGES=1000000 quick 1 $feed 2
says "messages a second  .* /s  *at least 1000000 /s: MISSED"
for figure in "exchange to ring, median of the worst line .* ms  *at most 100 ms: " \
    "receipt to ring, 99 % .* ms" "resident memory .* MB  *at most 100 MB: " \
    "processor .* %  *at most 10 %: " "PINGs answered in time  *not measured\|in time .* %"; do
	says "$figure"
done
BENCH_MESSAGES=1 tools/bench_quick.sh $feed 2 >"$work/out" 2>&1
says "messages a second  .* /s  *at least 1 /s: met .* times over"
quick 1 no-such-feed-$$ 1
says "there is no such segment"
quick 2 $feed soon
quick 2 $feed 1 2
