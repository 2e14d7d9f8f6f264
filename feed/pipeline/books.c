#include "feed/pipeline/books.h"

#include <errno.h>
#include <stdlib.h>

/* Of the memory, one part in so many is for diffs that wait. */
#define WAITING_SHARE 8

/* A book that lost levels for want of memory is fetched anew when one part in so many is free. */
#define ROOM_AGAIN_SHARE 4

/* Diffs of one book take at most so many blocks: 32,768 levels, some seconds of a storm. */
#define WAITING_BLOCKS_MAX 512

/* The stream is never so far behind a snapshot: one that still is ahead is of another count. */
static const span_t ahead_max = {INT64_C(30) * 1000000000};

struct entry {
	struct booksync sync;
	struct books_want want;
	bool queued;           /* in books.queue */
	bool asked;            /* a wish was taken, no snapshot came yet */
	uint32_t promised;     /* blocks that are kept for it until then */
	uint32_t limit;        /* of the last snapshot */
	mono_t renewed;        /* when it came */
	struct book_row rows[];
};

struct books {
	struct books_cfg cfg;
	struct book_pool levels;
	struct diffs_pool waiting;
	uint32_t promised;    /* blocks, to all of them */
	struct entry **entry; /* by instrument; NULL: no book */
	uint32_t *queue;      /* instruments whose wish waits; a ring of instruments_max */
	uint32_t head, n;
	uint32_t *gone;       /* instruments of which nothing is wanted any more ... */
	uint32_t ngone;
	bool *is_gone;        /* ... by instrument: it is among them */
};

int
books_new(struct books **out, const struct books_cfg *cfg)
{
	struct books *b = calloc(1, sizeof(*b));
	int64_t waiting = cfg->memory_bytes / WAITING_SHARE;
	uint32_t blocks = (uint32_t)((cfg->memory_bytes - waiting) / sizeof(struct book_block));
	uint32_t diffs = (uint32_t)(waiting / (int64_t)sizeof(struct diffs_block));

	*out = b;
	if (!b)
		return -ENOMEM;
	b->cfg = *cfg;
	/* Large: the system maps it without touching it. */
	book_pool_init(&b->levels, malloc(blocks * sizeof(struct book_block)), blocks);
	diffs_pool_init(&b->waiting, malloc(diffs * sizeof(struct diffs_block)), diffs);
	b->entry = calloc(cfg->instruments_max, sizeof(struct entry *));
	b->queue = calloc(cfg->instruments_max, sizeof(*b->queue));
	b->gone = calloc(cfg->instruments_max, sizeof(*b->gone));
	b->is_gone = calloc(cfg->instruments_max, sizeof(*b->is_gone));
	if (b->levels.block && b->waiting.block && b->entry && b->queue && b->gone && b->is_gone)
		return 0;
	books_free(out);
	return -ENOMEM;
}

void
books_free(struct books **books)
{
	struct books *b = *books;

	if (!b)
		return;
	for (uint32_t i = 0; b->entry && i < b->cfg.instruments_max; i++)
		free(b->entry[i]);
	free(b->levels.block);
	free(b->waiting.block);
	free(b->entry);
	free(b->queue);
	free(b->gone);
	free(b->is_gone);
	free(b);
	*books = NULL;
}

/* Levels a side that ought to be known: the book keeps twice as many at least. */
static uint32_t
levels_shown(const struct books *b)
{
	return b->cfg.depth < b->cfg.levels_max / 2 ? b->cfg.depth : b->cfg.levels_max / 2;
}

int
books_add(struct books *b, uint32_t instrument)
{
	struct entry *e;

	if (b->entry[instrument])
		return 0;
	e = calloc(1, sizeof(*e) + book_rows_for(b->cfg.levels_max) * sizeof(struct book_row));
	if (!e)
		return -ENOMEM;
	book_init(&e->sync.book, &b->levels, e->rows, b->cfg.levels_max);
	book_set_due(&e->sync.book, levels_shown(b));
	diffs_init(&e->sync.diffs, &b->waiting, WAITING_BLOCKS_MAX);
	booksync_init(&e->sync, b->cfg.rule);
	e->want.instrument = instrument;
	b->entry[instrument] = e;
	return 0;
}

