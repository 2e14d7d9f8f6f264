/*
 * The board: the latest of everything, one entry per instrument. Reading
 * takes a bounded number of attempts; a writer that was stopped in the middle
 * cannot hang a reader.
 *
 * A board handle may be used by many threads at once, except for open, close
 * and reattach.
 */
#ifndef TICKRING_BOARD_H
#define TICKRING_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include <tickring/layout.h>
#include <tickring/reader.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tick_board;

struct tick_quote {
	int64_t recv_ns, exch_ns, id; /* as in struct tick */
	int64_t bid_px, bid_qty, ask_px, ask_qty;
};

struct tick_last_trade {
	int64_t recv_ns, exch_ns, trade_ns, id;
	int64_t price, qty;
	int64_t flags; /* TICK_FLAG_SIDE: the buyer was the maker */
};

struct tick_data {
	int64_t state;    /* enum tick_data_state */
	int64_t since_ns; /* wall clock */
	int64_t reason;   /* enum tick_reason */
	int64_t trade_id, agg_trade_id, quote_id, depth_id;
};

struct tick_book {
	int64_t recv_ns, exch_ns, id;
	uint32_t bids, asks; /* levels filled in */
};

/* Opens /dev/shm/FEED.board. Returns 0 or as tick_reader_open(). */
int tick_board_open(struct tick_board **out, const char *feed);

/* Unmaps and frees, nulls the pointer; NULL is fine. */
void tick_board_close(struct tick_board **board);

/* Levels a side that the board has room for. */
uint32_t tick_board_depth(const struct tick_board *board);

/*
 * Consistent copies. Return 0; TICK_E_BUSY after 64 attempts, *out then is
 * unchanged; TICK_E_RANGE for an instrument beyond the board;
 * TICK_E_ABSENT when nothing of the kind has come yet.
 */
int tick_board_quote(const struct tick_board *board, uint32_t instrument, struct tick_quote *out);
int tick_board_trade(const struct tick_board *board, uint32_t instrument,
    struct tick_last_trade *out);
int tick_board_data(const struct tick_board *board, uint32_t instrument, struct tick_data *out);

/* The book image, best first: up to `levels` a side into bids[] and asks[]. Returns as above. */
int tick_board_book(const struct tick_board *board, uint32_t instrument, struct tick_book *out,
    struct tick_level *bids, struct tick_level *asks, uint32_t levels);

/* TICK_END (the writer is fine), TICK_E_STALE, TICK_E_DEAD, TICK_E_REPLACED (open it anew). */
int tick_board_check(const struct tick_board *board);

#ifdef __cplusplus
}
#endif

#endif
