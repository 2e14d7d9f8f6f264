#include "tools/exchange-sim/past.h"

#include <stdlib.h>

#define CAP_FIRST 16

static struct past_trade_kept *
slot_of(const struct past *past, int64_t id)
{
	return &past->trade[(uint64_t)id % past->cap];
}

/* Twice as many; ids move to the slots that are theirs then. */
static bool
grow(struct past *past)
{
	struct past larger = {.cap = past->cap == 0 ? CAP_FIRST : past->cap * 2};

	larger.trade = calloc(larger.cap, sizeof(*larger.trade));
	if (larger.trade == NULL)
		return false;
	for (uint32_t i = 0; i < past->n; i++) {
		const struct past_trade_kept *t = slot_of(past, past->last_id - i);

		*slot_of(&larger, t->id) = *t;
	}
	free(past->trade);
	past->trade = larger.trade;
	past->cap = larger.cap;
	return true;
}

void
past_add(struct past *past, const struct past_trade_kept *trade)
{
	if (past->n == past->cap && past->cap < PAST_TRADES_MAX && !grow(past))
		past_fini(past);
	if (past->cap == 0)
		return;
	*slot_of(past, trade->id) = *trade;
	past->last_id = trade->id;
	past->n += past->n < past->cap;
}

const struct past_trade_kept *
past_find(const struct past *past, int64_t id)
{
	if (id > past->last_id || id <= past->last_id - past->n)
		return NULL;
	return slot_of(past, id);
}

int64_t
past_first_of(const struct past *past, int64_t agg_id)
{
	int64_t low = past->last_id - past->n + 1, high = past->last_id + 1;
	const struct past_trade_kept *oldest = past_find(past, low);

	if (past->n == PAST_TRADES_MAX && agg_id <= oldest->agg_id)
		agg_id = oldest->agg_id + 1; /* it may be cut */
	while (low < high) {
		int64_t mid = low + (high - low) / 2;

		if (slot_of(past, mid)->agg_id < agg_id)
			low = mid + 1;
		else
			high = mid;
	}
	return past_find(past, low) != NULL ? low : -1;
}

bool
past_aggregate(const struct past *past, int64_t id, struct past_aggregate *out)
{
	const struct past_trade_kept *first = past_find(past, id), *next;

	if (first == NULL)
		return false;
	*out = (struct past_aggregate){.first = *first, .last_id = id - 1};
	for (next = first; next != NULL && next->agg_id == first->agg_id;
	     next = past_find(past, out->last_id + 1)) {
		out->qty += next->qty;
		out->last_id = next->id;
	}
	return true;
}

void
past_fini(struct past *past)
{
	free(past->trade);
	*past = (struct past){0};
}
