#include "tools/exchange-sim/book.h"

#include <string.h>

void
book_init(struct book *b, struct level *bids, struct level *asks, int64_t last_id)
{
	*b = (struct book){.level = {bids, asks}, .last_id = last_id};
}

/* Is `a` a worse price than `b`? */
static bool
worse(enum book_side side, int64_t a, int64_t b)
{
	return side == BOOK_BID ? a < b : a > b;
}

/* Index of the first level that is not worse than the price. */
static uint32_t
place_of(const struct book *b, enum book_side side, int64_t ticks)
{
	const struct level *level = b->level[side];
	uint32_t low = 0, high = b->n[side];

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (worse(side, level[mid].ticks, ticks))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
book_set(struct book *b, enum book_side side, int64_t ticks, int64_t lots)
{
	struct level *level = b->level[side];
	uint32_t i = place_of(b, side, ticks);
	bool there = i < b->n[side] && level[i].ticks == ticks;

	if (there && lots > 0) {
		level[i].lots = lots;
	} else if (there) {
		memmove(&level[i], &level[i + 1], (b->n[side] - i - 1) * sizeof(*level));
		b->n[side]--;
	} else if (lots > 0) {
		if (b->n[side] == BOOK_LEVELS_MAX)
			return false;
		memmove(&level[i + 1], &level[i], (b->n[side] - i) * sizeof(*level));
		level[i] = (struct level){ticks, lots};
		b->n[side]++;
	}
	b->last_id++;
	return true;
}

int64_t
book_lots(const struct book *b, enum book_side side, int64_t ticks)
{
	uint32_t i = place_of(b, side, ticks);

	if (i < b->n[side] && b->level[side][i].ticks == ticks)
		return b->level[side][i].lots;
	return 0;
}
