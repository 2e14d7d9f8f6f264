/*
 * Percentiles of times: counts in buckets of powers of two, each cut into 16,
 * so that a percentile is at most 1/16 too high. Pure; 8 KiB each.
 */
#ifndef TOOLS_COMMON_HIST_H
#define TOOLS_COMMON_HIST_H

#include <stdint.h>

#define HIST_BUCKETS (61 * 16)

struct hist {
	uint64_t count;
	int64_t min, max;
	uint64_t bucket[HIST_BUCKETS];
};

/* Forgets everything. */
void hist_clear(struct hist *h);

/* Adds a time in ns; one below zero (clocks disagree) counts as zero. */
void hist_add(struct hist *h, int64_t ns);

/* The time that `per_mille` of 1000 do not exceed, ns; TICK_ABSENT when there is none. */
int64_t hist_at(const struct hist *h, unsigned per_mille);

#endif
