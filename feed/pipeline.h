/*
 * From a message to ticks: decode, normalize, arbitrate, publish. The data
 * path is one function, pipeline_on_frame(); read it first.
 *
 * Owns the instruments' private state, the arbiter and all counters of the
 * data path; borrows ring and board. One per feed thread, nothing here is
 * called from anywhere else. Nothing on the path allocates, locks or logs.
 */
#ifndef FEED_PIPELINE_H
#define FEED_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/status.h>

#include "feed/base/bytes.h"
#include "feed/base/hist.h"
#include "feed/conf/config.h"
#include "feed/core/arbiter.h"
#include "feed/io/transport.h"
#include "feed/venue/venue.h"
#include "shm/board_writer.h"
#include "shm/ring.h"

#define PIPELINE_CONTROLS_MAX 256

struct pipeline_cfg {
	struct ring *ring;   /* open; outlives the pipeline */
	struct board *board; /* open, room for as many instruments as the ring's directory */
	enum tick_venue venue;
	const struct config_instruments *instruments; /* exponents of those new to the directory */
};

/* What a message said to the control plane: the app hands it to the pool. */
struct pipeline_control {
	enum event_kind kind; /* EVENT_REPLY, EVENT_ERROR_REPLY, EVENT_SERVER_SHUTDOWN */
	unsigned line;
	int64_t id;           /* of the request, VENUE_NO_ID when it had none that is a number */
	int code;             /* error replies */
	char text[120];       /* error replies: the exchange's words, cut to fit */
};

struct pipeline;

/*
 * Allocates, takes the instruments' last good ids over from the board, and
 * publishes FEED_EVENT START, or RESTART when there was a writer before.
 * Returns 0 or -ENOMEM.
 */
int pipeline_new(struct pipeline **out, const struct pipeline_cfg *cfg, wall_t now, mono_t mono);

/* Publishes FEED_EVENT STOP, frees, nulls the pointer; NULL is fine. */
void pipeline_free(struct pipeline **pipeline, wall_t now, mono_t mono);

/*
 * Adds an instrument ahead of its first message, so that its id does not
 * depend on who speaks first. `symbol` as the exchange's messages write it.
 * Returns its id, -ENOSPC (directory full) or -EINVAL (empty, too long, or no UTF-8).
 */
int64_t pipeline_add_instrument(struct pipeline *p, struct bytes symbol);

/*
 * One whole message of a line. `frame` is readable for TRANSPORT_PADDING bytes
 * past its end. Fits transport_sink_fn: `context` is the pipeline.
 */
void pipeline_on_frame(void *context, unsigned line, enum transport_payload payload,
    struct bytes frame, struct transport_stamps stamps);

/* A line came up or went down: published in band; its instruments turn STALE on the board. */
void pipeline_on_line_up(struct pipeline *p, unsigned line, wall_t now, mono_t mono);
void pipeline_on_line_down(struct pipeline *p, unsigned line, enum tick_reason why, wall_t now,
    mono_t mono);

/* Takes the oldest word for the control plane. Returns false when there is none. */
bool pipeline_next_control(struct pipeline *p, struct pipeline_control *out);

/* Lines that were heard since the last call, one bit each. */
uint64_t pipeline_heard(struct pipeline *p);

/* Counters by enum tick_counter; the app adds those of its own. */
uint64_t *pipeline_counters(struct pipeline *p);

/* Latencies since the last call, which empties them. */
void pipeline_latencies(struct pipeline *p, struct tick_latency *publish,
    struct tick_latency *arrival);

#endif
