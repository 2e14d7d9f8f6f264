#!/bin/sh
# Installs the Debian packages that building, testing and the demonstration
# need. Says and does nothing when all are there.
#
# usage: deps.sh [clang] [prometheus] [cppcheck] [chromium]
set -u

packages="gcc g++ libc6-dev make pkg-config libwebsockets-dev libssl-dev libcjson-dev
	liburing-dev libcmocka-dev libzstd-dev zlib1g-dev libsimdjson-dev zstd mandoc openssl
	ca-certificates libjs-chart.js patch python3 python3-yaml"
commands="gcc g++ make pkg-config zstd mandoc openssl patch python3"
libraries="libwebsockets openssl libcjson liburing libzstd zlib cmocka"
for extra; do
	case $extra in
	clang)
		packages="$packages clang libclang-rt-dev"
		commands="$commands clang clang++"
		;;
	prometheus) # 20 MB, 96 MB installed: only for what asks for it
		packages="$packages prometheus"
		commands="$commands promtool prometheus"
		;;
	cppcheck)
		packages="$packages cppcheck"
		commands="$commands cppcheck"
		;;
	chromium) # 77 MB, 270 MB installed: only for what asks for it
		packages="$packages chromium"
		commands="$commands chromium node npm"
		command -v node >/dev/null || packages="$packages nodejs"
		command -v npm >/dev/null || packages="$packages npm"
		;;
	esac
done

# Prints the packages that are not installed.
missing() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
	    awk -v all="$packages" '
		$1 == "installed" { have[$2] = 1 }
		END {
			n = split(all, p)
			for (i = 1; i <= n; i++)
				if (!(p[i] in have))
					list = list " " p[i]
			print substr(list, 2)
		}'
}

# On other systems: is what the packages bring there?
usable() {
	for c in $commands; do
		command -v "$c" >/dev/null || return 1
	done
	pkg-config --exists $libraries
}

give_up() {
	echo "deps: $1" >&2
	echo "deps: needed, by their Debian names:" $2 >&2
	exit 1
}

# Where only root lacks: one line to copy.
ask_for_root() {
	echo "deps: $1; as root, run this, then make again:" >&2
	echo "apt-get update && apt-get install -y --no-install-recommends" $2 >&2
	exit 1
}

if ! command -v dpkg-query >/dev/null; then
	usable && exit 0
	give_up "this system has no dpkg, and something is missing" "$packages"
fi

want=$(missing)
[ -n "$want" ] || exit 0

command -v apt-get >/dev/null || give_up "packages are missing and there is no apt-get" "$want"
if [ "$(id -u)" -eq 0 ]; then
	as_root="env"
elif ! command -v sudo >/dev/null; then
	ask_for_root "packages are missing, and there is no sudo" "$want"
elif sudo -n true 2>/dev/null; then
	as_root="sudo -n env"
elif [ -t 0 ]; then
	as_root="sudo env"
else
	ask_for_root "packages are missing; sudo wants a password and there is no terminal" "$want"
fi

# apt's progress goes to a log that is shown only when it fails.
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
apt() {
	$as_root DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1
}

echo "deps: installing" $want
if ! apt update && ! { sleep 3; apt update; }; then
	echo "deps: apt-get update failed, trying with the package lists of before" >&2
fi
if ! apt install --no-install-recommends $want && ! { sleep 3; apt update
    apt install --no-install-recommends $want; }; then
	tail -n 20 "$log" >&2
	ask_for_root "apt-get could not install packages" "$want"
fi

want=$(missing)
[ -z "$want" ] || give_up "still missing after apt-get" "$want"
