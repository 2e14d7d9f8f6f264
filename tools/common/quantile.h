/*
 * Percentiles of times: counts in buckets of powers of two, each cut into 16,
 * so that a percentile is at most 1/16 too high. Pure; 8 KiB each.
 */
#ifndef TOOLS_COMMON_QUANTILE_H
#define TOOLS_COMMON_QUANTILE_H

#include <stdint.h>

#define QUANTILE_BUCKETS (61 * 16)

struct quantile {
	uint64_t count;
	int64_t min, max;
	uint64_t bucket[QUANTILE_BUCKETS];
};

/* Forgets everything. */
void quantile_clear(struct quantile *h);

/* Adds a time in ns; one below zero (clocks disagree) counts as zero. */
void quantile_add(struct quantile *h, int64_t ns);

/* The time that `per_mille` of 1000 do not exceed, ns; TICK_ABSENT when there is none. */
int64_t quantile_at(const struct quantile *h, unsigned per_mille);

#endif
