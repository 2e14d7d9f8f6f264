/*
 * The capture file, layout only. docs/CAPTURE.md describes it in words.
 *
 * A file is a sequence of blocks, a block is a header and whole pieces of
 * records. Little endian, everything aligned to 8 bytes. No block depends on
 * another to be read; a block is there as a whole, or its checksum says so.
 */
#ifndef FEED_IO_TAPE_FORMAT_H
#define FEED_IO_TAPE_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define TAPE_MAGIC 0x43525454u /* "TTRC" */
#define TAPE_VERSION 1
#define TAPE_BLOCK_BYTES 262144 /* the longest block, its header included */
#define TAPE_ALIGN 8

struct tape_block_header {
	uint32_t magic;
	uint16_t version;
	uint16_t header_bytes; /* of this header: where the records begin */
	uint32_t bytes;        /* of the records, a multiple of 8 */
	uint32_t crc;          /* CRC-32C of the records, then of this header with 0 in here */
	uint64_t session;      /* one run of a feed: wall clock of its start, ns */
	uint64_t number;       /* of the block in its session, from 0 */
	uint32_t pieces;       /* records and parts of records in it */
	uint32_t file;         /* number of the file in its session, from 1 */
	uint64_t dropped;      /* records of the session that were lost before this block */
	int64_t wall_ns;       /* CLOCK_REALTIME of the first record */
	int64_t mono_ns;       /* CLOCK_MONOTONIC of it */
};

/* Append only: the numbers are the format. */
enum tape_kind {
	TAPE_CONFIG = 1,     /* effective configuration, JSON */
	TAPE_INSTRUMENT = 2, /* struct tape_instrument */
	TAPE_STREAM = 3,     /* u64 number, then its name: it is wanted from here on */
	TAPE_STREAM_GONE = 4, /* u64 number: it is not wanted any more */
	TAPE_IN = 5,         /* a message from the exchange */
	TAPE_OUT = 6,        /* a request to the exchange */
	TAPE_LINE_UP = 7,    /* u64 leg */
	TAPE_LINE_DOWN = 8,  /* u64 reason (reasons.def) */
	TAPE_STREAM_LEFT = 9, /* u64 number: the line does not carry it any more */
	TAPE_STREAM_STALE = 10, /* u64 number, u64 reason */
	TAPE_TIME = 11,      /* held messages were due; no payload */
	TAPE_SNAPSHOT = 12,  /* struct tape_snapshot, then its levels: a book's, by REST */
	TAPE_WISH = 13,      /* no payload: the oldest wish for a snapshot was taken up */
	TAPE_FILL = 14,      /* struct tape_fill, then its trades: of a gap, by REST */
	TAPE_LIST = 15,      /* struct tape_list, then its instruments: the exchange's list */
	TAPE_NO_LIST = 16,   /* no payload: no such list came, or none will */
	TAPE_KINDS
};

#define TAPE_FLAG_MORE 0x01u     /* the record goes on in the next piece */
#define TAPE_FLAG_BINARY 0x02u   /* IN: a binary message */
#define TAPE_FLAG_KERNEL 0x04u   /* wall_ns is the kernel's receive stamp */
#define TAPE_FLAG_PREAMBLE 0x08u /* state at the start of a file, not an event */

struct tape_piece {
	uint32_t bytes; /* of the payload, which follows; then zeros up to a multiple of 8 */
	uint8_t kind;
	uint8_t line;
	uint8_t flags;
	uint8_t zero;
	int64_t wall_ns;
	int64_t mono_ns;
};

/* An instrument and what is known of its data, so that ids go on in a replay. */
struct tape_instrument {
	uint64_t id;
	int64_t venue, price_exponent, qty_exponent;
	int64_t state; /* enum tick_data_state */
	int64_t trade_id, agg_trade_id, quote_id, depth_id; /* last good ones, INT64_MIN: none */
	uint64_t symbol_bytes;
	char symbol[64];
	int64_t trading; /* enum tick_trading; not there in older files */
};

#define TAPE_INSTRUMENT_BYTES_MIN 144

/* Followed by the instruments, by symbol. */
struct tape_list {
	uint64_t instruments;
	uint64_t unusable;
};

struct tape_listed {
	int64_t trading; /* enum tick_trading */
	int64_t price_exponent, qty_exponent;
	int64_t price_step, qty_step;
	uint64_t symbol_bytes;
	char symbol[64];
};

/* Followed by the bids, then the asks: price and quantity of each, mantissas. */
struct tape_snapshot {
	uint64_t instrument;
	int64_t id;
	int64_t exch_ns; /* INT64_MIN: not known */
	uint64_t limit;  /* levels that were asked for */
	uint64_t bids, asks;
};

/* Followed by the trades, ids rising. */
struct tape_fill {
	uint64_t ticket;     /* of the gap, from 1 on */
	uint64_t instrument;
	int64_t last;        /* up to this id; what is not among the trades is not to be had */
	uint64_t trades;
};

struct tape_trade {
	int64_t id, price, qty;    /* mantissas */
	int64_t first_id, last_id; /* of an aggregate, else INT64_MIN */
	int64_t trade_ns;
	int64_t buyer_maker;       /* 1: the buyer was the maker; else 0 */
};

static_assert(sizeof(struct tape_fill) == 32, "the layout is the format");
static_assert(sizeof(struct tape_trade) == 56, "the layout is the format");
static_assert(sizeof(struct tape_snapshot) == 48, "the layout is the format");
static_assert(sizeof(struct tape_block_header) == 64, "the layout is the format");
static_assert(sizeof(struct tape_piece) == 24, "the layout is the format");
static_assert(sizeof(struct tape_instrument) == 152, "the layout is the format");
static_assert(sizeof(struct tape_list) == 16, "the layout is the format");
static_assert(sizeof(struct tape_listed) == 112, "the layout is the format");

#endif
