/*
 * The trades of one symbol, the newest of them, for who asks for the past.
 * Grows with the number of trades up to a bound. Pure but for the memory.
 */
#ifndef TOOLS_EXCHANGE_SIM_PAST_H
#define TOOLS_EXCHANGE_SIM_PAST_H

#include <stdbool.h>
#include <stdint.h>

#define PAST_TRADES_MAX 16384

struct past_trade_kept {
	int64_t id, agg_id;
	int64_t price, qty; /* 1e-8 units */
	int64_t at_ns;
	bool buyer_is_maker;
};

/* Trades of the same agg_id, which stand side by side, are one aggregate trade. */
struct past_aggregate {
	struct past_trade_kept first;
	int64_t last_id, qty;
};

/* Zeroed is empty. */
struct past {
	struct past_trade_kept *trade; /* a ring; id n lies in slot n mod cap */
	uint32_t cap, n;
	int64_t last_id;
};

/* Ids follow on one another. Without memory the past is forgotten. */
void past_add(struct past *past, const struct past_trade_kept *trade);

/* The trade of that id; NULL: it is not known (any more). */
const struct past_trade_kept *past_find(const struct past *past, int64_t id);

/*
 * Id of the first known trade that belongs to aggregate `agg_id` or a later one;
 * -1: none does. The oldest aggregate does not count when it may be cut.
 */
int64_t past_first_of(const struct past *past, int64_t agg_id);

/* The aggregate that begins with trade `id`; false: it is not known. */
bool past_aggregate(const struct past *past, int64_t id, struct past_aggregate *out);

void past_fini(struct past *past);

#endif
