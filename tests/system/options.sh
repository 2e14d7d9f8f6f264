#!/bin/sh
# options.sh: every program takes its options in one way: --help goes to standard
# output, all have one version, and what is wrong is one line and the exit code
# for usage. The same mistake has the same words everywhere.
set -u

bin=${TICKRING_BUILD:?}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/.*TICKRING_VERSION "\(.*\)"/\1/p' include/tickring/version.h)
status=0

complain() {
	echo "options: $*" >&2
	status=1
}

# Runs it: exit code in $code, output in $work/out, errors in $work/err.
run() { # PROGRAM ARGUMENT...
	timeout 10 "$bin/$1" $2 ${3:+$3} ${4:+$4} ${5:+$5} >"$work/out" 2>"$work/err" </dev/null
	code=$?
}

wrong() { # PROGRAM CODE WORDS ARGUMENT...
	program=$1 expected=$2 words=$3
	shift 3
	run "$program" "$@"
	[ "$code" -eq "$expected" ] || complain "$program $*: exit code $code, not $expected"
	[ ! -s "$work/out" ] || complain "$program $*: speaks on standard output"
	[ "$(cat "$work/err")" = "$program: $words (try --help)" ] ||
	    complain "$program $*: says: $(cat "$work/err")"
}

for p in exchange-sim feed-health feedd pool-status shm-inspect tick-diff; do
	usage=2
	[ "$p" = feed-health ] && usage=3 # Nagios: unknown
	for help in --help -h; do
		run "$p" "$help"
		[ "$code" -eq 0 ] || complain "$p $help: exit code $code"
		[ -s "$work/out" ] && [ ! -s "$work/err" ] || complain "$p $help: not on stdout"
	done
	for flag in --version -V; do
		run "$p" "$flag"
		[ "$code" -eq 0 ] && [ "$(cat "$work/out")" = "$p $version" ] ||
		    complain "$p $flag: $(cat "$work/out")"
	done
	wrong "$p" $usage "unknown option --nope" --nope
	wrong "$p" $usage "unknown option -Z" -Z
	wrong "$p" $usage "option --version=1 takes no value" --version=1
done
wrong feedd 2 "option --config needs a value" --config
wrong exchange-sim 2 "option --port needs a value" --port
wrong feed-health 3 "option --wait needs a value" --wait
wrong pool-status 2 "option --why needs a value" --why
wrong shm-inspect 2 "option --type needs a value" --type
wrong tick-diff 2 "option --show needs a value" --show
for p in pool-status shm-inspect; do
	wrong $p 2 "--count 0: not a number from 1 on" --count 0
	wrong $p 2 "--interval x: not a number of seconds" --interval x
	wrong $p 2 "one feed at a time, not \"b\" too" a b
done
wrong feed-health 3 "--wait x: not a number of seconds" --wait x
wrong feed-health 3 "one feed at a time, not \"b\" too" a b
wrong pool-status 2 "--output xml: not text, json or prom" --output xml
wrong shm-inspect 2 "--output xml: not text, json or tsv" --output xml
wrong shm-inspect 2 "--from x: not newest or oldest" --from x
wrong tick-diff 2 "--show x: not a count" --show x a b

# What goes together, and what does not.
wrong feedd 2 "takes no file without --config FILE or --replay" conf/feed.json
wrong feedd 2 "--speed is for --replay" --speed 2
wrong feedd 2 "--speed is for --replay" --speed max --check-config
wrong feedd 2 "--capture does not go with --replay" --replay --capture /tmp x
wrong feedd 2 "--stream, --timeout and --json are for --probe" --json
wrong feedd 2 "one of --check-config, --print-config, --probe and --replay at a time" \
    --check-config --replay x
exit $status
