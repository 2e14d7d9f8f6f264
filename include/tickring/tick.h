/*
 * The tick: one published record of the ring, 128 bytes, two cache lines.
 * All that a strategy needs at once is in the first line.
 *
 * Layout of ABI version 1. C11 and C++17. Integers only, host byte order
 * (little endian on every supported machine; the segment header says which).
 *
 * A tick that was copied out by tick_reader_next() is plain memory. A tick in
 * place (tick_reader_peek()) may be overwritten at any moment: read its fields
 * with TICK_LOAD() and act on nothing before tick_reader_valid() said yes.
 */
#ifndef TICKRING_TICK_H
#define TICKRING_TICK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TICK_ALIGNED(n) alignas(n)
#define TICK_STATIC_ASSERT(condition, text) static_assert(condition, text)
extern "C" {
#else
#define TICK_ALIGNED(n) _Alignas(n)
#define TICK_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define TICK_ABI_MAJOR 1u /* another major: readers refuse the segment */
#define TICK_ABI_MINOR 0u /* a higher minor only adds */

/* A price, quantity, id or time that the message did not have. */
#define TICK_ABSENT INT64_MIN

/* tick.type. Append only. */
enum tick_type {
	TICK_TYPE_EMPTY = 0,         /* never published */
	TICK_TRADE = 1,              /* one trade: price, qty; id t */
	TICK_AGG_TRADE = 2,          /* trades of one taker order at one price; id a, first_id f */
	TICK_BLOCK_TRADE = 3,        /* off-book trade */
	TICK_QUOTE = 4,              /* best bid and ask; id u */
	TICK_BOOK_DELTA = 5,         /* up to four changed levels of one side; id u, first_id U */
	TICK_BOOK_CLEAR = 6,         /* forget both sides; the whole image follows */
	TICK_KLINE = 7,              /* open, high, low, close of an interval */
	TICK_TICKER_24H = 8,         /* two ticks: figures of a window, and its last quote */
	TICK_MINI_TICKER = 9,        /* figures of the last 24 hours */
	TICK_AVG_PRICE = 10,         /* average over some minutes */
	TICK_MARK_PRICE = 11,        /* mark price and funding; an index: the index price only */
	TICK_LIQUIDATION = 12,       /* a liquidation order */
	TICK_REFERENCE_PRICE = 13,   /* may say that there is none: TICK_ABSENT */
	TICK_INSTRUMENT_STATUS = 14, /* the exchange's state of an instrument changed */
	TICK_FEED_EVENT = 15,        /* the feed's own word: gap, restart, line up or down ... */
	TICK_TYPE_COUNT = 16
};

/* tick.flags */
#define TICK_FLAG_FIRST 0x01u        /* first tick of an exchange event */
#define TICK_FLAG_LAST 0x02u         /* last tick of an event; a kline: the interval is closed */
#define TICK_FLAG_REPLAY 0x04u       /* from a snapshot or backfill, not from the live stream */
#define TICK_FLAG_GAP_BEFORE 0x08u   /* exchange ids are missing before this one */
#define TICK_FLAG_STALE 0x10u        /* the instrument is marked stale */
#define TICK_FLAG_KERNEL_STAMP 0x20u /* recv_ns is the kernel's receive stamp */
#define TICK_FLAG_SIDE 0x40u         /* trades: the buyer was the maker; BOOK_DELTA: the ask side */
#define TICK_FLAG_CLOCK_DOUBT 0x80u  /* exch_ns lies in the future of our clock */

/* tick.instrument of a FEED_EVENT that concerns the whole feed. */
#define TICK_NO_INSTRUMENT UINT32_MAX

/* Levels in one TICK_BOOK_DELTA; unused ones have price TICK_ABSENT. */
#define TICK_LEVELS 4

struct tick_level {
	int64_t price;
	int64_t qty; /* 0: the level is gone */
};

/*
 * The payloads by type. They have names, for C++ does not take a type that is
 * declared inside an anonymous union.
 */
struct tick_trade_payload {
	int64_t price, qty;
	int64_t last_id; /* AGG_TRADE: last trade id; else TICK_ABSENT */
	int64_t spare;
};

struct tick_quote_payload {
	int64_t bid_px, bid_qty, ask_px, ask_qty;
};

struct tick_kline_payload {
	int64_t open, high, low, close;
};

struct tick_kline2_payload {
	int64_t start_ns;             /* first moment of the interval */
	int64_t volume, taker_volume; /* base volume, of it bought by takers */
	int64_t trades;               /* how many */
};

struct tick_book_payload {
	struct tick_level first[2];
};

struct tick_book2_payload {
	struct tick_level more[2];
};

/*
 * Figures are finer than prices or larger than quantities, so these ticks bring
 * their own exponents in w[0], those with which the exchange wrote them:
 * TICKER_24H, MINI_TICKER, AVG_PRICE, REFERENCE_PRICE, MARK_PRICE, LIQUIDATION.
 */
struct tick_scale {
	int8_t price, qty, quote, rate; /* of prices, quantities, quote volumes, funding rates */
	uint8_t window;                 /* TICKER_24H: enum tick_window */
	uint8_t spare[3];
};

/* What a TICKER_24H looks back on. */
enum tick_window {
	TICK_WINDOW_24H = 0, /* up to this moment */
	TICK_WINDOW_1H = 1,  /* the others in whole minutes */
	TICK_WINDOW_4H = 2,
	TICK_WINDOW_1D = 3
};

/* MINI_TICKER; TICKER_24H's tick with FLAG_FIRST. trade_ns is the window's end. */
struct tick_ticker_payload {
	int64_t open, high, low, last;
};

struct tick_ticker2_payload {
	struct tick_scale scale;
	int64_t volume, quote_volume;
	int64_t trades; /* MINI_TICKER: TICK_ABSENT */
};

/* TICKER_24H's tick with FLAG_LAST. trade_ns is the window's begin. */
struct tick_last_quote_payload {
	int64_t bid_px, bid_qty, ask_px, ask_qty; /* spot only, else TICK_ABSENT */
};

struct tick_last_quote2_payload {
	struct tick_scale scale;
	int64_t last_qty; /* of the last trade */
	int64_t average;  /* price weighted by volume */
	int64_t previous; /* last price before the window; futures: TICK_ABSENT */
};

/* AVG_PRICE, REFERENCE_PRICE. */
struct tick_price_payload {
	int64_t price;
	int64_t interval_ns; /* AVG_PRICE: over so long; else TICK_ABSENT */
	int64_t spare[2];
};

struct tick_mark_payload {
	int64_t mark, index;  /* streams of an index have no mark price */
	int64_t settle;       /* estimated settlement price */
	int64_t funding_rate; /* contracts with a delivery have none */
};

struct tick_mark2_payload {
	struct tick_scale scale;
	int64_t next_funding_ns;
	int64_t average; /* moving average of the mark price ("ap"), or TICK_ABSENT */
	int64_t spare;
};

/* LIQUIDATION: FLAG_SIDE: it sells. */
struct tick_liquidation_payload {
	int64_t price, qty;
	int64_t average, filled; /* average price; quantity filled so far */
};

enum tick_order_state {
	TICK_ORDER_UNKNOWN = 0,
	TICK_ORDER_NEW = 1,
	TICK_ORDER_PARTIALLY_FILLED = 2,
	TICK_ORDER_FILLED = 3,
	TICK_ORDER_CANCELED = 4,
	TICK_ORDER_EXPIRED = 5
};

struct tick_liquidation2_payload {
	struct tick_scale scale;
	int64_t last_qty; /* of the last fill */
	int64_t state;    /* enum tick_order_state */
	int64_t spare;
};

struct tick_status_payload {
	int64_t trading;    /* enum tick_trading (layout.h) */
	int64_t deliver_ns; /* futures: when the contract ends, or TICK_ABSENT */
	int64_t onboard_ns; /* futures: when it was listed, or TICK_ABSENT */
	int64_t spare;
};

struct tick_event_payload {
	int64_t reason;  /* enum tick_reason */
	int64_t a, b, c; /* by reason: docs/SHM.md, "Feed events" */
};

struct tick {
	/* line 1 */
	TICK_ALIGNED(64) uint64_t seq; /* tick n: 2n+1 while it is written, 2n+2 when it is there */
	uint32_t instrument; /* index into the directory, or TICK_NO_INSTRUMENT */
	uint8_t type;        /* enum tick_type */
	uint8_t flags;       /* TICK_FLAG_* */
	uint16_t leg;        /* the line that it came in on */
	int64_t exch_ns;     /* exchange event time, ns since 1970 UTC; or TICK_ABSENT */
	int64_t recv_ns;     /* CLOCK_REALTIME at receipt, ns */
	union {              /* mantissas; exponents stand in the directory */
		int64_t v[4];
		struct tick_trade_payload trade;
		struct tick_quote_payload quote;
		struct tick_kline_payload kline;
		struct tick_book_payload book;
		struct tick_event_payload event;
		struct tick_ticker_payload ticker;
		struct tick_last_quote_payload last_quote;
		struct tick_price_payload price;
		struct tick_mark_payload mark;
		struct tick_liquidation_payload liquidation;
		struct tick_status_payload status;
	};
	/* line 2 */
	int64_t id;       /* t, a, u, kline: last trade id; or TICK_ABSENT */
	int64_t first_id; /* aggTrade f, depth U, kline f; or TICK_ABSENT */
	int64_t trade_ns; /* trade or transaction time; kline: close time; or TICK_ABSENT */
	int64_t mono_ns;  /* CLOCK_MONOTONIC at publish, ns; in a burst some us before */
	union {
		int64_t w[4];
		struct tick_book2_payload book2;
		struct tick_kline2_payload kline2;
		struct tick_scale scale; /* of all the following */
		struct tick_ticker2_payload ticker2;
		struct tick_last_quote2_payload last_quote2;
		struct tick_mark2_payload mark2;
		struct tick_liquidation2_payload liquidation2;
	};
};

TICK_STATIC_ASSERT(sizeof(struct tick) == 128, "a tick is two cache lines");
TICK_STATIC_ASSERT(offsetof(struct tick, v) == 32, "payload of line 1");
TICK_STATIC_ASSERT(offsetof(struct tick, id) == 64, "line 2");
TICK_STATIC_ASSERT(offsetof(struct tick, w) == 96, "payload of line 2");
TICK_STATIC_ASSERT(sizeof(struct tick_scale) == 8, "one word");

/* Reads one field of a tick in place: TICK_LOAD(&t->quote.bid_px). */
#define TICK_LOAD(field_pointer) __atomic_load_n((field_pointer), __ATOMIC_RELAXED)

/* Number of a finished tick: 0 for the first ever published, or UINT64_MAX when seq is odd or 0. */
static inline uint64_t
tick_number(uint64_t seq)
{
	return seq == 0 || (seq & 1) ? UINT64_MAX : seq / 2 - 1;
}

/* "trade", "quote" ...; "unknown" when out of range. Never NULL. */
const char *tick_type_name(unsigned type);

/* The type of that name, or -1. */
int tick_type_from_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
