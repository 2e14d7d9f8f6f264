#include "feed/core/hold.h"

#include <assert.h>
#include <string.h>

static_assert(HOLD_MAX == 64, "slots are the bits of one word");

void
hold_init(struct hold *hold, span_t wait_max)
{
	*hold = (struct hold){.wait_max = wait_max};
}

static bool
goes_before(const struct held *a, const struct held *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (a->id != b->id)
		return a->id < b->id;
	return mono_before(a->arrived, b->arrived);
}

static void
insert(struct hold *hold, const struct held *held)
{
	unsigned at = hold->n;

	while (at > 0 && goes_before(held, &hold->held[at - 1]))
		at--;
	memmove(&hold->held[at + 1], &hold->held[at], (hold->n - at) * sizeof(*held));
	hold->held[at] = *held;
	hold->n++;
	hold->slots |= UINT64_C(1) << held->slot;
}

int
hold_add(struct hold *hold, uint64_t key, int64_t id, unsigned leg, mono_t arrived)
{
	struct held held = {.key = key, .id = id, .leg = leg, .arrived = arrived};

	if (hold->n == HOLD_MAX) {
		hold->refused++;
		return -1;
	}
	held.slot = (unsigned)__builtin_ctzll(~hold->slots);
	hold->total++;
	insert(hold, &held);
	return (int)held.slot;
}

static void
take_at(struct hold *hold, unsigned at, struct held *out)
{
	*out = hold->held[at];
	hold->n--;
	memmove(&hold->held[at], &hold->held[at + 1], (hold->n - at) * sizeof(*out));
	hold->slots &= ~(UINT64_C(1) << out->slot);
}

bool
hold_take(struct hold *hold, uint64_t key, struct held *out)
{
	for (unsigned i = 0; i < hold->n; i++)
		if (hold->held[i].key == key) {
			take_at(hold, i, out);
			return true;
		}
	return false;
}

bool
hold_take_below(struct hold *hold, uint64_t key, int64_t id, struct held *out)
{
	for (unsigned i = 0; i < hold->n; i++)
		if (hold->held[i].key == key && hold->held[i].id < id) {
			take_at(hold, i, out);
			return true;
		}
	return false;
}

bool
hold_take_due(struct hold *hold, mono_t now, struct held *out)
{
	mono_t arrived;

	for (unsigned i = 0; i < hold->n; i++) {
		arrived = hold->held[i].arrived;
		if (!mono_due(mono_add(arrived, hold->wait_max), now))
			continue;
		hold_take(hold, hold->held[i].key, out);
		out->arrived = mono_min(out->arrived, arrived);
		return true;
	}
	return false;
}

mono_t
hold_deadline(const struct hold *hold)
{
	mono_t deadline = MONO_NEVER;

	for (unsigned i = 0; i < hold->n; i++)
		deadline = mono_min(deadline, mono_add(hold->held[i].arrived, hold->wait_max));
	return deadline;
}
