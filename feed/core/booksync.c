#include "feed/core/booksync.h"

void
booksync_init(struct booksync *sync, enum booksync_rule rule)
{
	sync->state = BOOKSYNC_SYNCING;
	sync->rule = rule;
	sync->loaded = sync->renewing = sync->starving = false;
	sync->at = 0;
	sync->exch_ns = TICK_ABSENT;
	sync->tally = (struct booksync_tally){.first = -1, .last = -1};
	sync->gaps = sync->crossed = sync->too_old = sync->joined = sync->starved = 0;
}

/* ---- one diff --------------------------------------------------------------- */

/* Does the book have it? What ends at the snapshot's id is a matter of the rule. */
static bool
is_old(const struct booksync *sync, int64_t last)
{
	if (sync->rule == BOOKSYNC_FUTURES && sync->tally.applied == 0)
		return last < sync->at;
	return last <= sync->at;
}

/* It went into the book. */
static void
note_applied(struct booksync *sync, const struct diff *diff)
{
	if (sync->tally.applied++ == 0) {
		sync->tally.first = diff->first;
		sync->tally.last = diff->last;
	}
	sync->at = diff->last;
	sync->exch_ns = diff->exch_ns;
}

static void
apply(struct booksync *sync, const struct diff *diff)
{
	for (uint32_t i = 0; i < diff->nbids; i++)
		book_set(&sync->book, BOOK_BID, diff->bids[i].price, diff->bids[i].qty);
	for (uint32_t i = 0; i < diff->nasks; i++)
		book_set(&sync->book, BOOK_ASK, diff->asks[i].price, diff->asks[i].qty);
	note_applied(sync, diff);
}

/* Not LIVE any more; the diffs begin with this one. */
static enum booksync_outcome
fall(struct booksync *sync, const struct diff *diff, enum booksync_outcome why)
{
	sync->state = BOOKSYNC_GAP;
	sync->loaded = sync->renewing = false;
	diffs_clear(&sync->diffs);
	diffs_add(&sync->diffs, diff);
	if (why == BOOKSYNC_CROSSED)
		sync->crossed++;
	else
		sync->gaps++;
	return why;
}

/* What it holds is of no use, and others may need the memory. */
static enum booksync_outcome
starve(struct booksync *sync)
{
	if (sync->state == BOOKSYNC_LIVE)
		sync->state = BOOKSYNC_GAP;
	sync->loaded = sync->renewing = false;
	sync->starving = true;
	sync->starved++;
	book_clear(&sync->book);
	return BOOKSYNC_STARVED;
}

/* The same, but for a diff that may begin the next attempt. */
static enum booksync_outcome
starve_on(struct booksync *sync, const struct diff *diff)
{
	diffs_clear(&sync->diffs);
	diffs_add(&sync->diffs, diff);
	return starve(sync);
}

static enum booksync_outcome
rise(struct booksync *sync)
{
	sync->state = BOOKSYNC_LIVE;
	sync->loaded = sync->renewing = sync->starving = false;
	sync->joined++;
	diffs_clear(&sync->diffs);
	return BOOKSYNC_JOINED;
}

static enum booksync_outcome
take_live(struct booksync *sync, const struct diff *diff)
{
	if (is_old(sync, diff->last)) {
		sync->tally.dropped += sync->tally.applied == 0;
		return BOOKSYNC_OLD;
	}
	if (diff->before > sync->at)
		return fall(sync, diff, BOOKSYNC_GAPPED);
	apply(sync, diff);
	if (book_is_starved(&sync->book))
		return starve_on(sync, diff);
	if (book_is_crossed(&sync->book))
		return fall(sync, diff, BOOKSYNC_CROSSED);
	if (sync->renewing)
		diffs_add(&sync->diffs, diff);
	return BOOKSYNC_APPLIED;
}

