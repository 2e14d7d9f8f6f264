#!/bin/sh
# The long form of the torn-read test: 1 G ticks and 10 M laps, in a ring of 16
# slots and in one of 65536; then the two broken variants, which must be caught.
#
# TORN_TICKS, TORN_LAPS: fewer, for a quick look.
set -u
torn=${TICKRING_BUILD:?run make torture}/tests/torture/torn
status=0
"$torn" -s 16 -t "${TORN_TICKS:-1000000000}" -l "${TORN_LAPS:-10000000}" || status=1
"$torn" -s 65536 -t "${TORN_TICKS:-1000000000}" || status=1
"$torn" -m no-odd-mark -s 16 -t 400000000 || status=1
"$torn" -m no-recheck -s 16 -t 400000000 || status=1
exit $status
