#include "tests/sim/weather.h"

#include "tests/sim/journal.h"
#include "tests/sim/market.h"
#include "tests/sim/operator.h"
#include "tests/sim/peer.h"
#include "tests/sim/rules.h"

/* A stream's silence is judged for an hour at most, and once more when healing failed (stall.c). */
static const span_t silences_within = {INT64_C(3) * 3600 * 1000000000};
static const span_t recovered_within = {INT64_C(25) * 60 * 1000000000};

/* Failures of attempts; delays as breaker.h names them. */
static const struct refusal {
	enum tick_reason reason;
	int http_status;
	int64_t first_s, cap_s;
} refusals[] = {
	{TICK_REASON_REFUSED, 0, 5, 60},
	{TICK_REASON_DNS, 0, 5, 60},
	{TICK_REASON_PEER_RESET, 0, 5, 60},
	{TICK_REASON_TLS_ERROR, 0, 10, 300},
	{TICK_REASON_TLS_HOSTNAME, 0, 60, 600},
	{TICK_REASON_TLS_EXPIRED, 0, 60, 600},
	{TICK_REASON_UPGRADE_REFUSED, 503, 5, 60},
	/* held against our address */
	{TICK_REASON_UPGRADE_REFUSED, 429, 60, 300},
	{TICK_REASON_UPGRADE_REFUSED, 403, 300, 3600},
	{TICK_REASON_UPGRADE_REFUSED, 418, 120, 3 * 24 * 3600},
	{TICK_REASON_UPGRADE_REFUSED, 451, 900, 21600},
};

enum { REFUSALS = sizeof(refusals) / sizeof(refusals[0]), OF_ENDPOINT = 7 };

static void
plan(enum agenda_kind kind, span_t in)
{
	agenda_add(&(struct agenda_item){.kind = kind, .at = mono_add(sim.now, in)});
}

static unsigned
pick_line(void)
{
	unsigned line, from = (unsigned)sim_pick(0, SIM_LINES - 1);

	for (unsigned i = 0; i < SIM_LINES; i++) {
		line = (from + i) % SIM_LINES;
		if (!sim.peer[line].up)
			continue;
		if (sim.phase == SIM_CALM || !sim_is_spared(sim.peer[line].leg))
			return line;
	}
	return SIM_LINES;
}

/* ---- phases ----------------------------------------------------------------- */

static void
enter(enum sim_phase phase, span_t lasts)
{
	static const char *const names[] = {"begin", "calm", "storm", "recovery"};

	sim.phase = phase;
	journal_note(names[phase], -1, lasts.ns / 1000000000,
	    (int32_t)sim.storm.spared);
	plan(AGENDA_PHASE, lasts);
}

void
weather_begin(void)
{
	sim.storm.spared = SIM_NO_LEG;
	enter(SIM_BEGIN, recovered_within);
}

/* What was to be spoilt on a line that had nothing to say meanwhile. */
static void
forget_spoiling(void)
{
	for (unsigned line = 0; line < SIM_LINES; line++) {
		struct sim_peer *p = &sim.peer[line];

		p->lose = p->repeat = p->overtake = p->garble = 0;
	}
}

static void
begin_calm(void)
{
	rules_on_recovered();
	forget_spoiling();
	if (sim.fair) {
		enter(SIM_CALM, mono_diff(mono_add(sim.end, span_s(1)), sim.now));
		return;
	}
	enter(SIM_CALM, span_s(sim_pick(600, 2 * 3600)));
	plan(AGENDA_EVENT, sim_wait(span_s(1200)));
}

/* Everything ends at once, and nothing can be reached. */
static void
black_out(void)
{
	sim.storm.connect = 100;
	for (unsigned line = 0; line < SIM_LINES; line++)
		if (sim.peer[line].up && !sim_is_spared(sim.peer[line].leg))
			peer_end(line, TICK_REASON_PEER_RESET, 0, false);
}

