#!/bin/sh
# Proves that lint can fail: a clean tree passes, and one fault per rule put
# into it is named. Each fault is written, looked for, and taken back.
set -u

lint=$(cd "$(dirname "$0")" && pwd)
CC=${CC:-gcc} CXX=${CXX:-g++}
TICKRING_BUILD=build
export CC CXX TICKRING_BUILD
unset TICKRING_PURE TICKRING_VARIANT
bad=0
faults=0

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

# put FILE: standard input becomes FILE.
put() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
}

# A header whose guard is right, with standard input in it.
header() {
	guard=$(echo "${1#include/}" | tr 'a-z/.-' 'A-Z___')
	{ printf '#ifndef %s\n#define %s\n' "$guard" "$guard"; cat; echo '#endif'; } | put "$1"
}

# `repeat N TEXT` prints TEXT so many times.
repeat() {
	awk -v n="$1" -v s="$2" 'BEGIN { while (n-- > 0) print s }'
}

write_tree() {
	header include/tickring/one.h <<-'END'
		#ifdef __cplusplus
		extern "C" {
		#endif
		struct tick_one { int x; };
		static inline int
		tick_half(int x)
		{
			return x / 2;
		}
		const char *tick_one_name(const struct tick_one *one);
		#ifdef __cplusplus
		}
		#endif
	END
	put shm/one.c <<-'END'
		#include <tickring/one.h>

		/* A double comment; rand() of it { is not code. TODOS neither. */
		const char *
		tick_one_name(const struct tick_one *one)
		{
			return one->x ? "float { system(" : "b";
		}
	END
	header feed/base/two.h </dev/null
	header feed/venue/venue.h <<-'END'
		#include "feed/base/two.h"
	END
	header feed/core/pool.h <<-'END'
		#include "feed/venue/venue.h"
		int pool_step(int a,
		    int b);
	END
	put feed/core/pool.c <<-'END'
		#include "feed/core/pool.h"

		#include <string.h>

		/* FSM */
		int
		pool_step(int a,
		    int b)
		{
			char copy[4];

			memcpy(copy, &b, sizeof(copy));
			switch (a) {
			case 1:
				return b;
			}
			return copy[0];
		}
	END
	put feed/main.c <<-'END'
		#include "feed/core/pool.h"

		int
		main(void)
		{
			return pool_step(1, 2);
		}
	END
	header feed/io/wsframe.h </dev/null
	header feed/io/transport.h </dev/null
	put tools/exchange-sim.c <<-'END'
		#include "feed/io/wsframe.h"
		#include "feed/venue/venue.h"
	END
	put tests/unit/test_one.c <<-'END'
		#include "feed/core/pool.h"
	END
	put docs/man/tool.1 <<-'END'
		.Dd August 1, 2026
		.Dt TOOL 1
		.Os
		.Sh NAME
		.Nm tool
		.Nd does it
		.Sh SYNOPSIS
		.Nm
		.Op Fl fh
		.Sh DESCRIPTION
		Options:
		.Bl -tag -width Ds
		.It Fl f , Fl -follow Ar FILE
		Goes on.
		.It Fl h , Fl -help
		This text.
		.El
	END
	put build/tool <<-'END'
		#!/bin/sh
		echo "usage: tool [-f]"
		echo "  -f, --follow=FILE  go on, like tail -F"
		echo "  -h, --help         this text"
	END
	chmod +x build/tool
	put README.md <<-'END'
		What `pool_step()` of feed/core/pool.c and <tickring/one.h> are for; `make all`
		builds a tool (tools/NAME, docs/man/tool.1, one.c).
	END
	put Makefile <<-'END'
		other all:
	END
	put tests/sim/one.patch <<-'END'
		--- shm/one.c
		+++ shm/one.c
		@@ -1 +1 @@
		-#include <tickring/one.h>
		+#include "tickring/one.h"
	END
}

