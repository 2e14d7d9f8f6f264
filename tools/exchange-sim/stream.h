/*
 * Stream names of the spot exchange, and the slot that the synthetic market
 * keeps for each of them. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_STREAM_H
#define TOOLS_EXCHANGE_SIM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define STREAM_NAME_MAX 128 /* bytes; longer names are refused */

/* One slot per kind of stream of a symbol. */
enum slot {
	SLOT_TRADE,
	SLOT_AGG_TRADE,
	SLOT_QUOTE,
	SLOT_DEPTH_100MS,
	SLOT_DEPTH_1S,
	SLOT_PARTIAL_100MS, /* 3: 5, 10 and 20 levels */
	SLOT_PARTIAL_1S = SLOT_PARTIAL_100MS + 3,
	SLOT_KLINE = SLOT_PARTIAL_1S + 3, /* one per interval */
	SLOTS = SLOT_KLINE + 16
};

/* Levels of the partial depth slots: stream_levels[slot - SLOT_PARTIAL_...]. */
extern const int stream_levels[3];

/* The intervals of the kline slots, in the order of the slots. */
extern const char *const stream_intervals[16];

/*
 * Splits "btcusdt@kline_1m" into the symbol's text (lower case, as written)
 * and its slot. False when the synthetic market has no such stream.
 */
bool stream_slot(struct bytes name, struct bytes *symbol, enum slot *slot);

/*
 * May this be a stream's name at all? Letters, digits, UTF-8 and the signs that
 * names are made of, 1 to STREAM_NAME_MAX bytes.
 */
bool stream_name_valid(struct bytes name);

#endif
