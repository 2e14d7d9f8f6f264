/*
 * Wall time: nanoseconds since 1970-01-01 UTC (CLOCK_REALTIME). A type of its
 * own, so that it is never mixed up with monotonic time (mono.h).
 * Pure; any thread.
 */
#ifndef FEED_BASE_WALL_H
#define FEED_BASE_WALL_H

#include <stdint.h>

typedef struct {
	int64_t ns;
} wall_t;

#endif
