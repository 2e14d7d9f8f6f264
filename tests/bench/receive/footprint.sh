#!/bin/sh
# What feedd takes when it is big and calm: resident memory and processor time
# at 10 lines of 200 streams each and 670 messages/s together, with the default
# ring, against exchange-sim. Prints the figures, and writes them to
# build/bench/footprint.json. Resident is what the goal is about; the shares
# (Pss) count what others map as well by halves, and what is private is what
# would be gone with feedd.
#
# Environment: FOOTPRINT_SECONDS, how long it is watched [20].
set -u

name=footprint
. "$(dirname "$0")/../../feed_rig.sh"
seconds=${FOOTPRINT_SECONDS:-20}

lines_live() {
	status | awk -F'\t' '$1 == "line" && /\tlive/ { n++ } END { print n + 0 }'
}

cpu_ticks() {
	sed 's/.*) //' "/proc/$feedd/stat" | awk '{ print $12 + $13 }'
}

# 500 instruments of four streams each.
awk 'BEGIN { for (i = 0; i < 500; i++) printf "%sfp%03dusdt", (i > 0 ? "," : ""), i }' \
    >"$work/symbols"
awk 'BEGIN {
	n = split("trade aggTrade bookTicker depth@100ms", kind, " ")
	printf "{\"streams\": ["
	for (i = 0; i < 500; i++)
		for (k = 1; k <= n; k++)
			printf "%s\"fp%03dusdt@%s\"", (i + k > 1 ? "," : ""), i, kind[k]
	print "]}"
}' >"$work/feed.json"

start_sim --symbols "$(cat "$work/symbols")" --rate 670
start_feedd --config "$work/feed.json" --set endpoint.address=127.0.0.1 \
    --set pool.initial_connections=10 --set pool.max_connections=10 \
    --set pool.load_low_bytes_per_s=0

lines=0
for _ in $(seq 600); do
	lines=$(lines_live)
	[ "$lines" -eq 10 ] && break
	sleep 0.1
done
[ "$lines" -eq 10 ] || fail "$lines lines of 10 are live after a minute"
sleep 2

messages=$(counter messages)
ticks=$(cpu_ticks)
sleep "$seconds"
ticks=$(($(cpu_ticks) - ticks))
messages=$(($(counter messages) - messages))
rss=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$feedd/status")
shared=$(awk '$1 == "RssShmem:" { print $2 }' "/proc/$feedd/status")
shares=$(awk '$1 == "Pss:" { print $2 }' "/proc/$feedd/smaps_rollup")
private=$(awk '/^Private_/ { n += $2 } END { print n }' "/proc/$feedd/smaps_rollup")

awk -v rss="$rss" -v shared="$shared" -v pss="$shares" -v own="$private" \
    -v ticks="$ticks" -v messages="$messages" -v s="$seconds" \
    -v hz="$(getconf CLK_TCK)" -v json="${TICKRING_ROOT:-.}/build/bench" 'BEGIN {
	mib = rss / 1024
	cpu = 100 * ticks / hz / s
	printf "feedd with 10 lines x 200 streams, %.0f messages/s: ", messages / s
	printf "%.1f MiB resident (<= 32: %s), of that %.1f shared memory; ", mib,
	    mib <= 32 ? "reached" : "MISSED", shared / 1024
	printf "%.1f MiB by shares, %.1f private; ", pss / 1024, own / 1024
	printf "%.2f %% of a processor (< 2: %s)\n", cpu, cpu < 2 ? "reached" : "MISSED"
	system("mkdir -p " json)
	printf "{\"lines\": 10, \"streams\": 2000, \"msgs_per_s\": %.0f, \"rss_mib\": %.1f, " \
	    "\"shared_mib\": %.1f, \"pss_mib\": %.1f, \"private_mib\": %.1f, " \
	    "\"cpu_percent\": %.2f}\n", messages / s, mib, shared / 1024, pss / 1024,
	    own / 1024, cpu > (json "/footprint.json")
}'
