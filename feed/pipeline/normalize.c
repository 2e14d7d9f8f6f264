#include "feed/pipeline/normalize.h"

#include "feed/pipeline/figures.h"

static inline bool
to_price(const struct fixed *from, const struct tick_instrument *i, int64_t *to)
{
	return fixed_fits(from, i->price_exponent, to);
}

static inline bool
to_qty(const struct fixed *from, const struct tick_instrument *i, int64_t *to)
{
	return fixed_fits(from, i->qty_exponent, to);
}

static bool
to_levels(const struct event_level *from, uint32_t n, const struct tick_instrument *i,
    struct tick_level *to)
{
	for (uint32_t k = 0; k < n; k++)
		if (!to_price(&from[k].price, i, &to[k].price) ||
		    !to_qty(&from[k].qty, i, &to[k].qty))
			return false;
	return true;
}

/* Whole books list their best level first, whatever order the message had. */
static void
best_first(struct tick_level *levels, uint32_t n, bool bids)
{
	if (n < 2 || (levels[0].price > levels[n - 1].price) == bids)
		return;
	for (uint32_t i = 0; i < n / 2; i++) {
		struct tick_level swap = levels[i];

		levels[i] = levels[n - 1 - i];
		levels[n - 1 - i] = swap;
	}
}

static bool
normalize_depth(const struct event *e, const struct tick_instrument *i, struct tick_level *room,
    struct normal *out)
{
	struct tick_level *bids = room, *asks = room + e->u.depth.nbids;

	out->bids = bids;
	out->asks = asks;
	out->nbids = e->u.depth.nbids;
	out->nasks = e->u.depth.nasks;
	if (!to_levels(e->u.depth.bids, out->nbids, i, bids) ||
	    !to_levels(e->u.depth.asks, out->nasks, i, asks))
		return false;
	if (e->kind == EVENT_PARTIAL_DEPTH) {
		best_first(bids, out->nbids, true);
		best_first(asks, out->nasks, false);
	}
	return true;
}

bool
normalize(const struct event *e, const struct tick_instrument *i, struct tick_level *room,
    struct normal *out)
{
	int64_t *v = out->value;

	switch (e->kind) {
	case EVENT_TRADE:
	case EVENT_AGG_TRADE:
	case EVENT_BLOCK_TRADE:
		return to_price(&e->u.trade.price, i, &v[0]) && to_qty(&e->u.trade.qty, i, &v[1]);
	case EVENT_QUOTE:
		return to_price(&e->u.quote.bid_px, i, &v[0]) &&
		    to_qty(&e->u.quote.bid_qty, i, &v[1]) &&
		    to_price(&e->u.quote.ask_px, i, &v[2]) && to_qty(&e->u.quote.ask_qty, i, &v[3]);
	case EVENT_KLINE:
		return to_price(&e->u.kline.open, i, &v[0]) &&
		    to_price(&e->u.kline.high, i, &v[1]) && to_price(&e->u.kline.low, i, &v[2]) &&
		    to_price(&e->u.kline.close, i, &v[3]) && to_qty(&e->u.kline.volume, i, &v[4]) &&
		    to_qty(&e->u.kline.taker_volume, i, &v[5]);
	case EVENT_DEPTH:
	case EVENT_PARTIAL_DEPTH:
		return normalize_depth(e, i, room, out);
	default:
		return figures_of(e, out);
	}
}
