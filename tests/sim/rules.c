#include "tests/sim/rules.h"

#include <tickring/reasons.h>

#include "tests/sim/journal.h"
#include "tests/sim/market.h"
#include "tests/sim/peer.h"
#include "tests/sim/places.h"

/* Binance, 2026-08: 5 messages a second on a line, PONGs included. */
enum { SENDS_PER_S = 5, TIMERS_PER_MINUTE = 1200, UNTOLD_MAX = 80 };

static const span_t second = {1000000000};
static const span_t minute = {INT64_C(60) * 1000000000};

/* The way to us, and what the arbiter may hold. */
static const span_t late_after = {INT64_C(3) * 1000000000};

/* A new stream is asked for at once, as far as the limit of messages a second allows. */
static const span_t joined_within = {INT64_C(5) * 1000000000};

/* No stream's limit of silence is shorter (stall.c). */
static const span_t silence_min = {1500000000};

/* ---- limits ----------------------------------------------------------------- */

void
rules_on_connect(const struct pool_action *act)
{
	uint64_t n = sim.connects, most = sim.cfg.connects_max;
	mono_t before = n < most ? MONO_ZERO : sim.connect[(n - most) % SIM_CONNECTS];

	RULE(act->endpoint < sim.cfg.route.endpoints, "no such endpoint", act->endpoint, 0, 0);
	RULE(n < most || mono_diff(sim.now, before).ns >= sim.cfg.connects_window.ns,
	    "too many connects in the window", act->line, (int64_t)most, before.ns);
	sim.connect[n % SIM_CONNECTS] = sim.now;
	sim.connects++;
	sim.count.connects++;
}

void
rules_on_send(unsigned line)
{
	const struct sim_peer *p = &sim.peer[line];

	if (p->sends < SENDS_PER_S)
		return;
	RULE(mono_diff(sim.now, p->send[(p->sends - SENDS_PER_S) % SIM_SENDS]).ns >= second.ns,
	    "too many messages in a second", line, p->sends, 0);
}

void
rules_on_rotation(const struct pool_action *act)
{
	RULE(!sim.fair || act->step != ROTATION_BEGUN || act->why == TICK_REASON_AGE,
	    "a line is replaced, and nothing is the matter with it", act->line, act->why, 0);
}

void
rules_on_subscribed(const struct sim_peer *p)
{
	int n = __builtin_popcount(p->streams);

	for (unsigned i = 0; i < sim.nstreams; i++)
		RULE((p->streams >> i & 1) == 0 || sim.stream[i].path == p->path,
		    "a stream is subscribed where it is not served", i, p->path, 0);
	RULE((unsigned)n <= sim.cfg.line_room, "too many streams on a line", n, p->streams, 0);
}

/* ---- time ------------------------------------------------------------------- */

/*
 * A healthy leg takes a new stream, even when others are in trouble: it is not
 * left to a line that may not connect while one is up that could take it.
 */
static void
check_joined(const struct sim_stream *s)
{
	unsigned legs = s->wanted && sim_owes() ? sim_healthy_legs() & ~s->joined : 0;

	if (legs == 0 || mono_diff(sim.now, s->added).ns < joined_within.ns)
		return;
	for (unsigned line = 0; line < SIM_LINES; line++) {
		const struct sim_peer *p = &sim.peer[line];

		RULE(!p->up || (legs >> p->leg & 1) == 0 || p->path != s->path ||
		    mono_diff(sim.now, p->up_at).ns < joined_within.ns,
		    "a new stream is not subscribed by a healthy leg", s - sim.stream, line,
		    legs);
	}
}

void
rules_on_wake(bool by_timer, mono_t deadline)
{
	sim.count.wakes++;
	for (unsigned i = 0; i < sim.nstreams; i++)
		check_joined(&sim.stream[i]);
	RULE(mono_before(sim.now, deadline), "a deadline does not lie ahead", deadline.ns,
	    sim.now.ns, by_timer);
	if (!by_timer)
		return;
	sim.count.timers++;
	if (!mono_before(sim.now, mono_add(sim.minute, minute))) {
		sim.minute = sim.now;
		sim.timers_in_minute = 0;
	}
	sim.timers_in_minute++;
	RULE(sim.timers_in_minute <= TIMERS_PER_MINUTE, "too many timers in a minute",
	    sim.timers_in_minute, 0, 0);
}

