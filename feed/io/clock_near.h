/*
 * CLOCK_MONOTONIC for one thread that reads it with every message: between two
 * readings of the clock itself the processor's counter tells what has passed
 * since the last one. Costs less than half.
 *
 * The clock is read anew after CLOCK_NEAR_STAMPS of the counter, below half a
 * millisecond, so an error in its rate comes to less than a nanosecond. Times
 * never go back, and are never ahead of the clock by more than that; they may
 * lag by the microsecond that a reading took. Where the kernel itself does not
 * keep time by this counter, each call reads the clock.
 */
#ifndef FEED_IO_CLOCK_NEAR_H
#define FEED_IO_CLOCK_NEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/io/clock.h"

#define CLOCK_NEAR_STAMPS (1u << 20) /* at 2.1 GHz and above: 0.5 ms */
#define CLOCK_NEAR_SHIFT 28

struct clock_near {
	bool usable;         /* the kernel keeps time by the counter */
	bool known;          /* its rate was measured twice and came out the same */
	uint64_t stamp;      /* of the last reading */
	int64_t ns;          /* what the clock said then */
	int64_t last;        /* what was told last, in ns */
	uint64_t rate;       /* ns per stamp, times 2^CLOCK_NEAR_SHIFT */
	uint64_t from_stamp; /* since when the rate is measured */
	int64_t from_ns;
};

/* Asks the kernel what it keeps time by. */
void clock_near_init(struct clock_near *c);

/* Reads the clock itself. */
mono_t clock_near_anchor(struct clock_near *c);

#if defined(__x86_64__)

static inline mono_t
clock_near(struct clock_near *c)
{
	uint64_t passed = __builtin_ia32_rdtsc() - c->stamp;
	int64_t ns;

	if (__builtin_expect(!c->known || passed >= CLOCK_NEAR_STAMPS, 0))
		return clock_near_anchor(c);
	ns = c->ns + (int64_t)(passed * c->rate >> CLOCK_NEAR_SHIFT);
	c->last = ns > c->last ? ns : c->last;
	return (mono_t){c->last};
}

#else

static inline mono_t
clock_near(struct clock_near *c)
{
	return clock_near_anchor(c);
}

#endif

#endif
