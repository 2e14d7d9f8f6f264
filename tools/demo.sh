#!/bin/sh
# The main job on one screen: a simulated exchange, the feed, the live view.
# Ends on `q` or Ctrl-C, exit 0; where stdout is no terminal, after DEMO_SECONDS (15).
# Leaves no process and nothing in /dev/shm. Exit 1 when ticks were lost, no
# tick came or a message could not be decoded.
#
# DEMO_RATE: messages per second (5000). DEMO_SYMBOLS: how many (8).
set -u

bin=${TICKRING_BUILD:?run make demo}
feed=demo-$$
work=$(mktemp -d) || exit 1
sim='' feedd='' view=''

stop() { # SIGNAL PID...
	signal=$1
	shift
	for pid in "$@"; do
		kill -"$signal" "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

clean() {
	trap '' INT TERM HUP
	stop INT $view $feedd $sim
	for s in ring board status bell lock; do
		rm -f "/dev/shm/$feed.$s"
	done
	rm -rf "$work"
}
trap clean EXIT
if [ -t 0 ] && [ -t 1 ]; then
	trap 'exit 0' INT
else
	trap 'exit 130' INT
fi
trap 'exit 143' TERM HUP

fail() { # TEXT
	echo "demo: $1" >&2
	tail -n 20 "$work"/*.log >&2
	exit 1
}

wait_for() { # WHAT FILE
	for _ in $(seq 200); do
		[ -s "$2" ] && return 0
		sleep 0.05
	done
	fail "$1 did not start within 10 s"
}

streams_of() { # SYMBOL...
	for s in "$@"; do
		printf '%s@trade,%s@bookTicker,%s@depth@100ms,%s@aggTrade,%s@kline_1s\n' \
		    "$s" "$s" "$s" "$s" "$s"
	done | paste -sd, -
}

all='btcusdt ethusdt bnbusdt solusdt xrpusdt adausdt dogeusdt ltcusdt'
symbols=$(echo "$all" | cut -d' ' -f1-"${DEMO_SYMBOLS:-8}")

"$bin"/exchange-sim --dir "$work" --port 0 --port-file "$work/port" \
    --symbols "$(echo "$symbols" | tr ' ' ,)" --rate "${DEMO_RATE:-5000}" >"$work/sim.log" 2>&1 &
sim=$!
wait_for exchange-sim "$work/port"

# shellcheck disable=SC2086
"$bin"/feedd --set feed="$feed" --set endpoint.host=127.0.0.1 \
    --set endpoint.port="$(cat "$work/port")" --set endpoint.ca_file="$work/ca.pem" \
    --set rest.host=127.0.0.1 --set rest.port="$(cat "$work/port")" \
    --set streams="$(streams_of $symbols)" --set ring.unlink_at_exit=true \
    2>"$work/feedd.log" &
feedd=$!
wait_for feedd /dev/shm/"$feed".ring # it comes last

if [ -t 1 ] && [ -t 0 ]; then
	"$bin"/shm-inspect --live "$feed"
	exit $?
fi
"$bin"/shm-inspect --live --plain --duration "${DEMO_SECONDS:-15}" "$feed" >"$work/view" &
view=$!
tail -n +1 -f --pid="$view" -s 0.2 "$work/view" &
wait "$view" || fail "shm-inspect failed"
view=''
wait $!
summary=$(grep '^summary: ' "$work/view") || fail "there is no summary"
for want in 'ticks=[1-9]' 'lost=0 ' 'decode_errors=0 ' 'instruments=[1-9]'; do
	echo "$summary " | grep -q " $want" || fail "expected $want in: $summary"
done
