#!/bin/sh
# make install: every file in its place and no other, links that lead somewhere,
# paths that follow the prefix; the example strategy compiles against the
# installed tree through pkg-config and runs with the installed library; and
# make uninstall leaves no file behind.
#
# TICKRING_BUILD, TICKRING_VARIANT, CC: of the build.
set -u

: "${TICKRING_BUILD:?run make test}"
variant=${TICKRING_VARIANT:-release}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root prefix=/opt/tickring
version=$(sed -n 's/.*TICKRING_VERSION "\(.*\)"/\1/p' include/tickring/version.h)

fail() { # TEXT
	echo "install: $1"
	exit 1
}

run_make() { # GOAL...
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s CC="${CC:-gcc}" VARIANT="$variant" \
	    "$@" >"$work/make.log" 2>&1 || {
		cat "$work/make.log"
		fail "make $* failed"
	}
}

expected() {
	echo bin/feedd
	ls tools/*/main.c | sed 's|^tools/\(.*\)/main\.c$|bin/\1|'
	ls include/tickring | sed 's|^|include/tickring/|'
	for f in .a .so .so.1 ".so.$version"; do
		echo "lib/libtickring$f"
	done
	echo lib/pkgconfig/tickring.pc
	for f in feedd@.service feed-health@.service feed-health@.timer; do
		echo "lib/systemd/system/$f"
	done
	echo lib/sysusers.d/tickring.conf
	echo lib/tmpfiles.d/tickring.conf
	ls README.md docs/*.md | sed 's|.*/||; s|^|share/doc/tickring/|'
	ls docs/examples/* conf/*.json | sed 's|.*/||; s|^|share/doc/tickring/examples/|'
	find conf/cron conf/prometheus conf/grafana conf/k8s -type f 2>/dev/null |
	    sed 's|^conf/|share/doc/tickring/examples/|'
	ls docs/man/*.[1358] | sed 's|^docs/man/\(.*\)\.\(.\)$|share/man/man\2/\1.\2|'
	echo share/tickring/bench-quick
	ls tools/python/*.py | sed 's|.*/|share/tickring/python/|'
}

run_make install DESTDIR="$root" prefix=$prefix
expected | sort >"$work/expected"
(cd "$root$prefix" && find . ! -type d | sed 's|^\./||' | sort) >"$work/installed"
diff "$work/expected" "$work/installed" || fail "the tree is not as expected"
[ "$(find "$root" ! -type d | wc -l)" -eq "$(wc -l <"$work/installed")" ] ||
    fail "files lie outside of the prefix"
for f in bin/feedd lib/libtickring.so lib/libtickring.so.1; do
	[ -x "$root$prefix/$f" ] || fail "$f leads nowhere, or may not be run"
done
! find "$root" -type l -lname '/*' | grep . || fail "a link is absolute"
! grep -rl "$work" "$root" --include='*.pc' --include='*.service' --include='*.sh' ||
    fail "DESTDIR stands in a file"
grep -q "^ExecStart=$prefix/bin/feedd " "$root$prefix/lib/systemd/system/feedd@.service" ||
    fail "the unit does not start the installed feedd"
! grep -r '@[a-z]*dir@\|@version@' "$root$prefix/lib/pkgconfig" || fail "tickring.pc is a template"

# A second time over the first, as an update does.
run_make install DESTDIR="$root" prefix=$prefix
[ "$(find "$root" ! -type d | wc -l)" -eq "$(wc -l <"$work/installed")" ] ||
    fail "installing twice leaves other files"

if [ "$variant" = release ]; then
	export PKG_CONFIG_PATH="$root$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
	[ "$(pkg-config --modversion tickring)" = "$version" ] || fail "tickring.pc has no version"
	# Away from the source: nothing but the installed headers can be found.
	cp "$root$prefix/share/doc/tickring/examples/strategy.c" "$work/strategy.c"
	flags=$(pkg-config --cflags --libs tickring) || fail "pkg-config does not find tickring"
	# The words are meant to be split.
	(cd "$work" && ${CC:-gcc} -O2 -Wall -Wextra -Werror -o strategy strategy.c $flags) ||
	    fail "the strategy does not compile with: $flags"
	readelf -d "$work/strategy" | grep -q 'NEEDED.*\[libtickring\.so\.1\]' ||
	    fail "the strategy does not ask for libtickring.so.1"
	LD_LIBRARY_PATH=$root$prefix/lib "$work/strategy" "no-such-feed-$$" 2>"$work/absent" &&
	    fail "a feed that does not exist is no error"
	grep -q "there is no such segment" "$work/absent" || fail "it does not say what is wrong"
	"$root$prefix/bin/feed-health" "no-such-feed-$$" >"$work/absent"
	[ $? -eq 2 ] || fail "the installed feed-health does not run"
fi

run_make uninstall DESTDIR="$root" prefix=$prefix
! find "$root" ! -type d | grep . || fail "uninstall leaves files"
! find "$root" -type d -name 'tickring' -not -path "$root$prefix" | grep . ||
    fail "uninstall leaves folders of its own"
