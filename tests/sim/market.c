#include "tests/sim/market.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/agenda.h"
#include "tests/sim/journal.h"
#include "tests/sim/peer.h"
#include "tests/sim/rules.h"

enum { PRICES = 100000 };

static void
plan(unsigned stream)
{
	span_t mean = sim.stream[stream].every;

	if (sim.phase == SIM_STORM && sim.storm.hurries)
		mean.ns /= 10;
	agenda_add(&(struct agenda_item){.kind = AGENDA_SAY, .a = stream,
	    .at = mono_add(sim.now, sim_wait(mean))});
}

void
market_open(void)
{
	for (unsigned i = 0; i < sim.nstreams; i++)
		plan(i);
}

/* How far ids run on with a message. */
static int64_t
next_step(enum event_kind kind)
{
	if (kind == EVENT_DEPTH)
		return sim_pick(1, 5);
	return kind == EVENT_QUOTE ? sim_pick(1, 50) : 1;
}

/* May a message of that stream be lost now? Not when a healthy leg is known to bring it. */
static bool
is_owed(const struct sim_stream *s)
{
	unsigned legs;

	if (!sim_owes())
		return false;
	legs = sim_healthy_legs();
	return s->wanted && !s->renumbered && (s->shown & legs) == legs;
}

void
market_say(unsigned stream)
{
	struct sim_stream *s = &sim.stream[stream];
	struct sim_record *r = &s->record[s->said % SIM_RECORDS];

	r->prev_id = s->id;
	if (sim.futures && s->kind == EVENT_DEPTH)
		s->id += sim_pick(0, 100); /* of other instruments */
	r->first_id = s->id + 1;
	s->id += next_step(s->kind);
	r->id = s->id;
	r->at = sim.now;
	r->owed = is_owed(s);
	r->brought = false;
	rules_on_said(s, r);
	peer_broadcast(stream, s->said++);
	plan(stream);
}

void
market_skip(unsigned stream, unsigned ids)
{
	sim.stream[stream].id += ids;
	journal_note("ids are skipped", -1, stream, ids);
}

/*
 * So far that the new count does not meet the old one soon, and near enough to
 * look like messages that are late.
 */
void
market_renumber(unsigned stream)
{
	struct sim_stream *s = &sim.stream[stream];
	int64_t back = sim_pick(20000, 90000);

	if (s->renumbered || s->seen < 0 || s->id < back)
		return;
	journal_note("ids begin anew", -1, stream, s->id - back);
	s->id -= back;
	s->renumbered = true;
	s->renumbered_at = sim.now;
	s->untold = 0;
	s->owed_since = MONO_NEVER;
}

int64_t
market_price(int64_t id)
{
	return (id % PRICES * 10 + 5) * 10000000;
}

/* The exchange has a clock of its own. */
int64_t
market_ms(mono_t at)
{
	return INT64_C(1790000000000) + mono_diff(at, sim.begun).ns / 1000000;
}

static int
format_depth(char *text, size_t size, const struct sim_stream *s, const struct sim_record *r)
{
	int64_t ms = market_ms(r->at), price = r->id % PRICES;
	char futures[64] = "";

	if (sim.futures)
		snprintf(futures, sizeof(futures), ",\"T\":%" PRId64 ",\"pu\":%" PRId64, ms,
		    r->prev_id);
	return snprintf(text, size, "{\"e\":\"depthUpdate\",\"E\":%" PRId64
	    ",\"s\":\"%s\",\"U\":%" PRId64 ",\"u\":%" PRId64 "%s,\"b\":[[\"%" PRId64
	    ".5\",\"2\"]],\"a\":[]}", ms, s->symbol, r->first_id, r->id, futures, price);
}

size_t
market_format(char *text, size_t size, unsigned stream, const struct sim_record *r)
{
	const struct sim_stream *s = &sim.stream[stream];
	int64_t ms = market_ms(r->at), price = r->id % PRICES;
	int n = 0;

	switch (s->kind) {
	case EVENT_TRADE:
		n = snprintf(text, size, "{\"e\":\"trade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"t\":%"
		    PRId64 ",\"p\":\"%" PRId64 ".5\",\"q\":\"2\",\"T\":%" PRId64
		    ",\"m\":true,\"M\":true}", ms, s->symbol, r->id, price, ms);
		break;
	case EVENT_AGG_TRADE:
		n = snprintf(text, size,
		    "{\"e\":\"aggTrade\",\"E\":%" PRId64 ",\"s\":\"%s\","
		    "\"a\":%" PRId64 ",\"p\":\"%" PRId64 ".5\",\"q\":\"2\","
		    "\"f\":1,\"l\":2,\"T\":%" PRId64 ",\"m\":true,\"M\":true}",
		    ms, s->symbol, r->id, price, ms);
		break;
	case EVENT_QUOTE:
		n = snprintf(text, size, "{\"u\":%" PRId64 ",\"s\":\"%s\",\"b\":\"%" PRId64
		    ".5\",\"B\":\"2\",\"a\":\"%" PRId64 ".6\",\"A\":\"3\"}", r->id, s->symbol,
		    price, price);
		break;
	default:
		n = format_depth(text, size, s, r);
		break;
	}
	return (size_t)n;
}

struct sim_record *
market_record(struct sim_stream *s, uint64_t n)
{
	return n < s->said && n + SIM_RECORDS >= s->said ? &s->record[n % SIM_RECORDS] : NULL;
}

struct sim_record *
market_find(struct sim_stream *s, int64_t id)
{
	for (uint64_t n = s->said; n > 0 && n + SIM_RECORDS > s->said; n--) {
		struct sim_record *r = &s->record[(n - 1) % SIM_RECORDS];

		if (r->id == id)
			return r;
	}
	return NULL;
}