static void
begin_storm(void)
{
	struct sim_storm *s = &sim.storm;
	int64_t lasts_s = sim_chance(50) ? sim_pick(10, 300) : sim_pick(300, 3600);

	*s = (struct sim_storm){
		.begun = sim.now,
		.spared = SIM_NO_LEG,
		.connect = sim_chance(50) ? 0 : (unsigned)sim_pick(5, 95),
		.request = sim_chance(50) ? 0 : (unsigned)sim_pick(2, 40),
		.silences = sim_chance(40),
		.hurries = lasts_s < 600,
		.every = span_s(sim_pick(1, sim_chance(50) ? 10 : 120)),
		.delay_first = span_s(5),
		.delay_cap = span_s(60),
	};
	if (sim.cfg.redundancy > 1 && sim_chance(50))
		s->spared = (unsigned)sim_pick(0, sim.cfg.redundancy - 1);
	else
		s->address = sim_chance(70) ? 0 : (unsigned)sim_pick(1, 30);
	if (s->spared == SIM_NO_LEG)
		rules_on_storm();
	sim.count.storms++;
	enter(SIM_STORM, span_s(lasts_s));
	if (s->spared == SIM_NO_LEG && sim_chance(20))
		operator_restart();
	if (sim_chance(20))
		black_out();
	plan(AGENDA_FAULT, sim_wait(s->every));
}

/*
 * How long everything may take to be back: delays double with every failure,
 * so the last one is about as long as the storm, up to the cap of its faults.
 */
static void
begin_recovery(void)
{
	const struct sim_storm *s = &sim.storm;
	int64_t delay = 2 * (mono_diff(sim.now, s->begun).ns + s->delay_first.ns);

	if (delay > s->delay_cap.ns)
		delay = s->delay_cap.ns;
	delay += delay / 2;
	enter(SIM_RECOVERY,
	    span_ns(recovered_within.ns + delay + (s->silences ? silences_within.ns : 0)));
}

void
weather_turn(void)
{
	switch (sim.phase) {
	case SIM_BEGIN:
	case SIM_RECOVERY:
		begin_calm();
		break;
	case SIM_CALM:
		begin_storm();
		break;
	case SIM_STORM:
		begin_recovery();
		break;
	case SIM_OVER:
		break;
	}
}

/* ---- the calm --------------------------------------------------------------- */

void
weather_event(void)
{
	unsigned line = pick_line(), endpoint;

	if (sim.phase != SIM_CALM)
		return;
	plan(AGENDA_EVENT, sim_wait(span_s(1200)));
	switch (sim_pick(0, 6)) {
	case 0:
		market_skip((unsigned)sim_pick(0, sim.nstreams - 1), (unsigned)sim_pick(1, 1000));
		break;
	case 5:
	case 6:
		operator_change();
		break;
	case 4:
		market_renumber((unsigned)sim_pick(0, sim.nstreams - 1));
		break;
	case 1:
		sim.wall_offset += sim_pick(-3600, 3600) * 1000000000;
		journal_note("the wall clock steps", -1, sim.wall_offset, 0);
		break;
	case 2:
		if (line < SIM_LINES)
			peer_announce(line, span_s(sim_pick(120, 600)));
		break;
	default: /* a server goes away, with all of its lines */
		endpoint = line < SIM_LINES ? sim.peer[line].endpoint : UINT32_MAX;
		for (line = 0; line < SIM_LINES; line++)
			if (sim.peer[line].up && sim.peer[line].endpoint == endpoint)
				peer_announce(line, span_s(sim_pick(120, 600)));
		break;
	}
}

/* ---- the storm -------------------------------------------------------------- */

static void
lift_later(unsigned line, int64_t within_ms)
{
	agenda_add(&(struct agenda_item){.kind = AGENDA_LIFT, .line = line,
	    .life = sim.peer[line].life, .at = mono_add(sim.now, span_ms(sim_pick(1, within_ms)))});
}

