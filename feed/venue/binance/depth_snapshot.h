/*
 * The body of GET .../depth: an order book at one moment. Pure: no tree, no
 * allocation, the caller brings the room for the levels.
 *
 *   {"lastUpdateId":160,"bids":[["0.0024","10"],...],"asks":[...]}
 *
 * Futures add "E", "T", "symbol" and "pair". Anything else is skipped.
 */
#ifndef FEED_VENUE_BINANCE_DEPTH_SNAPSHOT_H
#define FEED_VENUE_BINANCE_DEPTH_SNAPSHOT_H

#include <stdint.h>

#include <tickring/tick.h>

#include "feed/base/bytes.h"

enum depth_snapshot_result {
	DEPTH_SNAPSHOT_OK,
	DEPTH_SNAPSHOT_MALFORMED, /* no such body, cut off, or a value that cannot be */
	DEPTH_SNAPSHOT_UNFIT,     /* a price or quantity is not exact at the exponents */
	DEPTH_SNAPSHOT_TOO_MANY,  /* more levels than there is room for */
	DEPTH_SNAPSHOT_REFUSED,   /* the exchange's error: {"code":-1121,"msg":"Invalid symbol."} */
};

struct depth_snapshot {
	/* Set by the caller. */
	int price_exponent, qty_exponent;
	struct tick_level *bids, *asks;
	uint32_t room; /* levels in each of them */

	/* The rest by DEPTH_SNAPSHOT_OK only, but for `code`. */
	uint32_t nbids, nasks; /* in the order of the body, which is best first */
	int64_t last_update_id;
	int64_t exch_ns, trade_ns; /* futures: "E" and "T"; or TICK_ABSENT */
	int64_t code;              /* DEPTH_SNAPSHOT_REFUSED: the exchange's */
};

/*
 * Reads a whole body, which must be readable for SCAN_AHEAD bytes behind its
 * end. Also MALFORMED: a key twice, an id below 0, a price or quantity that is
 * not above 0 (a snapshot has no deletions), levels that are not best first.
 */
enum depth_snapshot_result depth_snapshot_parse(struct depth_snapshot *snapshot, struct bytes body);

#endif
