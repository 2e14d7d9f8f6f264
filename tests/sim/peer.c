#include "tests/sim/peer.h"

#include "tests/sim/feed.h"
#include "tests/sim/journal.h"
#include "tests/sim/rules.h"
#include "tests/sim/weather.h"

static const span_t ping_every = {INT64_C(20) * 1000000000};
static const span_t cut_after = {INT64_C(24) * 3600 * 1000000000};

static void
plan(unsigned line, enum agenda_kind kind, mono_t at, int64_t a, int64_t b)
{
	agenda_add(&(struct agenda_item){.kind = kind, .line = line, .at = at,
	    .life = sim.peer[line].life, .a = a, .b = b});
}

/*
 * Lines differ by less than what the arbiter waits: a healthy line that is
 * further behind the others cannot fill their holes.
 */
enum { JITTER_MS = 18, LATENCY_MS_MAX = 200 };

static span_t
pick_latency(void)
{
	int64_t most = sim.hold_for.ns / 1000000 - JITTER_MS - 1;

	return span_ms(sim_pick(1, most < LATENCY_MS_MAX ? most : LATENCY_MS_MAX));
}

/* When something that is sent now arrives; in order. */
static mono_t
arrival(struct sim_peer *p)
{
	span_t takes = span_ns(p->latency.ns + sim_pick(0, JITTER_MS) * 1000000);
	mono_t at = mono_add(sim.now, takes);

	if (mono_before(at, p->busy_until))
		at = p->busy_until;
	p->busy_until = at;
	return at;
}

/* ---- connections ------------------------------------------------------------ */

void
peer_connect(const struct pool_action *act)
{
	struct sim_peer *p = &sim.peer[act->line];
	struct agenda_item outcome = {.line = act->line};
	struct pool_line_view view;
	uint32_t life = p->life;

	rules_on_connect(act);
	feed_view(act->line, &view);
	*p = (struct sim_peer){
		.attempt = act->attempt,
		.life = life + 1,
		.leg = view.leg,
		.endpoint = act->endpoint,
		.path = act->path,
		.latency = pick_latency(),
		.up_at = MONO_NEVER,
		.busy_until = sim.now,
	};
	if (weather_connect(act->line, &outcome)) {
		outcome.life = act->attempt;
		if (outcome.kind == AGENDA_FAILED)
			agenda_add(&outcome);
		return;
	}
	plan(act->line, AGENDA_UP, mono_add(sim.now, span_ms(sim_pick(5, 800))), 0, 0);
}

void
peer_accept(unsigned line)
{
	struct sim_peer *p = &sim.peer[line];

	p->up = true;
	p->up_at = p->busy_until = sim.now;
	plan(line, AGENDA_CUT, mono_add(sim.now, cut_after), TICK_REASON_PEER_CLOSED, 1001);
	if (sim.pings_visible)
		peer_plan_ping(line);
}

void
peer_plan_ping(unsigned line)
{
	plan(line, AGENDA_PINGED, mono_add(sim.now, ping_every), 0, 0);
}

void
peer_end(unsigned line, enum tick_reason why, int close_code, bool orderly)
{
	struct sim_peer *p = &sim.peer[line];
	struct agenda_item item = {.kind = AGENDA_DOWN, .line = line, .life = p->attempt,
	    .at = orderly ? arrival(p) : mono_add(sim.now, span_ms(sim_pick(0, 100))),
	    .a = why, .b = close_code};

	journal_note("the exchange ends the line", line, why, orderly);
	p->up = false;
	p->streams = 0;
	if (!orderly)
		p->life++;
	agenda_add(&item);
}

void
peer_hang_up(const struct pool_action *act)
{
	struct sim_peer *p = &sim.peer[act->line];
	int64_t late_ms = sim_is_spared(p->leg) ? 500 : 5000;
	struct agenda_item item = {.line = act->line, .life = p->attempt,
	    .kind = mono_is_never(p->up_at) ? AGENDA_FAILED : AGENDA_DOWN,
	    .at = mono_add(sim.now, span_ms(sim_pick(0, late_ms))),
	    .a = TICK_REASON_HUNG_UP, .c = -1};

	RULE(act->attempt == p->attempt, "hang-up of another attempt", act->line, act->attempt,
	    p->attempt);
	p->up = false;
	p->streams = 0;
	p->life++;
	agenda_add(&item);
}

void
peer_forget_all(void)
{
	agenda_forget(AGENDA_FAILED);
	agenda_forget(AGENDA_DOWN);
	for (unsigned line = 0; line < SIM_LINES; line++) {
		sim.peer[line].up = false;
		sim.peer[line].streams = 0;
		sim.peer[line].life++;
	}
}

