#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/breaker.h"
#include "feed/core/retry.h"

static const struct breaker_cfg plain = {
	.failures_max = 3,
	.jitter_percent = 0,
	.probe_within = {40000000000},
};

static struct breaker breaker;

static int
new_breaker(void **state)
{
	(void)state;
	breaker_init(&breaker, &plain, 1, MONO_ZERO);
	return 0;
}

static mono_t
at_s(int64_t s)
{
	return (mono_t){s * 1000000000};
}

static int64_t
until_s(void)
{
	return breaker_deadline(&breaker).ns / 1000000000;
}

/* A try and its failure at the same time. */
static void
try_and_fail(enum tick_reason reason, int32_t retry_after_s, mono_t now)
{
	breaker_on_attempt(&breaker, now);
	breaker_on_failure(&breaker, reason, retry_after_s, now);
}

static void
it_opens_at_the_last_of_the_failures_in_a_row(void **state)
{
	(void)state;
	try_and_fail(TICK_REASON_REFUSED, -1, at_s(0));
	try_and_fail(TICK_REASON_REFUSED, -1, at_s(1));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	breaker_on_success(&breaker, at_s(2));
	try_and_fail(TICK_REASON_REFUSED, -1, at_s(3));
	try_and_fail(TICK_REASON_REFUSED, 0, at_s(4));
	assert_true(breaker_allows(&breaker, at_s(4)));
	assert_true(mono_is_never(breaker_deadline(&breaker)));
	try_and_fail(TICK_REASON_REFUSED, -1, at_s(5));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(breaker.reason, TICK_REASON_REFUSED);
	assert_int_equal(until_s(), 10);
	assert_false(breaker_allows(&breaker, (mono_t){at_s(10).ns - 1}));
	assert_true(breaker_allows(&breaker, at_s(10)));
}

static void
one_line_at_a_time_tries_and_success_closes(void **state)
{
	(void)state;
	try_and_fail(TICK_REASON_BANNED, -1, at_s(0));
	breaker_on_attempt(&breaker, at_s(120));
	assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
	assert_false(breaker_allows(&breaker, at_s(120)));
	assert_false(breaker_allows(&breaker, at_s(159)));
	breaker_on_success(&breaker, at_s(159));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	assert_int_equal(breaker.since.ns, at_s(159).ns);
	assert_int_equal(breaker.opened, 0);
	try_and_fail(TICK_REASON_BANNED, -1, at_s(200));
	assert_int_equal(until_s(), 320);
	assert_int_equal(breaker.opened_total, 2);
	assert_int_equal(breaker.probes, 1);
}

static void
a_try_without_outcome_does_not_block_for_ever(void **state)
{
	(void)state;
	try_and_fail(TICK_REASON_FORBIDDEN, -1, at_s(0));
	breaker_on_attempt(&breaker, at_s(300));
	assert_int_equal(until_s(), 340);
	assert_true(breaker_allows(&breaker, at_s(340)));
	breaker_on_attempt(&breaker, at_s(340));
	assert_false(breaker_allows(&breaker, at_s(341)));
	breaker_on_abandoned(&breaker, at_s(342));
	assert_true(breaker_allows(&breaker, at_s(342)));
	breaker_on_attempt(&breaker, at_s(342));
	assert_int_equal(breaker.probes, 3);
	breaker_on_success(&breaker, at_s(343));
	breaker_on_abandoned(&breaker, at_s(344));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void
probes_go_on_for_ever_rarer_up_to_the_cap(void **state)
{
	static const struct {
		enum tick_reason reason;
		int64_t delay_s[5];
		int64_t cap_s;
	} rows[] = {
		{TICK_REASON_DNS, {5, 10, 20, 40, 60}, 60},
		{TICK_REASON_CONNECT_TIMEOUT, {5, 10, 20, 40, 60}, 60},
		{TICK_REASON_TLS_ERROR, {10, 20, 40, 80, 160}, 300},
		{TICK_REASON_TLS_EXPIRED, {60, 120, 240, 480, 600}, 600},
		{TICK_REASON_SERVER_ERROR, {5, 10, 20, 40, 60}, 60},
		{TICK_REASON_RATE_LIMITED, {60, 120, 240, 300, 300}, 300},
		{TICK_REASON_BANNED, {120, 240, 480, 960, 1920}, 259200},
		{TICK_REASON_FORBIDDEN, {300, 600, 1200, 2400, 3600}, 3600},
		{TICK_REASON_BLOCKED_REGION, {900, 1800, 3600, 7200, 14400}, 21600},
	};
	int64_t now;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		new_breaker(NULL);
		for (int first = 0; breaker.state == BREAKER_CLOSED; first++)
			try_and_fail(rows[i].reason, -1, at_s(0));
		for (int n = 0; n < 100; n++) {
			now = breaker.since.ns / 1000000000;
			if (n < 5)
				assert_int_equal(until_s() - now, rows[i].delay_s[n]);
			if (n > 50)
				assert_int_equal(until_s() - now, rows[i].cap_s);
			try_and_fail(rows[i].reason, -1, at_s(until_s()));
		}
	}
}

