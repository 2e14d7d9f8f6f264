/*
 * What the HTTP interface shows of the alerts: which are active, and what
 * became of what was sent. Ops thread.
 */
#ifndef FEED_OPS_ALARM_VIEW_H
#define FEED_OPS_ALARM_VIEW_H

#include <stdint.h>

#include "feed/base/wall.h"
#include "feed/core/alert.h"

struct alarm_counts {
	int64_t told;             /* to the log: fired, repeated, cleared */
	int64_t commands;         /* that were run */
	int64_t command_failures; /* of them: not started, killed, or exit status not 0 */
	int64_t command_drops;    /* not run: too many waited */
	int64_t posts;            /* that a webhook has taken */
	int64_t post_retries;     /* attempts that failed, and were followed by another */
	int64_t post_drops;       /* given up, or too many waited */
};

struct alarm_view {
	struct alerts alerts;
	wall_t since[ALERT_COUNT]; /* when those that are active fired */
	struct alarm_counts counts;
};

#endif
