/*
 * The capture file, layout only. docs/CAPTURE.md describes it in words.
 *
 * A file is a sequence of blocks, a block is a header and whole pieces of
 * records. Little endian, everything aligned to 8 bytes. No block depends on
 * another to be read; a block is there as a whole, or its checksum says so.
 */
#ifndef FEED_IO_CAPTURE_FORMAT_H
#define FEED_IO_CAPTURE_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define CAPTURE_MAGIC 0x43525454u /* "TTRC" */
#define CAPTURE_VERSION 1
#define CAPTURE_BLOCK_BYTES 262144 /* the longest block, its header included */
#define CAPTURE_ALIGN 8

struct capture_block_header {
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
enum capture_kind {
	CAPTURE_CONFIG = 1,     /* effective configuration, JSON */
	CAPTURE_INSTRUMENT = 2, /* struct capture_instrument */
	CAPTURE_STREAM = 3,     /* u64 number, then its name: it is wanted from here on */
	CAPTURE_STREAM_GONE = 4, /* u64 number: it is not wanted any more */
	CAPTURE_IN = 5,         /* a message from the exchange */
	CAPTURE_OUT = 6,        /* a request to the exchange */
	CAPTURE_LINE_UP = 7,    /* u64 leg */
	CAPTURE_LINE_DOWN = 8,  /* u64 reason (reasons.def) */
	CAPTURE_STREAM_LEFT = 9, /* u64 number: the line does not carry it any more */
	CAPTURE_STREAM_STALE = 10, /* u64 number, u64 reason */
	CAPTURE_TIME = 11,      /* held messages were due; no payload */
	CAPTURE_KINDS
};

#define CAPTURE_FLAG_MORE 0x01u     /* the record goes on in the next piece */
#define CAPTURE_FLAG_BINARY 0x02u   /* IN: a binary message */
#define CAPTURE_FLAG_KERNEL 0x04u   /* wall_ns is the kernel's receive stamp */
#define CAPTURE_FLAG_PREAMBLE 0x08u /* state at the start of a file, not an event */

struct capture_piece {
	uint32_t bytes; /* of the payload, which follows; then zeros up to a multiple of 8 */
	uint8_t kind;
	uint8_t line;
	uint8_t flags;
	uint8_t zero;
	int64_t wall_ns;
	int64_t mono_ns;
};

/* An instrument and what is known of its data, so that ids go on in a replay. */
struct capture_instrument {
	uint64_t id;
	int64_t venue, price_exponent, qty_exponent;
	int64_t state; /* enum tick_data_state */
	int64_t trade_id, agg_trade_id, quote_id, depth_id; /* last good ones, INT64_MIN: none */
	uint64_t symbol_bytes;
	char symbol[64];
};

static_assert(sizeof(struct capture_block_header) == 64, "the layout is the format");
static_assert(sizeof(struct capture_piece) == 24, "the layout is the format");
static_assert(sizeof(struct capture_instrument) == 144, "the layout is the format");

#endif
