#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/heartbeat.h"

/* 20 s idle, 5 s to answer, 60 s between the server's PINGs, 3 misses. */
static const struct heartbeat_cfg visible = {{20000000000}, {5000000000}, {60000000000}, 3, true};
static const struct heartbeat_cfg hidden = {{20000000000}, {5000000000}, {60000000000}, 3, false};

static struct heartbeat hb;

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){ms * 1000000};
}

static void
begin(const struct heartbeat_cfg *cfg)
{
	heartbeat_init(&hb, cfg);
	heartbeat_begin(&hb, at_ms(0));
}

static int64_t
deadline_ms(void)
{
	return heartbeat_deadline(&hb).ns / 1000000;
}

static void
without_a_connection_nothing_is_due(void **state)
{
	(void)state;
	heartbeat_init(&hb, &visible);
	assert_true(mono_is_never(heartbeat_deadline(&hb)));
	assert_int_equal(heartbeat_check(&hb, at_ms(1000000)), HEARTBEAT_OK);
	heartbeat_on_bytes(&hb, at_ms(5));
	heartbeat_on_server_ping(&hb, at_ms(5), at_ms(5));
	heartbeat_on_pong(&hb, 1, at_ms(5));
	assert_true(mono_is_never(heartbeat_deadline(&hb)));
	assert_int_equal(hb.pings_seen, 0);
	begin(&visible);
	heartbeat_end(&hb);
	assert_true(mono_is_never(heartbeat_deadline(&hb)));
}

static void
only_an_idle_line_is_asked(void **state)
{
	(void)state;
	begin(&hidden);
	assert_int_equal(deadline_ms(), 20000);
	assert_int_equal(heartbeat_check(&hb, at_ms(19999)), HEARTBEAT_OK);
	heartbeat_on_bytes(&hb, at_ms(19999));
	assert_int_equal(heartbeat_check(&hb, at_ms(39998)), HEARTBEAT_OK);
	assert_int_equal(heartbeat_check(&hb, at_ms(39999)), HEARTBEAT_ASK);
	/* The quota may say no: it stays due. */
	assert_int_equal(heartbeat_check(&hb, at_ms(40500)), HEARTBEAT_ASK);
	assert_int_equal(heartbeat_on_asked(&hb, at_ms(40500)), 1);
	assert_int_equal(heartbeat_check(&hb, at_ms(40500)), HEARTBEAT_OK);
	assert_int_equal(deadline_ms(), 45500);
}

static void
an_answer_measures_the_round_trip(void **state)
{
	(void)state;
	begin(&hidden);
	assert_int_equal(hb.round_trip.ns, HEARTBEAT_UNKNOWN);
	heartbeat_on_pong(&hb, heartbeat_on_asked(&hb, at_ms(20000)), at_ms(20080));
	assert_int_equal(hb.round_trip.ns, 80000000);
	assert_int_equal(hb.round_trip_avg.ns, 80000000);
	assert_int_equal(deadline_ms(), 40080);
	heartbeat_on_pong(&hb, heartbeat_on_asked(&hb, at_ms(40080)), at_ms(40240));
	assert_int_equal(hb.round_trip.ns, 160000000);
	assert_int_equal(hb.round_trip_avg.ns, 90000000);
	/* Answered already: the same number again is bytes and no more. */
	heartbeat_on_pong(&hb, hb.number, at_ms(50000));
	assert_int_equal(hb.round_trip.ns, 160000000);
}

static void
three_unanswered_pings_are_the_end(void **state)
{
	int64_t t = 20000;

	(void)state;
	begin(&hidden);
	for (int i = 0; i < 3; i++, t += 5000) {
		assert_int_equal(heartbeat_check(&hb, at_ms(t)), HEARTBEAT_ASK);
		heartbeat_on_asked(&hb, at_ms(t));
		assert_int_equal(heartbeat_check(&hb, at_ms(t + 4999)), HEARTBEAT_OK);
	}
	assert_int_equal(heartbeat_check(&hb, at_ms(35000)), HEARTBEAT_DEAD);
	assert_int_equal(hb.missed_total, 3);
	heartbeat_begin(&hb, at_ms(36000));
	assert_int_equal(heartbeat_check(&hb, at_ms(36000)), HEARTBEAT_OK);
	assert_int_equal(hb.missed_total, 3);
}