/* Lines and streams that say nothing, for a while or for good. */
static void
silence(unsigned line)
{
	struct sim_peer *p = &sim.peer[line];

	switch (sim.storm.silences ? sim_pick(0, 3) : 3) {
	case 0:
		p->deaf = true;
		break;
	case 1:
		p->still = true;
		break;
	case 2:
		p->mute |= p->streams & UINT32_C(1) << sim_pick(0, sim.nstreams - 1);
		break;
	default:
		p->still = p->no_pings = true;
		lift_later(line, 60000);
		break;
	}
	journal_note("silence", line, p->deaf * 2 + p->still, p->mute);
}

static void
spoil(unsigned line)
{
	struct sim_peer *p = &sim.peer[line];
	unsigned n = (unsigned)sim_pick(1, 10);

	switch (sim_pick(0, 4)) {
	case 0:
		p->lose += n;
		break;
	case 1:
		p->repeat += n;
		break;
	case 2:
		p->overtake += 1;
		break;
	case 3:
		p->garble += n;
		break;
	default:
		agenda_add(&(struct agenda_item){.kind = AGENDA_NONSENSE, .line = line,
		    .life = p->life, .a = sim_pick(0, 7), .at = mono_add(sim.now, p->latency)});
		break;
	}
	journal_note("messages are spoilt", line, n, 0);
}

void
weather_fault(void)
{
	unsigned line = pick_line();

	if (sim.phase != SIM_STORM)
		return;
	plan(AGENDA_FAULT, sim_wait(sim.storm.every));
	sim.count.faults++;
	if (sim_chance(5))
		operator_change();
	switch (line < SIM_LINES ? sim_pick(0, 7) : 8) {
	case 0:
		peer_end(line, TICK_REASON_PEER_RESET, 0, false);
		break;
	case 1:
		peer_end(line, TICK_REASON_PEER_CLOSED, (int)sim_pick(1000, 1013), true);
		break;
	case 2:
		peer_end(line, TICK_REASON_PROTOCOL, 1002, false);
		break;
	case 3:
		peer_announce(line, span_ms(sim_pick(0, 20000)));
		break;
	case 4:
	case 5:
		silence(line);
		break;
	case 6:
	case 7:
		spoil(line);
		break;
	default:
		market_skip((unsigned)sim_pick(0, sim.nstreams - 1), (unsigned)sim_pick(1, 3));
		break;
	}
}

bool
weather_connect(unsigned line, struct agenda_item *outcome)
{
	struct sim_storm *s = &sim.storm;
	const struct refusal *r;
	unsigned first = 0, n = OF_ENDPOINT;

	if (sim_is_spared(sim.peer[line].leg) || !sim_chance(s->connect))
		return false;
	sim.count.faults++;
	if (sim_chance(15))
		return true; /* neither yes nor no */
	if (sim_chance(s->address)) {
		first = OF_ENDPOINT;
		n = REFUSALS - OF_ENDPOINT;
	}
	r = &refusals[first + (unsigned)sim_pick(0, n - 1)];
	*outcome = (struct agenda_item){.kind = AGENDA_FAILED, .line = line,
	    .at = mono_add(sim.now, span_ms(sim_pick(0, 4000))), .a = r->reason,
	    .b = r->http_status, .c = -1};
	if (r->http_status == 429 || r->http_status == 418)
		outcome->c = sim_pick(-1, 300);
	if (s->delay_first.ns < span_s(r->first_s).ns)
		s->delay_first = span_s(r->first_s);
	if (s->delay_cap.ns < span_s(r->cap_s).ns)
		s->delay_cap = span_s(r->cap_s);
	return true;
}

enum weather_request
weather_request(unsigned line)
{
	if (sim_is_spared(sim.peer[line].leg) || !sim_chance(sim.storm.request))
		return WEATHER_FINE;
	sim.count.faults++;
	if (sim.storm.silences && sim_chance(20))
		return WEATHER_MUTE;
	return (enum weather_request)sim_pick(WEATHER_IGNORED, WEATHER_REFUSED);
}
