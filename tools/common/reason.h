/*
 * A reason of the verdict on a feed (tickring/health.h), in words: the same in
 * every tool. Pure.
 */
#ifndef TOOLS_COMMON_REASON_H
#define TOOLS_COMMON_REASON_H

#include <tickring/health.h>

#define REASON_MAX 160

/* "streams are stale (quote): 12.5 %, limit 1.0 %", into out[REASON_MAX]. Returns out. */
char *reason_words(const struct tick_health_reason *reason, char *out);

#endif
