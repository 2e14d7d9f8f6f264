#!/bin/sh
# What a feed that runs does, beside what is specified: the short form of
# `make bench` for the time after a deployment. It only reads.
#
#	bench-quick [FEED [SECONDS]]	(feed, 10)
#
# Exit code 0: each figure that can be measured is met; 1: one is missed, or
# there is no such feed; 2: wrong usage.
#
# TICKRING_BUILD: where the tools are, else they are looked for in PATH.
# BENCH_MESSAGES: messages a second that are wanted, 670 unless the streams
# that are configured bring fewer.
set -u

bin=${TICKRING_BUILD:+$TICKRING_BUILD/}
feed=${1:-feed}
seconds=${2:-10}
messages=${BENCH_MESSAGES:-670}
case $#,$seconds,$messages in
[0-2],*[!0-9,]*,* | [0-2],,* | [0-2],*,*[!0-9]*)
	echo "bench-quick: SECONDS and BENCH_MESSAGES are whole numbers" >&2
	exit 2
	;;
[0-2],*) ;;
*)
	echo "usage: bench-quick [FEED [SECONDS]]" >&2
	exit 2
	;;
esac

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# Both at the same time: rates of the status, and a reader of the ring.
"${bin}shm-inspect" --latency --duration "$seconds" -o json "$feed" >"$work/ring" &
ring=$!
"${bin}pool-status" --interval "$seconds" -o json "$feed" >"$work/pool"
pool=$?
wait $ring && [ $pool -eq 0 ] || exit 1 # they have said why
"${bin}feed-health" "$feed" >"$work/health"

number() { # FILE NAME BEFORE: the number behind those words, on each line that has them
	sed -n "s/^.*$3\([0-9.]*\).*/$2 \1/p" "$work/$1"
}

# One "name value" a line; what is not known has no line.
{
	number pool messages '"kind":"feed",.*"messages_per_s":'
	number pool memory '"kind":"feed",.*"memory_bytes":'
	number pool cpu '"kind":"feed",.*"cpu_permille":'
	number pool lag '"kind":"line",.*"up":1,.*"lag_p50_ns":'
	number ring publish '"of":"receipt to publish",.*"p99":'
	number ring read '"of":"publish to read[^"]*",.*"p99":'
	number health success ' success='
	number health pongs ' pongs='
} | awk -v feed="$feed" -v seconds="$seconds" -v wanted="$messages" '
	NF == 2 { if (!($1 in value) || $2 > value[$1]) value[$1] = $2 + 0 } # of lines the worst

	# most: the figure must not be above its limit, else not below it.
	function judge(name, text, unit, scale, limit, most,   v, fine, words) {
		if (!(name in value)) {
			printf "  %-42s %14s\n", text, "not measured"
			return
		}
		v = value[name] / scale
		if (limit == "") {
			printf "  %-42s %9.3f %s\n", text, v, unit
			return
		}
		fine = most ? v <= limit : v >= limit
		words = fine ? "met" : "MISSED"
		if (fine && v > 0 && (most || unit != "%"))
			words = sprintf("met %.1f times over", most ? limit / v : v / limit)
		printf "  %-42s %9.3f %-4s  %s %s %s: %s\n", text, v, unit,
		    most ? "at most" : "at least", limit, unit, words
		missed += !fine
	}

	END {
		printf "%s, over %d s:\n", feed, seconds
		judge("messages", "messages a second", "/s", 1, wanted, 0)
		judge("lag", "exchange to ring, median of the worst line", "ms", 1e6, 100, 1)
		judge("publish", "receipt to ring, 99 %", "ms", 1e6, "", 1)
		judge("read", "ring to a reader that sleeps, 99 %", "ms", 1e6, "", 1)
		judge("memory", "resident memory", "MB", 1e6, 100, 1)
		judge("cpu", "processor", "%", 10, 10, 1)
		judge("success", "attempts to connect that succeeded", "%", 1, 99, 0)
		judge("pongs", "PINGs answered in time", "%", 1, 100, 0)
		exit missed > 0
	}'
