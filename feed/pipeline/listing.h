/*
 * The exchange's list of instruments, as a table that is searched by symbol.
 *
 * Made in the ops thread, or at start; handed over as a whole, then read only.
 */
#ifndef FEED_PIPELINE_LISTING_H
#define FEED_PIPELINE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tickring/layout.h>

#include "feed/base/bytes.h"

struct listed {
	char symbol[TICK_SYMBOL_MAX];
	uint8_t symbol_bytes;
	uint8_t trading;                     /* enum tick_trading */
	int8_t price_exponent, qty_exponent; /* at which the steps are whole numbers */
	int64_t price_step, qty_step;        /* 0: the exchange states none */
};

struct listing {
	size_t n;
	uint64_t unusable;     /* entries without a usable name or with wrong values */
	struct listed item[];  /* by symbol */
};

/*
 * Reads a body of GET .../exchangeInfo. Returns 0, -EBADMSG (no such list, or
 * cut off) or -ENOMEM. *out is freed by free().
 */
int listing_read(struct listing **out, struct bytes body);

/* NULL: not listed. `listing` may be NULL. */
const struct listed *listing_find(const struct listing *listing, struct bytes symbol);

/* How many of a list are not in another one. */
size_t listing_lost(const struct listing *before, const struct listing *now);

/* A mantissa at one exponent as that at another; 0 when it is not exact there. */
int64_t listing_step(int64_t step, int exponent, int wanted);

#endif
