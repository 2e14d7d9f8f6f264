/*
 * The synthetic market: one symbol is an order book, its trades and candles,
 * moved by a seeded random walk. All that it says agrees: diffs with snapshots,
 * quotes with the book, trades with candles. The same seed and the same times
 * give the same events. Owns the memory of its book; used by one thread; reads
 * no clock.
 */
#ifndef TOOLS_EXCHANGE_SIM_MARKET_H
#define TOOLS_EXCHANGE_SIM_MARKET_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/wall.h"
#include "tools/exchange-sim/book.h"
#include "tools/exchange-sim/kline.h"
#include "tools/exchange-sim/past.h"
#include "tools/exchange-sim/random.h"
#include "tools/exchange-sim/stream.h"

#define MARKET_FILLS_MAX 3 /* trades of one taker order */

/* Which of the exchanges it is: it decides the form of messages. */
enum product { PRODUCT_SPOT, PRODUCT_USDM, PRODUCT_COINM };

/* What a symbol is; the texts live as long as the market. */
struct instrument {
	char name[24];       /* "BTCUSDT" */
	char base[16];       /* "BTC" */
	char quote[8];       /* "USDT" */
	int64_t start_ticks; /* where the walk begins and what it is drawn back to */
	int64_t tick_units;  /* price of one tick, 1e-8 */
	int64_t lot_units;   /* quantity of one lot, 1e-8 */
	enum product product;
};

/* A price that changed since the last diff. */
struct change {
	int64_t ticks;
	enum book_side side;
};

/* What changed since a diff was last sent; there is one for each speed. */
struct changes {
	struct change *item;
	uint32_t n, cap;
	int64_t sent_id; /* u of the last diff */
};

struct trade {
	int64_t id, price, qty; /* 1e-8 units */
	bool buyer_is_maker;
};

struct market {
	struct instrument what;
	struct book book;
	struct random random;
	struct klines klines;
	struct changes changes[2]; /* 100 ms, 1 s */
	int64_t trade_id, agg_id;  /* of the last ones */
	struct past past;
	int64_t second_ns;         /* next full second, 0 before the first */
	int64_t tenth_ns;          /* next 100 ms */
};

/* One message's content. Pointers are valid during the call of the sink. */
struct market_event {
	enum slot slot;
	const struct market *market;
	wall_t at;
	union {
		struct trade trade;
		struct {
			int64_t id;
			struct trade first; /* price, side; id of the first trade */
			int64_t last_id, qty;
		} agg;
		struct {
			const struct change *item; /* bids from the best down, then asks up */
			uint32_t n;
			int64_t first_id, last_id;
		} diff;
		int levels;
		struct {
			const struct kline *bar;
			int interval;
			bool closed;
		} kline;
	} u;
};

/* Takes the events that somebody wants. */
struct market_sink {
	bool (*wanted)(void *ctx, const struct market *m, enum slot slot);
	void (*event)(void *ctx, const struct market_event *e);
	void *ctx;
};

/* Describes instrument number `i`: well-known ones first, then made-up ones. */
void instrument_numbered(struct instrument *out, uint32_t i);

/* Describes a symbol by its lower or upper case name. False when unusable. */
bool instrument_named(struct instrument *out, const char *name);

/* Builds the first book. False when there is no memory. */
bool market_init(struct market *m, const struct instrument *what, uint64_t seed);

void market_fini(struct market *m);

/*
 * Brings the time-driven messages (diffs, partial books, candles) up to `now`.
 * Times never run backwards. Call it before market_step().
 */
void market_advance(struct market *m, wall_t now, const struct market_sink *sink);

/* When market_advance() has something to do next. */
wall_t market_deadline(const struct market *m);

/* One thing happens: orders are placed, cancelled or traded. */
void market_step(struct market *m, wall_t now, const struct market_sink *sink);

static inline int64_t
market_price(const struct market *m, int64_t ticks)
{
	return ticks * m->what.tick_units;
}

static inline int64_t
market_qty(const struct market *m, int64_t lots)
{
	return lots * m->what.lot_units;
}

#endif
