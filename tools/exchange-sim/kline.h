/*
 * Candles of one symbol: the 1 s bar takes the trades, the 15 longer ones take
 * finished seconds. All bounds are UTC. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_KLINE_H
#define TOOLS_EXCHANGE_SIM_KLINE_H

#include <stdbool.h>
#include <stdint.h>

#define KLINE_INTERVALS 16 /* stream_intervals[] */

struct kline {
	int64_t start_ns, end_ns;      /* wall time; end is the start of the next */
	int64_t first_trade, last_trade; /* ids, -1 without a trade */
	int64_t open, high, low, close;  /* 1e-8 units */
	int64_t trades;
	int64_t volume, taker_volume;       /* base asset, 1e-8 units */
	__int128 quote, taker_quote;        /* quote asset, 1e-16 units */
};

struct klines {
	struct kline bar[KLINE_INTERVALS];
};

/* Starts all bars in the interval of `wall_ns`, at a price. */
void klines_init(struct klines *k, int64_t wall_ns, int64_t price);

/* A trade of the current second. */
void klines_on_trade(
    struct klines *k, int64_t id, int64_t price, int64_t qty, bool buyer_is_maker);

/* Adds the second's bar to the longer ones; call once per second, at its end. */
void klines_fold_second(struct klines *k);

/* If bar `i` has ended at `wall_ns`, starts the next one at the close. True then. */
bool klines_roll(struct klines *k, int i, int64_t wall_ns);

/* The interval of index `i` that holds `wall_ns`: its start and the start of the next. */
void klines_bounds(int i, int64_t wall_ns, int64_t *start_ns, int64_t *end_ns);

#endif
