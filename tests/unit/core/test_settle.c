/*
 * A load that does not change, for simulated hours, under settings of all kinds:
 * the pool finds its lines and places, and then leaves them alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/pool.h"
#include "tests/pool_rig.h"

enum { STREAMS = 12, SETTINGS = 16, SETTINGS_SLOWLY = 3, STEP_S = 7, HOUR_S = 3600,
       SETTLED_S = 4 * HOUR_S, QUIET_S = 6 * HOUR_S };

static struct {
	struct rng rng;
	unsigned streams;
	int64_t period_ms[STREAMS]; /* of its messages */
	bool random;                /* so on average */
	int64_t carry_ms[STREAMS];
} load;

/* The exchange does at once what it is asked to. */
static void
answer(void)
{
	struct pool_actions actions = rig.actions;

	for (unsigned i = 0; i < actions.n; i++) {
		const struct pool_action *act = &actions.act[i];
		struct session_event event = {.attempt = act->attempt, .retry_after_s = -1,
		    .request_id = act->request_id, .reason = TICK_REASON_HUNG_UP};

		switch (act->kind) {
		case ACT_CONNECT:
			event.kind = SESSION_WENT_UP;
			break;
		case ACT_SEND_SUBSCRIBE:
		case ACT_SEND_UNSUBSCRIBE:
			event.kind = SESSION_ACKED;
			break;
		case ACT_HANG_UP:
			event.kind = SESSION_WENT_DOWN;
			break;
		default:
			continue;
		}
		rig_tell(act->line, event);
		answer();
	}
}

static void
step(const struct pool_event *event)
{
	rig_step(event);
	answer();
}

static uint32_t
messages_of(unsigned stream)
{
	int64_t ms = STEP_S * 1000, n;

	load.carry_ms[stream] += load.random ? rng_between(&load.rng, 0, 2 * ms) : ms;
	n = load.carry_ms[stream] / load.period_ms[stream];
	load.carry_ms[stream] -= n * load.period_ms[stream];
	return (uint32_t)n;
}

/* All that came since the last time. */
static void
say(void)
{
	struct pool_heard heard[STREAMS] = {0};
	struct pool_event event = {.kind = POOL_HEARD, .heard = heard};

	for (unsigned i = 0; i < load.streams; i++) {
		struct pool_heard *h = &heard[event.nheard];
		uint32_t messages = messages_of(i);

		*h = (struct pool_heard){.stream = i};
		for (unsigned line = 0; line < pool_lines(&rig.pool); line++) {
			const struct session_stream *at = place_of(&rig.pool, line, i);

			if (at == NULL || at->state != STREAM_ACKED)
				continue;
			h->lines |= UINT64_C(1) << line;
			h->messages += messages;
		}
		event.nheard += h->messages > 0;
	}
	if (event.nheard > 0)
		step(&event);
}

static void
run_for(int64_t s)
{
	mono_t end = mono_add(rig.now, span_s(s));

	while (mono_before(rig.now, end)) {
		rig.now = mono_add(rig.now, span_s(STEP_S));
		step(&(struct pool_event){.kind = POOL_TIMER});
		say();
	}
}

static struct pool_cfg
any_settings(void)
{
	struct pool_cfg cfg = core_pool_cfg();
	unsigned per_leg = (unsigned)rng_between(&load.rng, 1, 4);

	cfg.redundancy = (unsigned)rng_between(&load.rng, 1, 3);
	cfg.max_connections = per_leg * cfg.redundancy;
	cfg.initial_connections = (unsigned)rng_between(&load.rng, 1, cfg.max_connections);
	cfg.max_streams_per_connection = (unsigned)rng_between(&load.rng,
	    (load.streams + per_leg - 1) / per_leg, STREAMS);
	cfg.rotate.age_max = span_s(rng_below(&load.rng, 2) == 0 ? 3600 : 1000 * HOUR_S);
	cfg.checkup.off = true;
	/* From what one message in ten minutes is too much for, to what nothing is. */
	cfg.scale.load_high = UINT64_C(1) << rng_between(&load.rng, 0, 17);
	cfg.scale.load_low = cfg.scale.load_high * rng_below(&load.rng, 5) / 4;
	cfg.scale.idle_for = span_s(rng_between(&load.rng, 1, 600));
	return cfg;
}

static void
any_load(void)
{
	static const int64_t periods_ms[] = {20, 100, 1000, 3000, 10000, 15000, 61000, 600000};

	load.streams = (unsigned)rng_between(&load.rng, 1, STREAMS);
	for (unsigned i = 0; i < load.streams; i++) {
		load.period_ms[i] = periods_ms[rng_below(&load.rng, 8)];
		load.carry_ms[i] = rng_between(&load.rng, 0, load.period_ms[i]);
	}
}

static void
try_settings(uint64_t seed, bool random)
{
	struct pool_cfg cfg;
	struct scale settled;

	rng_seed(&load.rng, seed);
	load.random = random;
	any_load();
	cfg = any_settings();
	rig_init(&cfg, load.streams);
	step(&(struct pool_event){.kind = POOL_START});
	run_for(SETTLED_S);
	settled = rig.pool.scale;
	/* Each stream twice or so in a leg, and each line. */
	if (settled.moves > 3 * load.streams * cfg.redundancy ||
	    settled.opened > 2 * cfg.max_connections)
		fail_msg("seed %u: %u moves, %u lines opened", (unsigned)seed,
		    (unsigned)settled.moves, (unsigned)settled.opened);
	run_for(QUIET_S);
	if (rig.pool.scale.moves != settled.moves || rig.pool.scale.opened != settled.opened ||
	    rig.pool.scale.closed != settled.closed)
		fail_msg("seed %u: after four hours %u moves, %u lines opened, %u closed",
		    (unsigned)seed, (unsigned)(rig.pool.scale.moves - settled.moves),
		    (unsigned)(rig.pool.scale.opened - settled.opened),
		    (unsigned)(rig.pool.scale.closed - settled.closed));
}

static uint64_t
settings(void)
{
	const char *variant = getenv("TICKRING_VARIANT");

	/* Sanitizers take twenty times as long. */
	return variant == NULL || strcmp(variant, "release") == 0 ? SETTINGS : SETTINGS_SLOWLY;
}

static void
a_steady_load_comes_to_rest_and_stays_there(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= settings(); seed++)
		try_settings(seed, false);
}

static void
a_load_that_is_steady_on_average_does_too(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= settings(); seed++)
		try_settings(seed, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_load_comes_to_rest_and_stays_there),
		cmocka_unit_test(a_load_that_is_steady_on_average_does_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
