/*
 * The control plane's part of the snapshot. Called by snapshot.c, and before
 * there is a pool by app_rest.c. Feed thread.
 */
#ifndef FEED_STATUS_SNAPSHOT_CONTROL_H
#define FEED_STATUS_SNAPSHOT_CONTROL_H

#include <tickring/status.h>

#include "feed/status/snapshot.h"

/* Brings status->control up to date, all but the transitions, and the figures of books. */
void snapshot_take_control(struct tick_status *status, const struct snapshot_sources *from,
    wall_t now, mono_t mono);

/* Of it: the pause that the exchange wants of REST, if there is one. */
void snapshot_take_pause(struct tick_status *status, const struct rest_gauges *rest, wall_t now,
    mono_t mono);

#endif
