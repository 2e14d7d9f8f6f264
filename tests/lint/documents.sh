#!/bin/sh
# The documents speak of what is there: each file of this tree, function and
# make target that README.md, docs/*.md and docs/man name exists. A word in
# capitals stands for any (tools/NAME); what a build or a run makes is not
# looked for. And patches that are kept for later still fit. Run in the root of
# the tree.
set -u

documents=$(find README.md docs -name '*.md' -o -path 'docs/man/*' 2>/dev/null | sort)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# "FILE:LINE WORD" of each match, without the byte before it that the pattern takes along.
words() { # PATTERN
	grep -noE "$1" $documents /dev/null | sed 's/^\([^:]*:[0-9]*\):/\1 /; s/ [^A-Za-z.]/ /'
}

exists() { # PATH
	case $1 in build/* | docs/bench* | *NAME* | *DIR*) return 0 ;; esac
	# Or a pattern.
	for one in $1 include/$1; do
		[ ! -e "$one" ] || return 0
	done
	return 1
}

files() {
	roots='feed|shm|tools|tests|include|conf|docs|tickring'
	words "(^|[^A-Za-z0-9_/.\$~-])($roots)/[A-Za-z0-9_./*@-]+" |
	    sed 's/[.,]*$//' | while read -r where path; do
		exists "$path" || echo "$where: $path is not in the tree"
	done
	find include shm feed tools tests docs -type f | sed 's|.*/||' | sort -u >"$tmp/names"
	words '(^|[^A-Za-z0-9_/.*<-])[a-z][a-z0-9_]*\.(c|h|def|awk|sh|py)\>' |
	    while read -r where name; do
		grep -qxF "$name" "$tmp/names" || echo "$where: no file is called $name"
	done
}

# Of the C library and the system, too, as far as the code calls them.
functions() {
	find include shm feed tools -name '*.[ch]' -exec cat {} + |
	    grep -oE '\<[a-z][a-z0-9_]*\(' | sort -u >"$tmp/called"
	words '\<[a-z][a-z0-9_]*\(\)' | tr -d ')' | while read -r where name; do
		grep -qxF "$name" "$tmp/called" || echo "$where: there is no $name)"
	done
}

# A target of its own, or made of a list: bench-NAME.
targets() {
	words '(`|    )make [a-z][a-z-]*' | sed 's/ .*make / /' | while read -r where target; do
		grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" Makefile ||
		    [ -e "tests/bench/bench_$(echo "${target#bench-}" | tr - _).c" ] ||
		    echo "$where: make knows no target $target"
	done
}

patches() {
	find tests -name '*.patch' 2>/dev/null | sort | while read -r patch; do
		patch -p0 --dry-run -s -f <"$patch" >/dev/null 2>&1 || echo "$patch: does not fit"
	done
}

{ files; functions; targets; patches; } >"$tmp/found"
cat "$tmp/found"
[ ! -s "$tmp/found" ]
