/*
 * What the live view knows of each instrument: top of book, last trade and
 * rates, from the ticks that went by and from the board for what came before.
 * Pure: times are arguments.
 */
#ifndef TOOLS_SHM_INSPECT_MARKET_H
#define TOOLS_SHM_INSPECT_MARKET_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/board.h>
#include <tickring/reader.h>

struct market_row {
	bool shown;             /* in the directory and asked for */
	char symbol[TICK_SYMBOL_MAX + 1];
	int price_exponent, qty_exponent;
	int64_t price_step, qty_step;
	bool learn_price, learn_qty; /* no step known: the coarsest power of ten that fits all */
	int64_t bid_px, bid_qty, ask_px, ask_qty; /* mantissas, TICK_ABSENT: not known */
	int64_t last_px;        /* last trade */
	bool last_sell;         /* its taker sold */
	bool stale;             /* marked so by the feed */
	int64_t updated_ns;     /* receipt of the last quote or trade, wall clock; TICK_ABSENT */
	uint64_t quotes, trades; /* seen */
	uint64_t quotes_sampled, trades_sampled;
	int64_t quotes_milli, trades_milli; /* a second, in thousandths */
};

enum market_order {
	MARKET_BY_RATE,
	MARKET_BY_NAME
};

struct market {
	struct market_row *row; /* by instrument id */
	uint32_t rows;
	uint32_t *order;        /* ids of the rows shown, as sorted */
	uint32_t ordered;
	uint64_t ticks, ticks_sampled;
	int64_t ticks_milli;
	uint64_t gaps_seen;     /* ticks flagged GAP_BEFORE */
	int64_t sampled_ns;     /* monotonic */
};

/* Room for so many instruments. False: no memory. */
bool market_init(struct market *m, uint32_t rows, int64_t mono_ns);

void market_fini(struct market *m);

/* Another segment came: forgets the instruments, keeps the counts. False: no memory. */
bool market_restart(struct market *m, uint32_t rows);

/* Instrument `i` is in the directory and wanted. */
void market_add(struct market *m, const struct tick_instrument *i);

/* What the board says; q or t may be NULL. Older than what the row has: ignored. */
void market_on_board(struct market *m, uint32_t id, const struct tick_quote *q,
    const struct tick_last_trade *t);

/* A tick went by. */
void market_on_tick(struct market *m, const struct tick *tick);

/* Computes the rates since the last sample and sorts. */
void market_sample(struct market *m, int64_t mono_ns, enum market_order order);

/* Rows that have a quote or a trade. */
uint32_t market_known(const struct market *m);

#endif