/* In a calm, 64 messages in a row that came on every leg are enough (arbiter.h). */
static void
count_untold(struct sim_stream *s)
{
	bool comes = sim.phase == SIM_CALM && s->wanted && s->joined == sim_all_legs();

	s->untold = s->renumbered && comes ? s->untold + 1 : 0;
	RULE(s->untold <= UNTOLD_MAX, "a new count is not told", s - sim.stream, s->id, s->seen);
}

void
rules_on_said(struct sim_stream *s, const struct sim_record *record)
{
	count_untold(s);
	RULE(mono_is_never(s->owed_since) ||
	    mono_diff(sim.now, s->owed_since).ns < late_after.ns,
	    "a message of a healthy line is not there in time", s - sim.stream, s->owed_id,
	    s->owed_since.ns);
	if (!record->owed || !mono_is_never(s->owed_since))
		return;
	s->owed_since = record->at;
	s->owed_id = record->id;
}

void
rules_on_dropped(struct sim_stream *s)
{
	s->owed_since = MONO_NEVER;
	for (unsigned k = 0; k < SIM_RECORDS; k++)
		s->record[k].owed = false;
}

void
rules_on_storm(void)
{
	for (unsigned i = 0; i < sim.nstreams; i++)
		rules_on_dropped(&sim.stream[i]);
}

void
rules_on_restart(void)
{
	for (unsigned i = 0; i < sim.nstreams; i++)
		for (unsigned k = 0; k < SIM_RECORDS; k++)
			if (sim.stream[i].record[k].id > sim.stream[i].seen)
				sim.stream[i].record[k].brought = false;
}

void
rules_on_recovered(void)
{
	for (unsigned i = 0; i < sim.nstreams; i++) {
		RULE(!sim.stream[i].wanted || peer_legs_of(i) == sim.cfg.redundancy,
		    "a stream is not carried by every leg after the storm", i, peer_legs_of(i),
		    sim.cfg.redundancy);
		if (sim.stream[i].wanted)
			sim.stream[i].joined = sim.stream[i].shown = sim_all_legs();
	}
	for (unsigned line = 0; line < SIM_LINES; line++)
		RULE(!places_is_astray(line), "a line is still in another region", line, 0, 0);
	for (unsigned line = 0; line < SIM_LINES; line++)
		RULE(!sim.peer[line].up || (sim.peer[line].streams & ~places_on(line)) == 0,
		    "a stream is subscribed where nobody wants it", line, sim.peer[line].streams,
		    places_on(line));
}

/* ---- ticks ------------------------------------------------------------------ */

/* Nothing is called missing that came, or that had to. */
static void
on_gap(struct sim_stream *s, const struct tick *t)
{
	const struct sim_record *r;

	sim.count.gaps++;
	journal_note("gap", s - sim.stream, t->event.b, t->event.c);
	RULE(!s->told, "two gaps in a row", s - sim.stream, t->event.b, t->event.c);
	RULE(s->seen >= 0 && t->event.b == s->seen + 1, "a gap does not begin at the last id",
	    s - sim.stream, t->event.b, s->seen);
	s->told = true;
	s->gap_first = t->event.b;
	s->gap_last = t->event.c;
	for (uint64_t n = s->said; n > 0 && (r = market_record(s, n - 1)) != NULL; n--) {
		if (r->id < s->gap_first)
			break;
		if (r->id > s->gap_last)
			continue;
		RULE(!r->brought, "called missing, but a line brought it", s - sim.stream, r->id,
		    r->at.ns);
		RULE(!r->owed, "lost, though a healthy line had it", s - sim.stream, r->id,
		    mono_diff(sim.now, r->at).ns / 1000000);
	}
}

