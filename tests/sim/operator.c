#include "tests/sim/operator.h"

#include <string.h>

#include "tests/sim/feed.h"
#include "tests/sim/journal.h"
#include "tests/sim/peer.h"
#include "tests/sim/rules.h"
#include "tests/sim/sim.h"
#include "tests/sim/topology.h"

static unsigned
wanted_streams(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sim.nstreams; i++)
		n += sim.stream[i].wanted;
	return n;
}

/* One that is dropped comes back sooner or later. */
static unsigned
pick_stream(void)
{
	if (sim_chance(60))
		for (unsigned i = 0; i < sim.nstreams; i++)
			if (!sim.stream[i].wanted)
				return i;
	return (unsigned)sim_pick(0, sim.nstreams - 1);
}

static void
drop_or_add(void)
{
	unsigned stream = pick_stream();
	struct sim_stream *s = &sim.stream[stream];

	if (s->wanted && wanted_streams() == 1)
		return;
	s->joined = s->shown = 0;
	s->added = sim.now;
	memset(s->moves, 0, sizeof(s->moves)); /* whatever was known of it is forgotten */
	s->wanted = !s->wanted;
	journal_note(s->wanted ? "stream is added" : "stream is dropped", -1, stream, 0);
	if (s->wanted) {
		feed_add(stream);
		return;
	}
	rules_on_dropped(s);
	feed_drop(stream);
}

static void
retune(void)
{
	struct pool_cfg next = sim.cfg;

	next.rotate.age_max = span_s(sim_pick(1800, 22 * 3600));
	next.session.list_every = span_s(sim_pick(60, 600));
	next.session.connect_within = span_s(sim_pick(5, 30));
	next.session.heartbeat.idle_after = span_s(sim_pick(10, 60));
	next.session.retry.max_retries = (unsigned)sim_pick(3, 15);
	next.route.breaker.failures_max = (unsigned)sim_pick(2, 15);
	next.initial_connections = (unsigned)sim_pick(1, next.max_connections);
	next.max_streams_per_connection = (unsigned)sim_pick(topology_streams_min(), SIM_ROOM);
	next.scale.load_high = sim_chance(50) ? 4000000 : (uint64_t)sim_pick(40, 200);
	next.scale.load_low = next.scale.load_high / 4;
	journal_note("limits are changed", -1, next.rotate.age_max.ns / 1000000000,
	    next.max_streams_per_connection);
	sim.cfg = next;
	feed_retune();
}

void
operator_change(void)
{
	sim.count.changes++;
	if (sim_chance(30))
		retune();
	else
		drop_or_add();
}

void
operator_restart(void)
{
	journal_note("the feed is started anew", -1, (int64_t)sim.count.restarts, 0);
	sim.count.restarts++;
	feed_leave();
	rules_on_restart();
	peer_forget_all();
	for (unsigned i = 0; i < sim.nstreams; i++) {
		sim.stream[i].wanted = true;
		memset(sim.stream[i].moves, 0, sizeof(sim.stream[i].moves));
	}
	feed_return();
}
