#!/bin/sh
# Does the simulation catch what it is there for? Applies each patch of
# tests/sim/mutants to a copy of the tree, builds the simulation, and runs it
# until a rule is broken, or for MUTANT_SEEDS seeds (200). One line each; the
# last line is "N passed, N failed, N skipped"; exit status 1 when one survived.
# Run in the root of the tree.
#
# TICKRING_BUILD: the build; CC: its compiler, TICKRING_VARIANT: its variant.
set -u

seeds=${MUTANT_SEEDS:-200}
build=${TICKRING_BUILD:-build/gcc-release}
cc=${CC:-gcc}
variant=${TICKRING_VARIANT:-release}
caught=0 survived=0

copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# What was built comes along with its times: only what a patch touches is made anew.
name=$(basename "$build")
cp -a Makefile include shm feed tools tests "$copy" || exit 1
mkdir -p "$copy/build"
[ ! -d "$build" ] || cp -a "$build" "$copy/build/$name" || exit 1
sim=build/$name/tests/sim/test_feed_sim

make_it() {
	make -C "$copy" --no-print-directory CC="$cc" VARIANT="$variant" "$sim" >"$copy/log" 2>&1
}

if ! make_it; then
	cat "$copy/log"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
for patch in tests/sim/mutants/*.patch; do
	mutant=$(basename "$patch" .patch)
	word="survived $seeds seeds"
	if ! patch -s -d "$copy" -p0 <"$patch" >"$copy/log" 2>&1; then
		word="the patch does not fit"
	elif ! make_it; then
		word="does not compile"
	elif ! (cd "$copy" && timeout -k 5 300 "./$sim" "$seeds") >"$copy/log" 2>&1; then
		word=$(grep -a 'VIOLATION' "$copy/log" | tail -n 1)
		[ -n "$word" ] || word="ended without naming a rule: $(tail -n 1 "$copy/log")"
	fi
	patch -s -R -d "$copy" -p0 <"$patch" >/dev/null 2>&1
	case $word in
	seed*)
		caught=$((caught + 1))
		echo "$mutant: caught: $word"
		;;
	*)
		survived=$((survived + 1))
		echo "$mutant: NOT CAUGHT: $word"
		cat "$copy/log"
		;;
	esac
done
echo "$caught passed, $survived failed, 0 skipped"
[ "$survived" -eq 0 ]
