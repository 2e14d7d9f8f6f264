#include "feed/core/endpoints.h"

#include <assert.h>
#include <stddef.h>

#define SCORE_MAX 1000
#define SCORE_FAILED 0

void
endpoints_init(struct endpoints *endpoints, const struct endpoints_cfg *cfg, struct endpoint *list,
    const uint8_t *region, unsigned n)
{
	assert(n > 0 && n <= ENDPOINTS_MAX);
	*endpoints = (struct endpoints){.cfg = cfg, .list = list, .n = n, .current = region[0]};
	for (unsigned i = 0; i < n; i++) {
		list[i] = (struct endpoint){
			.region = region[i],
			.score = SCORE_MAX,
			.good_since = MONO_NEVER,
		};
		if (region[i] < endpoints->current)
			endpoints->current = region[i];
	}
}

static struct endpoint *
endpoint_at(const struct endpoints *endpoints, unsigned i)
{
	return i < endpoints->n ? &endpoints->list[i] : NULL;
}

static bool
is_in(endpoint_set set, unsigned i)
{
	return (set >> i & 1) != 0;
}

static bool
is_fit(const struct endpoints *endpoints, unsigned i)
{
	return endpoints->list[i].score >= endpoints->cfg->unfit_below;
}

/* Half of the way, for outcomes are rare: two failures in a row make any endpoint unfit. */
static void
rate(struct endpoint *endpoint, int score)
{
	endpoint->score += (score - endpoint->score) / 2;
}

void
endpoints_on_up(struct endpoints *endpoints, unsigned i, mono_t now)
{
	struct endpoint *endpoint = endpoint_at(endpoints, i);

	if (endpoint == NULL)
		return;
	endpoint->ups++;
	rate(endpoint, SCORE_MAX);
	if (mono_is_never(endpoint->good_since))
		endpoint->good_since = now;
}

void
endpoints_on_failure(struct endpoints *endpoints, unsigned i)
{
	struct endpoint *endpoint = endpoint_at(endpoints, i);

	if (endpoint == NULL)
		return;
	endpoint->failures++;
	rate(endpoint, SCORE_FAILED);
	endpoint->good_since = MONO_NEVER;
}

void
endpoints_on_round_trip(struct endpoints *endpoints, unsigned i, span_t round_trip)
{
	struct endpoint *endpoint = endpoint_at(endpoints, i);

	if (endpoint == NULL || round_trip.ns <= 0)
		return;
	if (endpoint->round_trip.ns <= 0)
		endpoint->round_trip = round_trip;
	else
		endpoint->round_trip.ns += (round_trip.ns - endpoint->round_trip.ns) / 8;
}

void
endpoints_on_health(struct endpoints *endpoints, unsigned i, int score, mono_t now)
{
	struct endpoint *endpoint = endpoint_at(endpoints, i);

	if (endpoint == NULL)
		return;
	/* Comes often, and is smoothed already: a small step each. */
	endpoint->score += (score - endpoint->score) / 4;
	if (score < endpoints->cfg->unfit_below)
		endpoint->good_since = MONO_NEVER;
	else if (mono_is_never(endpoint->good_since))
		endpoint->good_since = now;
}

/* The most preferred region with a fit and usable endpoint; the current one when none has. */
static unsigned
best_region(const struct endpoints *endpoints, endpoint_set usable)
{
	unsigned best = UINT32_MAX;

	for (unsigned i = 0; i < endpoints->n; i++)
		if (is_in(usable, i) && is_fit(endpoints, i) && endpoints->list[i].region < best)
			best = endpoints->list[i].region;
	return best == UINT32_MAX ? endpoints->current : best;
}

static bool
region_is_fit(const struct endpoints *endpoints, unsigned region, endpoint_set usable)
{
	for (unsigned i = 0; i < endpoints->n; i++)
		if (endpoints->list[i].region == region && is_in(usable, i) &&
		    is_fit(endpoints, i))
			return true;
	return false;
}

/* The most preferred of the better regions that has been good for long enough; or the current. */
static unsigned
region_to_return_to(const struct endpoints *endpoints, endpoint_set usable, mono_t now)
{
	const struct endpoint *endpoint;
	unsigned region = endpoints->current;

	for (unsigned i = 0; i < endpoints->n; i++) {
		endpoint = &endpoints->list[i];
		if (endpoint->region < region && is_in(usable, i) && is_fit(endpoints, i) &&
		    mono_due(mono_add(endpoint->good_since, endpoints->cfg->return_after), now))
			region = endpoint->region;
	}
	return region;
}

bool
endpoints_review(struct endpoints *endpoints, endpoint_set usable, mono_t now)
{
	unsigned before = endpoints->current;

	endpoints->current = region_to_return_to(endpoints, usable, now);
	if (!region_is_fit(endpoints, endpoints->current, usable))
		endpoints->current = best_region(endpoints, usable);
	if (endpoints->current > before)
		endpoints->failovers++;
	if (endpoints->current < before)
		endpoints->returns++;
	return endpoints->current != before;
}

/* Classes of preference, the lower the better. */
static unsigned
rank(const struct endpoints *endpoints, const struct endpoints_query *query, unsigned i)
{
	bool here = endpoints->list[i].region == endpoints->current;
	bool avoided = is_in(query->avoid, i);

	return (is_fit(endpoints, i) ? 0u : 4u) + (avoided ? 2u : 0u) + (here ? 0u : 1u);
}

static unsigned
lines_on(const struct endpoints_query *query, unsigned i)
{
	return query->lines != NULL ? query->lines[i] : 0;
}

/* Of the same rank: is a better than b? */
static bool
is_better(const struct endpoints *endpoints, const struct endpoints_query *query, unsigned a,
    unsigned b)
{
	const struct endpoint *x = &endpoints->list[a], *y = &endpoints->list[b];
	int64_t share_x, share_y;

	/* Both outside of the current region, or both in it. */
	if (x->region != y->region)
		return x->region < y->region;
	/* Score per line with the new one there, compared without division. */
	share_x = (int64_t)x->score * (lines_on(query, b) + 1);
	share_y = (int64_t)y->score * (lines_on(query, a) + 1);
	if (share_x != share_y)
		return share_x > share_y;
	return x->round_trip.ns > 0 && y->round_trip.ns > 0 &&
	    x->round_trip.ns < y->round_trip.ns;
}

uint32_t
endpoints_choose(const struct endpoints *endpoints, const struct endpoints_query *query)
{
	uint32_t best = ENDPOINTS_NONE;
	unsigned mine, its;

	for (unsigned i = 0; i < endpoints->n; i++) {
		if (!is_in(query->usable, i))
			continue;
		mine = rank(endpoints, query, i);
		its = best == ENDPOINTS_NONE ? UINT32_MAX : rank(endpoints, query, best);
		if (mine < its || (mine == its && is_better(endpoints, query, i, best)))
			best = i;
	}
	return best;
}

uint32_t
endpoints_probe(const struct endpoints *endpoints, const struct endpoints_query *query)
{
	const struct endpoint *endpoint;
	uint32_t best = ENDPOINTS_NONE;

	for (unsigned i = 0; i < endpoints->n; i++) {
		endpoint = &endpoints->list[i];
		if (endpoint->region >= endpoints->current)
			continue;
		/* One is being tried, or is good already: its time has to pass. */
		if (!mono_is_never(endpoint->good_since) || lines_on(query, i) > 0)
			return ENDPOINTS_NONE;
		if (!is_in(query->usable, i))
			continue;
		if (best == ENDPOINTS_NONE || endpoint->region < endpoints->list[best].region)
			best = i;
	}
	return best;
}
