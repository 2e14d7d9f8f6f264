/*
 * The pipeline's step for books: what a change or a snapshot means for the
 * ring, the board and the state of its instrument.
 */
#include <string.h>

#include "feed/pipeline/pipeline.h"
#include "feed/pipeline/pipeline_impl.h"

/* ---- what is shown ---------------------------------------------------------- */

void
pipeline_settle(struct pipeline *p, uint32_t id, enum tick_reason why, int64_t now_ns)
{
	const struct booksync *sync = books_find(p->books, id);
	const struct instrument *i = &p->instrument[id];
	enum tick_data_state state = TICK_DATA_LIVE;

	if (i->halted)
		state = TICK_DATA_HALTED;
	else if (i->stale > 0 || i->waits)
		state = TICK_DATA_STALE;
	else if (sync && sync->state != BOOKSYNC_LIVE)
		state = TICK_DATA_SYNCING;
	if (state == TICK_DATA_SYNCING && sync->starving) {
		why = TICK_REASON_BOOK_STARVED;
		if (i->data.reason == why)
			return;
	} else if (state == i->data.state) {
		return;
	}
	if (state == TICK_DATA_LIVE)
		why = TICK_REASON_NONE;
	if (state == TICK_DATA_HALTED || i->waits)
		why = TICK_REASON_HALTED;
	pipeline_turn(p, id, state, why, now_ns);
}

/* The book image on the board. */
static void
show_top(struct pipeline *p, const struct publish_context *c, const struct booksync *sync)
{
	struct tick_level *bids = p->image, *asks = p->image + p->cfg.board->depth;
	struct tick_book book = {
		.recv_ns = c->recv_ns,
		.exch_ns = sync->exch_ns,
		.id = sync->at,
		.bids = book_top(&sync->book, BOOK_BID, bids, p->cfg.board->depth),
		.asks = book_top(&sync->book, BOOK_ASK, asks, p->cfg.board->depth),
	};

	board_book(c->board, c->instrument, &book, bids, asks);
}

/* The whole book in the ring, and its top on the board. */
static void
show_all(struct pipeline *p, const struct publish_context *c, const struct booksync *sync)
{
	uint32_t nbids = book_count(&sync->book, BOOK_BID);
	struct tick_level *bids = p->image, *asks = p->image + nbids;
	struct event e = {
		.kind = EVENT_PARTIAL_DEPTH,
		.exch_ns = sync->exch_ns,
		.trade_ns = VENUE_NO_TIME,
		.id = sync->at,
		.first_id = VENUE_NO_ID,
		.last_id = VENUE_NO_ID,
		.prev_id = VENUE_NO_ID,
	};
	struct normal n = {
		.bids = bids,
		.asks = asks,
		.nbids = book_top(&sync->book, BOOK_BID, bids, nbids),
		.nasks = book_top(&sync->book, BOOK_ASK, asks, book_count(&sync->book, BOOK_ASK)),
	};

	publish_market_event(c, &e, &n);
}

static void
tell_book(const struct publish_context *c, enum tick_reason reason, const struct booksync *sync)
{
	struct publish_context told = *c;

	told.flags = 0;
	publish_event(&told, reason, TICK_BOOK_DELTA, sync->at, 0);
}

/* ---- what came -------------------------------------------------------------- */

/* A book is not right any more: counted, told in the ring, and as a state on the board. */
static void
lose(struct pipeline *p, const struct publish_context *c, const struct booksync *sync,
    enum tick_counter counter, enum tick_reason told, enum tick_reason shown)
{
	pipeline_count(p, counter);
	tell_book(c, told, sync);
	pipeline_settle(p, c->instrument, shown, c->recv_ns);
}

