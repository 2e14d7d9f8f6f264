#!/bin/sh
# Captures a run, kills the feed in the middle of it, replays what was captured,
# and compares every tick with those of the run itself.
#
# TAPE_MESSAGES: messages of the run, both halves together (2000000).
# TAPE_RATE: messages per second that must be reached (100000); with
#   TAPE_ANY_RATE set, what is sent half as fast again, however slow it is taken.
# TAPE_TRANSPORT, TAPE_WRITER: of the feed (auto). TAPE_LEGS: redundancy (1).
# TAPE_REST: with snapshots of books and the list of instruments, of which some
#   are halted now and then, or not listed.
set -u

name=tape
. "$(dirname "$0")/feed_rig.sh"
messages=${TAPE_MESSAGES:-2000000}
rate=${TAPE_RATE:-100000}
past=''

# A ring that holds all of it: twice as many ticks as messages, and some.
slots=65536
while [ "$slots" -lt $((messages * 2)) ]; do
	slots=$((slots * 2))
done

: >"$work/faults"
rest=''
[ -z "${TAPE_REST:-}" ] || for at in 0 2 4 6 8 10 12 14 16 18; do
	echo "$at.3 halt stream=ethusdt@* for=0.6"
	echo "$at.9 unlisted stream=bnbusdt@* for=0.7"
done >"$work/faults"
start_sim --symbols 8 --rate $((rate * 3 / 2)) --frames-per-record 16 --faults "$work/faults"
mkdir "$work/tape"

streams=$(for s in btcusdt ethusdt bnbusdt solusdt xrpusdt adausdt dogeusdt; do
	printf '%s@trade\n%s@bookTicker\n%s@depth@100ms\n%s@aggTrade\n' $s $s $s $s
done | paste -sd, -)

[ -z "${TAPE_REST:-}" ] || rest="--set rest.host=localhost --set rest.port=$port
    --set rest.snapshot_limit=100 --set instruments.refresh_ms=100"

start() {
	# shellcheck disable=SC2086 # words
	start_feedd --set streams="$streams" --set ring.slots="$slots" --set cpu=-1 \
	    --set transport="${TAPE_TRANSPORT:-auto}" --set capture.writer="${TAPE_WRITER:-auto}" \
	    --set redundancy="${TAPE_LEGS:-1}" $rest \
	    --set pool.initial_connections=2 --set pool.max_connections=2 \
	    --set resources.max_memory_bytes=17179869184 \
	    --set capture.file_bytes=67108864 --capture "$work/tape"
}

# Waits until the feed at hand has had so many messages; their rate into $per_s.
run() { # MESSAGES
	: >"$work/pace"
	for _ in $(seq 1200); do
		status | awk -F'\t' -v past="$past" '$1 == "feed" {at = $4; started = $5}
		    $1 == "counter" && $2 == "messages" && $3 > 0 && started != past {
			print at, $3, started
		    }' >>"$work/pace"
		n=$(tail -n 1 "$work/pace" | cut -d' ' -f2)
		[ "${n:-0}" -ge "$1" ] && break
		kill -0 "$feedd" 2>/dev/null || fail "feedd has ended"
		sleep 0.1
	done
	[ "${n:-0}" -ge "$1" ] || fail "only ${n:-0} messages of $1 came within two minutes"
	per_s=$(awk 'NR == 1 {t = $1; n = $2}
	    END {if ($1 > t) printf "%d", ($2 - n) / (($1 - t) / 1e9); else print 0}' "$work/pace")
}

start
run $((messages / 2))
dropped=$(counter capture_dropped)
first=$per_s
past=$(tail -n 1 "$work/pace" | cut -d' ' -f3) # its status outlives it
kill -KILL "$feedd"
wait "$feedd" 2>/dev/null
start
run $((messages / 2))
dropped=$((dropped + $(counter capture_dropped)))
stop INT "$feedd"
feedd=''
stop INT "$sim"
sim=''

[ "$dropped" -eq 0 ] || fail "$dropped records are missing in the capture"
"$bin"/feedd --replay --speed max "$work"/tape/*.trc* 2>"$work/replay.log" ||
    fail "the replay failed"
grep -o 'event=replayed.*' "$work/replay.log"
"$bin"/tick-diff --prefix "$feed" "$feed.replay" >"$work/diff" || {
	cat "$work/diff"
	fail "the ticks differ"
}
cat "$work/diff"
if [ -n "${TAPE_REST:-}" ]; then
	for type in book_clear instrument_status; do
		n=$("$bin"/shm-inspect -f --drain --from oldest -t "$type" -o tsv "$feed.replay" |
		    wc -l)
		echo "$n ticks $type"
		[ "$n" -gt 8 ] || fail "that proves nothing"
	done
fi

tail -n 1 "$work/diff" | grep -qx 'no difference' || fail "tick-diff does not sum up last"

# A second replay is a ring of its own, not the first one's second half.
"$bin"/feedd --replay --speed max "$work"/tape/*.trc* 2>"$work/replay.log" ||
    fail "the second replay failed"
grep -q 'event=segment_replaced.*of an earlier replay' "$work/replay.log" ||
    fail "the second replay went on in the ring of the first"
"$bin"/tick-diff --prefix "$feed" "$feed.replay" >"$work/diff" || {
	cat "$work/diff"
	fail "the ticks of the second replay differ"
}

# The live feed's own ring is nothing to replay into, and stays as it is.
"$bin"/feedd --replay --speed max -s feed="$feed" "$work"/tape/*.trc* 2>"$work/replay.log" &&
    fail "a replay took a live feed's ring"
grep -q 'event=replay_refused' "$work/replay.log" || fail "no word on the refused replay"
"$bin"/tick-diff --prefix "$feed" "$feed.replay" >"$work/diff" ||
    fail "the refused replay has touched the ring"
"$bin"/feedd --replay --speed max "$work/nothing.trc" -s feed="$feed.replay" \
    2>"$work/replay.log" && fail "a replay of nothing"
"$bin"/tick-diff --prefix "$feed" "$feed.replay" >"$work/diff" ||
    fail "a replay of nothing has touched the ring"
echo "captured at $first and $per_s messages/s, none dropped"
[ "$first" -ge "$rate" ] && [ "$per_s" -ge "$rate" ] || {
	[ -n "${TAPE_ANY_RATE:-}" ] || fail "less than $rate messages/s"
}
