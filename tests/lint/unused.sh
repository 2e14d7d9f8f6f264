#!/bin/sh
# No dead code: each function of the product is called by the product, each
# macro is used. Run in the root of the tree.
set -u

# A writer of one segment alone; and what benchmarks and tests ask of books.
allowed='ring_open board_open status_open pipeline_book book_blocks_for'

find include shm feed tools tests \( -name '*.[ch]' -o -name '*.def' -o -name '*.cc' \) \
    2>/dev/null | sort | xargs -r awk -v allow="$allowed" -f "$(dirname "$0")/unused.awk"
