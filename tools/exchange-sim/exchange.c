#include "tools/exchange-sim/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/report.h"
#include "tools/exchange-sim/strike.h"

#define REPLY_MAX (5 << 20)            /* exchangeInfo with its HTTP head */
#define QUEUE_SYNTHETIC (8 << 20)      /* then the client is too slow */
#define QUEUE_REPLAY (256 << 10)       /* then the replay waits */

static void
answer_rest(void *ctx, const struct http_request *q, wall_t now, struct text *reply)
{
	struct exchange *x = ctx;

	now.ns += x->floor.publisher.clock_error.ns;
	x->rest.now = x->desk.now;
	rest_answer(&x->rest, q, now, reply);
}

static void
on_changed(void *ctx)
{
	struct exchange *x = ctx;

	x->sessions_due = MONO_ZERO;
}

int
exchange_init(struct exchange *x, const struct options *o, const struct capture *capture)
{
	struct hub_watch watch = {0}; /* a replay makes nothing up: it does not care who listens */
	int r;

	if (capture == NULL)
		watch = (struct hub_watch){floor_on_wanted, floor_on_unwanted, &x->floor};
	*x = (struct exchange){.replays = capture != NULL, .sessions_due = MONO_NEVER,
		.exit_after_replay = o->exit_after_replay, .endpoint = o->endpoint,
		.nendpoints = o->nendpoints, .rate = o->rate};
	hub_init(&x->hub, watch);
	x->desk.hub = &x->hub;
	x->desk.cfg = o->session;
	x->desk.cfg.queue_max = capture != NULL ? QUEUE_REPLAY : QUEUE_SYNTHETIC;
	x->desk.rest = answer_rest;
	x->desk.changed = on_changed;
	x->desk.ctx = x;
	x->desk.faults = &x->faults;
	x->desk.visitors = &x->visitors;
	x->desk.dice.state = o->seed;
	x->desk.due = MONO_NEVER;
	faults_init(&x->faults, o->seed);
	visitors_init(&x->visitors, o->strict ? o->connects_max : 0, o->ban);
	x->desk.scratch = (struct text){.p = malloc(REPLY_MAX), .cap = REPLY_MAX};
	if (x->desk.scratch.p == NULL || !rest_init(&x->rest, capture ? NULL : &x->floor))
		return -ENOMEM;
	if (capture != NULL) {
		r = player_init(&x->player, capture, o->speed_milli, &x->hub, &x->sessions);
		x->player.shelf = x->rest.shelf = &x->shelf;
		return r;
	}
	x->rest.faults = &x->faults;
	x->rest.api_key = x->desk.cfg.api_key;
	x->rest.tally = &x->desk.tally;
	x->rest.weight_max = o->strict ? o->weight_max : 0;
	x->rest.ban = o->ban;
	r = floor_init(&x->floor, o->symbols, o->seed);
	floor_set_product(&x->floor, o->product);
	x->pace.per_second = o->rate;
	return r;
}

void
exchange_fini(struct exchange *x)
{
	if (x->replays)
		player_fini(&x->player);
	else
		floor_fini(&x->floor);
	hub_fini(&x->hub);
	rest_fini(&x->rest);
	shelf_free(&x->shelf);
	free(x->desk.scratch.p);
}

bool
exchange_join(struct exchange *x, struct session *s, const struct endpoint *endpoint,
    const char *peer, mono_t now)
{
	x->desk.now = now;
	if (!session_init(s, &x->desk, ++x->desk.tally.connections, now))
		return false;
	s->endpoint = endpoint;
	snprintf(s->peer, sizeof(s->peer), "%s", peer);
	s->next = x->sessions;
	if (s->next != NULL)
		s->next->prev = s;
	x->sessions = s;
	x->sessions_due = MONO_ZERO;
	return true;
}

void
exchange_leave(struct exchange *x, struct session *s)
{
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		x->sessions = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	session_fini(s);
}

void
exchange_on_bytes(struct exchange *x, struct session *s, struct bytes in, mono_t now, wall_t wall)
{
	x->desk.now = now;
	session_on_bytes(s, in, now, wall);
	x->sessions_due = mono_min(x->sessions_due, session_deadline(s));
}

static void
wake_sessions(struct exchange *x, mono_t now, wall_t wall)
{
	x->sessions_due = MONO_NEVER;
	for (struct session *s = x->sessions; s != NULL; s = s->next) {
		if (mono_due(session_deadline(s), now))
			session_on_time(s, now, wall);
		x->sessions_due = mono_min(x->sessions_due, session_deadline(s));
	}
}

static void
close_slow(struct exchange *x, mono_t now)
{
	x->floor.publisher.too_slow = false;
	for (struct session *s = x->sessions; s != NULL; s = s->next) {
		if (!s->too_slow)
			continue;
		s->too_slow = false;
		x->desk.tally.too_slow++;
		report(REPORT_WARN, "connection %llu: does not keep up, %zu bytes waiting: closed",
		    (unsigned long long)s->number, outq_used(&s->out));
		session_close(s, 1008, "Client is too slow", now);
		s->wants_write = true;
	}
}

