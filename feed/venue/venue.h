/*
 * What the core knows of an exchange's messages: a decoded event, whatever
 * bytes it came in. Pure: no clock, no I/O, no allocation.
 *
 * Decimals keep the exponent that the text had, so decoding needs no
 * directory; the pipeline rescales them to the instrument's exponent with
 * fixed_rescale(), which refuses what does not fit exactly.
 */
#ifndef FEED_VENUE_VENUE_H
#define FEED_VENUE_VENUE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/layout.h>
#include <tickring/tick.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"

/* A decimal that the message did not have; no decoded mantissa is ever that. */
#define VENUE_NO_DECIMAL ((struct fixed){INT64_MIN, 0})

#define VENUE_NO_TIME INT64_MIN
#define VENUE_NO_ID INT64_MIN

/* A message of 1 MiB holds at most this many price levels: ["1","1"], is 10 bytes. */
#define VENUE_LEVELS_MAX 104858

/* Room for the texts of one message that were written with escapes. */
#define VENUE_TEXT_MAX 4096

enum event_kind {
	EVENT_TRADE,           /* one trade */
	EVENT_AGG_TRADE,       /* trades of one taker order at one price */
	EVENT_QUOTE,           /* best bid and ask */
	EVENT_DEPTH,           /* changes of the book, both sides */
	EVENT_PARTIAL_DEPTH,   /* the top of the book, both sides, whole */
	EVENT_KLINE,           /* open, high, low, close of an interval */
	EVENT_BLOCK_TRADE,     /* off-book trade */
	EVENT_MINI_TICKER,     /* open, high, low, last, volumes of 24 hours */
	EVENT_TICKER,          /* the same and more, also of 1 h, 4 h, 1 d */
	EVENT_AVG_PRICE,       /* average price of some minutes */
	EVENT_REFERENCE_PRICE, /* may be none */
	EVENT_MARK_PRICE,      /* mark, index and settlement price, funding; or an index alone */
	EVENT_LIQUIDATION,     /* a liquidation order */
	EVENT_STATUS,          /* state of an instrument */
	EVENT_REPLY,           /* answer to a request of ours: success */
	EVENT_ERROR_REPLY,     /* answer to a request of ours: error */
	EVENT_SERVER_SHUTDOWN, /* replace the connection at once */
	EVENT_LIST,            /* an array: each element is a message of its own */
	EVENT_UNKNOWN,         /* well-formed, but no event that we know */
	EVENT_KINDS
};

#define EVENT_MARKET_KINDS EVENT_REPLY /* those before it concern an instrument */

struct event_level {
	struct fixed price;
	struct fixed qty; /* zero: the level is gone */
};

/* Filled by a decoder; byte strings point into the frame, or into the scratch. */
struct event {
	enum event_kind kind;
	struct bytes stream; /* stream name of a combined envelope, or empty */
	struct bytes symbol; /* as the exchange writes it, or empty (partial depth on spot) */
	struct bytes name;   /* value of "e", or empty; tells what an EVENT_UNKNOWN was */
	int64_t exch_ns;     /* event time, VENUE_NO_TIME when the message has none */
	int64_t trade_ns;    /* trade or transaction time; kline, ticker: close time; or none */
	int64_t id;          /* t, a, u, lastUpdateId, kline and ticker L, reply id; or none */
	int64_t first_id;    /* aggTrade f, depth U, kline f, ticker F; or VENUE_NO_ID */
	int64_t last_id;     /* aggTrade l; or VENUE_NO_ID */
	int64_t prev_id;     /* futures depth pu; or VENUE_NO_ID */
	union {
		struct {
			struct fixed price, qty;
			bool buyer_maker;
			bool off_market; /* futures "X" is something else than MARKET */
		} trade;
		struct {
			struct fixed bid_px, bid_qty, ask_px, ask_qty;
		} quote;
		struct {
			struct fixed open, high, low, close, volume, taker_volume;
			int64_t start_ns;
			int64_t trades;
			struct bytes interval; /* "1m" */
			bool closed;
		} kline;
		struct {
			const struct event_level *bids, *asks; /* in the scratch, message order */
			uint32_t nbids, nasks;
		} depth;
		struct { /* decimals that the message does not have: VENUE_NO_DECIMAL */
			struct fixed open, high, low, last, volume, quote_volume;
			/* Tickers only. */
			struct fixed bid_px, bid_qty, ask_px, ask_qty, last_qty;
			struct fixed average, previous, change, change_percent;
			int64_t start_ns, trades;
			enum tick_window window;
		} ticker;
		struct {
			struct fixed price; /* VENUE_NO_DECIMAL: there is none at present */
			int64_t interval_ns;
		} price;
		struct {
			struct fixed mark, index, settle, average, funding_rate;
			int64_t next_funding_ns;
		} mark;
		struct {
			struct fixed price, qty, average, filled, last_qty;
			bool sell;
			enum tick_order_state state;
		} liquidation;
		struct {
			enum tick_trading trading;
			int64_t deliver_ns, onboard_ns;
		} status;
		struct {
			struct bytes items; /* the array's text */
		} list;
		struct {
			int code;          /* error replies: the exchange's code */
			struct bytes text; /* error replies: msg; replies: result as JSON */
		} reply;
	} u;
};

/* Room for the levels and texts of one message; owned by the caller, allocated at start. */
struct event_scratch {
	struct event_level level[VENUE_LEVELS_MAX];
	char text[VENUE_TEXT_MAX]; /* only texts that held escapes */
};

enum decode_result {
	DECODE_OK,        /* *out is filled (its kind may be EVENT_UNKNOWN) */
	DECODE_MALFORMED, /* not JSON, truncated, or a known event with a field missing or wrong */
	DECODE_FOREIGN,   /* binary, another schema: out->id is its id, first_id its version */
	DECODE_UNFIT,     /* a decimal beyond 64 bits; *out has the rest, no levels */
};

#endif
