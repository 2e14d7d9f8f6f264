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

#include <stdbool.h>
#include <stdint.h>

#include "feed/io/http.h"
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

/* A request that was sent. */
struct rest_attempt {
	struct rest_wish wish;
	mono_t sent;
};

/* What became of it. */
struct rest_outcome {
	const struct http_answer *answer;
	bool spoilt; /* the answer is no snapshot, or the feed thread did not take it */
	mono_t answered, parsed;
};

/* Returns 0 or -ENOMEM. `tracer` may be NULL; then the others do nothing. */
int rest_trace_open(struct rest_trace *t, struct tracer *tracer, uint32_t instruments);
void rest_trace_close(struct rest_trace *t);

/* A snapshot is wanted. */
void rest_trace_wanted(struct rest_trace *t, uint32_t instrument, struct rest_wish wish);

/* A request for it is sent now. */
struct rest_attempt rest_trace_begin(const struct rest_trace *t, uint32_t instrument, mono_t now);

/* It has ended; a further attempt begins then. `entry` is its instrument's. */
void rest_trace_end(struct rest_trace *t, uint32_t instrument,
    const struct tick_instrument *entry, const struct rest_attempt *attempt,
    const struct rest_outcome *outcome);

#endif
