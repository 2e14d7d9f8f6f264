#!/bin/sh
# Puts what was built where the system looks for it, or takes it away again.
# Both go through the same list.
#
# usage: install.sh install|uninstall
#
# TICKRING_BUILD: the build. PROGRAMS: names of binaries in it. DESTDIR: in
# front of every path, for packages.
# prefix, bindir, libdir, includedir, datadir, mandir, docdir, unitdir,
# sysusersdir, tmpfilesdir: absolute paths without DESTDIR.
set -eu

build=${TICKRING_BUILD:?run make install}
DESTDIR=${DESTDIR-}
version=$(sed -n 's/^#define TICKRING_VERSION "\(.*\)"$/\1/p' include/tickring/version.h)
[ -n "$version" ] || { echo "install: no version in include/tickring/version.h" >&2; exit 1; }

# Every file: what to do, mode, source, target. `text` files name /usr/local,
# which becomes the prefix; `link` gives the link's text in place of a source.
files() {
	for f in $PROGRAMS; do
		echo "copy 0755 $build/$f $bindir/$f"
	done
	echo "copy 0755 $build/libtickring.so.1 $libdir/libtickring.so.$version"
	echo "link - libtickring.so.$version $libdir/libtickring.so.1"
	echo "link - libtickring.so.1 $libdir/libtickring.so"
	echo "copy 0644 $build/libtickring.a $libdir/libtickring.a"
	echo "text 0644 tools/tickring.pc.in $libdir/pkgconfig/tickring.pc"
	for f in include/tickring/*; do
		echo "copy 0644 $f $includedir/tickring/${f##*/}"
	done
	for f in docs/man/*.[1358]; do
		echo "copy 0644 $f $mandir/man${f##*.}/${f##*/}"
	done
	for f in tools/python/*.py; do
		echo "copy 0644 $f $datadir/tickring/python/${f##*/}"
	done
	echo "copy 0755 tools/bench_quick.sh $datadir/tickring/bench-quick"
	for f in conf/systemd/*.service conf/systemd/*.timer; do
		echo "text 0644 $f $unitdir/${f##*/}"
	done
	echo "copy 0644 conf/systemd/sysusers.conf $sysusersdir/tickring.conf"
	echo "copy 0644 conf/systemd/tmpfiles.conf $tmpfilesdir/tickring.conf"
	for f in README.md docs/*.md; do
		echo "copy 0644 $f $docdir/${f##*/}"
	done
	for f in docs/examples/* conf/*.json; do
		echo "copy 0644 $f $docdir/examples/${f##*/}"
	done
	find conf/cron conf/prometheus conf/grafana conf/k8s -type f 2>/dev/null | sort |
	    while read -r f; do
		echo "text 0644 $f $docdir/examples/${f#conf/}"
	done
}

replace_paths() {
	sed -e "s|/usr/local/bin/|$bindir/|g" -e "s|/usr/local|$prefix|g" \
	    -e "s|@libdir@|$libdir|; s|@includedir@|$includedir|; s|@version@|$version|" "$1"
}

# A library or program that runs is replaced by rename, never written into.
put() { # KIND MODE SOURCE TARGET
	target=$DESTDIR$4
	new=$target.new.$$
	mkdir -p "${target%/*}"
	case $1 in
	link) ln -s "$3" "$new" ;;
	copy) cp "$3" "$new" ;;
	text) replace_paths "$3" >"$new" ;;
	esac
	[ "$1" = link ] || chmod "$2" "$new"
	mv -f "$new" "$target"
}

# Folders of our own go when they are empty; the system's stay.
take_away() { # TARGET
	rm -f "$DESTDIR$1"
	dir=${1%/*}
	while case $dir in */tickring | */tickring/*) true ;; *) false ;; esac; do
		rmdir "$DESTDIR$dir" 2>/dev/null || break
		dir=${dir%/*}
	done
}

case ${1-} in
install)
	files | while read -r kind mode source target; do
		put "$kind" "$mode" "$source" "$target"
	done
	# The loader finds the library by its cache.
	if [ -z "$DESTDIR" ] && [ "$(id -u)" -eq 0 ]; then
		ldconfig || echo "install: ldconfig failed; is $libdir known to it?" >&2
	fi
	;;
uninstall)
	files | while read -r kind mode source target; do
		take_away "$target"
	done
	;;
*)
	echo "install: install or uninstall" >&2
	exit 2
	;;
esac
