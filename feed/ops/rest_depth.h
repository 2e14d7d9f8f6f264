/*
 * The body of a snapshot of a book by REST, made into what the feed thread
 * takes. Ops thread; of rest.c.
 */
#ifndef FEED_OPS_REST_DEPTH_H
#define FEED_OPS_REST_DEPTH_H

#include <stdint.h>

#include <tickring/layout.h>

#include "feed/base/bytes.h"
#include "feed/ops/rest.h"

#define REST_DEPTH_MAX 5000 /* levels a side; the exchange gives no more */

struct rest_depth {
	const struct tick_instrument *of; /* its exponents */
	uint32_t instrument, limit;       /* that were asked for */
	struct tick_level *room;          /* for twice REST_DEPTH_MAX */
	int64_t code;                     /* out: the exchange's error, 0: none */
};

/*
 * Reads a body. Returns NULL: *out is the snapshot, the caller's, freed by
 * free(); else why there is none, in words, and *out is NULL.
 */
const char *rest_depth_read(struct rest_depth *depth, struct bytes body,
    struct rest_snapshot **out);

#endif
