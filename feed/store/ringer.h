/*
 * The bell as the feed keeps it: by its configuration, with a word in the log
 * when there is none. A feed without a bell is a whole feed: readers that
 * sleep look by themselves, nothing is lost. Feed thread.
 */
#ifndef FEED_STORE_RINGER_H
#define FEED_STORE_RINGER_H

#include "feed/conf/config.h"
#include "shm/bell.h"

/* Hangs up the bell of an open ring, if ring.bell says so. Failing is logged. */
void ringer_open(struct bell *bell, const struct config *cfg, struct tick_segment_header *ring);

/* Takes a bell down that somebody has cut off, and logs it. Call it now and then. */
void ringer_look(struct bell *bell);

#endif
