#include "feed/pipeline/publish.h"

#define WHOLE (TICK_FLAG_FIRST | TICK_FLAG_LAST)

/* The words that every tick of a message has in common. */
static struct ring_tick
tick_of(const struct publish_context *c, const struct event *e, enum tick_type type, unsigned flags)
{
	return (struct ring_tick){
		.meta = ring_meta(c->instrument, type, flags, c->leg),
		.exch_ns = e->exch_ns,
		.recv_ns = c->recv_ns,
		.id = e->id,
		.first_id = e->first_id,
		.trade_ns = e->trade_ns,
		.mono_ns = c->mono_ns,
	};
}

static void
publish_trade(const struct publish_context *c, const struct event *e, const struct normal *n)
{
	unsigned side = e->u.trade.buyer_maker ? TICK_FLAG_SIDE : 0;
	enum tick_type type = e->kind == EVENT_TRADE ? TICK_TRADE
	    : e->kind == EVENT_BLOCK_TRADE	     ? TICK_BLOCK_TRADE
						     : TICK_AGG_TRADE;
	struct ring_tick t = tick_of(c, e, type, c->flags | WHOLE | side);
	struct tick_last_trade last = {
		.recv_ns = c->recv_ns,
		.exch_ns = e->exch_ns,
		.trade_ns = e->trade_ns,
		.id = e->id,
		.price = n->value[0],
		.qty = n->value[1],
		.flags = side,
	};

	t.v[0] = n->value[0];
	t.v[1] = n->value[1];
	t.v[2] = e->last_id;
	ring_publish(c->ring, &t);
	/* Off-book, at prices of its own; or of the past. */
	if (type != TICK_BLOCK_TRADE && !(c->flags & TICK_FLAG_REPLAY))
		board_trade(c->board, c->instrument, &last);
}

static void
publish_quote(const struct publish_context *c, const struct event *e, const struct normal *n)
{
	struct ring_tick t = tick_of(c, e, TICK_QUOTE, c->flags | WHOLE);
	struct tick_quote quote = {
		.recv_ns = c->recv_ns,
		.exch_ns = e->exch_ns,
		.id = e->id,
		.bid_px = n->value[0],
		.bid_qty = n->value[1],
		.ask_px = n->value[2],
		.ask_qty = n->value[3],
	};

	for (int i = 0; i < 4; i++)
		t.v[i] = n->value[i];
	ring_publish(c->ring, &t);
	board_quote(c->board, c->instrument, &quote);
}

static void
publish_kline(const struct publish_context *c, const struct event *e, const struct normal *n)
{
	unsigned closed = e->u.kline.closed ? TICK_FLAG_LAST : 0;
	struct ring_tick t = tick_of(c, e, TICK_KLINE, c->flags | TICK_FLAG_FIRST | closed);

	for (int i = 0; i < 4; i++)
		t.v[i] = n->value[i];
	t.w[0] = e->u.kline.start_ns;
	t.w[1] = n->value[4];
	t.w[2] = n->value[5];
	t.w[3] = e->u.kline.trades;
	ring_publish(c->ring, &t);
}

/* Figures and states: one tick, or two in a row. */
static void
publish_figures(const struct publish_context *c, const struct event *e, const struct normal *n,
    enum tick_type type)
{
	unsigned side =
	    e->kind == EVENT_LIQUIDATION && e->u.liquidation.sell ? TICK_FLAG_SIDE : 0;

	for (uint32_t i = 0; i < n->nfigures; i++) {
		unsigned first = i == 0 ? TICK_FLAG_FIRST : 0;
		unsigned last = i + 1 == n->nfigures ? TICK_FLAG_LAST : 0;
		struct ring_tick t = tick_of(c, e, type, c->flags | side | first | last);

		t.trade_ns = n->figures[i].trade_ns;
		for (int k = 0; k < 4; k++) {
			t.v[k] = n->figures[i].v[k];
			t.w[k] = n->figures[i].w[k];
		}
		ring_publish(c->ring, &t);
	}
}

static int64_t
level_word(const struct tick_level *levels, uint32_t n, uint32_t i)
{
	if (i / 2 >= n)
		return i % 2 == 0 ? TICK_ABSENT : 0;
	return i % 2 == 0 ? levels[i / 2].price : levels[i / 2].qty;
}

