/*
 * The one place that reads the clocks. Called once per wake-up; everything
 * below takes the time as an argument. Any thread.
 */
#ifndef FEED_IO_CLOCK_H
#define FEED_IO_CLOCK_H

#include <time.h>

#include "feed/base/mono.h"
#include "feed/base/wall.h"

static inline int64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline mono_t
clock_mono(void)
{
	return (mono_t){clock_ns(CLOCK_MONOTONIC)};
}

static inline wall_t
clock_wall(void)
{
	return (wall_t){clock_ns(CLOCK_REALTIME)};
}

#endif