static void
any_byte_forgives_missed_pings(void **state)
{
	(void)state;
	begin(&hidden);
	heartbeat_on_asked(&hb, at_ms(20000));
	assert_int_equal(heartbeat_check(&hb, at_ms(25000)), HEARTBEAT_ASK);
	heartbeat_on_asked(&hb, at_ms(25000));
	assert_int_equal(heartbeat_check(&hb, at_ms(30000)), HEARTBEAT_ASK);
	assert_int_equal(hb.missed, 2);
	heartbeat_on_asked(&hb, at_ms(30000));
	heartbeat_on_bytes(&hb, at_ms(30001));
	/* Unanswered, but not silent: no miss in a row. */
	assert_int_equal(heartbeat_check(&hb, at_ms(35000)), HEARTBEAT_OK);
	assert_int_equal(hb.missed, 0);
	assert_int_equal(hb.missed_total, 3);
	assert_int_equal(deadline_ms(), 50001);
}

static void
a_line_whose_server_stops_to_ping_is_asked_and_given_up(void **state)
{
	int64_t t = 0;

	(void)state;
	begin(&visible);
	for (int window = 1; window <= 3; window++) {
		for (int i = 0; i < 59; i++, t += 1000) {
			heartbeat_on_bytes(&hb, at_ms(t));
			assert_int_equal(heartbeat_check(&hb, at_ms(t)), HEARTBEAT_OK);
		}
		assert_int_equal(heartbeat_check(&hb, at_ms(window * 60000 - 1)), HEARTBEAT_OK);
		heartbeat_on_bytes(&hb, at_ms(window * 60000 - 1));
		assert_int_equal(heartbeat_check(&hb, at_ms(window * 60000)),
		    window < 3 ? HEARTBEAT_ASK : HEARTBEAT_DEAD);
		heartbeat_on_asked(&hb, at_ms(window * 60000));
		t = window * 60000 + 1000;
	}
	assert_int_equal(hb.windows_missed, 3);
}

static void
an_answer_or_a_server_ping_ends_the_missing_ones(void **state)
{
	(void)state;
	begin(&visible);
	for (int i = 1; i <= 20; i++) {
		assert_int_equal(heartbeat_check(&hb, at_ms(i * 60000)), HEARTBEAT_ASK);
		heartbeat_on_pong(&hb, heartbeat_on_asked(&hb, at_ms(i * 60000)),
		    at_ms(i * 60000 + 50));
		assert_int_equal(hb.windows, 0);
	}
	assert_int_equal(hb.windows_missed, 20);
	heartbeat_check(&hb, at_ms(21 * 60000));
	assert_int_equal(hb.windows, 1);
	heartbeat_on_server_ping(&hb, at_ms(21 * 60000), at_ms(21 * 60000 + 1));
	assert_int_equal(hb.windows, 0);
}

static void
hidden_pings_are_not_missed_and_give_no_figures(void **state)
{
	(void)state;
	begin(&hidden);
	for (int i = 1; i < 600; i++) {
		heartbeat_on_bytes(&hb, at_ms(i * 1000));
		assert_int_equal(heartbeat_check(&hb, at_ms(i * 1000)), HEARTBEAT_OK);
	}
	assert_int_equal(hb.windows_missed, 0);
	assert_int_equal(heartbeat_compliance(&hb, at_ms(600000)), HEARTBEAT_UNKNOWN);
}

static void
compliance_is_the_share_of_pings_answered_in_time(void **state)
{
	static const int64_t answer_ms[] = {0, 4999, 5000, 5001};
	static const int expected[] = {1000, 1000, 1000, 750};

	(void)state;
	begin(&visible);
	assert_int_equal(heartbeat_compliance(&hb, at_ms(0)), HEARTBEAT_UNKNOWN);
	for (int i = 0; i < 4; i++) {
		heartbeat_on_server_ping(&hb, at_ms(i * 20000), at_ms(i * 20000 + 9));
		heartbeat_on_pong_sent(&hb, at_ms(i * 20000 + answer_ms[i]));
		assert_int_equal(hb.answered_in.ns, answer_ms[i] * 1000000);
		assert_int_equal(heartbeat_compliance(&hb, at_ms(i * 20000 + 6000)), expected[i]);
	}
	assert_int_equal(hb.answered_in_max.ns, 5001000000);
	heartbeat_on_pong_sent(&hb, at_ms(100000)); /* owes nothing */
	assert_int_equal(hb.pongs_in_time + hb.pongs_late, 4);
}