static void
wake_market(struct exchange *x, mono_t now, wall_t wall)
{
	int64_t before = x->floor.messages, due;

	if (x->floor.nactive == 0) {
		x->moving = false;
		return;
	}
	if (!x->moving)
		pace_start(&x->pace, x->pace.per_second, now);
	x->moving = true;
	floor_advance(&x->floor, wall);
	/* The timed messages are part of the rate. */
	if (x->floor.realtime > 0)
		pace_sent(&x->pace, x->floor.messages - before);
	due = pace_due(&x->pace, now);
	if (due > 0)
		pace_sent(&x->pace, floor_move(&x->floor, due, wall));
	if (x->floor.publisher.too_slow)
		close_slow(x, now);
}

bool
exchange_clear_fault(struct exchange *x, uint32_t id, mono_t now)
{
	if (id != 0 && !faults_remove(&x->faults, id))
		return false;
	if (id == 0)
		faults_clear(&x->faults);
	/* What a freeze or a dribble held goes; an endpoint's delay is short. */
	for (struct session *s = x->sessions; s != NULL; s = s->next) {
		s->wants_write |= s->hold.n > 0;
		hold_clear(&s->hold);
		for (struct late *late = s->late; late != NULL; late = late->next)
			late->at = now;
	}
	x->sessions_due = MONO_ZERO;
	return true;
}

bool
exchange_refuses(const struct exchange *x, const struct endpoint *e)
{
	struct fault_target target = {.endpoint = e->name};

	return faults_find(&x->faults, FAULT_REFUSE, &target) != NULL ||
	    faults_find(&x->faults, FAULT_DOWN, &target) != NULL;
}

/* "down": nobody stays connected, not even who came at the last moment. */
static void
reset_down(struct exchange *x)
{
	for (struct session *s = x->sessions; s != NULL; s = s->next) {
		struct fault_target target = session_target(s);

		target.conn = 0;
		if (s->state != SESSION_OVER &&
		    faults_find(&x->faults, FAULT_DOWN, &target) != NULL)
			session_cut(s, SESSION_CUT_RST);
	}
}

/* Lets faults begin, act and end. */
static void
wake_faults(struct exchange *x, mono_t now, wall_t wall)
{
	const struct fault_target everything = {0};
	const struct fault_entry *e;
	struct fault f;
	int64_t rate = x->rate;

	while (faults_advance(&x->faults, now, &f)) {
		wall_t exchange_time = {wall.ns + x->floor.publisher.clock_error.ns};
		uint32_t n = strike(x->sessions, &f, now, exchange_time);

		x->faults.hits[f.kind] += n;
		report(REPORT_INFO, "fault %s: %u connections", fault_name(f.kind), n);
	}
	if (faults_any(&x->faults, FAULT_DOWN))
		reset_down(x);
	e = faults_find(&x->faults, FAULT_CLOCK, &everything);
	x->floor.publisher.clock_error = e != NULL ? e->what.ms : SPAN_ZERO;
	e = faults_find(&x->faults, FAULT_BURST, &everything);
	if (e != NULL)
		rate = rate / 1000 * e->what.factor_milli +
		    rate % 1000 * e->what.factor_milli / 1000;
	if (rate != x->pace.per_second)
		pace_start(&x->pace, rate, now);
}

void
exchange_wake(struct exchange *x, mono_t now, wall_t wall)
{
	x->desk.now = now;
	if (x->faults.n > 0 || x->faults.kinds != x->kinds_seen)
		wake_faults(x, now, wall);
	x->kinds_seen = x->faults.kinds;
	x->sessions_due = mono_min(x->sessions_due, x->desk.due);
	x->desk.due = MONO_NEVER;
	if (mono_due(x->sessions_due, now))
		wake_sessions(x, now, wall);
	if (x->replays)
		player_wake(&x->player, now);
	else
		wake_market(x, now, wall);
}

/* When the market has timed messages, on the monotonic clock. */
static mono_t
market_due(const struct exchange *x, mono_t now, wall_t wall)
{
	int64_t first = INT64_MAX;

	for (uint32_t i = 0; i < x->floor.nactive; i++) {
		wall_t at = market_deadline(&x->floor.symbol[x->floor.active[i]].market);

		first = at.ns < first ? at.ns : first;
	}
	return first == INT64_MAX ? MONO_NEVER : mono_add(now, span_ns(first - wall.ns));
}

mono_t
exchange_deadline(const struct exchange *x, mono_t now, wall_t wall)
{
	mono_t due = mono_min(x->sessions_due, x->desk.due);

	due = mono_min(due, faults_deadline(&x->faults));
	if (x->replays)
		return mono_min(due, player_deadline(&x->player));
	if (x->floor.nactive == 0)
		return due;
	if (!x->moving)
		return now;
	due = mono_min(due, market_due(x, now, wall));
	return mono_min(due, pace_deadline(&x->pace, now));
}

bool
exchange_finished(const struct exchange *x)
{
	return x->exit_after_replay && x->replays && player_done(&x->player) &&
	    x->sessions == NULL;
}
