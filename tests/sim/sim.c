#include "tests/sim/sim.h"

#include <string.h>

#include "tests/sim/agenda.h"
#include "tests/sim/feed.h"
#include "tests/sim/journal.h"
#include "tests/sim/market.h"
#include "tests/sim/peer.h"
#include "tests/sim/rules.h"
#include "tests/sim/topology.h"
#include "tests/sim/weather.h"

static const int64_t wall_begin_ns = INT64_C(1790000000000000000);
static const span_t stop_within = {INT64_C(10) * 1000000000};

struct sim sim;

/* Half of them wait longer than ln 2 of the mean, half of these as long again, and so on. */
span_t
sim_wait(span_t mean)
{
	int64_t half = mean.ns / 1000 * 693, ns = 0;

	while (sim_chance(50))
		ns += half;
	return span_ns(ns + sim_pick(0, half));
}

/* ---- what comes ------------------------------------------------------------- */

static void
lift(unsigned line)
{
	sim.peer[line].still = sim.peer[line].no_pings = false;
}

/* What a connection had to say arrives, if it is there still and lets anything pass. */
static void
arrive(const struct agenda_item *item)
{
	const struct sim_peer *p = &sim.peer[item->line];

	if (p->deaf)
		return;
	feed_take(item);
	if (item->kind == AGENDA_DATA && item->c == 0)
		sim.stream[item->a].shown |= sim.stream[item->a].joined & 1u << p->leg;
}

static void
on_pinged(const struct agenda_item *item)
{
	struct sim_peer *p = &sim.peer[item->line];

	if (!p->up)
		return;
	peer_plan_ping(item->line);
	if (p->deaf || p->no_pings)
		return;
	feed_take(item);
	peer_count_send(item->line); /* the PONG */
}

static void
take_line_item(const struct agenda_item *item)
{
	unsigned line = item->line;

	if (!peer_lives(line, item->life))
		return;
	switch (item->kind) {
	case AGENDA_UP:
		peer_accept(line);
		feed_take(item);
		break;
	case AGENDA_PINGED:
		on_pinged(item);
		break;
	case AGENDA_CUT:
		if (sim.peer[line].up)
			peer_end(line, (enum tick_reason)item->a, (int)item->b, true);
		break;
	case AGENDA_REQUEST:
		peer_take_request(item);
		break;
	case AGENDA_LIFT:
		lift(line);
		break;
	default:
		arrive(item);
		break;
	}
}

static void
take(const struct agenda_item *item)
{
	switch (item->kind) {
	case AGENDA_SAY:
		market_say((unsigned)item->a);
		break;
	case AGENDA_FAULT:
		weather_fault();
		break;
	case AGENDA_PHASE:
		weather_turn();
		break;
	case AGENDA_EVENT:
		weather_event();
		break;
	case AGENDA_NOTHING:
		break;
	case AGENDA_FAILED: /* the transport's word, of whatever attempt */
	case AGENDA_DOWN:
		feed_take(item);
		break;
	default:
		take_line_item(item);
		break;
	}
}

static void
run_until(mono_t end)
{
	for (;;) {
		mono_t next = mono_min(agenda_deadline(), feed_deadline());

		if (mono_before(end, next))
			break;
		RULE(!mono_before(next, sim.now), "time goes back", next.ns, sim.now.ns, 0);
		sim.now = next;
		while (mono_due(agenda_deadline(), sim.now)) {
			struct agenda_item item = agenda_take();

			take(&item);
		}
		feed_wake();
	}
	sim.now = end;
}

static void
play(uint64_t seed, unsigned hours, bool fair)
{
	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.fair = fair;
	rng_seed(&sim.rng, seed);
	sim.now = sim.begun = sim.minute = (mono_t){sim_pick(1, INT64_C(1000000000000000))};
	sim.wall_offset = wall_begin_ns - sim.now.ns;
	sim.end = mono_add(sim.now, span_s((int64_t)hours * 3600));
	agenda_clear();
	journal_clear();
	topology_build();
	weather_begin();
	market_open();
	feed_open();
	/* To the end of the calm that it ends in: all has to be well then. */
	run_until(sim.end);
	while (sim.phase != SIM_CALM)
		run_until(mono_add(sim.now, span_s(60)));
	sim.phase = SIM_OVER;
	rules_on_storm(); /* what is on its way is not waited for */
	feed_stop();
	run_until(mono_add(sim.now, stop_within));
	RULE(feed_is_idle(), "it does not stop", 0, 0, 0);
	feed_close();
}

void
sim_play(uint64_t seed, unsigned hours)
{
	play(seed, hours, false);
}

void
sim_play_fair(uint64_t seed, unsigned hours)
{
	play(seed, hours, true);
}