/* One side, TICK_LEVELS in a tick. `flags` are those of every tick of it. */
static void
publish_side(const struct publish_context *c, const struct event *e,
    const struct tick_level *levels, uint32_t n, unsigned flags, unsigned first, unsigned last)
{
	uint32_t at = 0;

	do {
		uint32_t left = n - at;
		unsigned ends = left <= TICK_LEVELS ? last : 0;
		struct ring_tick t = tick_of(c, e, TICK_BOOK_DELTA, flags | first | ends);

		for (uint32_t i = 0; i < 4; i++) {
			t.v[i] = level_word(levels + at, left, i);
			t.w[i] = level_word(levels + at, left, i + 4);
		}
		ring_publish(c->ring, &t);
		first = 0;
		at += TICK_LEVELS;
	} while (at < n);
}

static void
publish_sides(const struct publish_context *c, const struct event *e,
    const struct normal *n, unsigned flags, unsigned first)
{
	/* A message without levels still moves the id on: one tick without levels tells it. */
	if (n->nbids > 0 || n->nasks == 0)
		publish_side(
		    c, e, n->bids, n->nbids, flags, first, n->nasks == 0 ? TICK_FLAG_LAST : 0);
	if (n->nasks > 0)
		publish_side(c, e, n->asks, n->nasks, flags | TICK_FLAG_SIDE,
		    n->nbids > 0 ? 0 : first, TICK_FLAG_LAST);
}

static void
publish_depth(const struct publish_context *c, const struct event *e, const struct normal *n)
{
	unsigned stamps =
	    c->flags & (TICK_FLAG_KERNEL_STAMP | TICK_FLAG_CLOCK_DOUBT | TICK_FLAG_STALE);

	publish_sides(c, e, n, stamps, TICK_FLAG_FIRST | (c->flags & TICK_FLAG_GAP_BEFORE));
}

static void
publish_book(const struct publish_context *c, const struct event *e, const struct normal *n)
{
	unsigned flags = (c->flags & ~TICK_FLAG_GAP_BEFORE) | TICK_FLAG_REPLAY;
	struct ring_tick t = tick_of(c, e, TICK_BOOK_CLEAR, flags | TICK_FLAG_FIRST);
	struct tick_book book = {
		.recv_ns = c->recv_ns,
		.exch_ns = e->exch_ns,
		.id = e->id,
		.bids = n->nbids,
		.asks = n->nasks,
	};

	ring_publish(c->ring, &t);
	publish_sides(c, e, n, flags, 0);
	board_book(c->board, c->instrument, &book, n->bids, n->asks);
}

void
publish_market_event(const struct publish_context *c, const struct event *e, const struct normal *n)
{
	switch (e->kind) {
	case EVENT_TRADE:
	case EVENT_AGG_TRADE:
	case EVENT_BLOCK_TRADE:
		publish_trade(c, e, n);
		break;
	case EVENT_QUOTE:
		publish_quote(c, e, n);
		break;
	case EVENT_KLINE:
		publish_kline(c, e, n);
		break;
	case EVENT_MINI_TICKER:
		publish_figures(c, e, n, TICK_MINI_TICKER);
		break;
	case EVENT_TICKER:
		publish_figures(c, e, n, TICK_TICKER_24H);
		break;
	case EVENT_AVG_PRICE:
		publish_figures(c, e, n, TICK_AVG_PRICE);
		break;
	case EVENT_REFERENCE_PRICE:
		publish_figures(c, e, n, TICK_REFERENCE_PRICE);
		break;
	case EVENT_MARK_PRICE:
		publish_figures(c, e, n, TICK_MARK_PRICE);
		break;
	case EVENT_LIQUIDATION:
		publish_figures(c, e, n, TICK_LIQUIDATION);
		break;
	case EVENT_STATUS:
		publish_figures(c, e, n, TICK_INSTRUMENT_STATUS);
		break;
	case EVENT_DEPTH:
		publish_depth(c, e, n);
		break;
	case EVENT_PARTIAL_DEPTH:
		publish_book(c, e, n);
		break;
	default: /* no market event */
		break;
	}
}

void
publish_event(const struct publish_context *c, enum tick_reason reason, int64_t a, int64_t b,
    int64_t third)
{
	struct ring_tick t = {
		.meta = ring_meta(c->instrument, TICK_FEED_EVENT, c->flags | WHOLE, c->leg),
		.exch_ns = TICK_ABSENT,
		.recv_ns = c->recv_ns,
		.v = {reason, a, b, third},
		.id = TICK_ABSENT,
		.first_id = TICK_ABSENT,
		.trade_ns = TICK_ABSENT,
		.mono_ns = c->mono_ns,
	};

	ring_publish(c->ring, &t);
}