static void
end_promise(struct books *b, struct entry *e)
{
	b->promised -= e->promised;
	e->promised = 0;
}

/* Takes its wish back, wherever that is. */
static void
unwant(struct books *b, struct entry *e)
{
	uint32_t instrument = e->want.instrument;

	end_promise(b, e);
	for (uint32_t i = 0, kept = 0, n = b->n; e->queued && i < n; i++) {
		uint32_t other = b->queue[(b->head + i) % b->cfg.instruments_max];

		if (other != instrument)
			b->queue[(b->head + kept++) % b->cfg.instruments_max] = other;
		b->n = kept;
	}
	if (e->asked && !b->is_gone[instrument]) {
		b->is_gone[instrument] = true;
		b->gone[b->ngone++] = instrument;
	}
	e->queued = e->asked = false;
}

void
books_remove(struct books *b, uint32_t instrument)
{
	struct entry *e = b->entry[instrument];

	if (!e)
		return;
	booksync_clear(&e->sync);
	unwant(b, e);
	free(e);
	b->entry[instrument] = NULL;
}

static struct entry *
find(const struct books *b, uint32_t instrument)
{
	return b && instrument < b->cfg.instruments_max ? b->entry[instrument] : NULL;
}

const struct booksync *
books_find(const struct books *b, uint32_t instrument)
{
	const struct entry *e = find(b, instrument);

	return e ? &e->sync : NULL;
}

/* ---- wishes ----------------------------------------------------------------- */

static void
want(struct books *b, struct entry *e, enum snapsched_why why, bool stale)
{
	/* One that was asked for already will do, unless it is more urgent now. */
	if (e->asked && !stale && why >= e->want.why)
		return;
	e->asked = true;
	e->want.why = why;
	e->want.stale = stale;
	if (e->queued)
		return;
	e->queued = true;
	b->queue[(b->head + b->n++) % b->cfg.instruments_max] = e->want.instrument;
}

bool
books_next_want(struct books *b, struct books_want *out)
{
	struct entry *e;

	/* These first: the instrument may be wanted again meanwhile. */
	if (b && b->ngone > 0) {
		*out = (struct books_want){.instrument = b->gone[--b->ngone], .gone = true};
		b->is_gone[out->instrument] = false;
		return true;
	}
	if (!b || b->n == 0)
		return false;
	e = b->entry[b->queue[b->head]];
	b->head = (b->head + 1) % b->cfg.instruments_max;
	b->n--;
	e->queued = false;
	*out = e->want;
	return true;
}

static enum snapsched_why
why_of(const struct entry *e)
{
	return e->sync.state == BOOKSYNC_GAP ? SNAPSCHED_GAP : SNAPSCHED_NEVER;
}

/*
 * It had not the memory for what is due. Many may wait for some: each asks when
 * there is twice as much as it needs, beside what others were promised.
 */
static void
want_memory(struct books *b, struct entry *e)
{
	uint32_t blocks = 2 * book_blocks_due(&e->sync.book);

	if (e->asked || book_pool_free(&b->levels) < (uint64_t)blocks + b->promised)
		return;
	e->promised = blocks;
	b->promised += blocks;
	want(b, e, why_of(e), true);
}

/* What it lost for want of memory, it may have again. */
static bool
may_grow(const struct books *b, const struct entry *e)
{
	return book_is_short(&e->sync.book) &&
	    book_pool_has(&b->levels, b->levels.blocks / ROOM_AGAIN_SHARE);
}

/* Has the market moved so far that levels which are shown may be missing? */
static void
renew_if_shallow(struct books *b, struct entry *e, mono_t now)
{
	uint32_t shown = levels_shown(b);

	/* A snapshot that is not deeper than that can never be enough. */
	if (shown > e->limit / 2)
		shown = e->limit / 2;
	if (e->asked || (book_is_known(&e->sync.book, shown) && !may_grow(b, e)) ||
	    mono_before(now, mono_add(e->renewed, b->cfg.renew_after)))
		return;
	booksync_renew(&e->sync);
	want(b, e, SNAPSCHED_REFRESH, false);
}

