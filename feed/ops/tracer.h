/*
 * Sends spans (core/trace.h) to a collector, as OpenTelemetry has it: OTLP
 * over HTTP, in JSON. In the ops thread; the feed thread gives each span away
 * as a note (OPS_SPAN), and goes on. Spans are sent in batches, one request at
 * a time; who is slow, or not there, loses spans, which are counted.
 */
#ifndef FEED_OPS_TRACER_H
#define FEED_OPS_TRACER_H

#include "feed/conf/config.h"
#include "feed/core/trace.h"
#include "feed/ops/ops.h"

#define TRACER_EVERY_MS 500
#define TRACER_SPANS_MAX 256 /* that wait */
#define TRACER_BATCH_MAX 64  /* spans per request */
#define TRACER_WHY_MAX 200

struct tracer_counts {
	int64_t sent;  /* spans that the collector has taken */
	int64_t drops; /* that it did not take, or for which there was no room */
};

struct tracer;

/* Before the ops thread starts. Returns 0, or -errno: `why` says it in words. */
int tracer_open(struct tracer **out, struct ops *ops, const struct config *cfg, char *why);

/* After the ops thread has ended; what waits is lost. Nulls; NULL is fine. */
void tracer_close(struct tracer **tracer);

/* Feed thread: gives a span away. False: there was no room. */
bool tracer_tell(struct ops *ops, const struct trace_span *span);

/* Ops thread: takes a span of its own; without room it is lost, and counted. */
void tracer_add(struct tracer *tracer, const struct trace_span *span);

/* Ops thread. NULL gives NULL. */
const struct tracer_counts *tracer_counts(const struct tracer *tracer);

#endif
