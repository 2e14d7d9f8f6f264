/*
 * REST of the exchange, in the ops thread: snapshots of books as the feed
 * thread wants them, the list of instruments now and then, and trades that
 * were missed (backfill.h), within one budget of weight (snapsched.h).
 *
 *	OPS_SNAPSHOT_WANTED  number: instrument; value: enum snapsched_why, is the last
 *	                     one useless, trace and span that it is for (0: none);
 *	                     object: its entry of the directory, which stays
 *	OPS_GAP_WANTED       number: instrument; value: ticket, is it of aggregate trades, first
 *	                     and last id; object: as above
 *	OPS_SNAPSHOT_UNWANTED number: instrument
 *	OPS_LIST_WANTED      value: 1: at once, as far as that goes; 0: after a while
 *	OPS_MEMORY_BACK      object: what one of the orders below brought, to be freed
 *
 *	OPS_SNAPSHOT         object: a struct rest_snapshot
 *	OPS_LISTING          object: a struct listing
 *	OPS_FILL             object: a struct rest_fill
 *	OPS_CLOCK            rest_clock.h
 */
#ifndef FEED_OPS_REST_H
#define FEED_OPS_REST_H

#include <tickring/layout.h>
#include <tickring/reasons.h>

#include "feed/conf/config.h"
#include "feed/core/booksync.h"
#include "feed/core/snapsched.h"
#include "feed/ops/ops.h"
#include "feed/pipeline/pipeline.h"

/* A snapshot, exact at the instrument's exponents. */
struct rest_snapshot {
	uint32_t instrument;
	struct booksync_snapshot snapshot; /* its levels are those below */
	struct tick_level level[];
};

/* A part of what there is of the missing ids of a gap. */
struct rest_fill {
	struct pipeline_fill fill; /* its trades are those below */
	struct past_trade trade[];
};

struct rest;

/*
 * Before the ops thread starts: there is a REST host (rest_plan.h). The list of
 * instruments, if it is wanted, is the first thing asked for. Returns 0, or
 * -errno (logged).
 */
int rest_open(struct rest **out, struct ops *ops, const struct config *cfg);

/* Before the ops thread starts: snapshots are traced. Returns 0 or -ENOMEM. */
struct tracer;
int rest_trace_by(struct rest *rest, struct tracer *tracer);

/* After the ops thread has ended, before the ops are closed. Nulls; NULL is fine. */
void rest_close(struct rest **rest);

struct rest_gauges {
	int64_t used, budget;    /* weight of the last minute */
	int64_t under_way;       /* requests; each may have a socket */
	mono_t paused_until;     /* the exchange wants no requests until then; MONO_ZERO */
	uint64_t fills, fills_refused; /* requests for missing trades; of them, without use */
	enum tick_reason why;    /* it does, or did */
};

/*
 * Before the ops thread starts: the last run was told to ask for nothing until
 * then. Nothing where `rest` is NULL, or `why` is neither BANNED nor RATE_LIMITED: what stands
 * in the way of others may have been removed.
 */
void rest_recall_pause(struct rest *rest, mono_t until, enum tick_reason why);

/* Any thread: as of the last request or answer. `rest` may be NULL. */
struct rest_gauges rest_gauges(const struct rest *rest);

#endif