/* What a wish follows from. */
static void
follow_up(struct books *b, struct entry *e, enum booksync_outcome outcome, mono_t now)
{
	switch (outcome) {
	case BOOKSYNC_KEPT:
		if (e->sync.starving)
			want_memory(b, e);
		else
			want(b, e, why_of(e), false);
		break;
	case BOOKSYNC_STARVED:
		want_memory(b, e);
		break;
	case BOOKSYNC_GAPPED:
		want(b, e, SNAPSCHED_GAP, false);
		break;
	case BOOKSYNC_CROSSED:
		want(b, e, SNAPSCHED_CROSSED, true);
		break;
	case BOOKSYNC_TOO_OLD:
		/* A live book that is not being renewed has had its snapshot: this was one more. */
		if (e->sync.state != BOOKSYNC_LIVE)
			want(b, e, why_of(e), true);
		else if (e->sync.renewing)
			want(b, e, SNAPSCHED_REFRESH, true);
		break;
	case BOOKSYNC_APPLIED:
		renew_if_shallow(b, e, now);
		break;
	case BOOKSYNC_OLD:
	case BOOKSYNC_JOINED:
	case BOOKSYNC_WAITING:
	case BOOKSYNC_OUTCOMES:
		break;
	}
}

/* ---- events ----------------------------------------------------------------- */

/* Is it LIVE by a snapshot that no change ever reaches? It would be shown so for ever. */
static bool
is_out_of_reach(const struct entry *e, mono_t now)
{
	return e->sync.state == BOOKSYNC_LIVE && e->sync.tally.applied == 0 &&
	    mono_due(mono_add(e->renewed, ahead_max), now);
}

enum booksync_outcome
books_on_depth(struct books *b, uint32_t instrument, const struct event *event,
    const struct normal *n, mono_t now)
{
	struct entry *e = b->entry[instrument];
	struct diff diff = {
		.before = event->prev_id != VENUE_NO_ID ? event->prev_id : event->first_id - 1,
		.first = event->first_id,
		.last = event->id,
		.exch_ns = event->exch_ns,
		.bids = n->bids,
		.asks = n->asks,
		.nbids = n->nbids,
		.nasks = n->nasks,
	};
	enum booksync_outcome outcome = booksync_on_diff(&e->sync, &diff);

	if (outcome == BOOKSYNC_OLD && is_out_of_reach(e, now)) {
		booksync_lose(&e->sync);
		booksync_on_diff(&e->sync, &diff); /* it begins the next attempt */
		want(b, e, SNAPSCHED_GAP, true);
		return BOOKSYNC_GAPPED;
	}
	follow_up(b, e, outcome, now);
	return outcome;
}

enum booksync_outcome
books_on_snapshot(struct books *b, uint32_t instrument, const struct booksync_snapshot *snapshot,
    mono_t now)
{
	struct entry *e = b->entry[instrument];
	enum booksync_outcome outcome = booksync_on_snapshot(&e->sync, snapshot);

	e->asked = e->queued;
	end_promise(b, e);
	e->limit = snapshot->limit;
	e->renewed = now;
	follow_up(b, e, outcome, now);
	return outcome;
}

void
books_close(struct books *b, uint32_t instrument)
{
	struct entry *e = find(b, instrument);

	if (e)
		unwant(b, e);
}

void
books_lose(struct books *b, uint32_t instrument)
{
	struct entry *e = find(b, instrument);

	if (e)
		booksync_lose(&e->sync);
}

struct books_sums
books_sums(const struct books *b)
{
	struct books_sums sums = {0};

	for (uint32_t i = 0; b && i < b->cfg.instruments_max; i++) {
		if (!b->entry[i])
			continue;
		sums.books++;
		sums.live += b->entry[i]->sync.state == BOOKSYNC_LIVE;
		sums.dropped += b->entry[i]->sync.book.dropped;
		sums.starving += b->entry[i]->sync.starving;
		sums.cut += book_is_short(&b->entry[i]->sync.book);
	}
	if (b)
		sums.bytes = (int64_t)b->levels.in_use * (int64_t)sizeof(struct book_block) +
		    (int64_t)b->waiting.in_use * (int64_t)sizeof(struct diffs_block);
	return sums;
}
