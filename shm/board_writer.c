#include "shm/board_writer.h"

#include <stdlib.h>
#include <string.h>

static void
forget_if_torn(uint64_t *seq)
{
	if (__atomic_load_n(seq, __ATOMIC_RELAXED) & 1)
		board_write_part(seq, &(struct tick_quote){0}, sizeof(struct tick_quote));
}

/* An id that the directory does not have will be somebody else's. */
static void
forget_beyond(struct board *b, uint32_t instruments)
{
	for (uint32_t i = instruments; i < b->instruments_max; i++)
		board_reset(b, i);
}

/*
 * A part that its writer left half written is forgotten: nobody may read it,
 * nor wait for it. Of the state each word is good by itself: board_recall()
 * still wants it, and who recalls writes it anew.
 */
static void
forget_torn(struct board *b)
{
	for (uint32_t i = 0; i < b->instruments_max; i++) {
		struct tick_board_entry *e = board_entry(b, i);

		forget_if_torn(&e->quote.seq);
		forget_if_torn(&e->trade.seq);
		forget_if_torn(&e->book.seq);
		if (e->state.seq < 3 || e->state.state == TICK_DATA_NONE)
			forget_if_torn(&e->state.seq);
	}
}

static bool
is_of_another_ring(const struct board *b, const struct board_cfg *cfg)
{
	return b->segment.continued && cfg->lineage != 0 &&
	    b->segment.header->lineage != cfg->lineage;
}

int
board_prepare(struct board *b, const struct board_cfg *cfg, char *why)
{
	struct segment_spec spec = {
		.kind = TICK_SEGMENT_BOARD,
		.directory = cfg->directory,
		.feed = cfg->feed,
		.suffix = "board",
		.group = cfg->group,
		.claimed = cfg->claimed,
		.heartbeat_every_ns = cfg->heartbeat_every_ns,
		.huge_pages = cfg->huge_pages,
		.record_bytes = (uint32_t)TICK_BOARD_ENTRY_BYTES(cfg->depth),
		.board_depth = cfg->depth,
		.records = cfg->instruments_max,
		.lineage = cfg->lineage,
	};
	int rc;

	memset(b, 0, sizeof(*b));
	rc = segment_open(&b->segment, &spec, why);
	if (rc == 0 && is_of_another_ring(b, cfg))
		rc = segment_start_over(&b->segment, &spec, "belongs to another ring", why);
	if (rc != 0)
		return rc;
	b->entries = segment_records(&b->segment);
	b->entry_bytes = spec.record_bytes;
	b->instruments_max = cfg->instruments_max;
	b->depth = cfg->depth;
	b->inherited = cfg->lineage != 0 ? cfg->instruments : cfg->instruments_max;
	b->seqs = calloc(cfg->instruments_max, sizeof(*b->seqs));
	if (!b->seqs)
		abort();
	return 0;
}

int
board_start(struct board *b, char *why)
{
	bool continued = b->segment.continued;
	int rc = segment_commit(&b->segment, 0, why);

	if (rc != 0) {
		board_close(b, false);
	} else if (continued) {
		forget_torn(b);
		forget_beyond(b, b->inherited);
	}
	return rc;
}

int
board_open(struct board *b, const struct board_cfg *cfg, char *why)
{
	int rc = board_prepare(b, cfg, why);

	return rc == 0 ? board_start(b, why) : rc;
}

void
board_close(struct board *b, bool unlink_it)
{
	segment_close(&b->segment, unlink_it);
	free(b->seqs);
	memset(b, 0, sizeof(*b));
}

void
board_reset(struct board *b, uint32_t instrument)
{
	struct tick_board_entry *e = board_entry(b, instrument);

	if (__atomic_load_n(&e->quote.seq, __ATOMIC_RELAXED) != 0)
		board_quote(b, instrument, &(struct tick_quote){0});
	if (__atomic_load_n(&e->trade.seq, __ATOMIC_RELAXED) != 0)
		board_trade(b, instrument, &(struct tick_last_trade){0});
	if (__atomic_load_n(&e->state.seq, __ATOMIC_RELAXED) != 0)
		board_data(b, instrument, &(struct tick_data){0});
	if (__atomic_load_n(&e->book.seq, __ATOMIC_RELAXED) != 0)
		board_book(b, instrument, &(struct tick_book){0}, NULL, NULL);
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
