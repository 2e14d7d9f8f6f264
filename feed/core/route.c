#include "feed/core/route.h"

#include <assert.h>
#include <stddef.h>

static const span_t probe_rest_min = {INT64_C(60000000000)};

static endpoint_set
usable(const struct route *route, mono_t now)
{
	endpoint_set set = 0;

	for (unsigned i = 0; i < route->cfg.endpoints; i++)
		if (breaker_allows(&route->breaker[i], now))
			set |= UINT32_C(1) << i;
	return set;
}

/* Where other legs are at home. */
static endpoint_set
homes_of_others(const struct route *route, unsigned leg)
{
	endpoint_set set = 0;

	if (route->cfg.endpoints < route->cfg.legs)
		return 0;
	for (unsigned i = 0; i < route->cfg.endpoints; i++)
		if (i % route->cfg.legs != leg)
			set |= UINT32_C(1) << i;
	return set;
}

static struct endpoints_query
query_of(const struct route *route, unsigned leg, mono_t now)
{
	return (struct endpoints_query){
		.usable = usable(route, now),
		.avoid = homes_of_others(route, leg),
		.lines = route->lines,
	};
}

static unsigned
count_regions(const struct route_cfg *cfg)
{
	unsigned n = 0, k;

	for (unsigned i = 0; i < cfg->endpoints; i++) {
		for (k = 0; k < i && cfg->region[k] != cfg->region[i]; k++)
			;
		n += k == i;
	}
	return n;
}

void
route_init(struct route *route, const struct route_cfg *cfg, uint64_t seed)
{
	assert(cfg->endpoints > 0 && cfg->endpoints <= ENDPOINTS_MAX && cfg->legs > 0);
	*route = (struct route){.cfg = *cfg, .regions = count_regions(cfg), .probe_at = MONO_ZERO};
	endpoints_init(&route->endpoints, &route->cfg.choice, route->list, route->cfg.region,
	    cfg->endpoints);
	for (unsigned i = 0; i < cfg->endpoints; i++)
		breaker_init(&route->breaker[i], &route->cfg.breaker, seed + i, MONO_ZERO);
	for (unsigned line = 0; line < ROUTE_LINES_MAX; line++)
		route->at[line] = ROUTE_NOWHERE;
}

mono_t
route_allowed_at(const struct route *route)
{
	mono_t first = MONO_NEVER;

	for (unsigned i = 0; i < route->cfg.endpoints; i++) {
		if (route->breaker[i].state == BREAKER_CLOSED)
			return MONO_ZERO;
		first = mono_min(first, breaker_deadline(&route->breaker[i]));
	}
	return first;
}

static void
leave(struct route *route, unsigned line)
{
	if (route->at[line] == ROUTE_NOWHERE)
		return;
	route->lines[route->at[line]]--;
	route->at[line] = ROUTE_NOWHERE;
}

/* Where a line should try; ENDPOINTS_NONE: nowhere, or not yet. */
static uint32_t
probe_of(const struct route *route, const struct endpoints_query *query, mono_t now)
{
	return mono_due(route->probe_at, now) ? endpoints_probe(&route->endpoints, query)
	                                      : ENDPOINTS_NONE;
}

static void
note_probe(struct route *route, mono_t now)
{
	span_t rest = route->cfg.choice.return_after;

	route->probes++;
	route->probe_at = mono_add(now, rest.ns > probe_rest_min.ns ? rest : probe_rest_min);
}

unsigned
route_take(struct route *route, unsigned line, unsigned leg, mono_t now)
{
	struct endpoints_query query;
	uint32_t chosen;

	leave(route, line);
	query = query_of(route, leg, now);
	endpoints_review(&route->endpoints, query.usable, now);
	chosen = probe_of(route, &query, now);
	if (chosen != ENDPOINTS_NONE)
		note_probe(route, now);
	else
		chosen = endpoints_choose(&route->endpoints, &query);
	assert(chosen != ENDPOINTS_NONE);
	breaker_on_attempt(&route->breaker[chosen], now);
	route->at[line] = (uint8_t)chosen;
	route->lines[chosen]++;
	return chosen;
}

void
route_on_up(struct route *route, unsigned line, span_t took, mono_t now)
{
	unsigned at = route->at[line];

	if (at == ROUTE_NOWHERE)
		return;
	breaker_on_success(&route->breaker[at], now);
	endpoints_on_up(&route->endpoints, at, now);
	endpoints_on_round_trip(&route->endpoints, at, took);
}

void
route_on_failure(struct route *route, unsigned line, enum tick_reason reason,
    int32_t retry_after_s, bool exhausted, mono_t now)
{
	unsigned at = route->at[line];

	if (at == ROUTE_NOWHERE)
		return;
	leave(route, line);
	endpoints_on_failure(&route->endpoints, at);
	breaker_on_failure(&route->breaker[at], reason, retry_after_s, now);
	if (exhausted)
		breaker_on_exhausted(&route->breaker[at], reason, now);
	/* What is held against our address is so everywhere. */
	for (unsigned i = 0; i < route->cfg.endpoints && breaker_is_ours(reason); i++)
		if (i != at)
			breaker_on_failure(&route->breaker[i], reason, retry_after_s, now);
}

void
route_on_end(struct route *route, unsigned line, bool unasked)
{
	unsigned at = route->at[line];

	if (at == ROUTE_NOWHERE)
		return;
	leave(route, line);
	if (unasked)
		endpoints_on_failure(&route->endpoints, at);
}

void
route_on_abandoned(struct route *route, unsigned line, mono_t now)
{
	unsigned at = route->at[line];

	if (at == ROUTE_NOWHERE)
		return;
	leave(route, line);
	breaker_on_abandoned(&route->breaker[at], now);
}

bool
route_review(struct route *route, mono_t now)
{
	return endpoints_review(&route->endpoints, usable(route, now), now);
}

bool
route_is_astray(const struct route *route, unsigned line, unsigned leg, mono_t now)
{
	unsigned at = route->at[line];
	struct endpoints_query query;
	uint32_t best;

	if (at == ROUTE_NOWHERE)
		return false;
	query = query_of(route, leg, now);
	best = endpoints_choose(&route->endpoints, &query);
	return best != ENDPOINTS_NONE && route->list[at].region > route->list[best].region;
}

bool
route_wants_probe(const struct route *route, mono_t now)
{
	struct endpoints_query query = query_of(route, 0, now);

	return probe_of(route, &query, now) != ENDPOINTS_NONE;
}