/* The snapshot was there first; the diff decides whether it is of use. */
static enum booksync_outcome
prove(struct booksync *sync, const struct diff *diff)
{
	if (diff->before > sync->at) {
		sync->loaded = false;
		sync->too_old++;
		diffs_add(&sync->diffs, diff);
		return BOOKSYNC_TOO_OLD;
	}
	if (is_old(sync, diff->last))
		sync->tally.dropped++;
	else
		apply(sync, diff);
	if (book_is_starved(&sync->book))
		return starve_on(sync, diff);
	if (book_is_crossed(&sync->book))
		return fall(sync, diff, BOOKSYNC_CROSSED);
	return rise(sync);
}

enum booksync_outcome
booksync_on_diff(struct booksync *sync, const struct diff *diff)
{
	if (sync->state == BOOKSYNC_LIVE)
		return take_live(sync, diff);
	if (sync->loaded)
		return prove(sync, diff);
	return diffs_add(&sync->diffs, diff) ? BOOKSYNC_KEPT : BOOKSYNC_OLD;
}

/* ---- a snapshot ------------------------------------------------------------- */

static void
load(struct booksync *sync, const struct booksync_snapshot *s)
{
	book_load(&sync->book, BOOK_BID, s->bids, s->nbids, s->nbids >= s->limit);
	book_load(&sync->book, BOOK_ASK, s->asks, s->nasks, s->nasks >= s->limit);
	sync->at = s->id;
	sync->exch_ns = s->exch_ns;
	sync->tally = (struct booksync_tally){.snapshot_id = s->id, .first = -1, .last = -1};
}

static void
apply_first(struct booksync *sync)
{
	struct diff diff = diffs_take(&sync->diffs);

	for (uint32_t i = 0; i < diff.nbids + diff.nasks; i++) {
		struct tick_level level = diffs_take_level(&sync->diffs);

		book_set(&sync->book, i < diff.nbids ? BOOK_BID : BOOK_ASK, level.price, level.qty);
	}
	note_applied(sync, &diff);
}

/* All that were kept, which follow each other. */
static void
catch_up(struct booksync *sync)
{
	while (sync->diffs.n > 0) {
		if (is_old(sync, diffs_first(&sync->diffs).last)) {
			sync->tally.dropped++;
			diffs_drop(&sync->diffs);
		} else {
			apply_first(sync);
		}
	}
}

/* Can the diffs go on from that id, to where a LIVE book is already? */
static bool
can_join(const struct booksync *sync, int64_t id)
{
	if (sync->diffs.n > 0 && sync->diffs.before <= id)
		return true;
	if (sync->state == BOOKSYNC_LIVE)
		return id >= sync->at;
	return sync->diffs.n == 0;
}

enum booksync_outcome
booksync_on_snapshot(struct booksync *sync, const struct booksync_snapshot *snapshot)
{
	bool proven = sync->state == BOOKSYNC_LIVE || sync->diffs.n > 0;

	if (!can_join(sync, snapshot->id)) {
		sync->too_old++;
		return BOOKSYNC_TOO_OLD;
	}
	load(sync, snapshot);
	if (!proven) {
		sync->loaded = true;
		return BOOKSYNC_WAITING;
	}
	catch_up(sync);
	if (book_is_starved(&sync->book)) {
		diffs_clear(&sync->diffs);
		return starve(sync);
	}
	if (book_is_crossed(&sync->book)) {
		booksync_lose(sync);
		sync->crossed++;
		return BOOKSYNC_CROSSED;
	}
	return rise(sync);
}

/* ---- ends ------------------------------------------------------------------- */

void
booksync_lose(struct booksync *sync)
{
	if (sync->state == BOOKSYNC_LIVE)
		sync->state = BOOKSYNC_GAP;
	sync->loaded = sync->renewing = false;
	diffs_clear(&sync->diffs);
}

void
booksync_renew(struct booksync *sync)
{
	if (sync->state == BOOKSYNC_LIVE)
		sync->renewing = true;
}

void
booksync_clear(struct booksync *sync)
{
	enum booksync_rule rule = sync->rule;

	book_clear(&sync->book);
	diffs_clear(&sync->diffs);
	booksync_init(sync, rule);
}
