/*
 * The pool against a fake exchange with faults, on a virtual clock that jumps
 * from deadline to deadline. Each seed is another topology and another course
 * of events; rules are checked at every step, and a failure prints the seed.
 *
 *	test_pool_sim [SEEDS [FIRST]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/core/pool.h"
#include "tests/core_cfg.h"

enum { STREAMS_MAX = 600, LINES = 10, QUEUE_MAX = 4096, RECENT_MAX = 512 };

static const span_t faults_for = {INT64_C(3600) * 1000000000};
static const span_t recovered_within = {INT64_C(1200) * 1000000000};

/* The exchange's end of a line. */
struct peer {
	bool connected;    /* between WENT_UP and the end */
	bool busy;         /* an attempt or a connection exists */
	uint32_t attempt;
	enum session_state told; /* last state that a transition told */
	mono_t sends[RECENT_MAX];
	unsigned nsends;   /* on this connection */
};

struct scheduled {
	mono_t at;
	unsigned line;
	bool ends;         /* the exchange's end of the line ends with it */
	struct session_event event;
};

static struct sim {
	uint64_t seed, random;
	mono_t now, faults_end;
	struct pool_cfg cfg;
	unsigned nstreams;
	uint16_t bytes[STREAMS_MAX];
	bool bad[STREAMS_MAX];         /* any request with it is refused */
	uint64_t on_lines[STREAMS_MAX]; /* bit per line where the exchange has it subscribed */
	struct peer peer[LINES];
	struct scheduled queue[QUEUE_MAX];
	unsigned nqueue;
	mono_t connects[RECENT_MAX];
	unsigned nconnects;
	unsigned steps, idle_timers, lives;
} sim;

static struct pool pool;
static struct pool_actions actions;
static struct session_stream memory[STREAMS_MAX];

#define CHECK(condition) do { \
	if (!(condition)) \
		fail_msg("seed %llu, %lld ms: %s", (unsigned long long)sim.seed, \
		    (long long)(sim.now.ns / 1000000), #condition); \
} while (0)

