/* Settings that switch something off: connecting again, limits, health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "feed/io/uring_line.h"
#include "feed/plan/plan.h"
#include "feed/status/errors.h"
#include "tests/pool_rig.h"

static struct pool_cfg
planned(const char *override)
{
	struct config_problems problems = {0};
	const char *const overrides[] = {"streams=btcusdt@trade", override};
	struct config cfg;
	struct pool_cfg out;

	assert_true(config_load(NULL, overrides, 2, &cfg, &problems));
	out = plan_pool_cfg(&cfg);
	config_free(&cfg);
	config_problems_free(&problems);
	return out;
}

static void
the_configuration_reaches_the_pool(void **state)
{
	(void)state;
	assert_true(planned("reconnect.enabled=true").session.reconnect);
	assert_false(planned("reconnect.enabled=false").session.reconnect);
	assert_false(planned("monitoring.enabled=true").checkup.off);
	assert_true(planned("monitoring.enabled=false").checkup.off);
	assert_int_equal(planned("subscribe.data_timeout_ms=1234").session.data_within.ns,
	    span_ms(1234).ns);
	/* The transport's limit comes first: it says what was waited for. */
	assert_true(planned("pool.connection_timeout_ms=7000").session.connect_within.ns >=
	    span_ms(7500).ns);
	assert_true(planned("pool.connection_timeout_ms=7000").session.drain_within.ns >=
	    span_ms(1000 * URING_LINE_CLOSE_WITHIN_S + 500).ns);
	/* However late an attempt arrives: the one 300 later comes 300 s after it. */
	assert_int_equal(planned("pool.connection_timeout_ms=7000").connects_window.ns,
	    span_s(300 + 7).ns);
	assert_int_equal(planned("security.rate_limiting=false").connects_window.ns,
	    span_ms(1).ns);
	assert_int_equal(planned("security.rate_limiting=false").session.send_window.ns,
	    span_ms(1).ns);
}

static void
a_lost_line_stays_down_until_reconnecting_is_allowed_again(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = 2;
	cfg.session.reconnect = false;
	rig_init(&cfg, 2);
	rig_start();
	rig_end(0, TICK_REASON_PEER_RESET);
	assert_int_equal(rig_view(0).state, SESSION_IDLE);
	rig_at_s(3000);
	assert_int_equal(rig_view(0).state, SESSION_IDLE);
	assert_int_equal(rig_view(0).attempt, 1);
	assert_int_equal(rig_view(1).state, SESSION_LIVE);
	cfg.session.reconnect = true;
	rig_step(&(struct pool_event){.kind = POOL_RETUNE, .cfg = &cfg});
	assert_int_equal(rig_view(0).state, SESSION_CONNECTING);
	rig_up(0);
	assert_int_equal(rig_view(0).acked, 1);
}

/* The successor may not try again, so the old line stays. */
static void
a_successor_that_fails_is_given_up_where_nothing_reconnects(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();
	unsigned next;

	(void)state;
	cfg.initial_connections = 1;
	cfg.session.reconnect = false;
	rig_init(&cfg, 1);
	rig_start();
	rig_at_s(3600);
	next = rig_view(0).peer;
	assert_int_not_equal(next, POOL_NO_LINE);
	rig_tell(next, (struct session_event){.kind = SESSION_FAILED, .retry_after_s = -1,
	    .attempt = rig_view(next).attempt, .reason = TICK_REASON_REFUSED});
	assert_int_equal(rig_action(ACT_ROTATION, 0)->step, ROTATION_ABANDONED);
	assert_int_equal(rig_view(0).state, SESSION_LIVE);
	assert_int_equal(rig_view(next).role, POOL_LINE_FREE);
}

static void
health_is_not_measured_where_monitoring_is_off(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.checkup.off = true;
	rig_init(&cfg, 2);
	rig_start();
	assert_true(mono_is_never(checkup_deadline(&rig.pool)));
	cfg.checkup.off = false;
	rig_step(&(struct pool_event){.kind = POOL_RETUNE, .cfg = &cfg});
	assert_false(mono_is_never(checkup_deadline(&rig.pool)));
}

static void
ends_are_counted_by_reason_and_told_once(void **state)
{
	struct errors errors = {0};
	struct pool_action act = {.kind = ACT_TRANSITION, .from = SESSION_LIVE,
	    .to = SESSION_BACKOFF, .why = TICK_REASON_PEER_RESET};

	(void)state;
	errors_on_transition(&errors, &act);
	act.from = SESSION_BACKOFF; /* no connection ended */
	act.to = SESSION_CONNECTING;
	errors_on_transition(&errors, &act);
	act.from = SESSION_LIVE;
	act.to = SESSION_DRAINING; /* nor did this one unasked */
	act.why = TICK_REASON_STOP;
	errors_on_transition(&errors, &act);
	assert_int_equal(errors.ended[TICK_REASON_PEER_RESET], 1);
	assert_int_equal(errors.ended[TICK_REASON_STOP], 0);
	errors_tell(&errors, span_s(10), rig_time_s(0));
	assert_int_equal(errors.told[TICK_REASON_PEER_RESET], 1);
	assert_int_equal(errors.tell_at.ns, rig_time_s(10).ns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_configuration_reaches_the_pool),
		cmocka_unit_test(a_lost_line_stays_down_until_reconnecting_is_allowed_again),
		cmocka_unit_test(a_successor_that_fails_is_given_up_where_nothing_reconnects),
		cmocka_unit_test(health_is_not_measured_where_monitoring_is_off),
		cmocka_unit_test(ends_are_counted_by_reason_and_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
