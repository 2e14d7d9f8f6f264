/*
 * Opens the parts of a feed as its configuration wants them. Every refusal is
 * in the log. The thread that starts the feed.
 */
#ifndef FEED_STORE_OPENING_H
#define FEED_STORE_OPENING_H

#include "feed/conf/config.h"
#include "feed/io/transport.h"
#include "feed/pipeline/pipeline.h"
#include "feed/plan/plan.h"
#include "feed/store/stores.h"

/* The pool, with what the plan holds for it. Returns 0 or -1. */
int opening_pool(struct plan *plan, const struct config *cfg, const struct config_strings *streams,
    struct pool *pool);

/* The pipeline over open stores, with every stream of the plan. Returns 0 or -1. */
int opening_pipeline(struct pipeline **out, const struct config *cfg, struct stores *stores,
    struct plan *plan, const struct venue *venue, const struct listing *listing);

/*
 * The transport with that many lines, its messages into the pipeline; in
 * why[TRANSPORT_DETAIL_MAX], why it is not the first choice, or "". Returns 0
 * or -errno.
 */
int opening_transport(struct transport **out, const struct config *cfg, unsigned lines,
    struct pipeline *pipeline, char *why);

/* Pins the calling thread where cfg->cpu says; goes on unpinned when that is refused. */
void opening_pin(const struct config *cfg);

#endif
