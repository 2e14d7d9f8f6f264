/*
 * Which endpoint shall a new line connect to?
 *
 * The list of endpoints with what lines found out about them: a score, the
 * round trip, since when each is good. One per pool (or sub-pool); feed
 * thread; memory is the caller's. Owns no clock. Whether connecting is allowed
 * at all is the breakers' word, handed in as a set.
 *
 * Endpoints belong to regions, 0 is the preferred one. Lines go to the current
 * region. When none of its endpoints is fit, the next fit region becomes
 * current (failover). The way back has hysteresis: only after an endpoint of
 * the better region has been good for return_after, which somebody has to try:
 * endpoints_probe() names it, one line follows.
 */
#ifndef FEED_CORE_ENDPOINTS_H
#define FEED_CORE_ENDPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define ENDPOINTS_MAX 32
#define ENDPOINTS_NONE UINT32_MAX

typedef uint32_t endpoint_set; /* bit i: endpoint i */

struct endpoints_cfg {
	span_t return_after; /* good for this long before lines come back; >= 0, 5 min */
	int unfit_below;     /* score, permille: below it the endpoint is avoided; 500 */
};

struct endpoint {
	unsigned region;
	int score;           /* permille, moving average of outcomes and line health */
	span_t round_trip;   /* moving average, 1/8 new; <= 0: unknown */
	mono_t good_since;   /* came up and did not fail since; MONO_NEVER: not so */
	uint64_t ups, failures;
};

struct endpoints {
	const struct endpoints_cfg *cfg;
	struct endpoint *list;
	unsigned n;
	unsigned current;   /* region */
	uint64_t failovers; /* times the region changed for the worse */
	uint64_t returns;   /* and for the better */
};

/* What is known when a line asks. */
struct endpoints_query {
	endpoint_set usable;  /* whose breaker allows a connection */
	endpoint_set avoid;   /* where other legs of the same streams run */
	const uint8_t *lines; /* lines on each endpoint now; NULL: none anywhere */
};

/*
 * `list` has room for n entries (1 to ENDPOINTS_MAX) and outlives it;
 * region[i] is endpoint i's. All start with full score; the lowest region is current.
 */
void endpoints_init(struct endpoints *endpoints, const struct endpoints_cfg *cfg,
    struct endpoint *list, const uint8_t *region, unsigned n);

/* A connection came up. */
void endpoints_on_up(struct endpoints *endpoints, unsigned i, mono_t now);

/* An attempt failed, or a connection ended unasked. */
void endpoints_on_failure(struct endpoints *endpoints, unsigned i);

/* A round trip was measured there: connect time or PING, > 0 (others are ignored). */
void endpoints_on_round_trip(struct endpoints *endpoints, unsigned i, span_t round_trip);

/* A line there has that health score, permille; below unfit_below it is not good any more. */
void endpoints_on_health(struct endpoints *endpoints, unsigned i, int score, mono_t now);

/*
 * Takes failover or return as far as they are due; true when the current
 * region changed (then lines elsewhere want to move, one at a time).
 */
bool endpoints_review(struct endpoints *endpoints, endpoint_set usable, mono_t now);

/*
 * The endpoint for a new line, or ENDPOINTS_NONE when none is usable. Best of:
 * current region and not avoided; another region (preferred first) and not
 * avoided; current region; any. Among equals the best score for its share of
 * lines, then the shorter round trip, then the first. An unfit one is taken
 * only when there is no fit one, avoided or not.
 */
uint32_t endpoints_choose(const struct endpoints *endpoints, const struct endpoints_query *query);

/*
 * While a better region than the current one exists and nobody knows whether
 * it is good: its usable endpoint that one line shall try; else ENDPOINTS_NONE.
 */
uint32_t endpoints_probe(const struct endpoints *endpoints, const struct endpoints_query *query);

#endif
