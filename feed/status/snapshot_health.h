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

/* Counts of attempts as they were at the end of each of the last minutes. */
struct recent {
	uint64_t connects[RECENT_MINUTES], failures[RECENT_MINUTES];
	unsigned at;    /* the oldest, and the next to be written */
	mono_t next_at; /* when */
};

/* Nothing was tried before now. */
void recent_init(struct recent *recent, mono_t now);

/* Brings the class counts, the recent attempts and the limits up to date; counters first. */
void snapshot_take_health(struct tick_status *status, struct recent *recent,
    const struct pool *pool, const struct config *cfg, mono_t now);

#endif
