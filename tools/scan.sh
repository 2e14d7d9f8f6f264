#!/bin/sh
# Looks for what should not be in binaries and sources; says nothing of the rest.
#
# usage: scan.sh TREE BINARY...
#
# Binaries: position independent, read-only relocations, bound at start, no executable
# stack, no search path of their own, stack protector, checked memory functions, none of
# the banned calls. Sources: keys and passwords; cppcheck, if it is there (else a word).
# Exit status 1 when something was found.
set -u

tree=${1:?usage: scan.sh TREE BINARY...}
shift
banned='gets|strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|tmpnam|tempnam|mktemp|system|popen'
banned="$banned|alloca|rand|srand|atoi|atol|atof|scanf|sscanf|wordexp|dlopen"
bad=0
list=$(mktemp) || exit 1
trap 'rm -f "$list"' EXIT

found() { # TEXT
	echo "scan: $1"
	bad=1
}

# ---- binaries --------------------------------------------------------------------

# CET is not looked at: the C library's start files of Debian 12 are without it.
for b; do
	readelf -hldW "$b" >"$list" 2>/dev/null || { found "$b: no ELF file"; continue; }
	grep -q 'Type:.*DYN' "$list" || found "$b: not position independent"
	grep -q 'GNU_RELRO' "$list" || found "$b: relocations stay writable"
	grep -qE 'BIND_NOW|Flags:.*NOW' "$list" || found "$b: bound lazily"
	grep -q 'GNU_STACK .* RW ' "$list" || found "$b: the stack may be executed"
	! grep -qE 'R(UN)?PATH' "$list" || found "$b: has a search path of its own"
	! grep -q 'TEXTREL' "$list" || found "$b: relocations in its code"
	nm -D --undefined-only "$b" | sed 's/@.*//; s/^ *U //' >"$list"
	grep -q '^__stack_chk_fail$' "$list" || found "$b: no stack protector"
	grep -q '_chk$' "$list" || found "$b: memory functions are not checked"
	for call in $(grep -xE "$banned" "$list"); do
		found "$b: calls $call()"
	done
done

# ---- sources ---------------------------------------------------------------------

# Keys of known shape anywhere; what is called a key and has a value, outside of the
# tests, which make theirs up.
shape='-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}'
shape="$shape|xox[abprs]-[A-Za-z0-9-]{20}|AIza[0-9A-Za-z_-]{35}"
called="(api_?key|secret|passw(or)?d|token)[\"']? *[:=] *[\"'][A-Za-z0-9+/_-]{20,}[\"']"
in_files() { # PATTERN [FIND OPTION...]
	pattern=$1
	shift
	(cd "$tree" && find . -type f -not -path './build/*' -not -path './.git/*' \
	    -not -path '*.d/*' "$@" -exec grep -nIiE -e "$pattern" {} +)
}
in_files "$shape" && found "these look like keys"
in_files "$called" -not -path './tests/*' && found "these look like secrets"

if ! command -v cppcheck >/dev/null; then
	echo "scan: cppcheck is not there, it was left out (Debian's package cppcheck)"
elif [ -d "$tree/shm" ]; then
	(cd "$tree" && cppcheck -q -j2 --std=c11 --enable=warning,portability \
	    --error-exitcode=1 -Iinclude -I. -D_GNU_SOURCE \
	    shm feed tools) || found "cppcheck objects"
fi
exit $bad
