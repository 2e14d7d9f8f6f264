/*
 * The writer of a board: the latest quote, trade, state and book image of each
 * instrument. Owned by the feed thread; wait-free.
 */
#ifndef SHM_BOARD_WRITER_H
#define SHM_BOARD_WRITER_H

#include <tickring/board.h>

#include "shm/segment.h"
#include "shm/words.h"

struct board_cfg {
	const char *directory; /* NULL: /dev/shm */
	const char *feed;
	gid_t group;           /* readers' group or (gid_t)-1 */
	bool claimed;          /* the caller holds the feed's claim (claim.h) */
	uint64_t lineage;      /* of the ring whose instruments it is for; 0: whatever is found */
	uint32_t instruments;  /* in that ring's directory */
	uint32_t instruments_max;
	uint32_t depth;        /* levels a side of the book image */
	int64_t heartbeat_every_ns;
	bool huge_pages;       /* wanted; see segment.warning */
};

/*
 * The writer's own copies of the sequence words that it writes often, 0 before
 * the first write: so it loads no line that a reader touches.
 */
struct board_seqs {
	uint64_t quote, trade, state;
};

struct board {
	char *entries;
	size_t entry_bytes;
	uint32_t instruments_max, depth;
	uint32_t inherited; /* entries from here on are nobody's */
	struct board_seqs *seqs; /* of each instrument */
	struct segment segment;
};

/*
 * Creates the board or takes it over, contents and all. One of another ring is
 * replaced: its ids mean other instruments. So are forgotten, with that ring's
 * directory shorter than before, the entries beyond it. Returns 0 or -errno as
 * segment_open().
 */
int board_open(struct board *b, const struct board_cfg *cfg, char *why);

/* The two halves of board_open(), as ring_prepare() and ring_start(). */
int board_prepare(struct board *b, const struct board_cfg *cfg, char *why);
int board_start(struct board *b, char *why);

/* Ends in good order; see segment_close(). */
void board_close(struct board *b, bool unlink_it);

/* Forgets one instrument's parts: for an id whose meaning was not inherited. */
void board_reset(struct board *b, uint32_t instrument);

/*
 * What the last writer knew of an instrument; when it died while writing that
 * down, some words are those from before. Returns false when it knew nothing.
 */
bool board_recall(const struct board *b, uint32_t instrument, struct tick_data *out);

static inline struct tick_board_entry *
board_entry(const struct board *b, uint32_t instrument)
{
	return (struct tick_board_entry *)(b->entries + instrument * b->entry_bytes);
}

/* Before the first write of a part by one of the functions below, never after it. */
static inline void
board_write_part(uint64_t *seq, const void *part, size_t bytes)
{
	uint64_t begun = seqlock_write_begin(seq);

	words_store(seq + 1, part, bytes);
	seqlock_write_end(seq, begun);
}

static inline void
board_quote(struct board *b, uint32_t instrument, const struct tick_quote *quote)
{
	struct tick_board_quote *shared = &board_entry(b, instrument)->quote;

	seqlock_write(&b->seqs[instrument].quote, &shared->seq, &shared->seq + 1, quote,
	    sizeof(*quote));
}

static inline void
board_trade(struct board *b, uint32_t instrument, const struct tick_last_trade *trade)
{
	struct tick_board_trade *shared = &board_entry(b, instrument)->trade;

	seqlock_write(&b->seqs[instrument].trade, &shared->seq, &shared->seq + 1, trade,
	    sizeof(*trade));
}

static inline void
board_data(struct board *b, uint32_t instrument, const struct tick_data *data)
{
	struct tick_board_state *shared = &board_entry(b, instrument)->state;

	seqlock_write(&b->seqs[instrument].state, &shared->seq, &shared->seq + 1, data,
	    sizeof(*data));
}

/* The book image: best first; levels beyond the board's depth are left out. */
void board_book(struct board *b, uint32_t instrument, const struct tick_book *book,
    const struct tick_level *bids, const struct tick_level *asks);

#endif
