/*
 * Why connections and attempts end, counted by kind; now and then the log
 * says what came since (monitoring.error_reporting). Feed thread.
 */
#ifndef FEED_STATUS_ERRORS_H
#define FEED_STATUS_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"

/* A zeroed one is empty; its first report is due at once, and says nothing. */
struct errors {
	int64_t ended[TICK_REASON_COUNT]; /* so far, by enum tick_reason */
	int64_t told[TICK_REASON_COUNT];  /* of these told */
	mono_t tell_at;
};

/* A line changed its state: counts it when that is an end nobody planned. */
void errors_on_transition(struct errors *errors, const struct pool_action *transition);

/* One log line per kind that came since the last report, when `every` is over. */
void errors_tell(struct errors *errors, span_t every, mono_t now);

#endif
