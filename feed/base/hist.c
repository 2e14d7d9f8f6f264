#include "feed/base/hist.h"

uint64_t
hist_bucket_top(unsigned index)
{
	unsigned shift;

	if (index < 2 * HIST_SUB)
		return index;
	shift = index / HIST_SUB - 1;
	return ((uint64_t)(index % HIST_SUB + HIST_SUB + 1) << shift) - 1;
}

/* ceil(count * ppm / 10^6), at least 1, without an overflow. */
static uint64_t
rank_of(uint64_t count, uint32_t ppm)
{
	uint64_t rank = count / 1000000 * ppm + (count % 1000000 * ppm + 999999) / 1000000;

	return rank == 0 ? 1 : rank;
}

span_t
hist_percentile(const struct hist *hist, uint32_t ppm)
{
	uint64_t rank = rank_of(hist->count, ppm < 1000000 ? ppm : 1000000), seen = 0, top;

	for (unsigned i = 0; i < HIST_BUCKETS - 1; i++) {
		seen += hist->bucket[i];
		if (seen < rank)
			continue;
		top = hist_bucket_top(i);
		return span_ns((int64_t)(top < hist->max_ns ? top : hist->max_ns));
	}
	return span_ns((int64_t)hist->max_ns);
}

void
hist_merge(struct hist *into, const struct hist *from)
{
	into->count += from->count;
	into->negative += from->negative;
	into->sum_ns += from->sum_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}
