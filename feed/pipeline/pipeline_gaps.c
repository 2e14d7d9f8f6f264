/*
 * The pipeline's step for backfill: which gaps are asked for, and what the
 * answers mean for the ring. They never touch the board, nor what the arbiter
 * knows: its last ids are ahead of every gap.
 *
 * Each gap that is noted ends with BACKFILLED. Until then each of its ids is
 * told once: by a tick with REPLAY, or in an UNFILLED, in the order of ids.
 */
#include "feed/pipeline/pipeline.h"
#include "feed/pipeline/pipeline_impl.h"

static enum tick_type
type_of(enum event_kind kind)
{
	return pipeline_kinds[kind].type;
}

/* ---- what is told ----------------------------------------------------------- */

static void
tell_unfilled(struct pipeline *p, const struct publish_context *c, enum event_kind kind,
    int64_t first, int64_t last)
{
	if (first > last)
		return;
	p->counter[TICK_COUNTER_BACKFILL_MISSING] += (uint64_t)(last - first) + 1;
	publish_event(c, TICK_REASON_UNFILLED, type_of(kind), first, last);
}

static void
tell_trade(struct pipeline *p, const struct publish_context *c, enum event_kind kind,
    const struct past_trade *trade)
{
	struct normal n = {.value = {trade->price, trade->qty}};
	struct event e = {
		.kind = kind,
		.exch_ns = VENUE_NO_TIME,
		.trade_ns = trade->trade_ns,
		.id = trade->id,
		.first_id = trade->first_id,
		.last_id = trade->last_id,
		.prev_id = VENUE_NO_ID,
		.u.trade.buyer_maker = trade->buyer_maker != 0,
	};

	publish_market_event(c, &e, &n);
	pipeline_count(p, TICK_COUNTER_BACKFILL_IDS);
}

static void
tell_end(const struct publish_context *c, struct gap *gap)
{
	publish_event(c, TICK_REASON_BACKFILLED, type_of(gap->kind), gap->first, gap->last);
	gap->over = true;
}

/* ---- gaps that begin and end ------------------------------------------------ */

void
pipeline_note_gap(struct pipeline *p, uint32_t instrument, enum event_kind kind,
    const struct arbiter_gap *gap)
{
	if (p->gaps == NULL || (kind != EVENT_TRADE && kind != EVENT_AGG_TRADE))
		return;
	if (gaps_add(p->gaps, instrument, kind, gap->first, gap->last)) {
		pipeline_count(p, TICK_COUNTER_BACKFILL_GAPS);
		return;
	}
	pipeline_count(p, TICK_COUNTER_BACKFILL_UNASKED);
	p->unasked = *gap;
	p->unasked_kind = kind;
}

/* What belongs to the past, in the place of `like`. */
static struct publish_context
past_of(const struct publish_context *like)
{
	struct publish_context c = *like;

	c.flags = TICK_FLAG_REPLAY;
	return c;
}

void
pipeline_tell_unasked(struct pipeline *p, const struct publish_context *like)
{
	const struct publish_context c = past_of(like);

	tell_unfilled(p, &c, p->unasked_kind, p->unasked.first, p->unasked.last);
	publish_event(&c, TICK_REASON_BACKFILLED, type_of(p->unasked_kind), p->unasked.first,
	    p->unasked.last);
	p->unasked_kind = EVENT_KINDS;
}

void
pipeline_forget_gaps(struct pipeline *p, const struct publish_context *like, enum event_kind kind)
{
	const struct publish_context c = past_of(like);
	struct gap *gap;

	if (p->gaps == NULL)
		return;
	/* They keep their places until they are answered: who is asked has room for no more. */
	while ((gap = gaps_find_of(p->gaps, c.instrument, kind)) != NULL) {
		tell_unfilled(p, &c, kind, gap->next, gap->last);
		tell_end(&c, gap);
	}
}

/* ---- what others tell and ask ----------------------------------------------- */

bool
pipeline_next_gap(struct pipeline *p, struct pipeline_gap *out)
{
	struct gap gap;

	if (!gaps_next_wish(p->gaps, &gap))
		return false;
	*out = (struct pipeline_gap){.ticket = gap.ticket, .instrument = gap.instrument,
	    .aggregate = gap.kind == EVENT_AGG_TRADE, .first = gap.first, .last = gap.last};
	return true;
}

/* The gap that an answer belongs to; NULL: none, or what it says of it cannot be. */
static struct gap *
gap_of(struct pipeline *p, const struct pipeline_fill *fill)
{
	struct gap *gap = p->gaps != NULL ? gaps_find(p->gaps, fill->ticket) : NULL;

	if (gap == NULL || gap->instrument != fill->instrument || fill->last < gap->next ||
	    fill->last > gap->last)
		return NULL;
	return gap;
}

static void
tell_fill(struct pipeline *p, const struct publish_context *c, struct gap *gap,
    const struct pipeline_fill *fill)
{
	for (uint32_t i = 0; i < fill->trades; i++) {
		const struct past_trade *trade = &fill->trade[i];

		if (trade->id < gap->next || trade->id > fill->last)
			continue;
		tell_unfilled(p, c, gap->kind, gap->next, trade->id - 1);
		tell_trade(p, c, gap->kind, trade);
		gap->next = trade->id + 1;
	}
	tell_unfilled(p, c, gap->kind, gap->next, fill->last);
	gap->next = fill->last + 1;
	if (fill->last == gap->last)
		tell_end(c, gap);
}

void
pipeline_on_fill(struct pipeline *p, const struct pipeline_fill *fill, wall_t now, mono_t mono)
{
	const struct publish_context c = {
		.ring = p->cfg.ring,
		.board = p->cfg.board,
		.instrument = fill->instrument,
		.flags = TICK_FLAG_REPLAY,
		.recv_ns = now.ns,
		.mono_ns = mono.ns,
	};
	struct gap *gap;

	recorder_on_fill(p->recorder, fill, now, mono);
	gap = gap_of(p, fill);
	if (gap == NULL)
		return;
	p->now = mono_before(p->now, mono) ? mono : p->now;
	if (!gap->over)
		tell_fill(p, &c, gap, fill);
	if (fill->last == gap->last)
		gaps_remove(p->gaps, gap);
}
