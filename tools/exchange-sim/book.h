/*
 * An order book of one symbol: levels of both sides, prices in ticks,
 * quantities in lots. Every change gets the next update id. Pure; the owner
 * provides the memory of the levels through book_init().
 */
#ifndef TOOLS_EXCHANGE_SIM_BOOK_H
#define TOOLS_EXCHANGE_SIM_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#define BOOK_LEVELS_MAX 1024 /* per side */

enum book_side { BOOK_BID, BOOK_ASK };

struct level {
	int64_t ticks;
	int64_t lots;
};

struct book {
	struct level *level[2]; /* worst first, best last: the busy end moves little */
	uint32_t n[2];
	int64_t last_id; /* update id of the last change */
};

/* Makes an empty book whose first change will get id `last_id` + 1. */
void book_init(struct book *b, struct level *bids, struct level *asks, int64_t last_id);

/*
 * Sets the quantity at a price; 0 lots removes the level. Counts as one change
 * even when nothing differs. False, and no change, when the side is full.
 */
bool book_set(struct book *b, enum book_side side, int64_t ticks, int64_t lots);

/* Quantity at a price, 0 when there is no such level. */
int64_t book_lots(const struct book *b, enum book_side side, int64_t ticks);

/* The level at a depth, 0 being the best; depth must be below n[side]. */
static inline const struct level *
book_level(const struct book *b, enum book_side side, uint32_t depth)
{
	return &b->level[side][b->n[side] - 1 - depth];
}

#endif
