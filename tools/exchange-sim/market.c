#include "tools/exchange-sim/market.h"

#include <stdlib.h>
#include <string.h>

#define TENTH INT64_C(100000000)
#define SECOND INT64_C(1000000000)

#define SIDE_START 500 /* levels a side of the first book */
#define SIDE_MIN 200   /* fewer: orders are only placed there */
#define SPREAD_MAX 12  /* ticks; wider: somebody improves */

static int64_t
random_lots(struct market *m)
{
	/* Small orders are the rule, large ones the exception. */
	uint32_t scale = 1u << (4 + random_below(&m->random, 9));

	return 1 + random_below(&m->random, scale);
}

bool
market_init(struct market *m, const struct instrument *what, uint64_t seed)
{
	struct level *levels = calloc(2 * BOOK_LEVELS_MAX, sizeof(*levels));
	int64_t bid = what->start_ticks, ask = what->start_ticks + 1;

	*m = (struct market){.what = *what, .random = {seed}};
	if (levels == NULL)
		return false;
	m->agg_id = 100000000 + random_below(&m->random, 900000000);
	m->trade_id = m->agg_id + random_below(&m->random, 900000000);
	book_init(&m->book, levels, levels + BOOK_LEVELS_MAX,
	    m->trade_id * 8 + random_below(&m->random, 1000));
	for (int i = 0; i < SIDE_START && bid > 0; i++) {
		book_set(&m->book, BOOK_BID, bid, random_lots(m));
		book_set(&m->book, BOOK_ASK, ask, random_lots(m));
		bid -= 1 + random_below(&m->random, 3);
		ask += 1 + random_below(&m->random, 3);
	}
	m->changes[0].sent_id = m->changes[1].sent_id = m->book.last_id;
	return true;
}

void
market_fini(struct market *m)
{
	free(m->book.level[0]);
	free(m->changes[0].item);
	free(m->changes[1].item);
	past_fini(&m->past);
	*m = (struct market){0};
}

/* Bids first, from the best down; then asks, from the best up. */
static int
change_order(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	if (x->ticks == y->ticks)
		return 0;
	return (x->ticks > y->ticks) == (x->side == BOOK_BID) ? -1 : 1;
}

static void
changes_dedupe(struct changes *c)
{
	uint32_t kept = 0;

	if (c->n > 1)
		qsort(c->item, c->n, sizeof(*c->item), change_order);
	for (uint32_t i = 0; i < c->n; i++)
		if (kept == 0 || change_order(&c->item[kept - 1], &c->item[i]) != 0)
			c->item[kept++] = c->item[i];
	c->n = kept;
}

static void
changes_add(struct changes *c, enum book_side side, int64_t ticks)
{
	if (c->n == c->cap) {
		uint32_t cap = c->cap ? c->cap : 64;

		changes_dedupe(c);
		if (c->n * 2 >= cap || c->cap == 0) {
			/* The window of prices is bounded, and so is this. */
			c->cap = c->cap ? cap * 2 : cap;
			c->item = realloc(c->item, c->cap * sizeof(*c->item));
			if (c->item == NULL)
				abort();
		}
	}
	c->item[c->n++] = (struct change){ticks, side};
}

/* The only way in which the book changes after its first day. */
static void
change(struct market *m, enum book_side side, int64_t ticks, int64_t lots)
{
	if (!book_set(&m->book, side, ticks, lots))
		return;
	changes_add(&m->changes[0], side, ticks);
	changes_add(&m->changes[1], side, ticks);
}

static int64_t
best(const struct market *m, enum book_side side)
{
	return book_level(&m->book, side, 0)->ticks;
}

/* Percent of takers that buy: draws the price back to where it began. */
static uint32_t
buyers_percent(const struct market *m)
{
	int64_t off = (m->what.start_ticks - best(m, BOOK_BID)) * 1000 / m->what.start_ticks;

	if (off > 30)
		off = 30;
	if (off < -30)
		off = -30;
	return (uint32_t)(50 + off);
}

