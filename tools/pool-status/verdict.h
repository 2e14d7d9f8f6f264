/*
 * The verdict on the feed, as rows: that of tick_health_judge(), which
 * feed-health, the feed's own pages and its alerts give as well. Pure.
 */
#ifndef TOOLS_POOL_STATUS_VERDICT_H
#define TOOLS_POOL_STATUS_VERDICT_H

#include <stdint.h>

#include <tickring/health.h>

#include "tools/common/reason.h"

/* Texts are constants, or borrowed from struct verdict. */
struct verdict_row {
	const char *word;  /* "ok", "warning", "critical", "unknown" */
	int64_t level, score, ready, reasons;
};

struct reason_row {
	const char *level, *label, *text;
	int64_t of, value, limit; /* as in struct tick_health_reason; of: TICK_ABSENT for -1 */
};

struct verdict {
	struct verdict_row row;
	struct reason_row reason[TICK_HEALTH_REASONS_MAX]; /* worst first */
	unsigned reasons;
	struct tick_health health;
	char text[TICK_HEALTH_REASONS_MAX][REASON_MAX];
};

/* `outcome` is that of tick_status_check(); the clocks are the reader's. */
void verdict_take(struct verdict *v, const struct tick_status *status, int outcome,
    int64_t wall_ns, int64_t mono_ns);

#endif
