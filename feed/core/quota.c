#include "feed/core/quota.h"

#include <assert.h>

static unsigned
next(const struct quota *quota, unsigned i)
{
	return (i + 1) % quota->limit;
}

void
quota_init(struct quota *quota, unsigned limit, span_t window, mono_t *taken)
{
	assert(limit > 0 && window.ns > 0);
	*quota = (struct quota){.taken = taken, .limit = limit, .window = window};
	for (unsigned i = 0; i < limit; i++)
		taken[i] = MONO_NEVER;
}

void
quota_reserve(struct quota *quota, unsigned n)
{
	assert(n < quota->limit);
	quota->reserved = n;
}

bool
quota_allows(const struct quota *quota, mono_t now)
{
	return mono_due(quota_deadline(quota), now);
}

void
quota_take(struct quota *quota, mono_t now)
{
	assert(quota_allows(quota, now));
	quota_take_reserved(quota, now);
}

void
quota_take_reserved(struct quota *quota, mono_t now)
{
	quota->taken[quota->oldest] = now;
	quota->oldest = next(quota, quota->oldest);
}

void
quota_renew(struct quota *quota, mono_t was, mono_t now)
{
	unsigned i = 0;

	while (i < quota->limit && quota->taken[i].ns != was.ns)
		i++;
	if (i == quota->limit)
		return;
	/* It is the newest one now: those behind it move up. */
	for (; next(quota, i) != quota->oldest; i = next(quota, i))
		quota->taken[i] = quota->taken[next(quota, i)];
	quota->taken[i] = now;
}

mono_t
quota_deadline(const struct quota *quota)
{
	mono_t leaves = quota->taken[(quota->oldest + quota->reserved) % quota->limit];

	return mono_is_never(leaves) ? MONO_ZERO : mono_add(leaves, quota->window);
}

unsigned
quota_used(const struct quota *quota, mono_t now)
{
	unsigned used = 0;

	for (unsigned i = 0; i < quota->limit; i++)
		if (!mono_is_never(quota->taken[i]) &&
		    mono_before(now, mono_add(quota->taken[i], quota->window)))
			used++;
	return used;
}