static void
emit_trades(struct market *m, const struct trade *fill, int n, wall_t now,
    const struct market_sink *sink)
{
	struct market_event e = {.slot = SLOT_TRADE, .market = m, .at = now};
	int64_t qty = 0;

	m->agg_id++;
	for (int i = 0; i < n; i++) {
		qty += fill[i].qty;
		past_add(&m->past, &(struct past_trade_kept){.id = fill[i].id,
		    .agg_id = m->agg_id, .price = fill[i].price, .qty = fill[i].qty,
		    .at_ns = now.ns, .buyer_is_maker = fill[i].buyer_is_maker});
		klines_on_trade(&m->klines, fill[i].id, fill[i].price, fill[i].qty,
		    fill[i].buyer_is_maker);
		e.u.trade = fill[i];
		if (sink->wanted(sink->ctx, m, SLOT_TRADE))
			sink->event(sink->ctx, &e);
	}
	if (!sink->wanted(sink->ctx, m, SLOT_AGG_TRADE))
		return;
	e.slot = SLOT_AGG_TRADE;
	e.u.agg.id = m->agg_id;
	e.u.agg.first = fill[0];
	e.u.agg.last_id = fill[n - 1].id;
	e.u.agg.qty = qty;
	sink->event(sink->ctx, &e);
}

/* A taker meets up to three makers at the best price of the other side. */
static void
take(struct market *m, wall_t now, const struct market_sink *sink)
{
	bool buys = random_below(&m->random, 100) < buyers_percent(m);
	enum book_side side = buys ? BOOK_ASK : BOOK_BID;
	const struct level *top = book_level(&m->book, side, 0);
	int64_t ticks = top->ticks, there = top->lots, left = there, taken;
	int fills = 1 + (int)random_below(&m->random, MARKET_FILLS_MAX);
	struct trade fill[MARKET_FILLS_MAX];
	int n = 0;

	if (random_below(&m->random, 3) != 0)
		left = 1 + (int64_t)(random_next(&m->random) % (uint64_t)there);
	taken = left;
	while (left > 0) {
		int64_t lots = left;

		if (n + 1 < fills)
			lots = 1 + (int64_t)(random_next(&m->random) % (uint64_t)left);
		fill[n++] = (struct trade){.id = ++m->trade_id, .price = market_price(m, ticks),
			.qty = market_qty(m, lots), .buyer_is_maker = !buys};
		left -= lots;
	}
	change(m, side, ticks, there - taken);
	emit_trades(m, fill, n, now, sink);
}

/* A new best price inside the spread, or more at the best one. */
static void
improve(struct market *m)
{
	bool bid = random_below(&m->random, 100) < buyers_percent(m);
	enum book_side side = bid ? BOOK_BID : BOOK_ASK;
	int64_t room = best(m, BOOK_ASK) - best(m, BOOK_BID) - 1;
	int64_t ticks = best(m, side), step;

	if (room > 0) {
		step = 1 + random_below(&m->random, (uint32_t)(room > 8 ? 8 : room));
		ticks += bid ? step : -step;
	}
	change(m, side, ticks, book_lots(&m->book, side, ticks) + random_lots(m));
}

/* An order at the best price grows, shrinks or goes. */
static void
amend_top(struct market *m)
{
	enum book_side side = random_below(&m->random, 2) ? BOOK_BID : BOOK_ASK;
	const struct level *top = book_level(&m->book, side, 0);
	uint32_t dice = random_below(&m->random, 10);

	if (dice == 0 && m->book.n[side] > SIDE_MIN)
		change(m, side, top->ticks, 0);
	else if (dice < 5 && top->lots > 1)
		change(m, side, top->ticks,
		    1 + (int64_t)(random_next(&m->random) % (uint64_t)(top->lots - 1)));
	else
		change(m, side, top->ticks, top->lots + random_lots(m));
}

/* Something changes behind the best price. */
static void
amend_deep(struct market *m)
{
	enum book_side side = random_below(&m->random, 2) ? BOOK_BID : BOOK_ASK;
	uint32_t n = m->book.n[side], reach = 1u << (2 + random_below(&m->random, 8));
	uint32_t depth = 1 + random_below(&m->random, reach);
	int64_t ticks;

	if (n < SIDE_MIN || (depth < n && n < BOOK_LEVELS_MAX - 8 &&
	    random_below(&m->random, 2) == 0)) {
		ticks = best(m, side) + (side == BOOK_BID ? -(int64_t)depth : (int64_t)depth);
		if (ticks > 0)
			change(m, side, ticks, random_lots(m));
	} else if (n >= BOOK_LEVELS_MAX - 8) {
		change(m, side, book_level(&m->book, side, n - 1)->ticks, 0);
	} else if (depth < n) {
		change(m, side, book_level(&m->book, side, depth)->ticks, 0);
	}
}

