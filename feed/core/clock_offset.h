/*
 * How far the exchange's clock is ahead of ours, from questions for its time.
 *
 * An answer bounds the offset: the exchange read its clock between our question
 * and its answer. Of the last few the one that bounds it best counts, wider by
 * what clocks drift apart since (as NTP's clock filter does, RFC 5905 10). An
 * answer that contradicts it says that a clock was set: the older ones are
 * forgotten then.
 *
 * Ops thread; owns no clock.
 */
#ifndef FEED_CORE_CLOCK_OFFSET_H
#define FEED_CORE_CLOCK_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/base/wall.h"

#define CLOCK_OFFSET_SAMPLES 8

/* The exchange's clock is `ns` ahead of ours, give or take `within`. */
struct clock_estimate {
	int64_t ns;
	int64_t within; /* > 0; 0: not known */
};

struct clock_offset {
	struct {
		struct clock_estimate is;
		mono_t at;
	} sample[CLOCK_OFFSET_SAMPLES];
	unsigned n; /* so far */
};

/*
 * An answer: the exchange's time was `server` (cut to `unit` ns) when it
 * answered what was asked at `sent` and answered at `came` by our clock; now.
 * Ignored when `came` lies before `sent`: the clock was set in between.
 */
void clock_offset_add(struct clock_offset *offset, wall_t sent, wall_t came, wall_t server,
    int64_t unit, mono_t now);

/* The best that is known now; within 0: nothing. */
struct clock_estimate clock_offset_now(const struct clock_offset *offset, mono_t now);

#endif
