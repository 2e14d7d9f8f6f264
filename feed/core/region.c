#include "feed/core/region.h"

#include <stdbool.h>

#include "feed/core/pool.h"

static const span_t look_every = {INT64_C(10000000000)};

static bool
is_up_member(const struct pool *pool, unsigned line)
{
	return pool->line[line].role == POOL_LINE_MEMBER &&
	    pool->session[line].state == SESSION_LIVE;
}

/* One whose last replacement failed waits, the others do not wait for it. */
static bool
is_astray(const struct pool *pool, unsigned line, mono_t now)
{
	return is_up_member(pool, line) && mono_due(pool->line[line].not_before, now) &&
	    route_is_astray(&pool->shared.route, line, pool->session[line].leg, now);
}

/* The one that is replaced soonest anyway tries the better region. */
static void
send_scout(struct pool *pool, mono_t now)
{
	unsigned scout = POOL_NO_LINE;

	if (!route_wants_probe(&pool->shared.route, now))
		return;
	for (unsigned line = 0; line < pool->nlines; line++)
		if (is_up_member(pool, line) && pool->line[line].peer == POOL_NO_LINE &&
		    (scout == POOL_NO_LINE ||
		    mono_before(pool->line[line].retire_at, pool->line[scout].retire_at)))
			scout = line;
	if (scout != POOL_NO_LINE)
		rotate_ask(pool, scout, TICK_REASON_PROBE, now);
}

void
region_look(struct pool *pool, mono_t now)
{
	struct route *route = &pool->shared.route;
	bool away = false;

	if (route->regions < 2 || !mono_due(pool->region_at, now))
		return;
	pool->region_at = mono_add(now, look_every);
	route_review(route, now);
	for (unsigned line = 0; line < pool->nlines && !away; line++) {
		away = is_astray(pool, line, now);
		if (away)
			rotate_ask(pool, line, TICK_REASON_RETURN, now);
	}
	if (!away)
		send_scout(pool, now);
}

mono_t
region_deadline(const struct pool *pool)
{
	return pool->shared.route.regions < 2 ? MONO_NEVER : pool->region_at;
}
