#!/bin/sh
# oracle.sh DIR: replays every recording of DIR through the whole path,
#   exchange-sim -> TLS -> feedd -> ring -> reader,
# and compares every trade, aggTrade and bookTicker with DIR/expected, and every
# book that has a recorded snapshot, which exchange-sim serves. One line per
# recording; exit 1 on any difference or loss, and when DIR has no recording.
set -u

TICKRING_CAPTURES=$(cd "$1" && pwd) || exit 2
export TICKRING_CAPTURES
bin=${TICKRING_BUILD:?}
work=$(mktemp -d) || exit 2
feed=oracle-$$
sim='' feedd=''
status=0

stop() { # PID...
	for pid in "$@"; do
		kill -INT "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

clean() {
	stop $feedd $sim
	rm -rf "$work" /dev/shm/"$feed".ring /dev/shm/"$feed".board /dev/shm/"$feed".status \
	    /dev/shm/"$feed".bell /dev/shm/"$feed".lock
}
trap clean EXIT
trap 'exit 2' INT TERM

wait_for_file() { # FILE
	for _ in $(seq 300); do
		[ -s "$1" ] && return 0
		sleep 0.1
	done
	echo "oracle: $1 did not appear" >&2
	return 1
}

product_of() { # NAME
	case $1 in
	*usdm*) echo usdm ;;
	*coinm*) echo coinm ;;
	*) echo spot ;;
	esac
}

replay() { # FILE NAME
	streams=$("$bin"/exchange-sim --replay "$1" --list-streams | paste -sd, -) || return 1
	rm -f "$work/port"
	"$bin"/exchange-sim --dir "$work" --port 0 --port-file "$work/port" \
	    --replay "$1" --speed max ${snapshots:+--snapshots "$snapshots"} \
	    >"$work/sim.log" 2>&1 &
	sim=$!
	wait_for_file "$work/port" || return 1
	"$bin"/feedd --set feed="$feed" --set product="$(product_of "$2")" \
	    --set endpoint.host=localhost --set endpoint.port="$(cat "$work/port")" \
	    --set endpoint.ca_file="$work/ca.pem" --set streams="$streams" \
	    --set rest.host=localhost --set rest.port="$(cat "$work/port")" \
	    --set rest.snapshot_limit=1000 --set instruments.refresh_ms=0 \
	    --set pool.initial_connections=1 --set pool.max_connections=1 \
	    --set pool.max_streams_per_connection=1024 --set ring.slots=262144 \
	    --set ring.unlink_at_exit=true 2>"$work/feedd.log" &
	feedd=$!
	"$bin"/tests/oracle/compare "$feed" "$2"
	code=$?
	stop $feedd $sim
	feedd='' sim=''
	if [ "$code" -ne 0 ]; then
		tail -n 20 "$work/sim.log" "$work/feedd.log"
		# The replay waits for snapshots to be asked for. Where that takes a minute, streams
		# are silent for so long that the feed asks for them anew; what is sent in between
		# nobody gets.
		grep -q ', [1-9][0-9]* to no subscriber' "$work/sim.log" &&
		    echo "oracle: the replay stood still, and the feed asked for streams anew"
	fi
	return "$code"
}

snapshots=$TICKRING_CAPTURES/rest/index.tsv
[ -f "$snapshots" ] || snapshots=''
compared=0
for file in "$TICKRING_CAPTURES"/*.jsonl "$TICKRING_CAPTURES"/*.jsonl.zst; do
	[ -f "$file" ] || continue
	name=$(basename "$file" .zst)
	compared=$((compared + 1))
	replay "$file" "$(basename "$name" .jsonl)" || status=1
done
if [ "$compared" -eq 0 ]; then
	echo "oracle: no *.jsonl and no *.jsonl.zst in $TICKRING_CAPTURES" >&2
	status=1
fi
exit $status
