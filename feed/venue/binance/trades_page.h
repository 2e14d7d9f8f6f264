/*
 * The body of GET .../aggTrades and .../historicalTrades: trades of the past, in
 * the order of their ids. Pure: no tree, no allocation, the caller brings the
 * room.
 *
 *   [{"a":7,"p":"0.5","q":"2","f":9,"l":9,"T":1700000000000,"m":true},...]
 *   [{"id":9,"price":"0.5","qty":"2","time":1700000000000,"isBuyerMaker":true},...]
 *
 * Anything else in an element ("M", "quoteQty", "baseQty", "isBestMatch") is
 * skipped. An error of the exchange is an object: {"code":-1121,"msg":"..."}.
 */
#ifndef FEED_VENUE_BINANCE_TRADES_PAGE_H
#define FEED_VENUE_BINANCE_TRADES_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/tick.h>

#include "feed/base/bytes.h"

/* Numbers only, for it is written to captures as it is. */
struct past_trade {
	int64_t id;                /* a, or the trade's own */
	int64_t price, qty;        /* mantissas at the page's exponents */
	int64_t first_id, last_id; /* f and l of an aggregate; else TICK_ABSENT */
	int64_t trade_ns;
	int64_t buyer_maker;       /* 1: the buyer was the maker; else 0 */
};

enum trades_page_result {
	TRADES_PAGE_OK,
	TRADES_PAGE_MALFORMED, /* no such list, cut off, or a value that cannot be */
	TRADES_PAGE_TOO_MANY,  /* more elements than `elements_max` */
	TRADES_PAGE_REFUSED,   /* an error of the exchange */
};

struct trades_page {
	/* By the caller. */
	bool aggregate; /* of aggTrades */
	int price_exponent, qty_exponent;
	int64_t first, last;      /* ids that are wanted */
	struct past_trade *trade; /* room for elements_max */
	uint32_t elements_max;    /* as many as were asked for */

	/* By TRADES_PAGE_OK, but for `code`. */
	uint32_t trades;   /* of the ids that are wanted, rising */
	uint32_t elements; /* in the page, those that are not wanted included */
	uint32_t unfit;    /* elements whose price or quantity is not exact there, or not above 0 */
	int64_t highest;   /* id in the page, INT64_MIN: it is empty */
	int64_t code;      /* TRADES_PAGE_REFUSED: the exchange's */
};

/*
 * Reads a whole body, which must be readable for SCAN_AHEAD bytes behind its
 * end. Also MALFORMED: a key twice, ids below 0 or not rising.
 */
enum trades_page_result trades_page_parse(struct trades_page *page, struct bytes body);

#endif