static void
a_ping_that_is_never_answered_counts_once_it_is_overdue(void **state)
{
	(void)state;
	begin(&visible);
	heartbeat_on_server_ping(&hb, at_ms(1000), at_ms(1000));
	heartbeat_on_pong_sent(&hb, at_ms(1001));
	heartbeat_on_server_ping(&hb, at_ms(21000), at_ms(21000));
	assert_int_equal(heartbeat_compliance(&hb, at_ms(26000)), 1000);
	assert_int_equal(heartbeat_compliance(&hb, at_ms(26001)), 500);
	heartbeat_on_server_ping(&hb, at_ms(41000), at_ms(41000));
	assert_int_equal(heartbeat_compliance(&hb, at_ms(41000)), 333);
	heartbeat_end(&hb);
	assert_int_equal(hb.pongs_late, 2);
	assert_int_equal(heartbeat_compliance(&hb, at_ms(50000)), 333);
}

static void
pings_that_are_answered_together_are_judged_by_the_oldest(void **state)
{
	(void)state;
	begin(&visible);
	/* Our process slept: both came meanwhile, both are answered as it wakes. */
	heartbeat_on_server_ping(&hb, at_ms(1000), at_ms(6500));
	heartbeat_on_server_ping(&hb, at_ms(6400), at_ms(6500));
	heartbeat_on_pong_sent(&hb, at_ms(6501));
	assert_int_equal(hb.answered_in.ns, 5501 * INT64_C(1000000));
	assert_int_equal(hb.pongs_late, 2);
	heartbeat_on_server_ping(&hb, at_ms(20000), at_ms(20000));
	heartbeat_on_server_ping(&hb, at_ms(20001), at_ms(20001));
	heartbeat_on_pong_sent(&hb, at_ms(20001));
	assert_int_equal(hb.pongs_in_time, 2);
	assert_int_equal(heartbeat_compliance(&hb, at_ms(30000)), 500);
}

static void
a_late_or_foreign_pong_measures_nothing(void **state)
{
	(void)state;
	begin(&visible);
	heartbeat_on_asked(&hb, at_ms(20000));
	heartbeat_check(&hb, at_ms(25000));
	heartbeat_on_asked(&hb, at_ms(25000));
	heartbeat_check(&hb, at_ms(60000));
	assert_int_equal(hb.windows, 1);
	heartbeat_on_pong(&hb, 77, at_ms(60001));
	heartbeat_on_pong(&hb, 0, at_ms(60001)); /* unsolicited */
	assert_int_equal(hb.windows, 1);
	heartbeat_on_pong(&hb, 1, at_ms(60002));
	assert_int_equal(hb.windows, 0);
	assert_int_equal(hb.round_trip.ns, HEARTBEAT_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_connection_nothing_is_due),
		cmocka_unit_test(only_an_idle_line_is_asked),
		cmocka_unit_test(an_answer_measures_the_round_trip),
		cmocka_unit_test(three_unanswered_pings_are_the_end),
		cmocka_unit_test(any_byte_forgives_missed_pings),
		cmocka_unit_test(a_line_whose_server_stops_to_ping_is_asked_and_given_up),
		cmocka_unit_test(an_answer_or_a_server_ping_ends_the_missing_ones),
		cmocka_unit_test(hidden_pings_are_not_missed_and_give_no_figures),
		cmocka_unit_test(compliance_is_the_share_of_pings_answered_in_time),
		cmocka_unit_test(a_ping_that_is_never_answered_counts_once_it_is_overdue),
		cmocka_unit_test(pings_that_are_answered_together_are_judged_by_the_oldest),
		cmocka_unit_test(a_late_or_foreign_pong_measures_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
