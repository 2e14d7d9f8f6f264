#include "feed/pipeline/recall.h"

#include <tickring/reasons.h>

static bool
class_of_type(int64_t type, enum arbiter_class *class)
{
	switch (type) {
	case TICK_TRADE:
		*class = ARBITER_TRADE;
		return true;
	case TICK_AGG_TRADE:
		*class = ARBITER_AGG_TRADE;
		return true;
	case TICK_QUOTE:
		*class = ARBITER_QUOTE;
		return true;
	case TICK_BOOK_DELTA:
		*class = ARBITER_DEPTH;
		return true;
	default:
		return false;
	}
}

static void
seed(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class, int64_t id)
{
	if (id != ARBITER_NO_ID)
		arbiter_seed(arbiter, instrument, class, id);
}

static void
recall_from_board(const struct board *board, uint32_t instrument, struct arbiter *arbiter)
{
	struct tick_data data;

	if (!board_recall(board, instrument, &data) || data.state == TICK_DATA_NONE)
		return;
	seed(arbiter, instrument, ARBITER_TRADE, data.trade_id);
	seed(arbiter, instrument, ARBITER_AGG_TRADE, data.agg_trade_id);
	seed(arbiter, instrument, ARBITER_QUOTE, data.quote_id);
	seed(arbiter, instrument, ARBITER_DEPTH, data.depth_id);
}

static void
recall_from_tick(const struct tick *t, struct arbiter *arbiter)
{
	bool is_gap = t->type == TICK_FEED_EVENT && t->event.reason == TICK_REASON_GAP;
	enum arbiter_class class;

	if (!class_of_type(is_gap ? t->event.a : t->type, &class))
		return;
	/* Died behind the word of a gap: those ids were told and are not told again. */
	if (is_gap)
		seed(arbiter, t->instrument, class, t->event.c);
	/* A chain without its end was not delivered. The levels of an image have its id. */
	else if ((t->flags & TICK_FLAG_LAST) && !(t->flags & TICK_FLAG_REPLAY))
		seed(arbiter, t->instrument, class, t->id);
}

void
recall_board_ids(const struct ring *ring, const struct board *board, struct arbiter *arbiter)
{
	for (uint32_t id = 0; id < ring->instruments; id++)
		recall_from_board(board, id, arbiter);
}

void
recall_ring_ids(const struct ring *ring, struct arbiter *arbiter)
{
	/* In their order: ids go up, but where the exchange counts anew the later one counts. */
	for (uint64_t back = ring->mask + 1; back > 0; back--) {
		const struct tick *t = &ring->slots[(ring->next - back) & ring->mask];

		if (back <= ring->next && tick_number(t->seq) == ring->next - back)
			recall_from_tick(t, arbiter);
	}
	/* A ring of another geometry begins empty; the old one may be ahead of the board. */
	recall_from_tick(&ring->last, arbiter);
}
