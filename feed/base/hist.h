/*
 * A histogram of spans of time with a relative error of at most 1/32: every
 * power of two is cut into 32 equal buckets; below 64 ns each value has its
 * own. Fixed size, recording is O(1). Pure; one owner, no locking.
 */
#ifndef FEED_BASE_HIST_H
#define FEED_BASE_HIST_H

#include <stdint.h>

#include "feed/base/mono.h"

#define HIST_SUB_BITS 5
#define HIST_SUB (1u << HIST_SUB_BITS)
#define HIST_VALUE_BITS 40 /* 2^40 ns = 18 min; longer spans share the last bucket */
#define HIST_BUCKETS ((HIST_VALUE_BITS - HIST_SUB_BITS + 1) * HIST_SUB)

/* A zeroed one is empty and ready. */
struct hist {
	uint64_t count;    /* all spans, negative ones included */
	uint64_t negative; /* spans below 0, recorded as 0: clocks that disagree */
	uint64_t sum_ns;   /* of what was recorded */
	uint64_t max_ns;   /* exact */
	uint64_t bucket[HIST_BUCKETS];
};

static inline unsigned
hist_index(uint64_t ns)
{
	unsigned shift;

	if (ns < HIST_SUB)
		return (unsigned)ns;
	if (ns >> HIST_VALUE_BITS != 0)
		return HIST_BUCKETS - 1;
	shift = 63 - (unsigned)__builtin_clzll(ns) - HIST_SUB_BITS;
	return shift * HIST_SUB + (unsigned)(ns >> shift);
}

/* The same span so many times. */
static inline void
hist_record_many(struct hist *hist, span_t span, uint64_t times)
{
	uint64_t ns = span.ns < 0 ? 0 : (uint64_t)span.ns;

	hist->count += times;
	hist->negative += span.ns < 0 ? times : 0;
	hist->sum_ns += ns * times;
	if (ns > hist->max_ns && times > 0)
		hist->max_ns = ns;
	hist->bucket[hist_index(ns)] += times;
}

static inline void
hist_record(struct hist *hist, span_t span)
{
	hist_record_many(hist, span, 1);
}

/* The largest span, in ns, that is counted in that bucket (not the last one). */
uint64_t hist_bucket_top(unsigned index);

/* Adds what `from` has recorded. */
void hist_merge(struct hist *into, const struct hist *from);

/*
 * The span that `ppm` parts of a million of all recorded spans do not exceed
 * (999000: p99.9), rounded up to the top of its bucket, but never beyond the
 * longest one. 0 when nothing was recorded.
 */
span_t hist_percentile(const struct hist *hist, uint32_t ppm);

#endif
