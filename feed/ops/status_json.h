/*
 * Health and status of a feed as JSON, for GET /health, /status and /events.
 * Version 1: fields are added, never renamed or given another meaning. Times
 * are nanoseconds; null is what is not known. Ops thread.
 */
#ifndef FEED_OPS_STATUS_JSON_H
#define FEED_OPS_STATUS_JSON_H

#include <stdio.h>

#include <tickring/health.h>
#include <tickring/status.h>

#include "feed/ops/alarm_view.h"

/* One object each, on one line, without a line feed at the end; `alarm` NULL: no alerts. */
void status_json_health(FILE *out, const char *feed, const struct tick_status *status,
    const struct tick_health *health);
void status_json_status(FILE *out, const char *feed, const struct tick_status *status,
    const struct alarm_view *alarm);

#endif
