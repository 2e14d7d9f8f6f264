#include "tools/exchange-sim/hold.h"

#include <stdlib.h>
#include <string.h>

static bool
grow(struct hold *h)
{
	uint32_t cap = h->cap ? 2 * h->cap : 64, first;
	struct hold_mark *mark = calloc(cap, sizeof(*mark));

	if (mark == NULL)
		return false;
	first = h->cap - h->head < h->n ? h->cap - h->head : h->n;
	if (h->n > 0) {
		memcpy(mark, h->mark + h->head, first * sizeof(*mark));
		memcpy(mark + first, h->mark, (h->n - first) * sizeof(*mark));
	}
	free(h->mark);
	h->mark = mark;
	h->cap = cap;
	h->head = 0;
	return true;
}

bool
hold_add(struct hold *h, size_t bytes, mono_t at)
{
	if (h->n == h->cap && !grow(h))
		return false;
	if (h->n > 0) {
		mono_t last = h->mark[(h->head + h->n - 1) % h->cap].at;

		if (mono_before(at, last))
			at = last;
	}
	h->mark[(h->head + h->n++) % h->cap] = (struct hold_mark){bytes, at};
	h->bytes += bytes;
	return true;
}

bool
hold_release(struct hold *h, mono_t now)
{
	bool released = false;

	while (h->n > 0 && mono_due(h->mark[h->head].at, now)) {
		h->bytes -= h->mark[h->head].bytes;
		h->head = (h->head + 1) % h->cap;
		h->n--;
		released = true;
	}
	return released;
}

mono_t
hold_deadline(const struct hold *h)
{
	return h->n > 0 ? h->mark[h->head].at : MONO_NEVER;
}

void
hold_clear(struct hold *h)
{
	h->n = h->head = 0;
	h->bytes = 0;
}

void
hold_fini(struct hold *h)
{
	free(h->mark);
	*h = (struct hold){0};
}
