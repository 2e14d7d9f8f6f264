#!/bin/sh
# The image and the pods. Dockerfile: what it copies is enough to build, its last
# stage has the packages that the programs are linked with, and it is not root's.
# conf/k8s: kustomize renders both overlays, and what comes out fits the feed:
# probes, ports, volumes, limits, configuration (containers.py). No engine and no
# cluster is needed.
#
# TICKRING_BUILD, TICKRING_VARIANT: the build.
set -u

bin=${TICKRING_BUILD:?run make test}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
bad=0

complain() { # TEXT
	echo "containers: $1"
	bad=1
}

# ---- Dockerfile ----------------------------------------------------------------

# Lines that a backslash joins are one.
sed -e ':a' -e '/\\$/N; s/\\\n//; ta' Dockerfile | grep -v '^#' >"$work/Dockerfile"
last=$(grep -n '^FROM' "$work/Dockerfile" | tail -n 1 | cut -d: -f1)
tail -n "+$last" "$work/Dockerfile" >"$work/last"
grep -qx 'USER 10001:10001' "$work/last" || complain "the image runs as root"
grep -q '^ENTRYPOINT \["feedd"\]$' "$work/last" || complain "the image does not start feedd"

mkdir "$work/src"
sed -n "1,$((last - 1))s/^COPY //p" "$work/Dockerfile" | while read -r line; do
	for from in ${line% *}; do
		grep -qx "!${from%%/*}" .dockerignore || echo "containers: $from is ignored"
		case $from in
		*/*) mkdir -p "$work/src/${from%/*}" && cp -r "$from" "$work/src/$from" ;;
		*) cp -r "$from" "$work/src/" ;;
		esac
	done
done >"$work/ignored"
cat "$work/ignored"
[ ! -s "$work/ignored" ] || bad=1
(cd "$work/src" && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -n all install \
    DESTDIR="$work/out") >"$work/make.log" 2>&1 || {
	tail -n 3 "$work/make.log"
	complain "what the Dockerfile copies does not build"
}

if command -v dpkg-query >/dev/null && [ "${TICKRING_VARIANT:-release}" = release ]; then
	for p in "$bin"/feedd $(ls -d tools/*/main.c | sed "s|^tools/\(.*\)/main.c|$bin/\1|"); do
		ldd "$p"
	done | awk '$3 ~ /^\// { print $3 }' | sort -u | while read -r lib; do
		package=$(dpkg-query -S "$(readlink -f "$lib")" "$lib" 2>/dev/null | head -n 1)
		package=${package%%:*}
		case $package in
		libc6 | libgcc-s1 | '') ;;
		*) grep -qw -- "$package" "$work/last" || echo "containers: $lib needs $package" ;;
		esac
	done >"$work/lacking"
	cat "$work/lacking"
	[ ! -s "$work/lacking" ] || bad=1
fi

# ---- conf/k8s ------------------------------------------------------------------

how=
if command -v kubectl >/dev/null && kubectl kustomize --help >/dev/null 2>&1; then
	how='kubectl kustomize'
elif command -v kustomize >/dev/null; then
	how='kustomize build'
fi
python3 -c 'import yaml' 2>/dev/null || {
	[ $bad -eq 0 ] || exit 1
	echo "python3 has no yaml: conf/k8s was not looked at"
	exit 77
}
if [ -z "$how" ]; then
	echo "containers: neither kubectl nor kustomize: the files are parsed, not rendered"
	python3 tests/system/containers.py --parse conf/k8s || bad=1
else
	# The components are in no overlay, or not in all of them.
	mkdir "$work/all"
	cp -r conf/k8s "$work/all/k8s"
	printf 'components: [../../components/io-uring, ../../components/reader]\n' \
	    >>"$work/all/k8s/overlays/production/kustomization.yaml"
	for dir in conf/k8s/overlays/staging conf/k8s/overlays/production \
	    "$work/all/k8s/overlays/production"; do
		$how "$dir" >"$work/rendered" 2>"$work/why" || {
			cat "$work/why"
			complain "$dir is not rendered"
			continue
		}
		python3 tests/system/containers.py "$work/rendered" "$work/feed.json" ||
		    complain "of $dir"
		"$bin"/feedd --check-config --config "$work/feed.json" >"$work/checked" 2>&1 || {
			cat "$work/checked"
			complain "$dir: feedd refuses its feed.json"
		}
	done
fi
exit $bad
