#!/bin/sh
# The systemd units: systemd-analyze finds no fault, and what they permit is
# little (exposure of at most 2.5 of 10); users and folders are well formed.
# Skipped where there is no systemd-analyze.
#
# TICKRING_BUILD: the build.
set -u

bin=${TICKRING_BUILD:?run make test}
limit=2.5
command -v systemd-analyze >/dev/null || { echo "there is no systemd-analyze"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0

complain() { # TEXT
	echo "unit_files: $1"
	bad=1
}

# As installed with the build for a prefix, and without what this machine lacks: the
# user, the pages, and the targets of a system that was booted.
for unit in conf/systemd/*.service conf/systemd/*.timer; do
	name=${unit##*/}
	sed -e "s|/usr/local/bin/|$bin/|g" -e '/^Documentation=/d' "$unit" >"$work/$name"
done
for unit in "$work"/*.service; do
	name=${unit##*/}
	instance=${name%%@*}@test.${name##*.}
	cp "$unit" "$work/$instance"
	systemd-analyze verify "$work/$instance" >"$work/verify" 2>&1
	status=$?
	# What it says about other units of this machine is not ours.
	grep -F "${name%%@*}@" "$work/verify" && complain "$name: systemd-analyze verify complains"
	[ $status -eq 0 ] || [ -s "$work/verify" ] || complain "$name: verify fails without a word"
	systemd-analyze security --offline=true --no-pager "$unit" >"$work/security" 2>&1
	exposure=$(sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p' "$work/security")
	[ -n "$exposure" ] || complain "$name: systemd-analyze security says nothing"
	echo "$name: exposure ${exposure:-unknown} of at most $limit"
	awk -v e="${exposure:-99}" -v l=$limit 'BEGIN { exit !(e + 0 <= l) }' || {
		grep '✗' "$work/security"
		complain "$name permits too much"
	}
done

# The loop's own signs of life, the segments that outlive the process and may be locked.
for line in Type=notify NotifyAccess=main RemoveIPC=no LimitMEMLOCK=infinity; do
	grep -q "^$line\$" conf/systemd/feedd@.service || complain "feedd@.service lacks $line"
done
grep -q '^WatchdogSec=[1-9]' conf/systemd/feedd@.service || complain "there is no watchdog"

if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$work/root/etc"
	systemd-sysusers --root="$work/root" "$PWD/conf/systemd/sysusers.conf" ||
	    complain "sysusers.conf is wrong"
	grep -q '^tickring:' "$work/root/etc/passwd" || complain "there is no user tickring"
fi
if command -v systemd-tmpfiles >/dev/null && [ -e "$work/root/etc/passwd" ]; then
	systemd-tmpfiles --root="$work/root" --create "$PWD/conf/systemd/tmpfiles.conf" 2>&1 ||
	    complain "tmpfiles.conf is wrong"
	[ -d "$work/root/etc/tickring" ] || complain "there is no /etc/tickring"
fi
exit $bad
