#include "tests/sim/places.h"

#include "feed/core/pool.h"
#include "tests/sim/feed.h"
#include "tests/sim/journal.h"
#include "tests/sim/sim.h"

/* A stream rests after a move, and longer every time; a line may be closed under it. */
enum { MOVES_PER_HOUR = 8 };

static const span_t hour = {INT64_C(3600) * 1000000000};

static void
count_moves(unsigned stream, unsigned leg, bool moves)
{
	struct sim_moves *m = &sim.stream[stream].moves[leg];

	if (!mono_before(sim.now, mono_add(m->hour, hour))) {
		m->hour = sim.now;
		m->count = 0;
	}
	m->count += moves && !m->moves;
	m->moves = moves;
	RULE(m->count <= MOVES_PER_HOUR, "a stream is moved again and again", stream, leg,
	    m->count);
}

/*
 * Every stream has one place in every leg: where it has none, nobody will ever
 * ask for it. A second one is where it is being moved to.
 */
void
places_check(unsigned stream)
{
	const struct pool *pool = feed_pool();
	const struct session_stream *entry;
	unsigned places[POOL_LEGS_MAX] = {0}, moves[POOL_LEGS_MAX] = {0}, line, leg;

	for (unsigned k = 0; k < PLACE_COPIES_MAX; k++) {
		if (pool->stream[stream].at[k] == PLACE_NONE)
			continue;
		entry = &pool->entry[pool->stream[stream].at[k]];
		line = place_line(pool, pool->stream[stream].at[k]);
		leg = pool->line[line].leg;
		if (pool->line[line].role != POOL_LINE_MEMBER)
			continue;
		places[leg]++;
		moves[leg] += entry->moving_to != POOL_NO_LINE;
	}
	if (!sim.stream[stream].wanted) {
		RULE(places[0] + places[1] + places[2] == 0, "a dropped stream has a place", stream,
		    0, 0);
		return;
	}
	for (leg = 0; leg < sim.cfg.redundancy; leg++) {
		count_moves(stream, leg, moves[leg] > 0);
		RULE(places[leg] > 0, "a leg has no place for a stream", stream, leg, places[leg]);
		RULE(places[leg] == 1 + moves[leg], "a stream has two places in a leg", stream, leg,
		    places[leg]);
	}
}

uint32_t
places_on(unsigned line)
{
	const struct pool *pool = feed_pool();
	const struct session *session = &pool->session[line];
	uint32_t places = 0;

	for (unsigned i = 0; i < session->nstreams; i++)
		if (pool->entry[session->first + i].state != STREAM_FREE)
			places |= UINT32_C(1) << pool->entry[session->first + i].index;
	return places;
}

bool
places_is_astray(unsigned line)
{
	const struct pool *pool = feed_pool();
	const struct pool_line *l = &pool->line[line];

	return l->role == POOL_LINE_MEMBER && mono_due(l->not_before, sim.now) &&
	    pool->session[line].state == SESSION_LIVE &&
	    route_is_astray(&pool->shared.route, line, l->leg, sim.now);
}
