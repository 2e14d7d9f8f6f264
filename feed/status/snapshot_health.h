/*
 * What a verdict on the feed's health needs, for the status: streams by class,
 * attempts to connect of the last quarter of an hour, the configured limits.
 * Called by snapshot.c only. Feed thread.
 */
#ifndef FEED_STATUS_SNAPSHOT_HEALTH_H
#define FEED_STATUS_SNAPSHOT_HEALTH_H

#include <tickring/status.h>

#include "feed/base/mono.h"
#include "feed/conf/config.h"
#include "feed/core/pool.h"

#define RECENT_MINUTES 15
#define RECENT_OVER_AFTER span_s(60) /* without a failure */

/*
 * Counts of attempts as they were at the end of each of the last minutes. What
 * was before an outage was over is forgotten: when every line has been live long
 * enough to be stable (session.h: a minute), no attempt failed meanwhile, and the
 * last one succeeded. So the share of failed attempts tells of trouble that there
 * is, at the specified limits, and not for a quarter of an hour of one that was.
 */
struct recent {
	uint64_t connects[RECENT_MINUTES], failures[RECENT_MINUTES];
	unsigned at;    /* the oldest, and the next to be written */
	mono_t next_at; /* when */
	uint64_t seen_connects, seen_failures; /* at the last look */
	bool failed;      /* the last attempt, as far as that was seen */
	mono_t failed_at; /* the last one that did */
};

/* Nothing was tried before now. */
void recent_init(struct recent *recent, mono_t now);

/* Brings the class counts, the recent attempts and the limits up to date; counters first. */
void snapshot_take_health(struct tick_status *status, struct recent *recent,
    const struct pool *pool, const struct config *cfg, mono_t now);

#endif
