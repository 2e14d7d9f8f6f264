/*
 * The REST API of the synthetic market: ping, time, exchangeInfo, depth, past
 * trades, with request weights. In replay mode there are no symbols, so only ping and time
 * have something to say, and depth of books that were recorded.
 */
#ifndef TOOLS_EXCHANGE_SIM_REST_H
#define TOOLS_EXCHANGE_SIM_REST_H

#include "tools/exchange-sim/faults.h"
#include "tools/exchange-sim/floor.h"
#include "tools/exchange-sim/http.h"
#include "tools/exchange-sim/shelf.h"
#include "tools/exchange-sim/tally.h"

#define REST_PATIENCE 10 /* refusals by 429 before the ban */

/* Everybody counts as one client: a simulator is one machine's. */
struct rest {
	struct floor *floor; /* NULL: no symbols */
	mono_t now;          /* of the request; set by the owner */
	struct shelf *shelf; /* recorded books, if there is no floor; NULL: none */
	const struct faults *faults; /* these four: set by the owner; NULL: none */
	struct tally *tally;
	const char *api_key; /* that futures' past trades need; NULL: any */
	int64_t weight_max;  /* a minute; 0: no limit, nobody is banned */
	span_t ban;
	int64_t minute;      /* that `used` belongs to */
	int64_t used;        /* weight */
	uint32_t refusals;   /* within the minute */
	wall_t banned_until;
	struct text body;    /* room for the largest body */
};

/* False without memory. */
bool rest_init(struct rest *r, struct floor *floor);

void rest_fini(struct rest *r);

/* Appends the whole HTTP response. */
void rest_answer(struct rest *r, const struct http_request *q, wall_t now, struct text *reply);

#endif
