#include "tools/common/quantile.h"

#include <string.h>

#include <tickring/tick.h>

void
quantile_clear(struct quantile *h)
{
	memset(h, 0, sizeof(*h));
}

/* Below 16 each value has its own bucket, above each power of two has 16. */
static unsigned
bucket_of(uint64_t ns)
{
	unsigned power;

	if (ns < 16)
		return (unsigned)ns;
	power = 63 - (unsigned)__builtin_clzll(ns);
	return (power - 3) * 16 + (unsigned)(ns >> (power - 4) & 15);
}

/* The largest value of a bucket. */
static int64_t
last_of(unsigned bucket)
{
	unsigned power = bucket / 16 + 3;

	if (bucket < 16)
		return bucket;
	return (int64_t)(((16 + (uint64_t)bucket % 16 + 1) << (power - 4)) - 1);
}

void
quantile_add(struct quantile *h, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	if (h->count == 0 || ns < h->min)
		h->min = ns;
	if (ns > h->max)
		h->max = ns;
	h->count++;
	h->bucket[bucket_of((uint64_t)ns)]++;
}

int64_t
quantile_at(const struct quantile *h, unsigned per_mille)
{
	/* Without rounding down: of one value the median is that value. */
	uint64_t wanted = (h->count * per_mille + 999) / 1000, seen = 0;

	if (h->count == 0)
		return TICK_ABSENT;
	for (unsigned i = 0; i < QUANTILE_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= wanted && seen > 0)
			return last_of(i) < h->max ? last_of(i) : h->max;
	}
	return h->max;
}
