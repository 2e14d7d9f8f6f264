#include "feed/core/quota.h"

#include <assert.h>

void
quota_init(struct quota *quota, unsigned limit, span_t window, mono_t *taken)
{
	assert(limit > 0 && window.ns > 0);
	*quota = (struct quota){.taken = taken, .limit = limit, .window = window};
	for (unsigned i = 0; i < limit; i++)
		taken[i] = MONO_NEVER;
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
	quota->taken[quota->oldest] = now;
	quota->oldest = (quota->oldest + 1) % quota->limit;
}

void
quota_renew(struct quota *quota, mono_t was, mono_t now)
{
	unsigned i = 0;

	while (i < quota->limit && quota->taken[i].ns != was.ns)
		i++;
	if (i < quota->limit)
		quota->taken[i] = now;
}

mono_t
quota_deadline(const struct quota *quota)
{
	mono_t oldest = quota->taken[quota->oldest];

	return mono_is_never(oldest) ? MONO_ZERO : mono_add(oldest, quota->window);
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
