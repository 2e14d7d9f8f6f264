#!/bin/sh
# The shape of the code: sizes, indentation, names, banned calls, include
# guards. The rules and their limits stand in shape.awk. Run in the root of
# the tree.
set -u

dir=$(dirname "$0")
bad=0
find include shm feed tools tests -name '*.[ch]' 2>/dev/null | sort |
    xargs -r awk -f "$dir/shape.awk" || bad=1
find include shm feed tools tests .ci -name '*.sh' -o -name '*.def' -o -name '*.awk' \
    -o -name '*.map' -o -path .ci/run 2>/dev/null | sort |
    xargs -r awk -v plain=1 -f "$dir/shape.awk" || bad=1
exit $bad
