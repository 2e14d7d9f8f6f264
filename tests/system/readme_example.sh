#!/bin/sh
# The strategy of README.md and tickring(3): its text is docs/examples/strategy.c,
# the command printed under it builds it, and it prints the quotes of a feed that runs on
# a simulated exchange.
#
# TICKRING_BUILD, TICKRING_VARIANT, CC: of the build.
set -u

name=readme_example
. tests/feed_rig.sh

# The one fenced block of C of a page.
block_of() {
	awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$1"
}

block_of README.md >"$work/strategy.c"
cmp "$work/strategy.c" docs/examples/strategy.c ||
    fail "the block of README.md is not docs/examples/strategy.c"

# And that of the manual page, where a backslash is written \\e.
sed -n '/^\.Bd -literal$/,/^\.Ed$/{/^\./d; s/\\e/\\/g; p;}' docs/man/tickring.3 |
    cmp - docs/examples/strategy.c || fail "the example of tickring.3 is another one"

# The printed command, with the compiler and the library of this build.
case ${TICKRING_VARIANT:-release} in
asan) flags='-fsanitize=address,undefined' ;;
tsan) flags='-fsanitize=thread' ;;
cov) flags='--coverage' ;;
*) flags='' ;;
esac
command=$(sed -n 's/^    cc \(.*docs\/examples\/strategy\.c .*\)$/\1/p' README.md)
[ -n "$command" ] || fail "README.md does not say how to compile the example"
command=$(echo "$command" | sed "s|build/gcc-release|$bin|; s|-o strategy|-o $work/strategy|")
# The words are meant to be split.
${CC:-gcc} $flags -Werror $command || fail "it does not compile: $command"
[ ! -e docs/examples/strategy.gcno ] || fail "it left files in the tree"

"$work/strategy" "$feed" 2>"$work/absent" && fail "a feed that does not exist is no error"
grep -q "there is no such segment" "$work/absent" || fail "it does not say what is wrong"

start_sim --symbols btcusdt,ethusdt --rate 1000
start_feedd --set streams=btcusdt@bookTicker,ethusdt@bookTicker --set ring.unlink_at_exit=true
wait_for_file /dev/shm/"$feed".ring

# It reads until its reader has enough.
timeout 30 "$work/strategy" "$feed" 2>"$work/strategy.log" | head -n 200 >"$work/quotes"
[ "$(wc -l <"$work/quotes")" -eq 200 ] || fail "it printed fewer than 200 quotes"
price='[0-9][0-9]*\.[0-9]\{8\}'
! grep -v "^\(BTC\|ETH\)USDT $price / $price\$" "$work/quotes" || fail "these are no quotes"
grep -q '^BTCUSDT' "$work/quotes" && grep -q '^ETHUSDT' "$work/quotes" ||
    fail "an instrument is missing"
[ ! -s "$work/strategy.log" ] || fail "it complained"

stop INT $feedd
feedd=''
[ ! -e /dev/shm/"$feed".ring ] || fail "the ring is still there"
