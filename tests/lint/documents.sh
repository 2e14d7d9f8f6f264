#!/bin/sh
# The documents speak of what is there: every file of this tree, every function
# and every make target that they name exists. A word in capitals (NAME) stands
# for any; what a build or a run makes is not looked for.
#
# DOCUMENTS: the files to look at, instead of README.md, docs/*.md and docs/man.
set -u

made='build/ docs/bench'
documents=${DOCUMENTS:-$(find README.md docs -name '*.md' -o -path 'docs/man/*' 2>/dev/null | sort)}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0

complain() { # TEXT
	echo "$1"
	bad=1
}

# "FILE:LINE WORD" of every match.
words() { # PATTERN
	grep -noE "$1" $documents /dev/null | sed 's/:\([0-9]*\):/:\1 /'
}

# As paths; "tickring/x.h" is one of include/. A pattern with * must match something.
there() { # PATH
	for made_here in $made; do
		case $1 in "$made_here"*) return 0 ;; esac
	done
	case $1 in *[A-Z][A-Z]*) [ -e "$1" ] || case $1 in *NAME* | *DIR*) return 0 ;; esac ;; esac
	for path in $1 include/$1; do
		[ ! -e "$path" ] || return 0
	done
	return 1
}

words '(^|[^A-Za-z0-9_/.$~-])(feed|shm|tools|tests|include|conf|docs|tickring)/[A-Za-z0-9_./*@-]+' |
    sed 's/ [^A-Za-z]/ /; s/[.,]*$//' >"$tmp/paths"
while read -r where path; do
	there "$path" || complain "$where: $path is not in the tree"
done <"$tmp/paths"

find include shm feed tools tests docs -type f -exec basename {} \; | sort -u >"$tmp/names"
words '(^|[^A-Za-z0-9_/.*<-])[a-z][a-z0-9_]*\.(c|h|def|awk|sh|py)\>' | sed 's/ [^a-z]/ /' |
    while read -r where name; do
	grep -qxF "$name" "$tmp/names" || echo "$where: no file is called $name"
done >"$tmp/missing"

# What the C library and the system call have is not ours to check: man pages know them.
find include shm feed tools -name '*.[ch]' -exec cat {} + |
    grep -oE '\<[a-z][a-z0-9_]*\(' | sort -u >"$tmp/called"
words '\<[a-z][a-z0-9_]*\(\)' | tr -d ')' | while read -r where name; do
	grep -qxF "$name" "$tmp/called" || echo "$where: there is no ${name})"
done >>"$tmp/missing"

words '(`|    )make [a-z][a-z-]*' | sed 's/ .*make / /' | while read -r where target; do
	grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" Makefile ||
	    [ -e "tests/bench/bench_$(echo "${target#bench-}" | tr - _).c" ] ||
	    echo "$where: make knows no target $target"
done >>"$tmp/missing"
cat "$tmp/missing"
[ ! -s "$tmp/missing" ] || bad=1
exit $bad
