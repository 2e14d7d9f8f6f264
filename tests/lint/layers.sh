#!/bin/sh
# A file includes only its own layer and lower ones; headers have no cycles;
# nobody includes a .c file. Run in the root of the tree.
set -u

find include shm feed tools tests -name '*.[ch]' 2>/dev/null | sort |
    xargs awk -f "$(dirname "$0")/layers.awk"