static void
what_was_done_on_purpose_opens_at_once_and_concerns_us(void **state)
{
	static const struct {
		enum tick_reason reason;
		bool at_once, ours;
	} rows[] = {
		{TICK_REASON_DNS, false, false}, {TICK_REASON_REFUSED, false, false},
		{TICK_REASON_UNREACHABLE, false, false}, {TICK_REASON_PEER_RESET, false, false},
		{TICK_REASON_TLS_ERROR, false, false}, {TICK_REASON_TLS_UNTRUSTED, true, false},
		{TICK_REASON_TLS_HOSTNAME, true, false}, {TICK_REASON_TLS_EXPIRED, true, false},
		{TICK_REASON_TLS_NOT_YET_VALID, true, false},
		{TICK_REASON_SERVER_ERROR, false, false},
		{TICK_REASON_UPGRADE_REFUSED, false, false},
		{TICK_REASON_RATE_LIMITED, true, true}, {TICK_REASON_BANNED, true, true},
		{TICK_REASON_FORBIDDEN, true, true}, {TICK_REASON_BLOCKED_REGION, true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		new_breaker(NULL);
		try_and_fail(rows[i].reason, -1, at_s(0));
		assert_int_equal(breaker.state == BREAKER_OPEN, rows[i].at_once);
		assert_int_equal(breaker_is_ours(rows[i].reason), rows[i].ours);
	}
}

static void
a_retry_after_is_honoured_when_it_is_longer(void **state)
{
	(void)state;
	try_and_fail(TICK_REASON_RATE_LIMITED, 61, at_s(0));
	assert_int_equal(until_s(), 61);
	new_breaker(NULL);
	try_and_fail(TICK_REASON_RATE_LIMITED, 59, at_s(0));
	assert_int_equal(until_s(), 60);
	new_breaker(NULL);
	try_and_fail(TICK_REASON_BANNED, INT32_MAX, at_s(0));
	assert_int_equal(until_s(), RETRY_AFTER_S_MAX);
	new_breaker(NULL);
	try_and_fail(TICK_REASON_SERVER_ERROR, 30, at_s(0));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(until_s(), 30);
}

static void
lines_on_their_way_may_lengthen_the_wait_but_not_shorten_it(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		breaker_on_failure(&breaker, TICK_REASON_REFUSED, -1, at_s(0));
	assert_int_equal(until_s(), 5);
	for (int i = 0; i < 10; i++)
		breaker_on_failure(&breaker, TICK_REASON_REFUSED, -1, at_s(1));
	assert_int_equal(until_s(), 5);
	assert_int_equal(breaker.opened_total, 1);
	breaker_on_failure(&breaker, TICK_REASON_SERVER_ERROR, 20, at_s(1));
	assert_int_equal(until_s(), 21);
	breaker_on_failure(&breaker, TICK_REASON_FORBIDDEN, -1, at_s(2));
	assert_int_equal(until_s(), 302);
	breaker_on_failure(&breaker, TICK_REASON_RATE_LIMITED, -1, at_s(3));
	assert_int_equal(until_s(), 302);
	/* All lines were sent away together: that is one opening, not one each. */
	new_breaker(NULL);
	for (int i = 0; i < 10; i++)
		breaker_on_failure(&breaker, TICK_REASON_FORBIDDEN, -1, at_s(1));
	assert_int_equal(until_s(), 301);
	assert_int_equal(breaker.opened_total, 1);
}

static void
a_late_success_ends_an_outage_but_no_ban(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		breaker_on_failure(&breaker, TICK_REASON_DNS, -1, at_s(0));
	breaker_on_success(&breaker, at_s(1));
	assert_int_equal(breaker.state, BREAKER_CLOSED);
	breaker_on_failure(&breaker, TICK_REASON_BANNED, -1, at_s(2));
	breaker_on_success(&breaker, at_s(3));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(until_s(), 122);
}

static void
an_exhausted_retry_budget_opens_it(void **state)
{
	(void)state;
	breaker_on_exhausted(&breaker, TICK_REASON_PEER_RESET, at_s(7));
	assert_int_equal(breaker.state, BREAKER_OPEN);
	assert_int_equal(until_s(), 12);
	breaker_on_exhausted(&breaker, TICK_REASON_PEER_RESET, at_s(11));
	assert_int_equal(until_s(), 12);
}

static void
another_kind_of_fault_starts_with_its_own_delay(void **state)
{
	(void)state;
	try_and_fail(TICK_REASON_FORBIDDEN, -1, at_s(0));
	try_and_fail(TICK_REASON_FORBIDDEN, -1, at_s(300));
	assert_int_equal(until_s(), 900);
	try_and_fail(TICK_REASON_REFUSED, -1, at_s(900));
	assert_int_equal(until_s(), 905);
}

static void
jitter_only_lengthens_and_follows_the_seed(void **state)
{
	struct breaker_cfg cfg = plain;
	int64_t lowest = INT64_MAX, highest = 0, first;

	(void)state;
	cfg.jitter_percent = 25;
	for (uint64_t seed = 0; seed < 500; seed++) {
		breaker_init(&breaker, &cfg, seed, MONO_ZERO);
		try_and_fail(TICK_REASON_BANNED, -1, at_s(0));
		first = breaker.until.ns;
		lowest = first < lowest ? first : lowest;
		highest = first > highest ? first : highest;
		breaker_init(&breaker, &cfg, seed, MONO_ZERO);
		try_and_fail(TICK_REASON_BANNED, -1, at_s(0));
		assert_int_equal(breaker.until.ns, first);
	}
	assert_in_range(lowest, at_s(120).ns, at_s(122).ns);
	assert_in_range(highest, at_s(148).ns, at_s(150).ns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_opens_at_the_last_of_the_failures_in_a_row, new_breaker),
		cmocka_unit_test_setup(one_line_at_a_time_tries_and_success_closes, new_breaker),
		cmocka_unit_test_setup(a_try_without_outcome_does_not_block_for_ever, new_breaker),
		cmocka_unit_test_setup(probes_go_on_for_ever_rarer_up_to_the_cap, new_breaker),
		cmocka_unit_test_setup(what_was_done_on_purpose_opens_at_once_and_concerns_us,
		    new_breaker),
		cmocka_unit_test_setup(a_retry_after_is_honoured_when_it_is_longer, new_breaker),
		cmocka_unit_test_setup(lines_on_their_way_may_lengthen_the_wait_but_not_shorten_it,
		    new_breaker),
		cmocka_unit_test_setup(a_late_success_ends_an_outage_but_no_ban, new_breaker),
		cmocka_unit_test_setup(an_exhausted_retry_budget_opens_it, new_breaker),
		cmocka_unit_test_setup(another_kind_of_fault_starts_with_its_own_delay,
		    new_breaker),
		cmocka_unit_test_setup(jitter_only_lengthens_and_follows_the_seed, new_breaker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
