#!/bin/sh
# tools/scan.sh: content with this build, and it finds what it is to find: a program
# built without protection that calls what is banned, and a key in a file.
#
# TICKRING_BUILD, TICKRING_VARIANT, CC: the build.
set -u

bin=${TICKRING_BUILD:?run make test}
[ "${TICKRING_VARIANT:-release}" = release ] || { echo "of the release only"; exit 77; }
command -v readelf >/dev/null || { echo "there is no readelf"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0

complain() { # TEXT
	echo "scan: $1"
	bad=1
}

tools/scan.sh . "$bin"/feedd $(ls -d tools/*/main.c | sed "s|^tools/\(.*\)/main.c|$bin/\1|") ||
    complain "something was found in this build"

mkdir "$work/tree"
cat >"$work/weak.c" <<'C'
#include <stdio.h>
#include <string.h>
int
main(int argc, char **argv)
{
	char text[8];

	strcpy(text, argv[argc - 1]);
	return puts(text) < 0;
}
C
${CC:-gcc} -O0 -w -U_FORTIFY_SOURCE -fno-stack-protector -no-pie -Wl,-z,lazy,-z,norelro \
    -Wl,-z,execstack,-rpath,/tmp -fno-builtin -o "$work/weak" "$work/weak.c" 2>/dev/null ||
    complain "the weak program does not build"
# In two pieces, or this file would be found.
printf '%s %s\n' '-----BEGIN' 'PRIVATE KEY-----' >"$work/tree/key.pem"
printf 'api_%s = "%s"\n' key 0123456789abcdefghijklmno >"$work/tree/settings.py"
tools/scan.sh "$work/tree" "$work/weak" >"$work/found" && complain "it finds nothing"
for text in 'not position independent' 'relocations stay writable' 'bound lazily' \
    'the stack may be executed' 'a search path of its own' 'no stack protector' \
    'memory functions are not checked' 'calls strcpy()' 'look like keys' \
    'look like secrets'; do
	grep -qF "$text" "$work/found" || complain "it does not find: $text"
done
exit $bad