static uint64_t
pick(uint64_t from, uint64_t to)
{
	uint64_t z = (sim.random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return from + (z ^ (z >> 31)) % (to - from + 1);
}

/* True that often, but never once the faults are over. */
static bool
fault(unsigned percent)
{
	return mono_before(sim.now, sim.faults_end) && pick(1, 100) <= percent;
}

static struct scheduled *
schedule(unsigned line, span_t in, enum session_event_kind kind)
{
	struct scheduled *slot = &sim.queue[sim.nqueue++];

	CHECK(sim.nqueue <= QUEUE_MAX - 1);
	*slot = (struct scheduled){
		.at = mono_add(sim.now, in),
		.line = line,
		.event = {.kind = kind, .attempt = sim.peer[line].attempt, .retry_after_s = -1},
	};
	return slot;
}

static void
schedule_end(unsigned line, span_t in, enum session_event_kind kind, enum tick_reason reason)
{
	struct scheduled *slot = schedule(line, in, kind);

	slot->event.reason = reason;
	slot->ends = true;
}

/* The exchange forgets the connection, and everything it would still have said on it. */
static void
cut(unsigned line)
{
	unsigned kept = 0;

	sim.peer[line].connected = sim.peer[line].busy = false;
	for (unsigned i = 0; i < sim.nstreams; i++)
		sim.on_lines[i] &= ~(UINT64_C(1) << line);
	for (unsigned i = 0; i < sim.nqueue; i++)
		if (sim.queue[i].line != line)
			sim.queue[kept++] = sim.queue[i];
	sim.nqueue = kept;
}

static void
on_connect(const struct pool_action *act)
{
	struct peer *peer = &sim.peer[act->line];
	struct scheduled *slot;
	unsigned n = sim.nconnects++, before = n - sim.cfg.connects_max;

	CHECK(!peer->busy);
	CHECK(act->attempt == peer->attempt + 1);
	CHECK(act->endpoint < sim.cfg.session.endpoints);
	if (n >= sim.cfg.connects_max)
		CHECK(mono_diff(sim.now, sim.connects[before % RECENT_MAX]).ns >=
		    sim.cfg.connects_window.ns);
	sim.connects[n % RECENT_MAX] = sim.now;
	peer->busy = true;
	peer->attempt = act->attempt;
	peer->nsends = 0;
	if (fault(10))
		return; /* no outcome is ever reported */
	if (fault(30)) {
		schedule_end(act->line, span_ms((int64_t)pick(0, 4000)), SESSION_FAILED,
		    TICK_REASON_REFUSED);
		return;
	}
	if (fault(5)) {
		schedule_end(act->line, span_ms((int64_t)pick(1, 900)), SESSION_FAILED,
		    TICK_REASON_UPGRADE_REFUSED);
		slot = &sim.queue[sim.nqueue - 1];
		slot->event.http_status = 429;
		slot->event.retry_after_s = (int32_t)pick(1, 100);
		return;
	}
	schedule(act->line, span_ms((int64_t)pick(0, 800)), SESSION_WENT_UP);
}

/* Sending keeps to the limit, to the request's size and to the line's own streams. */
static void
check_send(const struct pool_action *act, struct peer *peer)
{
	const struct session_cfg *cfg = &sim.cfg.session;
	unsigned limit = cfg->sends_max - cfg->sends_reserved;
	unsigned n = peer->nsends++, bytes = cfg->request_bytes_overhead;

	CHECK(peer->connected);
	CHECK(act->count > 0);
	if (n >= limit)
		CHECK(mono_diff(sim.now, peer->sends[(n - limit) % RECENT_MAX]).ns >=
		    cfg->send_window.ns);
	peer->sends[n % RECENT_MAX] = sim.now;
	for (unsigned i = 0; i < act->count; i++) {
		unsigned stream = pool_stream_at(&pool, act->first + i);

		bytes += sim.bytes[stream];
		CHECK(stream % pool_lines(&pool) == act->line);
	}
	CHECK(bytes <= cfg->request_bytes_max);
}

static void
on_subscribe(const struct pool_action *act)
{
	bool dropped = fault(4), refused = false;
	struct scheduled *slot;
	span_t in = span_ms((int64_t)(fault(5) ? pick(4000, 9000) : pick(1, 400)));

	check_send(act, &sim.peer[act->line]);
	for (unsigned i = 0; i < act->count; i++)
		refused |= sim.bad[pool_stream_at(&pool, act->first + i)];
	for (unsigned i = 0; i < act->count && !refused && !dropped; i++) {
		unsigned stream = pool_stream_at(&pool, act->first + i);

		CHECK(sim.on_lines[stream] == 0);
		sim.on_lines[stream] = UINT64_C(1) << act->line;
	}
	if (dropped)
		return;
	slot = schedule(act->line, in, refused ? SESSION_REFUSED : SESSION_ACKED);
	slot->event.request_id = act->request_id;
	slot->event.error_code = refused ? 2 : 0;
}

static void
on_hang_up(const struct pool_action *act)
{
	struct peer *peer = &sim.peer[act->line];

	CHECK(peer->busy);
	CHECK(act->attempt == peer->attempt);
	cut(act->line);
	/* The end may be reported late, after the next attempt began, or never. */
	if (fault(10))
		return;
	schedule(act->line, span_ms((int64_t)(fault(20) ? pick(2000, 20000) : pick(0, 500))),
	    peer->told == SESSION_CONNECTING ? SESSION_FAILED : SESSION_WENT_DOWN);
	sim.queue[sim.nqueue - 1].event.reason = TICK_REASON_HUNG_UP;
}

static void
on_transition(const struct pool_action *act)
{
	struct peer *peer = &sim.peer[act->line];

	CHECK(act->from == peer->told);
	CHECK(act->to != act->from);
	CHECK(act->why != TICK_REASON_NONE);
	CHECK(act->retry_in.ns >= 0);
	if (act->to == SESSION_LIVE)
		sim.lives++;
	peer->told = act->to;
}

static void
carry_out(void)
{
	for (unsigned i = 0; i < actions.n; i++) {
		const struct pool_action *act = &actions.act[i];

		CHECK(act->line < pool_lines(&pool));
		switch (act->kind) {
		case ACT_CONNECT:
			on_connect(act);
			break;
		case ACT_SEND_SUBSCRIBE:
			on_subscribe(act);
			break;
		case ACT_HANG_UP:
			on_hang_up(act);
			break;
		case ACT_TRANSITION:
			on_transition(act);
			break;
		case ACT_STREAM_REFUSED:
			CHECK(sim.bad[pool_stream_at(&pool, act->first)]);
			break;
		}
	}
}

static void
step(const struct pool_event *event)
{
	struct pool_line_view view;

	pool_step(&pool, event, sim.now, &actions);
	CHECK(mono_before(sim.now, pool_deadline(&pool)));
	if (event->kind == POOL_TIMER && actions.n == 0)
		sim.idle_timers++;
	carry_out();
	for (unsigned line = 0; line < pool_lines(&pool); line++) {
		CHECK(pool_line_view(&pool, line, &view));
		CHECK(view.state == sim.peer[line].told);
		CHECK(view.acked + view.refused <= view.sent && view.sent <= view.wanted);
	}
	/* The one timer that does nothing visible tells that a LIVE line is stable. */
	CHECK(sim.idle_timers <= sim.lives);
	CHECK(++sim.steps < 2000000);
}

/* A connection made while there are faults ends while there are faults, or stays. */
static void
plan_fate(unsigned line)
{
	span_t in = span_ms((int64_t)pick(0, fault(50) ? 5000 : 400000));
	bool shutdown = fault(30), reset = fault(50);

	if (!mono_before(mono_add(sim.now, in), sim.faults_end))
		return;
	if (shutdown)
		schedule(line, in, SESSION_SHUTDOWN);
	in.ns += (int64_t)pick(0, 2000000);
	schedule_end(line, in, SESSION_WENT_DOWN,
	    reset ? TICK_REASON_PEER_RESET : TICK_REASON_PEER_CLOSED);
}

/* Lines that do not exist, old attempts, answers to nothing: as the world has it. */
static void
say_nonsense(void)
{
	struct pool_event event = {
		.kind = POOL_LINE,
		.line = (unsigned)pick(0, LINES + 2),
		.session = {
			.kind = (enum session_event_kind)pick(SESSION_START, SESSION_STOP),
			.attempt = UINT32_MAX,
			.request_id = INT64_MAX - (int64_t)pick(0, 3),
		},
	};

	/* This one is never nonsense. */
	if (event.session.kind != SESSION_SHUTDOWN)
		step(&event);
}

static unsigned
next_scheduled(void)
{
	unsigned best = 0;

	for (unsigned i = 1; i < sim.nqueue; i++)
		if (mono_before(sim.queue[i].at, sim.queue[best].at))
			best = i;
	return best;
}

static void
deliver(unsigned which)
{
	struct scheduled next = sim.queue[which];
	struct pool_event event = {.kind = POOL_LINE, .line = next.line, .session = next.event};
	struct peer *peer = &sim.peer[next.line];

	sim.queue[which] = sim.queue[--sim.nqueue];
	if (next.ends)
		cut(next.line);
	if (next.event.kind == SESSION_WENT_UP) {
		peer->connected = true;
		plan_fate(next.line);
	}
	step(&event);
}

/* Jumps to whatever comes first and lets it happen. */
static void
run_until(mono_t end)
{
	mono_t event_at, timer_at;
	unsigned which;

	for (;;) {
		which = next_scheduled();
		event_at = sim.nqueue > 0 ? sim.queue[which].at : MONO_NEVER;
		timer_at = pool_deadline(&pool);
		if (mono_before(end, mono_min(event_at, timer_at)))
			break;
		sim.now = mono_min(event_at, timer_at);
		if (mono_before(event_at, timer_at))
			deliver(which);
		else
			step(&(struct pool_event){.kind = POOL_TIMER});
		if (fault(2))
			say_nonsense();
	}
	sim.now = end;
}

static void
build(uint64_t seed)
{
	bool has_bad;

	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.random = seed;
	sim.now = (mono_t){(int64_t)pick(0, 1000000000000)};
	sim.faults_end = mono_add(sim.now, faults_for);
	sim.cfg = core_pool_cfg();
	sim.cfg.max_connections = (unsigned)pick(1, LINES);
	sim.cfg.initial_connections = (unsigned)pick(1, sim.cfg.max_connections);
	sim.cfg.max_streams_per_connection = (unsigned)pick(1, 200);
	sim.cfg.connects_max = (unsigned)pick(12, 300);
	sim.cfg.session.sends_max = (unsigned)pick(2, 10);
	sim.cfg.session.request_bytes_max = pick(1, 3) == 1 ? 120 : (unsigned)pick(200, 4000);
	sim.cfg.session.endpoints = (unsigned)pick(1, 4);
	sim.cfg.session.retry.jitter_percent = (unsigned)pick(0, 100);
	sim.cfg.session.retry.max_retries = (unsigned)pick(0, 15);
	sim.nstreams = sim.cfg.max_streams_per_connection * sim.cfg.max_connections;
	sim.nstreams = (unsigned)pick(1, sim.nstreams < STREAMS_MAX ? sim.nstreams : STREAMS_MAX);
	has_bad = pick(1, 4) == 1;
	for (unsigned i = 0; i < sim.nstreams; i++) {
		sim.bytes[i] = (uint16_t)pick(10, 60);
		sim.bad[i] = has_bad && pick(1, 50) == 1;
	}
}

static void
check_all_is_well(void)
{
	struct pool_line_view view;

	for (unsigned line = 0; line < pool_lines(&pool); line++) {
		CHECK(pool_line_view(&pool, line, &view));
		CHECK(view.state == SESSION_LIVE);
		CHECK(view.acked + view.refused == view.wanted);
		CHECK(sim.peer[line].connected);
	}
	for (unsigned i = 0; i < sim.nstreams; i++)
		CHECK(sim.on_lines[i] ==
		    (sim.bad[i] ? 0 : UINT64_C(1) << (i % pool_lines(&pool))));
}

static void
run_seed(uint64_t seed)
{
	build(seed);
	CHECK(pool_init(&pool, &sim.cfg, sim.bytes, sim.nstreams, memory, seed) == POOL_OK);
	step(&(struct pool_event){.kind = POOL_START});
	run_until(sim.faults_end);
	run_until(mono_add(sim.now, recovered_within));
	check_all_is_well();
	step(&(struct pool_event){.kind = POOL_STOP});
	run_until(mono_add(sim.now, span_s(10)));
	CHECK(pool_is_idle(&pool));
	CHECK(mono_is_never(pool_deadline(&pool)));
}

static uint64_t seeds = 300, first_seed = 1;

static void
after_any_course_of_faults_every_stream_is_subscribed_once(void **state)
{
	uint64_t steps = 0, lives = 0, connects = 0;

	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
		run_seed(seed);
		steps += sim.steps;
		lives += sim.lives;
		connects += sim.nconnects;
	}
	printf("%llu seeds, %llu steps, %llu connects, %llu times live\n",
	    (unsigned long long)seeds, (unsigned long long)steps, (unsigned long long)connects,
	    (unsigned long long)lives);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_any_course_of_faults_every_stream_is_subscribed_once),
	};

	if (argc > 1)
		seeds = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
