#include "shm/board_writer.h"

#include <string.h>

int
board_open(struct board *b, const struct board_cfg *cfg, char *why)
{
	struct segment_spec spec = {
		.kind = TICK_SEGMENT_BOARD,
		.directory = cfg->directory,
		.feed = cfg->feed,
		.suffix = "board",
		.group = cfg->group,
		.heartbeat_every_ns = cfg->heartbeat_every_ns,
		.record_bytes = (uint32_t)TICK_BOARD_ENTRY_BYTES(cfg->depth),
		.board_depth = cfg->depth,
		.records = cfg->instruments_max,
	};
	int rc;

	memset(b, 0, sizeof(*b));
	rc = segment_open(&b->segment, &spec, why);
	if (rc != 0)
		return rc;
	b->entries = segment_records(&b->segment);
	b->entry_bytes = spec.record_bytes;
	b->instruments_max = cfg->instruments_max;
	b->depth = cfg->depth;
	rc = segment_commit(&b->segment, 0, why);
	if (rc != 0)
		board_close(b, false);
	return rc;
}

void
board_close(struct board *b, bool unlink_it)
{
	segment_close(&b->segment, unlink_it);
	memset(b, 0, sizeof(*b));
}

void
board_reset(struct board *b, uint32_t instrument)
{
	struct tick_board_entry *e = board_entry(b, instrument);
	uint64_t *parts[] = {&e->quote.seq, &e->trade.seq, &e->state.seq, &e->book.seq};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (__atomic_load_n(parts[i], __ATOMIC_RELAXED) != 0)
			board_write_part(
			    parts[i], &(struct tick_quote){0}, sizeof(struct tick_quote));
}

bool
board_recall(const struct board *b, uint32_t instrument, struct tick_data *out)
{
	const struct tick_board_state *s = &board_entry(b, instrument)->state;
	uint64_t seq = __atomic_load_n(&s->seq, __ATOMIC_RELAXED);

	/* Odd from 3 on: died in it. Each word is the old or the new one, good by itself. */
	if (seq < 2)
		return false;
	words_load(out, &s->state, sizeof(*out));
	return true;
}

void
board_book(struct board *b, uint32_t instrument, const struct tick_book *book,
    const struct tick_level *bids, const struct tick_level *asks)
{
	struct tick_board_entry *e = board_entry(b, instrument);
	struct tick_level *levels = (struct tick_level *)(e + 1);
	uint32_t nbids = book->bids < b->depth ? book->bids : b->depth;
	uint32_t nasks = book->asks < b->depth ? book->asks : b->depth;
	struct tick_board_book head = {
		.recv_ns = book->recv_ns,
		.exch_ns = book->exch_ns,
		.id = book->id,
		.bids = nbids,
		.asks = nasks,
	};
	uint64_t begun = seqlock_write_begin(&e->book.seq);

	words_store(&e->book.seq + 1, &head.recv_ns, sizeof(head) - sizeof(head.seq));
	words_store(levels, bids, nbids * sizeof(*bids));
	words_store(levels + b->depth, asks, nasks * sizeof(*asks));
	seqlock_write_end(&e->book.seq, begun);
}
