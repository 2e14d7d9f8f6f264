/*
 * Monotonic time and spans of time.
 *
 * Two struct types, so that the compiler refuses what makes no sense: a point
 * cannot be added to a point, nor compared with a span or with wall time
 * (wall.h). Pure: the clock itself is read in feed/io/clock.h, once per
 * wake-up, and handed down as an argument.
 */
#ifndef FEED_BASE_MONO_H
#define FEED_BASE_MONO_H

#include <stdbool.h>
#include <stdint.h>

/* A point on CLOCK_MONOTONIC, nanoseconds. */
typedef struct {
	int64_t ns;
} mono_t;

/* A length of time, nanoseconds, may be negative. */
typedef struct {
	int64_t ns;
} span_t;

#define MONO_NEVER ((mono_t){INT64_MAX})
#define MONO_ZERO ((mono_t){0})
#define SPAN_ZERO ((span_t){0})

static inline span_t
span_ns(int64_t ns)
{
	return (span_t){ns};
}

static inline span_t
span_us(int64_t us)
{
	return (span_t){us * 1000};
}

static inline span_t
span_ms(int64_t ms)
{
	return (span_t){ms * 1000000};
}

static inline span_t
span_s(int64_t s)
{
	return (span_t){s * 1000000000};
}

static inline bool
mono_is_never(mono_t t)
{
	return t.ns == INT64_MAX;
}

/* t + d; MONO_NEVER stays never, overflow saturates to never. */
static inline mono_t
mono_add(mono_t t, span_t d)
{
	int64_t ns;

	if (mono_is_never(t) || __builtin_add_overflow(t.ns, d.ns, &ns))
		return MONO_NEVER;
	return (mono_t){ns};
}

/* later - earlier; neither may be MONO_NEVER. */
static inline span_t
mono_diff(mono_t later, mono_t earlier)
{
	return (span_t){later.ns - earlier.ns};
}

static inline bool
mono_before(mono_t a, mono_t b)
{
	return a.ns < b.ns;
}

/* Has the deadline come? Never for MONO_NEVER. */
static inline bool
mono_due(mono_t deadline, mono_t now)
{
	return !mono_is_never(deadline) && deadline.ns <= now.ns;
}

static inline mono_t
mono_min(mono_t a, mono_t b)
{
	return a.ns < b.ns ? a : b;
}

#endif
