#!/bin/sh
# The objects of the pure layers import nothing but memory and string
# functions, assert, and each other: no clock, no I/O, no malloc, no log.
#
# TICKRING_PURE: the object files. TICKRING_VARIANT: a variant other than
# release also imports its sanitizer's or coverage's own symbols.
set -u

[ -n "${TICKRING_PURE:-}" ] || exit 0

{
	nm -A --defined-only $TICKRING_PURE | sed 's/^/defined /'
	nm -A -u $TICKRING_PURE | sed 's/^/undefined /'
} | awk -v variant="${TICKRING_VARIANT:-release}" '
	BEGIN {
		# A numeric address is text: inet_pton() looks nothing up.
		split("memcpy memmove memset memcmp memchr memrchr memmem mempcpy bcmp " \
		    "strlen strnlen strcmp strncmp strchr strrchr strchrnul strstr " \
		    "strspn strcspn strpbrk strncpy stpncpy inet_pton", names)
		for (i in names) {
			allowed[names[i]] = 1
			allowed["__" names[i] "_chk"] = 1
		}
		allowed["__stack_chk_fail"] = 1
		allowed["__assert_fail"] = 1
		allowed["_GLOBAL_OFFSET_TABLE_"] = 1
		# 128-bit integers, from the compiler.
		split("__divti3 __udivti3 __modti3 __umodti3 __multi3 __muloti4", names)
		for (i in names)
			allowed[names[i]] = 1
	}
	$1 == "defined" && $(NF - 1) ~ /^[A-Z]$/ { here[$NF] = 1 }
	$1 == "undefined" {
		file = $2
		sub(/:$/, "", file)
		want[++n] = $NF
		by[n] = file
	}
	END {
		for (i = 1; i <= n; i++) {
			s = want[i]
			if (s in allowed || s in here)
				continue
			if (variant != "release" && s ~ /^_+(asan|ubsan|tsan|sanitizer|gcov|llvm)_/)
				continue
			print by[i] ": imports " s
			bad = 1
		}
		exit bad
	}'
