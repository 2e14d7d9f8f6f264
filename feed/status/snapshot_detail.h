/*
 * The part of snapshot.c that fills in the lines' details and the settings.
 * Feed thread.
 */
#ifndef FEED_STATUS_SNAPSHOT_DETAIL_H
#define FEED_STATUS_SNAPSHOT_DETAIL_H

#include "feed/status/snapshot.h"

/* Everything of the lines but their latencies. */
void snapshot_take_details(struct snapshot *s, const struct snapshot_sources *from, wall_t now,
    mono_t mono);

/* Latencies of a few lines at a time, of every line about once a second. */
void snapshot_take_latencies(struct snapshot *s, const struct snapshot_sources *from, mono_t mono);

void snapshot_take_settings(struct tick_settings *out, const struct config *cfg);

#endif
