/*
 * The text of GET /metrics: Prometheus' text format 0.0.4, or OpenMetrics 1.0,
 * from a copy of the status and the verdict on it. The rows: metrics.def.
 * Ops thread.
 */
#ifndef FEED_OPS_METRICS_H
#define FEED_OPS_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include <tickring/health.h>
#include <tickring/status.h>

#include "feed/ops/alarm_view.h"
#include "feed/ops/tracer.h"

/* What the HTTP server counts of itself. */
struct web_counts {
	int64_t connections, event_streams; /* now */
	int64_t requests, refused, unauthorized, events_refused;
	/* Connections that were cut: all, and of these the slow, the crowded out, the malformed. */
	int64_t dropped, slow, crowded, malformed;
};

struct metrics_source {
	const char *feed;
	const struct tick_status *status;
	const struct tick_health *health;
	const struct web_counts *web;
	const struct alarm_view *alarm; /* NULL: there are no alerts */
	const struct tracer_counts *tracer; /* NULL: nothing is traced */
};

/* Writes everything. No number of the status leads astray. */
void metrics_print(FILE *out, const struct metrics_source *from, bool openmetrics);

#endif
