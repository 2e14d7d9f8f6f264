#include <tickring/board.h>

#include <stdlib.h>
#include <string.h>

#include "shm/attach.h"
#include "shm/unload.h"
#include "shm/words.h"

#define PART_WORDS 7 /* of each part after its sequence word: the rest of the line */

TICK_STATIC_ASSERT(sizeof(struct tick_quote) == 8 * PART_WORDS, "quote");
TICK_STATIC_ASSERT(sizeof(struct tick_last_trade) == 8 * PART_WORDS, "trade");
TICK_STATIC_ASSERT(sizeof(struct tick_data) == 8 * PART_WORDS, "state");

struct tick_board {
	const char *entries;
	size_t entry_bytes;
	uint64_t records;
	uint32_t depth;
	struct attachment at;
};

int
tick_board_open(struct tick_board **out, const char *feed)
{
	struct tick_board *b;
	int outcome;

	*out = NULL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return TICK_E_SYSTEM;
	outcome = attach_feed(&b->at, feed, "board", TICK_SEGMENT_BOARD);
	if (outcome != 0) {
		free(b);
		return outcome;
	}
	b->entries = (const char *)b->at.header + b->at.checked.records_at;
	b->entry_bytes = b->at.checked.record_bytes;
	b->records = b->at.checked.records;
	b->depth = b->at.checked.board_depth;
	*out = b;
	return 0;
}

void
tick_board_close(struct tick_board **board)
{
	if (!*board)
		return;
	attach_close(&(*board)->at);
	free(*board);
	*board = NULL;
}

void
board_unload(struct tick_board *board)
{
	attach_unload(&board->at);
}

uint32_t
tick_board_depth(const struct tick_board *board)
{
	return board->depth;
}

static inline const struct tick_board_entry *
entry_of(const struct tick_board *b, uint32_t instrument)
{
	return (const struct tick_board_entry *)(b->entries + instrument * b->entry_bytes);
}

static inline uint64_t
word_at(const uint64_t *seq, int i)
{
	return __atomic_load_n((const shm_word *)seq + i, __ATOMIC_RELAXED);
}

/* The writer was met, or nothing has come yet: some more attempts. */
static __attribute__((noinline)) int
read_again(const uint64_t *seq, uint64_t out[PART_WORDS])
{
	uint64_t copy[PART_WORDS], stable = seqlock_read(seq, copy, seq + 1, sizeof(copy));

	if (stable == 1)
		return TICK_E_BUSY;
	if (stable == 0)
		return TICK_E_ABSENT;
	memcpy(out, copy, sizeof(copy));
	return 0;
}

/*
 * Copies what follows the sequence word of one part. The first attempt keeps
 * the words in registers until they are known to belong together.
 */
static inline int
read_part(const uint64_t *seq, void *out)
{
	uint64_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);
	uint64_t a = word_at(seq, 1), b = word_at(seq, 2), c = word_at(seq, 3);
	uint64_t d = word_at(seq, 4), e = word_at(seq, 5), f = word_at(seq, 6);
	uint64_t g = word_at(seq, 7);
	uint64_t again;
	shm_word *to = out;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	again = __atomic_load_n(seq, __ATOMIC_RELAXED);
	if (__builtin_expect(again != before || before == 0 || (before & 1), 0))
		return read_again(seq, out);
	to[0] = a;
	to[1] = b;
	to[2] = c;
	to[3] = d;
	to[4] = e;
	to[5] = f;
	to[6] = g;
	return 0;
}

int
tick_board_quote(const struct tick_board *board, uint32_t instrument, struct tick_quote *out)
{
	if (instrument >= board->records)
		return TICK_E_RANGE;
	return read_part(&entry_of(board, instrument)->quote.seq, out);
}

int
tick_board_trade(const struct tick_board *board, uint32_t instrument, struct tick_last_trade *out)
{
	if (instrument >= board->records)
		return TICK_E_RANGE;
	return read_part(&entry_of(board, instrument)->trade.seq, out);
}

int
tick_board_data(const struct tick_board *board, uint32_t instrument, struct tick_data *out)
{
	if (instrument >= board->records)
		return TICK_E_RANGE;
	return read_part(&entry_of(board, instrument)->state.seq, out);
}

/* Best levels of one side, as many as are there and wanted. */
static uint32_t
read_side(const struct tick_level *shared, int64_t there, uint32_t room, struct tick_level *out)
{
	uint32_t n = there < 0 ? 0 : there < room ? (uint32_t)there : room;

	words_load(out, shared, n * sizeof(*out));
	return n;
}

int
tick_board_book(const struct tick_board *board, uint32_t instrument, struct tick_book *out,
    struct tick_level *bids, struct tick_level *asks, uint32_t levels)
{
	const struct tick_board_entry *e;
	const struct tick_level *shared;
	struct tick_board_book head;

	if (instrument >= board->records)
		return TICK_E_RANGE;
	e = entry_of(board, instrument);
	shared = (const struct tick_level *)(e + 1);
	if (levels > board->depth)
		levels = board->depth;
	for (int i = 0; i < SEQLOCK_ATTEMPTS; i++) {
		uint64_t before = __atomic_load_n(&e->book.seq, __ATOMIC_ACQUIRE);
		struct tick_book copy;

		if (before == 0)
			return TICK_E_ABSENT;
		if (before & 1)
			continue;
		words_load(&head, &e->book, sizeof(head));
		copy = (struct tick_book){head.recv_ns, head.exch_ns, head.id, 0, 0};
		copy.bids = read_side(shared, head.bids, levels, bids);
		copy.asks = read_side(shared + board->depth, head.asks, levels, asks);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&e->book.seq, __ATOMIC_RELAXED) == before) {
			*out = copy;
			return 0;
		}
	}
	return TICK_E_BUSY;
}

int
tick_board_check(const struct tick_board *board)
{
	return attach_check(&board->at);
}
