/*
 * Spans of the snapshots that REST fetches, an attempt each:
 *
 *	snapshot                    from the wish, or the attempt before, to its end
 *	  queue                     until the budget of weight lets it go
 *	  request                   connection, request, whole answer
 *	  parse                     of the answer, and on its way to the feed thread
 *
 * Below the resync of the book (core/trace_book.h), or by itself when the book
 * is in sync and only wants to know more. Ops thread.
 */
#ifndef FEED_OPS_REST_TRACE_H
#define FEED_OPS_REST_TRACE_H

#include <stdint.h>

#include "feed/ops/tracer.h"

/* What a snapshot is for. */
struct rest_wish {
	uint32_t trace, parent; /* 0: by itself */
	mono_t since;
};

struct rest_trace {
	struct tracer *tracer; /* NULL: nothing is traced */
	struct rest_wish *wish; /* by instrument */
	uint32_t ids;
};

/* How far an attempt came. */
struct rest_attempt {
	struct rest_wish wish;
	mono_t sent, answered, parsed;
	enum tick_reason request_why, parse_why; /* NONE: that went well */
};

/* Returns 0 or -ENOMEM. `tracer` may be NULL; then the others do nothing. */
int rest_trace_open(struct rest_trace *t, struct tracer *tracer, uint32_t instruments);
void rest_trace_close(struct rest_trace *t);

/* A snapshot is wanted. */
void rest_trace_wanted(struct rest_trace *t, uint32_t instrument, struct rest_wish wish);

/* What the request that is sent now is for. */
struct rest_wish rest_trace_wish(const struct rest_trace *t, uint32_t instrument);

/* It has ended; a further attempt begins now. */
void rest_trace_ended(struct rest_trace *t, uint32_t instrument,
    const struct tick_instrument *entry, const struct rest_attempt *attempt);

#endif
