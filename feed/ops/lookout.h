/*
 * What the ops thread knows of the feed: the status segment, mapped read only
 * as any other reader does, and the verdict on it. Looks at most every
 * LOOKOUT_EVERY_MS, however often it is asked.
 */
#ifndef FEED_OPS_LOOKOUT_H
#define FEED_OPS_LOOKOUT_H

#include <tickring/health.h>
#include <tickring/status.h>

#include "feed/base/mono.h"
#include "feed/base/wall.h"

#define LOOKOUT_EVERY_MS 50

struct lookout {
	struct tick_status_reader *reader;
	mono_t looked;
	uint64_t looks; /* so far: pages made of another look are out of date */
	struct tick_status status;
	struct tick_health health;
};

/* Opens the status of that feed, which is there. Returns 0 or as tick_status_open(). */
int lookout_open(struct lookout *out, const char *feed);
void lookout_close(struct lookout *lookout);

/* Brings status and health up to date. */
void lookout_look(struct lookout *lookout, wall_t wall, mono_t now);

#endif
