#include "tests/sim/places.h"

#include "feed/core/pool.h"
#include "feed/core/shift.h"
#include "feed/core/subscribe.h"
#include "tests/sim/feed.h"
#include "tests/sim/journal.h"
#include "tests/sim/sim.h"

/* A stream rests after a move, and longer every time; a line may be closed under it. */
enum { MOVES_PER_HOUR = 8 };

static const span_t hour = {INT64_C(3600) * 1000000000};

/* REFUGE_AFTER until they move, as long again until the next look, and what a step may be late. */
static const span_t moved_within = {INT64_C(11) * 1000000000};

/* Is a line of that line's leg and path up, and has room for one more? */
static bool
is_refuge_for(const struct pool *pool, unsigned line)
{
	for (unsigned to = 0; to < pool->nlines; to++)
		if (to != line && pool->line[to].role == POOL_LINE_MEMBER &&
		    pool->line[to].peer == POOL_NO_LINE && !pool->line[to].closing &&
		    pool->line[to].leg == pool->line[line].leg &&
		    pool->line[to].path == pool->line[line].path &&
		    session_is_up(&pool->session[to]) &&
		    subscribe_wanted(&pool->session[to]) < sim.cfg.max_streams_per_connection)
			return true;
	return false;
}

/* Nothing keeps a stream on a line that is down but its rest after many moves. */
static void
check_refuge(unsigned stream, unsigned leg, bool carried, unsigned on)
{
	const struct pool *pool = feed_pool();
	const struct shift_rest *rest = &pool->stream[stream].rest[leg];
	struct sim_moves *m = &sim.stream[stream].moves[leg];

	if (carried || sim.phase == SIM_OVER || !is_refuge_for(pool, on) ||
	    shift_is_weary(rest, sim.now)) {
		m->homeless = false;
		return;
	}
	if (!m->homeless)
		m->since = sim.now;
	m->homeless = true;
	RULE(mono_diff(sim.now, m->since).ns <= moved_within.ns,
	    "a stream stays on a line that is down", stream, on, m->since.ns);
}

/* Beginning to move from one line to another, or off one that is down. */
static void
count_moves(unsigned stream, unsigned leg)
{
	mono_t rests = feed_pool()->stream[stream].rest[leg].until;
	struct sim_moves *m = &sim.stream[stream].moves[leg];
	bool moves = mono_before(m->rests, rests);

	m->rests = rests;

	if (!mono_before(sim.now, mono_add(m->hour, hour))) {
		m->hour = sim.now;
		m->count = 0;
	}
	m->count += moves;
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
	unsigned on[POOL_LEGS_MAX] = {0};
	bool carried[POOL_LEGS_MAX] = {false};

	for (unsigned k = 0; k < PLACE_COPIES_MAX; k++) {
		if (pool->stream[stream].at[k] == PLACE_NONE)
			continue;
		entry = &pool->entry[pool->stream[stream].at[k]];
		line = place_line(pool, pool->stream[stream].at[k]);
		leg = pool->line[line].leg;
		if (pool->line[line].role != POOL_LINE_MEMBER)
			continue;
		places[leg]++;
		on[leg] = line;
		/* One that is being replaced is in other hands. */
		carried[leg] |= session_is_up(&pool->session[line]) ||
		    pool->line[line].peer != POOL_NO_LINE;
		moves[leg] += entry->moving_to != POOL_NO_LINE;
	}
	if (!sim.stream[stream].wanted) {
		RULE(places[0] + places[1] + places[2] == 0, "a dropped stream has a place", stream,
		    0, 0);
		return;
	}
	for (leg = 0; leg < sim.cfg.redundancy; leg++) {
		count_moves(stream, leg);
		check_refuge(stream, leg, carried[leg], on[leg]);
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
