/* The clocks as the tools need them: nanoseconds. */
#ifndef TOOLS_COMMON_CLOCK_H
#define TOOLS_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

#include <tickring/tick.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* CLOCK_MONOTONIC. */
static inline int64_t
clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* CLOCK_REALTIME, since 1970 UTC. */
static inline int64_t
clock_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * CLOCK_REALTIME minus CLOCK_MONOTONIC: what takes a wall stamp to monotonic
 * time. Of a few tries the one that was disturbed least.
 */
static inline int64_t
clock_wall_minus_mono_ns(void)
{
	int64_t best = INT64_MAX, offset = 0;

	for (int i = 0; i < 5; i++) {
		int64_t before = clock_mono_ns();
		int64_t wall = clock_wall_ns();
		int64_t took = clock_mono_ns() - before;

		if (took < best) {
			best = took;
			offset = wall - (before + took / 2);
		}
	}
	return offset;
}

/*
 * later - earlier. TICK_ABSENT when one of them is, or when the distance of
 * two times from shared memory is none that a clock can show.
 */
static inline int64_t
clock_between_ns(int64_t later, int64_t earlier)
{
	int64_t ns;

	if (later == TICK_ABSENT || earlier == TICK_ABSENT ||
	    __builtin_sub_overflow(later, earlier, &ns))
		return TICK_ABSENT;
	return ns;
}

/* Sleeps; a signal ends it early. */
static inline void
clock_sleep_ns(int64_t ns)
{
	struct timespec ts = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	nanosleep(&ts, NULL);
}

#endif
