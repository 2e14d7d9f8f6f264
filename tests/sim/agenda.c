#include "tests/sim/agenda.h"

#include <assert.h>
#include <stdbool.h>

enum { ITEMS_MAX = 16384 };

/* A binary heap, the next item first. */
static struct agenda_item heap[ITEMS_MAX];
static unsigned n;
static uint64_t planned;

void
agenda_clear(void)
{
	n = 0;
	planned = 0;
}

static bool
goes_before(const struct agenda_item *a, const struct agenda_item *b)
{
	return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->order < b->order;
}

void
agenda_add(const struct agenda_item *item)
{
	struct agenda_item new = *item;
	unsigned at = n++;

	assert(n <= ITEMS_MAX);
	new.order = planned++;
	while (at > 0 && goes_before(&new, &heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = new;
}

void
agenda_forget(enum agenda_kind kind)
{
	for (unsigned i = 0; i < n; i++)
		if (heap[i].kind == kind)
			heap[i].kind = AGENDA_NOTHING;
}

mono_t
agenda_deadline(void)
{
	return n > 0 ? heap[0].at : MONO_NEVER;
}

struct agenda_item
agenda_take(void)
{
	struct agenda_item first = heap[0], last = heap[--n];
	unsigned at = 0, child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && goes_before(&heap[child + 1], &heap[child]))
			child++;
		if (!goes_before(&heap[child], &last))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return first;
}