clean_tree() {
	rm -rf ./*
	cp -a "$tmp/clean/." .
}

shared() {
	printf 'T { global: tick_*; local: *; };\n' >map
	$CC -shared -fPIC -Iinclude -Wl,--version-script=map shm/*.c -o build/libtickring.so.1
}

# Compiles what stands in feed/core.
pure_object() {
	mkdir -p build
	$CC -c -fPIC -O2 -I. feed/core/pool.c -o build/pool.o
	TICKRING_PURE=build/pool.o
	export TICKRING_PURE
}

# caught SCRIPT TEXT: the script fails and says TEXT. Then the tree is clean again.
caught() {
	faults=$((faults + 1))
	if "$lint/$1" >out 2>&1; then
		echo "$1 passes a tree with the fault: $2"
		bad=1
	elif ! grep -qF -- "$2" out; then
		echo "$1 fails, but does not say: $2"
		sed 's/^/	/' out
		bad=1
	fi
	clean_tree
}

passes() {
	"$lint/$1" >out 2>&1 && return
	echo "$1 fails on a clean tree:"
	sed 's/^/	/' out
	bad=1
}

mkdir clean work
cd clean && write_tree && cd ../work || exit 1
clean_tree
passes layers.sh
passes shape.sh
shared && passes headers.sh
pure_object && passes pure.sh
clean_tree
passes documents.sh
passes unused.sh

# ---- documents ----

# A word that a document should not say, and what is wrong with it.
said() {
	echo "It is $1." >>docs/man/tool.1
	caught documents.sh "docs/man/tool.1:18: $2"
}
said feed/core/gone.c 'feed/core/gone.c is not in the tree'
said 'in tickring/gone.h,' 'tickring/gone.h is not in the tree'
said 'in gone.c' 'no file is called gone.c'
said 'pool_gone()' 'there is no pool_gone()'
said '`make gone`' 'make knows no target gone'
echo 'int x;' | put shm/one.c
caught documents.sh 'tests/sim/one.patch: does not fit'

# ---- dead code ----

printf 'int\none_more(void)\n{\n}\n' | put shm/more.c
caught unused.sh 'shm/more.c:2: one_more(): nothing but tests calls it'
echo '#define ONE_MORE 1' >>shm/one.c
caught unused.sh 'ONE_MORE: a macro that nobody uses'

# ---- layers ----

# includes FILE PATH: the fault that FILE includes PATH, which exists.
includes() {
	[ -e "$2" ] || header "$2" </dev/null
	mkdir -p "$(dirname "$1")"
	echo "#include \"$2\"" >>"$1"
	caught layers.sh "must not include $2"
}
includes shm/one.c feed/base/two.h
includes feed/base/two.c feed/venue/venue.h
includes feed/venue/json.c feed/core/pool.h
includes feed/core/pool.c feed/venue/binance/json.h
includes feed/core/pool.c feed/conf/config.h
includes feed/conf/config.c feed/io/transport.h
includes feed/io/tls.c feed/pipeline/pipeline.h
includes feed/pipeline/pipeline.c feed/plan/plan.h
includes feed/plan/plan.c feed/store/stores.h
includes feed/store/stores.c feed/ops/ops.h
includes feed/ops/ops.c feed/status/snapshot.h
includes feed/status/snapshot.c feed/replay/replay.h
includes feed/replay/replay.c feed/probe/probe.h
includes feed/probe/probe.c feed/app/app.h
includes feed/app/app.c feed/main.h
includes tools/inspect.c feed/base/two.h
includes tools/exchange-sim.c feed/io/transport.h
includes tools/sim/market.c feed/core/pool.h
includes feed/pipeline/pipeline.c tools/tool.h
includes feed/pipeline/pipeline.c tests/support.h
includes tests/unit/test_one.c shm/one.c
echo '#include <tickring/one.h>' | put shm/deep.h
echo '#include "shm/deep.h"' >>include/tickring/one.h
caught layers.sh "include/tickring/one.h:17: must not include shm/deep.h: L0 includes L1"
echo '#include "a.h"' | put shm/b.h
echo '#include "shm/b.h"' | put shm/a.h
caught layers.sh "includes itself:"
echo '#include "nowhere.h"' | put shm/a.h
caught layers.sh '"nowhere.h" is not in the tree'

# ---- purity ----

for call in 'malloc(1)' 'fopen("", "")' 'clock()' 'feed_log()'; do
	put feed/core/pool.c <<-END
		#include <stdio.h>
		#include <stdlib.h>
		#include <time.h>
		long feed_log(void);
		long pool_x(void *volatile *p);
		long pool_x(void *volatile *p) { return (long)(*p = (void *)(long)$call); }
	END
	pure_object
	caught pure.sh "pool.o: imports ${call%%(*}"
done
unset TICKRING_PURE

# ---- shape ----

# A fault that is one more line of a file.
line() {
	mkdir -p "$(dirname "$1")"
	printf '%b\n' "$2" >>"$1"
	caught shape.sh "$3"
}

# A function of so many lines, with what stands before it.
long_function() {
	printf '%b' "$2"
	printf 'void\nlong_one(void)\n{\n'
	repeat $(($1 - 3)) '	;'
	echo '}'
}

long_function 71 '' | put shm/long.c
caught shape.sh "long.c:2: long_one(): 71 lines, 70 at most"
long_function 121 '/* FSM */\n' | put shm/long.c
caught shape.sh "long_one(): 121 lines, 120 at most"
long_function 70 '' | put shm/long.c
passes shape.sh
long_function 120 '/* FSM */\n' | put shm/long.c
passes shape.sh
{ long_function 70 '/* FSM */\n'; long_function 71 ''; } | put shm/long.c
caught shape.sh "long.c:74: long_one(): 71 lines"
repeat 501 '/* x */' | put shm/long.c
caught shape.sh "file of 501 lines"
repeat 501 '# x' | put tools/long.sh
caught shape.sh "file of 501 lines"
line shm/one.c "/*$(repeat 1 "$(printf '%099d' 0)")" "101 columns"
line shm/one.c '\t\t\t\t\t\t\t\t\t\t\t\t/* 45678 */' "107 columns"
line shm/one.c 'int x; ' "trailing blanks"
line tools/x.sh 'x\t' "trailing blanks"
line shm/one.c 'void\none_f(void)\n{\n    ;\n}' "indentation"
line shm/one.c 'void\none_f(void)\n{\n \t;\n}' "indentation"
line shm/one.c 'void\none_f(void)\n{\n\tint x;\n\t  x = 1;\n}' "indentation"
line shm/one.c '    int x;' "indentation"
line shm/one.c 'void one_f(void)\n{\n}' "one_f(): the name does not stand in column 0"
line shm/one.c 'static const char *one_f(int a,\n    int b)\n{\n}' "one_f(): the name does not"
line shm/one.c 'void one_f(void) { }' "one_f(): the name does not"
for word in TO''DO FIX''ME XX''X; do
	line shm/one.c "/* $word: later */" "unfinished"
	line tools/x.sh "# $word" "unfinished"
done
for f in gets strcpy strcat sprintf vsprintf strtok atoi atol atof rand system popen alloca; do
	line tools/x.c "int x = $f(1);" "x.c:1: call of a banned function"
done
for f in feed/venue/x.c feed/base/fixed.c feed/pipeline/pipeline.c shm/x.c; do
	line $f 'double x;' "floating point"
	line $f 'static float x[2];' "floating point"
done
header include/tickring/x.h <<-'END'
	double tick_x(void);
END
caught shape.sh "include/tickring/x.h:3: floating point"
for v in handle process do manage util; do
	line shm/one.c "int\n${v}_it(void)\n{\n}" "${v}_it(): a name that says nothing"
done
line feed/core/pool.c 'int\npool_x(int a)\n{\n\tswitch (a) {\n\tdefault:\n\t}\n}' "default: hides"
echo 'int x;' | put shm/x.h
caught shape.sh "include guard SHM_X_H is missing"
printf '#ifndef X_H\n#define X_H\n#endif\n' | put include/tickring/x.h
caught shape.sh "include guard TICKRING_X_H is missing"
printf '#ifndef SHM_X_H\n#define SHM_Y_H\n#endif\n' | put shm/x.h
caught shape.sh "include guard SHM_X_H is missing"

# ---- headers ----

# With the library as it should be.
seen() {
	shared || bad=1
	caught headers.sh "$1"
}

header include/tickring/x.h <<-'END'
	static const uint8_t x;
END
seen "x.h: not C11 on its own"
header include/tickring/x.h <<-'END'
	struct tick_x { int class; };
END
seen "x.h: not C++17 on its own"
header include/tickring/x.h <<-'END'
	int tick_more(int a,
	    int b);
END
seen "tick_more(): declared in a public header, not exported"
echo 'int tick_secret(void) { return 1; }' >>shm/one.c
seen "tick_secret: exported by libtickring, not declared"
caught headers.sh "libtickring.so.1: is not built"
sed -i 's/^\.Nd.*/.Nd/' docs/man/tool.1
seen "tool.1: mandoc finds faults"
echo 'echo "  -v           more"' >>build/tool
seen "tool.1: -v of --help is not described"
sed -i 's/--follow//' build/tool
seen "tool.1: tool --help does not know --follow"
sed -i 's/^\.Op.*/.Op Fl fhq/' docs/man/tool.1
seen "tool.1: tool --help does not know -q"
echo 'exit 3' >>build/tool
seen "tool: --help fails"
printf '#!/bin/sh\nif\n' | put tools/x.sh
seen "tools/x.sh: does not parse"
printf '#!/usr/bin/env bash\nif\n' | put tests/x.sh
seen "tests/x.sh: does not parse"

[ "$bad" -ne 0 ] || echo "$faults faults, all caught"
exit $bad