void
market_step(struct market *m, wall_t now, const struct market_sink *sink)
{
	struct market_event e = {.slot = SLOT_QUOTE, .market = m, .at = now};
	struct level bid = *book_level(&m->book, BOOK_BID, 0);
	struct level ask = *book_level(&m->book, BOOK_ASK, 0);
	uint32_t dice = random_below(&m->random, 100);

	if (m->book.n[BOOK_BID] < SIDE_MIN / 2 || m->book.n[BOOK_ASK] < SIDE_MIN / 2)
		amend_deep(m);
	else if (ask.ticks - bid.ticks > SPREAD_MAX || dice < 25)
		improve(m);
	else if (dice < 45)
		take(m, now, sink);
	else if (dice < 70)
		amend_top(m);
	else
		amend_deep(m);
	if (memcmp(&bid, book_level(&m->book, BOOK_BID, 0), sizeof(bid)) == 0 &&
	    memcmp(&ask, book_level(&m->book, BOOK_ASK, 0), sizeof(ask)) == 0)
		return;
	if (sink->wanted(sink->ctx, m, SLOT_QUOTE))
		sink->event(sink->ctx, &e);
}

static void
send_diff(struct market *m, int speed, wall_t now, const struct market_sink *sink)
{
	enum slot slot = speed == 0 ? SLOT_DEPTH_100MS : SLOT_DEPTH_1S;
	struct changes *c = &m->changes[speed];
	struct market_event e = {.slot = slot, .market = m, .at = now};

	if (c->n > 0 && sink->wanted(sink->ctx, m, slot)) {
		changes_dedupe(c);
		e.u.diff.item = c->item;
		e.u.diff.n = c->n;
		e.u.diff.first_id = c->sent_id + 1;
		e.u.diff.last_id = m->book.last_id;
		sink->event(sink->ctx, &e);
	}
	c->n = 0;
	c->sent_id = m->book.last_id;
}

static void
send_partials(struct market *m, enum slot first, wall_t now, const struct market_sink *sink)
{
	struct market_event e = {.market = m, .at = now};

	for (int i = 0; i < 3; i++) {
		e.slot = (enum slot)(first + i);
		e.u.levels = stream_levels[i];
		if (sink->wanted(sink->ctx, m, e.slot))
			sink->event(sink->ctx, &e);
	}
}

/* Candles: 1 s every second, the others every two; the last word when one closes. */
static void
send_klines(struct market *m, wall_t now, const struct market_sink *sink)
{
	struct market_event e = {.market = m, .at = now};
	bool even = now.ns / SECOND % 2 == 0;

	klines_fold_second(&m->klines);
	for (int i = 0; i < KLINE_INTERVALS; i++) {
		bool closed = now.ns >= m->klines.bar[i].end_ns;

		e.slot = (enum slot)(SLOT_KLINE + i);
		e.u.kline.bar = &m->klines.bar[i];
		e.u.kline.interval = i;
		e.u.kline.closed = closed;
		if ((closed || even) && sink->wanted(sink->ctx, m, e.slot))
			sink->event(sink->ctx, &e);
		klines_roll(&m->klines, i, now.ns);
	}
}

void
market_advance(struct market *m, wall_t now, const struct market_sink *sink)
{
	int64_t last = book_level(&m->book, BOOK_BID, 0)->ticks;

	/* The first time, or nobody looked for long: start afresh from here. */
	if (m->tenth_ns == 0 || now.ns - m->tenth_ns > 10 * SECOND) {
		if (m->tenth_ns == 0)
			klines_init(&m->klines, now.ns, market_price(m, last));
		m->tenth_ns = now.ns - now.ns % TENTH + TENTH;
		m->second_ns = now.ns - now.ns % SECOND + SECOND;
		return;
	}
	while (m->tenth_ns <= now.ns) {
		wall_t at = {m->tenth_ns};

		send_diff(m, 0, at, sink);
		send_partials(m, SLOT_PARTIAL_100MS, at, sink);
		if (m->tenth_ns == m->second_ns) {
			send_diff(m, 1, at, sink);
			send_partials(m, SLOT_PARTIAL_1S, at, sink);
			send_klines(m, at, sink);
			m->second_ns += SECOND;
		}
		m->tenth_ns += TENTH;
	}
}

wall_t
market_deadline(const struct market *m)
{
	return (wall_t){m->tenth_ns};
}
