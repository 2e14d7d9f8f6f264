/*
 * State is the metric: copies what the feed thread knows into the status
 * segment. Everything that watches the feed reads that copy.
 *
 * Feed thread, at each status interval.
 */
#ifndef FEED_STATUS_SNAPSHOT_H
#define FEED_STATUS_SNAPSHOT_H

#include <tickring/status.h>

#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "feed/io/resources.h"
#include "feed/io/transport.h"
#include "feed/ops/rest.h"
#include "feed/pipeline/pipeline.h"
#include "feed/status/snapshot_health.h"
#include "shm/ring.h"

/* What is copied from; borrowed for the call. */
struct snapshot_sources {
	const struct config *cfg;
	const struct pool *pool;
	const struct transport *transport;
	struct pipeline *pipeline;
	const struct ring *ring;
	const struct config_target *target; /* by endpoint */
	int64_t streams;
	unsigned stream_rows;
	unsigned targets;
	struct resources_figures figures;
	uint64_t shed, reloads, reloads_refused;
	const struct rest *rest; /* NULL: none */
	const wall_t *connected; /* per line, ns = TICK_ABSENT when it never was */
};

/* Owns the copy, and what rates are reckoned from. */
struct snapshot {
	struct tick_status status;
	mono_t rated_at; /* when the rates were reckoned last */
	uint64_t rated_messages, rated_ticks;
	mono_t detailed_at; /* when lines' latencies were taken last */
	unsigned next_line;
	struct recent recent;
};

/*
 * An empty copy of a feed that starts now. `transport` is its name, `why` says
 * why it is not another; both are cut to fit.
 */
void snapshot_init(struct snapshot *s, const char *transport, const char *why, wall_t now,
    mono_t mono);

/* Keeps a transition for the status. `view` is the line's, after it. */
void snapshot_on_transition(struct snapshot *s, const struct pool_action *transition,
    const struct pool_line_view *view, wall_t now);

/* Takes over the configuration in force: at start, and when it has changed. */
void snapshot_take_config(struct snapshot *s, const struct config *cfg);

/* Brings s->status up to date. Rates and latencies change once a second. */
void snapshot_take(struct snapshot *s, const struct snapshot_sources *from, wall_t now,
    mono_t mono);

#endif
