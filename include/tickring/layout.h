/*
 * What the three segments of a feed look like in memory: NAME.ring,
 * NAME.board, NAME.status in /dev/shm. Layout only; strategies use reader.h,
 * board.h and status.h. Described byte by byte in docs/SHM.md.
 *
 * A segment file appears by rename, complete; its size, its identity lines
 * and its geometry never change afterwards, and it is never zeroed again.
 * Everything that changes is read and written as single relaxed atomic words
 * under the rules of docs/SHM.md.
 */
#ifndef TICKRING_LAYOUT_H
#define TICKRING_LAYOUT_H

#include <tickring/tick.h>

#define TICK_MAGIC 0x31474e49524b4354ull /* "TCKRING1" in memory, little endian */
#define TICK_BYTE_ORDER 0x01020304u
#define TICK_HEADER_BYTES 4096u
#define TICK_SYMBOL_MAX 48u /* bytes of a symbol, UTF-8, no NUL when full */
#define TICK_RING_SLOTS_MIN 65536u /* 16 in tests, by a flag of the writer's API */
#define TICK_HINT_EVERY 64u

/* Tick numbers end here: 2n + 2 has to fit a sequence word. A larger one is damage. */
#define TICK_NUMBER_MAX (UINT64_MAX / 4)

enum tick_segment_kind {
	TICK_SEGMENT_RING = 1,
	TICK_SEGMENT_BOARD = 2,
	TICK_SEGMENT_STATUS = 3
};

enum tick_segment_state {
	TICK_STATE_LIVE = 1,     /* a writer has it */
	TICK_STATE_CLOSED = 2,   /* its writer ended in good order */
	TICK_STATE_REPLACED = 3  /* a segment of another geometry took its name */
};

/* First page of every segment. */
struct tick_segment_header {
	/* Identity: written before the name exists, constant afterwards. */
	TICK_ALIGNED(128) uint64_t magic; /* stored last */
	uint32_t byte_order;
	uint32_t kind;          /* enum tick_segment_kind */
	uint32_t abi_major;
	uint32_t abi_minor;
	uint32_t header_bytes;
	uint32_t record_bytes;  /* ring: slot; board: entry; status: the status record */
	uint64_t records;       /* ring: slots; board: entries; status: 1 */
	uint64_t records_at;    /* offset of the first record */
	uint64_t directory_at;  /* ring: offset of the directory; else 0 */
	uint64_t directory_max; /* ring: entries it has room for; else 0 */
	uint64_t total_bytes;
	uint64_t first;         /* ring: number of the first tick ever written here */
	uint64_t generation;    /* random; tells two segments of one name apart */
	int64_t created_ns;     /* wall clock */
	uint32_t board_depth;   /* board: levels a side of the book image; else 0 */
	uint32_t spare;
	char feed[64];          /* feed name, NUL-terminated */
	uint64_t lineage;       /* rings with the same one share one count; board: its ring's */

	/* Life: changes at start, at stop and with the heartbeat. */
	TICK_ALIGNED(128) uint32_t epoch; /* +1 at each start of a writer */
	uint32_t state;         /* enum tick_segment_state */
	int64_t heartbeat_ns;   /* CLOCK_MONOTONIC of the writer's last sign of life */
	int64_t heartbeat_every_ns; /* how often it means to */
	uint64_t epoch_first;   /* ring: number of the first tick of this epoch */
	int64_t started_ns;     /* wall clock of this epoch's start */
	uint64_t writer_pid;

	/* Ring: how far it is; stored every TICK_HINT_EVERY ticks and before a wait. */
	TICK_ALIGNED(128) uint64_t hint; /* ticks published */

	/* Ring: directory entries that are complete. */
	TICK_ALIGNED(128) uint32_t instruments;

	/* Futex word of sleeping readers. */
	TICK_ALIGNED(128) uint32_t bell;
	uint32_t bell_epoch;    /* epoch whose writer looks at NAME.bell; another: nobody does */
};

TICK_STATIC_ASSERT(offsetof(struct tick_segment_header, epoch) == 256, "life line");
TICK_STATIC_ASSERT(offsetof(struct tick_segment_header, hint) == 384, "hint line");
TICK_STATIC_ASSERT(offsetof(struct tick_segment_header, instruments) == 512, "directory line");
TICK_STATIC_ASSERT(offsetof(struct tick_segment_header, bell) == 640, "bell line");
TICK_STATIC_ASSERT(sizeof(struct tick_segment_header) <= TICK_HEADER_BYTES, "one page");