void
peer_announce(unsigned line, span_t in)
{
	struct sim_peer *p = &sim.peer[line];

	plan(line, AGENDA_ANNOUNCE, arrival(p), 0, 0);
	plan(line, AGENDA_CUT, mono_add(sim.now, in), TICK_REASON_PEER_CLOSED, 1001);
}

/* ---- requests --------------------------------------------------------------- */

void
peer_count_send(unsigned line)
{
	struct sim_peer *p = &sim.peer[line];

	rules_on_send(line);
	p->send[p->sends++ % SIM_SENDS] = sim.now;
}

enum { FATES = 16 };

void
peer_request(const struct pool_action *act, uint32_t mask)
{
	struct sim_peer *p = &sim.peer[act->line];
	int64_t fate = weather_request(act->line);

	peer_count_send(act->line);
	if (!p->up || p->deaf || fate == WEATHER_IGNORED)
		return;
	sim.count.refused += fate == WEATHER_REFUSED;
	p->refused += fate == WEATHER_REFUSED;
	agenda_add(&(struct agenda_item){.kind = AGENDA_REQUEST, .line = act->line,
	    .life = p->life, .at = mono_add(sim.now, p->latency), .a = act->request_id,
	    .b = mask, .c = (int64_t)act->kind * FATES + fate});
}

static void
join(uint32_t streams, unsigned leg)
{
	for (unsigned i = 0; i < sim.nstreams; i++)
		if ((streams >> i & 1) != 0)
			sim.stream[i].joined |= 1u << leg;
}

void
peer_take_request(const struct agenda_item *item)
{
	struct sim_peer *p = &sim.peer[item->line];
	enum pool_action_kind kind = (enum pool_action_kind)(item->c / FATES);
	enum weather_request fate = (enum weather_request)(item->c % FATES);
	uint32_t mask = (uint32_t)item->b;
	mono_t at = arrival(p);

	if (!p->up)
		return;
	if (fate == WEATHER_REFUSED) {
		plan(item->line, AGENDA_REFUSAL, at, item->a, 0);
		return;
	}
	if (kind == ACT_SEND_UNSUBSCRIBE) {
		p->streams &= ~mask;
		p->mute &= ~mask;
	}
	if (kind == ACT_SEND_SUBSCRIBE)
		p->streams |= mask;
	rules_on_subscribed(p);
	if (kind == ACT_SEND_SUBSCRIBE && fate == WEATHER_MUTE)
		p->mute |= mask;
	else if (kind == ACT_SEND_SUBSCRIBE && sim_is_spared(p->leg))
		join(mask, p->leg);
	if (fate == WEATHER_NO_ANSWER)
		return;
	/* Whoever is late holds up nobody else: answers have a way of their own. */
	if (fate == WEATHER_LATE)
		at = mono_add(at, span_ms(sim_pick(1000, 9000)));
	if (kind == ACT_SEND_LIST)
		plan(item->line, AGENDA_LIST, at, item->a, p->streams);
	else
		plan(item->line, AGENDA_REPLY, at, item->a, 0);
}

void
peer_ping(unsigned line)
{
	struct sim_peer *p = &sim.peer[line];

	peer_count_send(line);
	if (p->up && !p->deaf)
		plan(line, AGENDA_PONG, mono_add(arrival(p), p->latency), 0, 0);
}

/* ---- data ------------------------------------------------------------------- */

static bool
take_one(unsigned *count)
{
	return *count > 0 && (*count)-- > 0;
}

static void
send_data(unsigned line, unsigned stream, uint64_t n)
{
	struct sim_peer *p = &sim.peer[line];
	struct agenda_item item = {.kind = AGENDA_DATA, .line = line, .life = p->life,
	    .a = stream, .b = (int64_t)n};

	if (take_one(&p->lose))
		return;
	item.c = take_one(&p->garble);
	item.at = arrival(p);
	if (take_one(&p->overtake))
		item.at = mono_add(item.at, span_s(sim_pick(1, 60)));
	agenda_add(&item);
	if (take_one(&p->repeat))
		agenda_add(&item);
}

void
peer_broadcast(unsigned stream, uint64_t n)
{
	uint32_t bit = UINT32_C(1) << stream;

	for (unsigned line = 0; line < SIM_LINES; line++) {
		struct sim_peer *p = &sim.peer[line];

		if (p->up && !p->deaf && !p->still && (p->streams & ~p->mute & bit) != 0)
			send_data(line, stream, n);
	}
}

unsigned
peer_legs_of(unsigned stream)
{
	uint32_t bit = UINT32_C(1) << stream;
	unsigned legs = 0;

	for (unsigned line = 0; line < SIM_LINES; line++) {
		const struct sim_peer *p = &sim.peer[line];

		if (p->up && !p->deaf && !p->still && (p->streams & ~p->mute & bit) != 0)
			legs |= 1u << p->leg;
	}
	return (unsigned)__builtin_popcount(legs);
}
