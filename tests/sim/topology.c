#include "tests/sim/topology.h"

#include <stdio.h>

#include "feed/venue/binance/request.h"
#include "tests/core_cfg.h"
#include "tests/sim/sim.h"

static const struct kind {
	enum event_kind kind;
	const char *suffix;
	int64_t every_s_min, every_s_max; /* seldom enough to be quick, often enough to be judged */
	unsigned path;                    /* where there are two */
} kinds[] = {
	{EVENT_TRADE, "trade", 8, 40, 1},
	{EVENT_AGG_TRADE, "aggTrade", 8, 40, 1},
	{EVENT_QUOTE, "bookTicker", 4, 8, 0},
	{EVENT_DEPTH, "depth", 8, 20, 0},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void
build_streams(void)
{
	for (unsigned i = 0; i < sim.nstreams; i++) {
		struct sim_stream *s = &sim.stream[i];
		const struct kind *k = &kinds[i % KINDS];

		snprintf(s->symbol, sizeof(s->symbol), "S%uUSDT", i / KINDS);
		snprintf(s->name, sizeof(s->name), "s%uusdt@%s", i / KINDS, k->suffix);
		s->kind = k->kind;
		s->path = sim.cfg.paths > 1 ? k->path : 0;
		s->every = span_s(sim_pick(k->every_s_min, k->every_s_max));
		s->id = sim_pick(1, 1000000);
		s->seen = s->anew = -1;
		s->wanted = true;
		s->joined = s->shown = sim_all_legs();
		s->added = sim.now;
		s->owed_since = MONO_NEVER;
	}
}

unsigned
topology_streams_min(void)
{
	unsigned per_leg = sim.cfg.max_connections / sim.cfg.redundancy, at[POOL_PATHS_MAX] = {0};

	if (sim.cfg.paths == 1)
		return (sim.nstreams + per_leg - 1) / per_leg;
	for (unsigned i = 0; i < sim.nstreams; i++)
		at[kinds[i % KINDS].path]++;
	return at[0] > at[1] ? at[0] : at[1];
}

static void
build_session(struct session_cfg *s)
{
	s->connect_within = span_s(sim_pick(5, 30));
	s->ack_within = span_s(5);
	s->data_within = span_s(sim_pick(10, 120));
	s->list_every = span_s(sim_pick(60, 600));
	s->sends_max = 5; /* Binance, 2026-08: 5 messages a second */
	s->send_window = span_ms(1100);
	s->heartbeat.idle_after = span_s(sim_pick(10, 60));
	s->heartbeat.answer_within = span_s(5);
	s->request_bytes_max = sim_chance(50) ? REQUEST_BYTES_MAX : 140;
	s->request_bytes_overhead = REQUEST_BYTES_OVERHEAD;
	s->retry.jitter_percent = (unsigned)sim_pick(0, 50);
	s->retry.max_retries = (unsigned)sim_pick(3, 15);
}

static void
build_pool(void)
{
	struct pool_cfg *c = &sim.cfg;
	unsigned per_leg = (unsigned)sim_pick(1, 3);

	*c = core_pool_cfg();
	c->redundancy = (unsigned)sim_pick(1, 3);
	c->max_connections = per_leg * c->redundancy;
	c->initial_connections = (unsigned)sim_pick(1, c->max_connections);
	sim.nstreams = (unsigned)sim_pick(2, 5);
	c->paths = per_leg > 1 && sim_chance(40) ? 2 : 1;
	c->max_streams_per_connection = (unsigned)sim_pick(topology_streams_min(), SIM_ROOM);
	c->line_room = SIM_ROOM;
	c->connects_max = (unsigned)sim_pick(20, 300);
	c->rotate.age_max = span_s(sim_pick(1800, 22 * 3600));
	c->rotate.age_spread_percent = (unsigned)sim_pick(0, 25);
	/* A message costs 256 bytes and its own: from "never too much" to "nearly always". */
	c->scale.load_high = sim_chance(50) ? 4000000 : (uint64_t)sim_pick(40, 200);
	c->scale.load_low = c->scale.load_high / 4;
	c->route.endpoints = (unsigned)sim_pick(1, 4);
	for (unsigned i = 0; i < c->route.endpoints; i++)
		c->route.region[i] = (uint8_t)sim_pick(0, 1);
	c->route.breaker.failures_max = (unsigned)sim_pick(2, 15);
	c->route.breaker.jitter_percent = (unsigned)sim_pick(0, 50);
	build_session(&c->session);
}

void
topology_build(void)
{
	sim.futures = sim_chance(30);
	build_pool();
	build_streams();
	sim.pings_visible = sim_chance(50);
	sim.hold_for = span_ms(sim_pick(20, 500));
}