enum tick_venue {
	TICK_VENUE_UNKNOWN = 0,
	TICK_VENUE_BINANCE_SPOT = 1,
	TICK_VENUE_BINANCE_USDM = 2,
	TICK_VENUE_BINANCE_COINM = 3,
	TICK_VENUE_BINANCE_OPTIONS = 4,
	TICK_VENUE_BINANCE_US = 5,
	TICK_VENUE_BINANCE_TESTNET = 6, /* spot */
	TICK_VENUE_BINANCE_DEMO = 7,    /* spot */
	TICK_VENUE_COUNT = 8
};

/* State of an instrument as the exchange gives it. */
enum tick_trading {
	TICK_TRADING_UNKNOWN = 0,
	TICK_TRADING_ON = 1,
	TICK_TRADING_HALT = 2,
	TICK_TRADING_BREAK = 3,
	TICK_TRADING_END_OF_DAY = 4,
	TICK_TRADING_CANCEL_ONLY = 5,
	TICK_TRADING_PENDING = 6,  /* listed, trading has not begun */
	TICK_TRADING_SETTLING = 7, /* a contract at its end: delivery or settlement under way */
	TICK_TRADING_CLOSED = 8,   /* delivered, delisted, or not listed any more */
	TICK_TRADING_COUNT = 9
};

/* One line pair of the directory. Append-only: an id keeps its meaning over restarts. */
struct tick_instrument {
	TICK_ALIGNED(128) uint32_t id; /* its own index */
	uint16_t venue;         /* enum tick_venue */
	uint8_t trading;        /* enum tick_trading; may change */
	uint8_t symbol_bytes;   /* <= TICK_SYMBOL_MAX */
	int8_t price_exponent;  /* price = mantissa x 10^price_exponent */
	int8_t qty_exponent;
	uint8_t spare[6];
	int64_t price_step;     /* tick size, mantissa; 0 = not known */
	int64_t qty_step;       /* lot size, mantissa; 0 = not known */
	char symbol[TICK_SYMBOL_MAX]; /* UTF-8 as the exchange writes it, zero-padded */
	uint8_t spare2[48];
};

TICK_STATIC_ASSERT(sizeof(struct tick_instrument) == 128, "directory entry");

/* State of an instrument's data on the board. */
enum tick_data_state {
	TICK_DATA_NONE = 0,    /* nothing has come yet */
	TICK_DATA_SYNCING = 1, /* book is being put together */
	TICK_DATA_LIVE = 2,
	TICK_DATA_STALE = 3,   /* no data for longer than its limit, or its line is down */
	TICK_DATA_HALTED = 4   /* quiet for a good reason */
};

/*
 * One instrument on the board. Each part has its own sequence word (even =
 * stable, odd = being written), so that reading a quote moves one cache line.
 */
struct tick_board_quote {
	TICK_ALIGNED(64) uint64_t seq;
	int64_t recv_ns, exch_ns, id;
	int64_t bid_px, bid_qty, ask_px, ask_qty;
};

struct tick_board_trade {
	TICK_ALIGNED(64) uint64_t seq;
	int64_t recv_ns, exch_ns, trade_ns, id;
	int64_t price, qty;
	int64_t flags; /* TICK_FLAG_SIDE: the buyer was the maker */
};

struct tick_board_state {
	TICK_ALIGNED(64) uint64_t seq;
	int64_t state;         /* enum tick_data_state */
	int64_t since_ns;      /* wall clock of the last change of state */
	int64_t reason;        /* enum tick_reason of it */
	int64_t trade_id, agg_trade_id, quote_id, depth_id; /* last good ones, or TICK_ABSENT */
};

struct tick_board_book {
	TICK_ALIGNED(64) uint64_t seq;
	int64_t recv_ns, exch_ns, id;
	int64_t bids, asks; /* levels that follow: `depth` places for bids, then `depth` for asks */
	int64_t spare[2];
};

struct tick_board_entry {
	struct tick_board_quote quote;
	struct tick_board_trade trade;
	struct tick_board_state state;
	struct tick_board_book book;
	/* struct tick_level bid[depth], ask[depth]; then padding to 128 bytes */
};

TICK_STATIC_ASSERT(sizeof(struct tick_board_entry) == 256, "four lines and the levels");

/* Bytes of a board entry with `depth` levels a side. */
#define TICK_BOARD_ENTRY_BYTES(depth) \
	((sizeof(struct tick_board_entry) + 2 * (size_t)(depth) * sizeof(struct tick_level) + \
	     127) & ~(size_t)127)

#endif
