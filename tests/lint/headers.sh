#!/bin/sh
# What others see: public headers compile alone as C11 and C++17; libtickring
# exports what they declare and nothing else; man pages are well formed and
# name the options that --help names; scripts parse. Run in the root of the
# tree.
#
# TICKRING_BUILD: the build. CC, CXX: compilers (gcc, g++).
set -u

dir=$(dirname "$0")
build=${TICKRING_BUILD:-build/gcc-release}
cc=${CC:-gcc}
cxx=${CXX:-g++}
warn="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude"
bad=0

complain() {
	echo "$1"
	bad=1
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

compiles_alone() {
	for h in include/tickring/*.h; do
		name=${h#include/}
		printf "#include <%s>\nextern int something;\n" "$name" >"$tmp/alone.c"
		$cc -std=c11 $warn "$tmp/alone.c" || complain "$h: not C11 on its own"
		$cxx -std=c++17 -x c++ $warn "$tmp/alone.c" || complain "$h: not C++17 on its own"
	done
}

exports() {
	lib=$build/libtickring.so.1
	[ -e "$lib" ] || { complain "$lib: is not built"; return; }
	for h in include/tickring/*.h; do
		echo "#include <${h#include/}>"
	done >"$tmp/all.c"
	$cc -std=c11 -Iinclude -E "$tmp/all.c" | awk -f "$dir/declared.awk" |
	    sort -u >"$tmp/declared"
	nm -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	    sort -u >"$tmp/exported"
	for s in $(comm -23 "$tmp/declared" "$tmp/exported"); do
		complain "$s(): declared in a public header, not exported by libtickring"
	done
	for s in $(comm -13 "$tmp/declared" "$tmp/exported"); do
		complain "$s: exported by libtickring, not declared in a public header"
	done
}

# Options of .It Fl lines (`documented`), of all Fl lines (`mentioned`).
man_options() {
	awk -v all="$2" '
		/^\.(It|Fl|Op)/ && / ?Fl / && (all || /^\.It/) {
			for (i = 1; i < NF; i++) {
				if ($i != "Fl" && $i != ".Fl")
					continue
				o = $(i + 1)
				if (o ~ /^-/)
					print "-" o
				else
					for (j = 1; j <= length(o); j++)
						print "-" substr(o, j, 1)
			}
		}' "$1" | sort -u
}

# Options of the lines of --help that begin with one, up to their description.
help_options() {
	awk '
		/^[ \t]+-/ {
			sub(/^[ \t]+/, "")
			sub(/(  |\t).*/, "")
			n = split($0, word, /[ ,=|\[<]+/)
			for (i = 1; i <= n; i++)
				if (word[i] ~ /^--?[A-Za-z0-9]/)
					print word[i]
		}' "$1" | sort -u
}

man_page() {
	mandoc -T lint -W warning "$1" || complain "$1: mandoc finds faults"
	name=$(basename "$1")
	name=${name%.[18]}
	[ -x "$build/$name" ] || return
	if ! timeout 10 "$build/$name" --help >"$tmp/help" </dev/null; then
		complain "$name: --help fails"
		return
	fi
	help_options "$tmp/help" >"$tmp/in_help"
	man_options "$1" "" >"$tmp/in_man"
	man_options "$1" 1 >"$tmp/mentioned"
	for o in $(comm -23 "$tmp/in_help" "$tmp/in_man"); do
		complain "$1: $o of --help is not described"
	done
	for o in $(cat "$tmp/in_man" "$tmp/mentioned" | sort -u | comm -13 "$tmp/in_help" -); do
		complain "$1: $name --help does not know $o"
	done
}

scripts_parse() {
	find tools tests .ci conf -type f 2>/dev/null | sort >"$tmp/files"
	while read -r f; do
		case $f in *.[chd] | *.zst | *.bin) continue ;; esac
		case $(head -n 1 "$f" | tr -d '\0') in
		'#!/bin/sh'*) sh -n "$f" || complain "$f: does not parse" ;;
		'#!'*bash*) bash -n "$f" || complain "$f: does not parse" ;;
		esac
	done <"$tmp/files"
}

compiles_alone
exports
for page in docs/man/*.[18]; do
	[ ! -e "$page" ] || man_page "$page"
done
scripts_parse
exit $bad
