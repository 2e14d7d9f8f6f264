#!/bin/sh
# Runs libFuzzer targets, as many at a time as there are processors, each by
# run_one.sh. Exit status 1 when one of them found something.
#
# usage: run.sh SECONDS TARGET...
set -u

seconds=$1
shift
printf '%s\n' "$@" |
    xargs -d '\n' -n 1 -P "$(nproc)" "$(dirname "$0")/run_one.sh" "$seconds" || exit 1
