/*
 * The REST API of the synthetic market: ping, time, exchangeInfo, depth, with
 * request weights. In replay mode there are no symbols, so only ping and time
 * have something to say.
 */
#ifndef TOOLS_EXCHANGE_SIM_REST_H
#define TOOLS_EXCHANGE_SIM_REST_H

#include "tools/exchange-sim/floor.h"
#include "tools/exchange-sim/http.h"

/* Everybody counts as one client: a simulator is one machine's. */
struct rest {
	struct floor *floor; /* NULL: no symbols */
	int64_t minute;      /* that `used` belongs to */
	int64_t used;        /* weight */
	struct text body;    /* room for the largest body */
};

/* False without memory. */
bool rest_init(struct rest *r, struct floor *floor);

void rest_fini(struct rest *r);

/* Appends the whole HTTP response. */
void rest_answer(struct rest *r, const struct http_request *q, wall_t now, struct text *reply);

#endif