/* What was lost until that was clear, nobody can tell. */
static void
on_renumbered(struct sim_stream *s, const struct tick *t)
{
	sim.count.renumbered++;
	journal_note("ids anew", s - sim.stream, t->event.b, t->event.c);
	RULE(s->renumbered, "a new count that the exchange did not begin", s - sim.stream,
	    t->event.b, t->event.c);
	RULE(t->event.b == s->seen && t->event.c < s->seen && !s->told,
	    "a new count that does not follow the old one", s - sim.stream, t->event.b, s->seen);
	s->renumbered = false;
	s->anew = t->event.c;
}

static void
on_event(struct sim_stream *s, const struct tick *t)
{
	if (t->event.reason == TICK_REASON_RENUMBERED) {
		on_renumbered(s, t);
		return;
	}
	if (t->event.reason == TICK_REASON_GAP) {
		on_gap(s, t);
		return;
	}
	RULE(t->event.reason != TICK_REASON_UNFIT, "a value does not fit", s - sim.stream, 0, 0);
	if (t->event.reason != TICK_REASON_STALE)
		return;
	sim.count.stale++;
	journal_note("stale", s - sim.stream, t->event.c, 0);
	/* Of a new stream a healthy leg may know nothing yet: check_joined(). */
	RULE(!sim_owes() || (s->joined & sim_healthy_legs()) != sim_healthy_legs() ||
	    mono_diff(sim.now, s->seen_at).ns >= silence_min.ns,
	    "called stale while it delivers", s - sim.stream, t->event.c, s->seen_at.ns);
}

static int64_t
price_of(const struct tick *t)
{
	switch ((enum tick_type)t->type) {
	case TICK_TRADE:
	case TICK_AGG_TRADE:
		return t->trade.price;
	case TICK_QUOTE:
		return t->quote.bid_px;
	default:
		return t->book.first[0].price;
	}
}

/* The first of a new count follows nothing. */
static void
check_new_count(struct sim_stream *s, const struct tick *t)
{
	RULE(t->id == s->anew && (t->flags & TICK_FLAG_GAP_BEFORE) != 0,
	    "a new count begins elsewhere than told", s - sim.stream, t->id, s->anew);
	s->anew = -1;
}

static void
check_order(struct sim_stream *s, const struct tick *t, const struct sim_record *r)
{
	bool flagged = (t->flags & TICK_FLAG_GAP_BEFORE) != 0;
	bool hole = s->kind != EVENT_QUOTE && s->seen >= 0 && r->prev_id > s->seen;

	RULE(t->id > s->seen, "an id comes twice or out of order", s - sim.stream, t->id, s->seen);
	RULE(flagged == hole, hole ? "a hole is not flagged" : "a flag without a hole",
	    s - sim.stream, t->id, s->seen);
	RULE(s->told == hole, hole ? "a hole is not told" : "a gap is told without a hole",
	    s - sim.stream, t->id, s->seen);
	RULE(!hole || s->gap_last == r->prev_id, "a gap ends elsewhere than told", s - sim.stream,
	    r->prev_id, s->gap_last);
	s->told = false;
	/* The new count has met the old one before anybody could tell. */
	if (!mono_before(r->at, s->renumbered_at))
		s->renumbered = false;
}

void
rules_on_tick(struct sim_stream *s, const struct tick *t)
{
	const struct sim_record *r;

	sim.count.ticks++;
	RULE(t->mono_ns == sim.now.ns, "a tick of another time", t->mono_ns, sim.now.ns, t->type);
	if (s == NULL)
		return;
	if (t->type == TICK_FEED_EVENT) {
		on_event(s, t);
		return;
	}
	r = market_find(s, t->id);
	RULE(r != NULL && r->brought, "nobody brought that", s - sim.stream, t->id, t->leg);
	if (s->anew >= 0)
		check_new_count(s, t);
	else
		check_order(s, t, r);
	RULE(price_of(t) == market_price(t->id), "another price than said", s - sim.stream,
	    price_of(t), market_price(t->id));
	s->seen = t->id;
	s->seen_at = sim.now;
	if (!mono_is_never(s->owed_since) && s->owed_id <= t->id)
		s->owed_since = MONO_NEVER;
}
