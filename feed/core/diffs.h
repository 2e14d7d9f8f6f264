/*
 * The changes of books that wait for their snapshots: queues of diffs, one per
 * book, in blocks of one pool. Pure, feed thread; memory is the caller's.
 *
 * A queue holds diffs that follow each other without a hole, and forgets its
 * oldest for new ones when it has reached its bound or the pool is empty: an
 * older diff is of use to an older snapshot only.
 */
#ifndef FEED_CORE_DIFFS_H
#define FEED_CORE_DIFFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tickring/tick.h>

#define DIFFS_BLOCK_CELLS 64

/* One change of a book, as the exchange numbers them. */
struct diff {
	int64_t before;  /* the id before the first it covers: spot U - 1, futures pu */
	int64_t first;   /* U */
	int64_t last;    /* u */
	int64_t exch_ns;
	const struct tick_level *bids, *asks; /* quantity 0: the level is gone */
	uint32_t nbids, nasks;
};

/* A diff is a head of cells, then a cell per level. */
struct diffs_cell {
	int64_t a, b;
};

struct diffs_block {
	struct diffs_cell cell[DIFFS_BLOCK_CELLS];
	uint32_t next; /* in its queue, or in the list of free ones */
};

struct diffs_pool {
	struct diffs_block *block;
	uint32_t blocks, fresh, free, in_use;
};

struct diffs {
	struct diffs_pool *pool;
	uint32_t head, tail;      /* blocks; without meaning when blocks is 0 */
	uint32_t head_at, tail_at; /* cells */
	uint32_t blocks, blocks_max;
	uint32_t n;               /* diffs */
	int64_t before, last;     /* ids of the whole queue: (before, last]; n > 0 */
	uint64_t forgotten;       /* diffs that went for want of room, ever */
};

/* Takes the memory, which it touches only when it is needed. */
void diffs_pool_init(struct diffs_pool *pool, struct diffs_block *memory, uint32_t blocks);

/* An empty queue of at most blocks_max blocks. */
void diffs_init(struct diffs *q, struct diffs_pool *pool, uint32_t blocks_max);

void diffs_clear(struct diffs *q);

/*
 * Keeps a copy. One that does not follow the last (a hole) empties the queue
 * first; one that says nothing new (its last id is not above the queue's) is
 * not kept. Returns false then, and when there is no room for it even alone:
 * the queue is empty then.
 */
bool diffs_add(struct diffs *q, const struct diff *diff);

/* The ids and counts of the oldest, without its levels; the queue is not empty. */
struct diff diffs_first(const struct diffs *q);

/* Forgets the oldest; the queue is not empty. */
void diffs_drop(struct diffs *q);

/*
 * Takes the oldest out: diffs_first(), then its levels, bids before asks. The
 * caller takes all of them by diffs_take_level() before anything else.
 */
struct diff diffs_take(struct diffs *q);
struct tick_level diffs_take_level(struct diffs *q);

#endif
