/*
 * The full-depth order book of one instrument: exact integers, both sides.
 *
 * Pure, feed thread; memory is the caller's and nothing is allocated. Levels
 * stand in blocks of BOOK_BLOCK out of a pool that all books share; each side
 * has a directory of its blocks, worst first, best at the end, where most of
 * the changes are. On recorded feeds a change lies 240 levels from the best in
 * the mean: one flat array moves that many for each level that comes or goes,
 * blocks at most BOOK_BLOCK (`make bench-book` measures both, and std::map).
 *
 * Bounded: a side keeps levels_max levels and a few at most. When it has more,
 * or the pool has no block left for it, its worst block goes, and the edge says
 * so: nothing is known of what lies beyond. The same holds for a snapshot that
 * was cut at its limit. Levels beyond the edge that change come in all the
 * same (the exchange tells them), with holes among them.
 *
 * The pool's last blocks are a reserve for the levels that are due, those that
 * are shown: deep books give levels up before shallow ones find no room. When
 * levels that are due find none all the same, the book is starved: it is not
 * to be shown.
 */
#ifndef FEED_CORE_BOOK_H
#define FEED_CORE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tickring/tick.h>

#define BOOK_BLOCK 32 /* levels; 16, 64 and 128 were slower on recorded feeds */
#define BOOK_LEVELS_MIN (2 * BOOK_BLOCK)
#define BOOK_LEVELS_LIMIT 1000000 /* of book_init()'s levels_max */
#define BOOK_NO_EDGE INT64_MIN    /* everything is known */

enum book_side { BOOK_BID, BOOK_ASK, BOOK_SIDES };

/* One level. The key is a bid's price, an ask's price negated: the best is the highest. */
struct book_level {
	int64_t key, qty;
};

struct book_block {
	struct book_level level[BOOK_BLOCK]; /* rising keys; free: level[0].key is the next one */
};

/* The memory of all books of a feed. */
struct book_pool {
	struct book_block *block;
	uint32_t blocks;  /* all there are */
	uint32_t fresh;   /* those from here on were never used: their pages are not touched */
	uint32_t free;    /* first of the list of those given back; `blocks`: none */
	uint32_t in_use;
	uint32_t reserve; /* so many are for levels that are due only */
};

/* A block of a side. */
struct book_row {
	int64_t low;      /* its lowest key */
	uint32_t block, n;
};

struct book_rows {
	struct book_row *row;
	uint32_t rows;
	uint32_t n;       /* levels in all of them */
	int64_t edge;     /* all levels with this key and better are known */
	bool short_of;    /* the pool had no block for some of its levels */
};

struct book {
	struct book_pool *pool;
	struct book_rows side[BOOK_SIDES];
	uint32_t rows_max, levels_max;
	uint32_t due;     /* levels a side that are shown ... */
	uint32_t rows_due; /* ... and the rows that may come out of the reserve for them */
	uint64_t dropped; /* levels that found no room, ever */
};

/* Blocks that books with so many levels a side need when their blocks are as good as full. */
uint32_t book_blocks_for(uint32_t books, uint32_t levels);

/* Takes the memory, which it touches only when it is needed. */
void book_pool_init(struct book_pool *pool, struct book_block *memory, uint32_t blocks);

/* Directory rows that one book needs. */
size_t book_rows_for(uint32_t levels_max);

/*
 * An empty book. `rows` has room for book_rows_for(levels_max); levels_max is
 * taken as BOOK_LEVELS_MIN when it is below, BOOK_LEVELS_LIMIT when above.
 */
void book_init(struct book *book, struct book_pool *pool, struct book_row *rows,
    uint32_t levels_max);

/* So many levels a side are due: they are shown. book_init() says 1. */
void book_set_due(struct book *book, uint32_t levels);

/* Empties it and gives its blocks back; `dropped` stays. */
void book_clear(struct book *book);

/* Sets the quantity at a price, which is not INT64_MIN; 0 or less: the level is gone. */
void book_set(struct book *book, enum book_side side, int64_t price, int64_t qty);

/*
 * Empties a side and fills it, whatever the levels' order. `cut`: there were
 * more than these, so the worst of them is the edge.
 */
void book_load(struct book *book, enum book_side side, const struct tick_level *levels,
    uint32_t n, bool cut);

/* Copies the best `max` levels, best first; returns how many there were. */
uint32_t book_top(const struct book *book, enum book_side side, struct tick_level *out,
    uint32_t max);

/* Is the best bid as high as the best ask, or higher? */
bool book_is_crossed(const struct book *book);

/* Do the best `levels` of both sides lie inside what is known? */
bool book_is_known(const struct book *book, uint32_t levels);

/* Did it lose levels for want of memory, since it was loaded or emptied? */
static inline bool
book_is_short(const struct book *book)
{
	return book->side[BOOK_BID].short_of || book->side[BOOK_ASK].short_of;
}

/* Did it lose levels that are due for want of memory? */
bool book_is_starved(const struct book *book);

/* Does the pool have so many blocks, without its reserve? */
bool book_pool_has(const struct book_pool *pool, uint32_t blocks);

/* Blocks for the levels that are due on both sides. */
uint32_t book_blocks_due(const struct book *book);

/* Blocks that are not in use, the reserve's among them. */
static inline uint32_t
book_pool_free(const struct book_pool *pool)
{
	return pool->blocks - pool->in_use;
}

static inline uint32_t
book_count(const struct book *book, enum book_side side)
{
	return book->side[side].n;
}

#endif