static void
note_outcome(struct pipeline *p, const struct publish_context *c, const struct booksync *sync,
    enum booksync_outcome outcome)
{
	switch (outcome) {
	case BOOKSYNC_JOINED:
		pipeline_count(p, TICK_COUNTER_BOOK_SYNCS);
		if (p->joined_n < PIPELINE_JOINED_MAX) /* nobody asks, unless it is traced */
			p->joined[p->joined_n++] = c->instrument;
		tell_book(c, TICK_REASON_BOOK_SYNCED, sync);
		pipeline_settle(p, c->instrument, TICK_REASON_BOOK_SYNCED, c->recv_ns);
		break;
	case BOOKSYNC_GAPPED:
		lose(p, c, sync, TICK_COUNTER_BOOK_GAPS, TICK_REASON_BOOK_LOST, TICK_REASON_GAP);
		break;
	case BOOKSYNC_CROSSED:
		lose(p, c, sync, TICK_COUNTER_BOOKS_CROSSED, TICK_REASON_BOOK_CROSSED,
		    TICK_REASON_BOOK_CROSSED);
		break;
	case BOOKSYNC_STARVED:
		lose(p, c, sync, TICK_COUNTER_BOOKS_STARVED, TICK_REASON_BOOK_STARVED,
		    TICK_REASON_BOOK_STARVED);
		break;
	case BOOKSYNC_TOO_OLD:
		pipeline_count(p, TICK_COUNTER_SNAPSHOTS_TOO_OLD);
		break;
	case BOOKSYNC_APPLIED:
	case BOOKSYNC_OLD:
	case BOOKSYNC_KEPT:
	case BOOKSYNC_WAITING:
	case BOOKSYNC_OUTCOMES:
		break;
	}
}

void
pipeline_lose_book(struct pipeline *p, const struct publish_context *c)
{
	const struct booksync *sync = books_find(p->books, c->instrument);
	bool was_live = sync && sync->state == BOOKSYNC_LIVE;

	books_lose(p->books, c->instrument);
	if (was_live)
		note_outcome(p, c, sync, BOOKSYNC_GAPPED);
}

void
pipeline_publish_depth(struct pipeline *p, const struct publish_context *c, const struct event *e,
    const struct normal *n)
{
	const struct booksync *sync = books_find(p->books, c->instrument);
	enum booksync_outcome outcome;

	if (!sync) {
		publish_market_event(c, e, n);
		return;
	}
	outcome = books_on_depth(p->books, c->instrument, e, n, p->now);
	note_outcome(p, c, sync, outcome);
	if (outcome == BOOKSYNC_APPLIED) {
		publish_market_event(c, e, n);
		show_top(p, c, sync);
	} else {
		struct publish_context stale = *c;

		stale.flags |= TICK_FLAG_STALE; /* no book to apply it to */
		publish_market_event(&stale, e, n);
	}
	if (outcome == BOOKSYNC_JOINED)
		show_all(p, c, sync);
}

enum booksync_outcome
pipeline_on_snapshot(struct pipeline *p, uint32_t instrument,
    const struct booksync_snapshot *snapshot, wall_t now, mono_t mono)
{
	const struct booksync *sync = books_find(p->books, instrument);
	struct publish_context c = {
		.ring = p->cfg.ring,
		.board = p->cfg.board,
		.instrument = instrument,
		.recv_ns = now.ns,
		.mono_ns = mono.ns,
	};
	enum booksync_outcome outcome;

	recorder_on_snapshot(p->recorder, instrument, snapshot, now, mono);
	if (!sync)
		return BOOKSYNC_OUTCOMES;
	p->now = mono_before(p->now, mono) ? mono : p->now;
	pipeline_count(p, TICK_COUNTER_SNAPSHOTS);
	outcome = books_on_snapshot(p->books, instrument, snapshot, mono);
	note_outcome(p, &c, sync, outcome);
	if (outcome == BOOKSYNC_JOINED)
		show_all(p, &c, sync);
	return outcome;
}

bool
pipeline_next_want(struct pipeline *p, struct books_want *out)
{
	if (!books_next_want(p->books, out))
		return false;
	recorder_on_wish(p->recorder);
	return true;
}

bool
pipeline_next_joined(struct pipeline *p, uint32_t *instrument)
{
	if (p->joined_n == 0)
		return false;
	*instrument = p->joined[--p->joined_n];
	return true;
}

const struct booksync *
pipeline_book(const struct pipeline *p, uint32_t instrument)
{
	return books_find(p->books, instrument);
}

struct books_sums
pipeline_books(struct pipeline *p)
{
	struct books_sums sums = books_sums(p->books);

	p->counter[TICK_COUNTER_BOOK_LEVELS_DROPPED] = sums.dropped;
	return sums;
}
