/* Settings that switch something off: connecting again, limits, health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "feed/io/uring_line.h"
#include "feed/plan/plan.h"
#include "feed/status/errors.h"
#include "feed/venue/binance/limits.h"
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

/* Where a key's value has to arrive in the pool, in its unit there. */
struct arrival {
	const char *setting;
	size_t at, bytes;
	int64_t value;
};

#define MS INT64_C(1000000)
#define ARRIVES(setting, field, value) \
	{setting, offsetof(struct pool_cfg, field), sizeof(((struct pool_cfg *)0)->field), value}

static const struct arrival arrivals[] = {
	ARRIVES("pool.initial_connections=2", initial_connections, 2),
	ARRIVES("pool.max_connections=7", max_connections, 7),
	ARRIVES("pool.max_streams_per_connection=33", max_streams_per_connection, 33),
	/* A second more: the transport knows what it waited for, and has the first word. */
	ARRIVES("pool.connection_timeout_ms=1234", session.connect_within.ns, 2234 * MS),
	ARRIVES("pool.health_check_interval_ms=4321", checkup.every.ns, 4321 * MS),
	ARRIVES("pool.idle_timeout_ms=5555", scale.idle_for.ns, 5555 * MS),
	ARRIVES("pool.max_connection_age_ms=77777", rotate.age_max.ns, 77777 * MS),
	ARRIVES("pool.min_connection_age_ms=888", rotate.age_min.ns, 888 * MS),
	ARRIVES("pool.load_high_bytes_per_s=5000000", scale.load_high, 5000000),
	ARRIVES("pool.load_low_bytes_per_s=4444", scale.load_low, 4444),
	ARRIVES("redundancy=2", redundancy, 2),
	ARRIVES("subscribe.ack_timeout_ms=666", session.ack_within.ns, 666 * MS),
	ARRIVES("subscribe.data_timeout_ms=777", session.data_within.ns, 777 * MS),
	ARRIVES("subscribe.list_interval_ms=99999", session.list_every.ns, 99999 * MS),
	ARRIVES("failover.failures_max=9", route.breaker.failures_max, 9),
	ARRIVES("failover.return_after_ms=1111", route.choice.return_after.ns, 1111 * MS),
	ARRIVES("heartbeat.ping_timeout_threshold_ms=70000",
	    session.heartbeat.server_ping_within.ns, 70000 * MS),
	ARRIVES("heartbeat.pong_response_timeout_ms=444", session.heartbeat.answer_within.ns,
	    444 * MS),
	ARRIVES("heartbeat.health_check_interval_ms=2222", session.heartbeat.idle_after.ns,
	    2222 * MS),
	ARRIVES("heartbeat.max_missed_pings=8", session.heartbeat.max_missed, 8),
	ARRIVES("heartbeat.unhealthy_threshold_permille=321", checkup.health.unhealthy, 321),
	ARRIVES("heartbeat.unhealthy_threshold_permille=321", route.choice.unfit_below, 321),
	ARRIVES("reconnect.max_retries=3", session.retry.max_retries, 3),
	ARRIVES("reconnect.base_delay_ms=55", session.retry.base.ns, 55 * MS),
	ARRIVES("reconnect.max_delay_ms=6000", session.retry.cap.ns, 6000 * MS),
	ARRIVES("reconnect.jitter=false", session.retry.jitter_percent, 0),
	ARRIVES("reconnect.jitter=false", route.breaker.jitter_percent, 0),
	ARRIVES("reconnect.jitter_percent=11", session.retry.jitter_percent, 11),
	ARRIVES("reconnect.exponential_base=5", session.retry.exponential_base, 5),
	ARRIVES("reconnect.reset_success_count=6", session.retry.reset_after, 6),
};

static int64_t
value_at(const struct pool_cfg *cfg, const struct arrival *arrival)
{
	uint64_t value = 0; /* of an unsigned one that is shorter: little endian */

	memcpy(&value, (const char *)cfg + arrival->at, arrival->bytes);
	return (int64_t)value;
}

static void
every_key_of_the_pool_arrives_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
		const struct pool_cfg usual = planned("feed=x"), cfg = planned(arrivals[i].setting);

		if (value_at(&cfg, &arrivals[i]) != arrivals[i].value ||
		    value_at(&usual, &arrivals[i]) == arrivals[i].value)
			fail_msg("%s: %lld, usually %lld", arrivals[i].setting,
			    (long long)value_at(&cfg, &arrivals[i]),
			    (long long)value_at(&usual, &arrivals[i]));
	}
}

static void
no_setting_goes_beyond_what_the_exchange_allows(void **state)
{
	static const char *const products[] = {"spot", "spot-sbe", "usdm", "coinm", "options"};

	(void)state;
	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		const struct limits *limits = limits_find(bytes_of(products[i]));
		struct config cfg;
		struct pool_cfg out;

		config_defaults(&cfg);
		while (strcmp(config_product_name(cfg.product), products[i]) != 0)
			cfg.product++;
		cfg.pool.max_connection_age_ms = INT32_MAX;
		cfg.heartbeat.pong_response_timeout_ms = INT32_MAX;
		cfg.heartbeat.ping_timeout_threshold_ms = 1;
		cfg.pool.max_streams_per_connection = INT32_MAX;
		out = plan_pool_cfg(&cfg);
		assert_int_equal(out.rotate.age_max.ns, limits->line_life.ns - span_s(3600).ns);
		assert_int_equal(out.session.heartbeat.answer_within.ns, limits->pong_within.ns);
		assert_true(out.session.heartbeat.server_ping_within.ns > limits->ping_every.ns);
		assert_int_equal(out.session.sends_max, limits->messages_per_s);
		assert_true(out.session.send_window.ns > span_s(1).ns);
		assert_int_equal(out.max_streams_per_connection, limits->streams_per_line);
		assert_int_equal(out.session.request_bytes_max, limits->request_bytes_max);
		assert_int_equal(out.connects_max, limits->connects_max);
		assert_int_equal(out.connects_window.ns, limits->connects_window.ns +
		    span_ms(cfg.pool.connection_timeout_ms).ns);
		config_free(&cfg);
	}
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
	/* Its stream may have gone to the other one meanwhile. */
	rig_acknowledge(1);
	assert_int_equal(rig_view(0).acked + rig_view(1).acked, 2);
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
		cmocka_unit_test(every_key_of_the_pool_arrives_there),
		cmocka_unit_test(no_setting_goes_beyond_what_the_exchange_allows),
		cmocka_unit_test(a_lost_line_stays_down_until_reconnecting_is_allowed_again),
		cmocka_unit_test(a_successor_that_fails_is_given_up_where_nothing_reconnects),
		cmocka_unit_test(health_is_not_measured_where_monitoring_is_off),
		cmocka_unit_test(ends_are_counted_by_reason_and_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
