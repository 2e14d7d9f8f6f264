#!/bin/sh
# oracle.sh DIR: replays every recording of DIR through the whole path,
#   exchange-sim -> TLS -> feedd -> ring -> reader,
# and compares every trade, aggTrade and bookTicker with DIR/expected, and every
# book that has a recorded snapshot, which exchange-sim serves. One line per
# recording; exit 1 on any difference or loss, and when DIR has no recording.
set -u

TICKRING_CAPTURES=$(cd "$1" && pwd) || exit 2
export TICKRING_CAPTURES
name=oracle
. "$(dirname "$0")/feed_rig.sh"
differs=0

product_of() { # NAME
	case $1 in
	*usdm*) echo usdm ;;
	*coinm*) echo coinm ;;
	*) echo spot ;;
	esac
}

replay() { # FILE NAME
	streams=$("$bin"/exchange-sim --replay "$1" --list-streams | paste -sd, -) || return 1
	start_sim --replay "$1" --speed max ${snapshots:+--snapshots "$snapshots"}
	: >"$work/feedd.log"
	start_feedd --set product="$(product_of "$2")" --set streams="$streams" \
	    --set rest.host=localhost --set rest.port="$port" \
	    --set rest.snapshot_limit=1000 --set instruments.refresh_ms=0 \
	    --set pool.initial_connections=1 --set pool.max_connections=1 \
	    --set pool.max_streams_per_connection=1024 --set ring.slots=262144 \
	    --set ring.unlink_at_exit=true
	"$bin"/tests/oracle/compare "$feed" "$2"
	code=$?
	stop INT $feedd $sim
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
	recording=$(basename "$file" .zst)
	compared=$((compared + 1))
	replay "$file" "$(basename "$recording" .jsonl)" || differs=1
done
if [ "$compared" -eq 0 ]; then
	echo "oracle: no *.jsonl and no *.jsonl.zst in $TICKRING_CAPTURES" >&2
	differs=1
fi
exit $differs
