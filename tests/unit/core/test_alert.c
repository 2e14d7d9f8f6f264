/* Alerts: when they fire, when they are over, and how often they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tickring/reasons.h>

#include "feed/core/alert.h"
#include "feed/core/security.h"
#include "tests/config_text.h"
#include "tests/health_example.h"

#define OWN (-1)

static struct alerts alerts;
static struct tick_status status;
static struct tick_health health;
static struct alert_news news[ALERT_COUNT];
static unsigned told;

static void
start(int64_t hold_s, int64_t clear_s, int64_t repeat_s)
{
	const struct alerts_cfg cfg = {
		{hold_s * EXAMPLE_S}, {clear_s * EXAMPLE_S}, {repeat_s * EXAMPLE_S}};

	health_example(&status);
	memset(&health, 0, sizeof(health));
	health.score = TICK_HEALTH_MAX;
	health.alive = health.ready = 1;
	alerts_init(&alerts, &cfg);
}

static unsigned
look_at_ms(int64_t ms)
{
	told = alerts_look(&alerts, &status, &health, (mono_t){ms * 1000000}, news);
	return told;
}

static void
reason(int64_t what, int64_t level, int64_t of)
{
	health.reason[health.reasons++] = (struct tick_health_reason){what, level, of, 7, 5};
}

/* Was just this told? */
static void
expect_told(enum alert_name alert, enum alert_word word)
{
	if (told != 1)
		fail_msg("%u alerts told", told);
	if (news[0].alert != alert || news[0].word != word)
		fail_msg("\"%s\" %s", alert_row(news[0].alert)->name,
		    alert_word_name((int)news[0].word));
}

static void
a_feed_in_good_health_has_no_alert(void **state)
{
	(void)state;
	start(0, 0, 1);
	for (int64_t ms = 0; ms < 100000; ms += 250)
		assert_int_equal(look_at_ms(ms), 0);
	for (unsigned i = 0; i < ALERT_COUNT; i++)
		assert_false(alerts_is_active(&alerts, i));
}

static void
an_alert_fires_when_its_condition_has_held_and_not_before(void **state)
{
	int64_t hold_ms = alert_row(ALERT_STALE_STREAMS)->hold.ns / 1000000;

	(void)state;
	start(OWN, OWN, 0);
	reason(TICK_HEALTH_STALE_STREAMS, TICK_HEALTH_WARNING, TICK_CLASS_QUOTE);
	assert_int_equal(look_at_ms(1000), 0);
	assert_int_equal(look_at_ms(1000 + hold_ms - 1), 0);
	assert_false(alerts_is_active(&alerts, ALERT_STALE_STREAMS));
	assert_int_equal(look_at_ms(1000 + hold_ms), 1);
	expect_told(ALERT_STALE_STREAMS, ALERT_FIRED);
	assert_int_equal(news[0].figures.of, TICK_CLASS_QUOTE);
	assert_int_equal(news[0].figures.value, 7);
	assert_int_equal(news[0].figures.limit, 5);
	assert_true(alerts_is_active(&alerts, ALERT_STALE_STREAMS));
}

static void
a_condition_that_ends_while_it_is_held_tells_nothing(void **state)
{
	(void)state;
	start(10, 0, 0);
	reason(TICK_HEALTH_LINE_DOWN, TICK_HEALTH_WARNING, 2);
	assert_int_equal(look_at_ms(0), 0);
	health.reasons = 0;
	assert_int_equal(look_at_ms(9000), 0);
	health.reasons = 1;
	assert_int_equal(look_at_ms(9500), 0);
	assert_int_equal(look_at_ms(19499), 0);
	assert_int_equal(look_at_ms(19500), 1);
	expect_told(ALERT_LINE_DOWN, ALERT_FIRED);
}

static void
a_condition_that_flickers_makes_one_alert(void **state)
{
	(void)state;
	start(0, 10, 0);
	reason(TICK_HEALTH_SILENT, TICK_HEALTH_WARNING, -1);
	look_at_ms(0);
	expect_told(ALERT_SILENT, ALERT_FIRED);
	for (int64_t ms = 1000; ms < 60000; ms += 1000) {
		health.reasons = ms / 5000 % 2;
		assert_int_equal(look_at_ms(ms), 0);
		assert_true(alerts_is_active(&alerts, ALERT_SILENT));
	}
	health.reasons = 0;
	look_at_ms(60000);
	assert_int_equal(look_at_ms(69999), 0);
	assert_int_equal(look_at_ms(70000), 1);
	expect_told(ALERT_SILENT, ALERT_CLEARED);
	assert_false(alerts_is_active(&alerts, ALERT_SILENT));
}

static void
what_stays_is_told_again_at_its_interval(void **state)
{
	unsigned repeats = 0;

	(void)state;
	start(0, 0, 60);
	reason(TICK_HEALTH_CPU, TICK_HEALTH_WARNING, -1);
	look_at_ms(0);
	expect_told(ALERT_CPU_HIGH, ALERT_FIRED);
	for (int64_t ms = 250; ms <= 180000; ms += 250)
		if (look_at_ms(ms) == 1) {
			expect_told(ALERT_CPU_HIGH, ALERT_REPEATED);
			repeats++;
		}
	assert_int_equal(repeats, 3);
}

static void
what_stays_is_told_once_where_nothing_is_to_be_repeated(void **state)
{
	(void)state;
	start(0, 0, 0);
	reason(TICK_HEALTH_CPU, TICK_HEALTH_WARNING, -1);
	look_at_ms(0);
	for (int64_t ms = 250; ms < 100000000; ms += 1000000)
		assert_int_equal(look_at_ms(ms), 0);
}

static void
an_alarm_fires_both_its_alerts_and_a_warning_only_the_first(void **state)
{
	(void)state;
	start(0, 0, 0);
	reason(TICK_HEALTH_THROUGHPUT, TICK_HEALTH_WARNING, -1);
	look_at_ms(0);
	expect_told(ALERT_THROUGHPUT_LOW, ALERT_FIRED);
	health.reason[0].level = TICK_HEALTH_CRITICAL;
	look_at_ms(250);
	expect_told(ALERT_THROUGHPUT_CRITICAL, ALERT_FIRED);
	health.reason[0].level = TICK_HEALTH_WARNING;
	look_at_ms(500);
	look_at_ms(750);
	expect_told(ALERT_THROUGHPUT_CRITICAL, ALERT_CLEARED);
	assert_true(alerts_is_active(&alerts, ALERT_THROUGHPUT_LOW));
}

/* Specified: below 0.5 a warning, below 0.3 critical. */
static void
the_score_has_the_specified_limits(void **state)
{
	(void)state;
	start(0, 0, 0);
	health.score = 500;
	assert_int_equal(look_at_ms(0), 0);
	health.score = 499;
	look_at_ms(1);
	expect_told(ALERT_HEALTH_LOW, ALERT_FIRED);
	assert_int_equal(news[0].figures.value, 499);
	assert_int_equal(news[0].figures.limit, 500);
	health.score = 300;
	assert_int_equal(look_at_ms(2), 0);
	health.score = 299;
	look_at_ms(3);
	expect_told(ALERT_HEALTH_CRITICAL, ALERT_FIRED);
	assert_int_equal(alert_row(ALERT_HEALTH_CRITICAL)->severity, ALERT_CRITICAL);
}

static void
starved_books_are_told_with_their_number(void **state)
{
	(void)state;
	start(0, 0, 0);
	status.books_starved = 3;
	look_at_ms(0);
	expect_told(ALERT_BOOKS_STARVED, ALERT_FIRED);
	assert_int_equal(news[0].figures.value, 3);
	assert_int_equal(news[0].figures.limit, 0);
}

static void
an_event_fires_at_once_and_is_over_when_it_does_not_come_again(void **state)
{
	int64_t clear_ms = alert_row(ALERT_CONFIG_CHANGED)->clear.ns / 1000000;

	(void)state;
	start(OWN, OWN, 0);
	look_at_ms(0);
	status.control.reloads = 1;
	look_at_ms(1000);
	expect_told(ALERT_CONFIG_CHANGED, ALERT_FIRED);
	assert_int_equal(news[0].figures.value, 1);
	assert_int_equal(look_at_ms(1250), 0);
	status.control.reloads = 2;
	assert_int_equal(look_at_ms(30000), 0);
	look_at_ms(30250);
	assert_int_equal(look_at_ms(30249 + clear_ms), 0);
	look_at_ms(30250 + clear_ms);
	expect_told(ALERT_CONFIG_CHANGED, ALERT_CLEARED);
}

static void
an_event_does_not_wait_for_a_hold_time_that_all_have(void **state)
{
	(void)state;
	start(60, 0, 0);
	status.control.failovers = 1;
	look_at_ms(0);
	expect_told(ALERT_FAILOVER, ALERT_FIRED);
}

static void
transition(int64_t from, int64_t to, int64_t why)
{
	status.control.transition[status.control.transitions++ % TICK_TRANSITIONS_MAX] =
	    (struct tick_transition){.from = from, .to = to, .reason = why};
}

static void
security_events_are_counted_once_each_from_the_changes_of_state(void **state)
{
	(void)state;
	start(0, 3600, 0);
	transition(TICK_LINE_CONNECTING, TICK_LINE_BACKOFF, TICK_REASON_TLS_EXPIRED);
	look_at_ms(0);
	expect_told(ALERT_INVALID_CERTIFICATE, ALERT_FIRED);
	/* Where lines are not connected again, too. */
	transition(TICK_LINE_CONNECTING, TICK_LINE_IDLE, TICK_REASON_TLS_HOSTNAME);
	transition(TICK_LINE_BACKOFF, TICK_LINE_OPEN_CIRCUIT, TICK_REASON_TLS_HOSTNAME);
	transition(TICK_LINE_CONNECTING, TICK_LINE_DRAINING, TICK_REASON_CONNECT_TIMEOUT);
	transition(TICK_LINE_DRAINING, TICK_LINE_BACKOFF, TICK_REASON_CONNECT_TIMEOUT);
	look_at_ms(250);
	expect_told(ALERT_CONNECTION_TIMEOUT_EXCEEDED, ALERT_FIRED);
	assert_int_equal(alerts.certificates, 2);
	assert_int_equal(alerts.timeouts, 1);
	for (unsigned i = 0; i < 3 * TICK_TRANSITIONS_MAX; i++)
		transition(
		    TICK_LINE_CONNECTING, TICK_LINE_BACKOFF, TICK_REASON_TLS_EXPIRED);
	look_at_ms(750);
	assert_int_equal(alerts.certificates, 2 + TICK_TRANSITIONS_MAX); /* the others are gone */
}

static void
security_events_are_counted_by_their_counters(void **state)
{
	static const struct {
		enum tick_counter counter;
		enum alert_name alert;
	} rows[] = {
		{TICK_COUNTER_CONNECTS_LIMITED, ALERT_CONNECTION_LIMIT_EXCEEDED},
		{TICK_COUNTER_OVERSIZE, ALERT_MESSAGE_SIZE_EXCEEDED},
		{TICK_COUNTER_MALFORMED, ALERT_INVALID_MESSAGE_FORMAT},
		{TICK_COUNTER_PARSE_ALARMS, ALERT_PARSING_ERROR_RATE_HIGH},
		{TICK_COUNTER_MEMORY_ALARMS, ALERT_MEMORY_LIMIT_EXCEEDED},
		{TICK_COUNTER_CPU_ALARMS, ALERT_CPU_USAGE_EXCEEDED},
		{TICK_COUNTER_SOCKET_LEAKS, ALERT_CONNECTION_LEAK_DETECTED},
	};

	(void)state;
	start(0, 3600, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(look_at_ms((int64_t)i * 500), 0);
		status.counter[rows[i].counter]++;
		assert_int_equal(look_at_ms((int64_t)i * 500 + 250), 1);
		expect_told(rows[i].alert, ALERT_FIRED);
	}
}

/* Each has an alert of the same name, as severe as the specification says. */
static void
every_security_event_has_its_alert(void **state)
{
	(void)state;
	for (unsigned event = 0; event < SECURITY_EVENTS; event++) {
		unsigned i = 0;

		while (i < ALERT_COUNT && strcmp(alert_row(i)->name, security_name(event)) != 0)
			i++;
		if (i == ALERT_COUNT)
			fail_msg("%s has no alert", security_name(event));
		assert_string_equal(
		    alert_severity_name((int)alert_row(i)->severity), security_severity(event));
	}
}

static void
lines_that_come_and_go_are_told_but_not_those_of_the_start(void **state)
{
	(void)state;
	start(0, 0, 0);
	assert_int_equal(look_at_ms(0), 0);
	status.control.members++;
	look_at_ms(250);
	expect_told(ALERT_POOL_SCALED, ALERT_FIRED);
}

static void
a_damaged_status_leads_nobody_astray(void **state)
{
	(void)state;
	start(0, 0, 0);
	health.reasons = INT64_MAX;
	status.control.transitions = INT64_MIN;
	look_at_ms(0);
	status.control.transitions = INT64_MAX;
	look_at_ms(1);
	status.control.transitions = 3;
	look_at_ms(2);
	assert_int_equal(alerts.transitions, 3);
}

/* A count that has grown for each alert that is an event. */
static void
let_everything_happen(void)
{
	struct tick_control *c = &status.control;

	for (int i = 0; i < TICK_COUNTER_COUNT; i++)
		status.counter[i]++;
	c->transition[c->transitions++ % TICK_TRANSITIONS_MAX] = (struct tick_transition){
		.from = TICK_LINE_CONNECTING, .reason = TICK_REASON_TLS_EXPIRED};
	c->transition[c->transitions++ % TICK_TRANSITIONS_MAX] = (struct tick_transition){
		.from = TICK_LINE_CONNECTING, .reason = TICK_REASON_CONNECT_TIMEOUT};
	c->members++;
	c->reloads++;
	c->reloads_refused++;
	c->failovers++;
	c->returns++;
	c->rotations_done++;
	c->rotations_abandoned++;
}

/* Only what fires can be heard: each row of the table does, for its own cause. */
static void
every_alert_can_fire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALERT_COUNT; i++) {
		const struct alert_row *row = alert_row(i);

		start(0, 0, 0);
		look_at_ms(0);
		if (row->what >= 0)
			reason(row->what, (int64_t)row->severity, 0);
		else if (row->event)
			let_everything_happen();
		health.score = row->what < 0 && !row->event ? 0 : health.score;
		status.books_starved = row->what < 0 && !row->event;
		snprintf(status.transport, sizeof(status.transport), "%s",
		    row->what < 0 && !row->event ? "lws" : "uring");
		look_at_ms(1000);
		if (!alerts_is_active(&alerts, i))
			fail_msg("\"%s\" does not fire", row->name);
	}
}

static void
every_alert_has_a_name_of_its_own_and_a_text_without_quotes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALERT_COUNT; i++) {
		const struct alert_row *row = alert_row(i);

		assert_null(strpbrk(row->text, "\"\\"));
		assert_true(strlen(row->text) > 0 && strlen(row->text) < 100);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(row->name, alert_row(j)->name);
	}
	assert_string_equal(alert_severity_name(-1), "unknown");
	assert_string_equal(alert_word_name(ALERT_WORDS), "unknown");
}

static void
the_manual_has_a_row_for_every_alert(void **state)
{
	char *page = text_of_file("docs/OPERATING.md");
	char wanted[300];

	(void)state;
	assert_non_null(page);
	for (unsigned i = 0; i < ALERT_COUNT; i++) {
		const struct alert_row *row = alert_row(i);

		snprintf(wanted, sizeof(wanted), "\n| `%s` | %s | %d | %d | %s |\n", row->name,
		    alert_severity_name((int)row->severity), (int)(row->hold.ns / EXAMPLE_S),
		    (int)(row->clear.ns / EXAMPLE_S), row->text);
		if (strstr(page, wanted) == NULL)
			fail_msg("docs/OPERATING.md lacks: %s", wanted);
	}
	free(page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_feed_in_good_health_has_no_alert),
	    cmocka_unit_test(an_alert_fires_when_its_condition_has_held_and_not_before),
	    cmocka_unit_test(a_condition_that_ends_while_it_is_held_tells_nothing),
	    cmocka_unit_test(a_condition_that_flickers_makes_one_alert),
	    cmocka_unit_test(what_stays_is_told_again_at_its_interval),
	    cmocka_unit_test(what_stays_is_told_once_where_nothing_is_to_be_repeated),
	    cmocka_unit_test(an_alarm_fires_both_its_alerts_and_a_warning_only_the_first),
	    cmocka_unit_test(the_score_has_the_specified_limits),
	    cmocka_unit_test(starved_books_are_told_with_their_number),
	    cmocka_unit_test(an_event_fires_at_once_and_is_over_when_it_does_not_come_again),
	    cmocka_unit_test(an_event_does_not_wait_for_a_hold_time_that_all_have),
	    cmocka_unit_test(security_events_are_counted_once_each_from_the_changes_of_state),
	    cmocka_unit_test(security_events_are_counted_by_their_counters),
	    cmocka_unit_test(every_security_event_has_its_alert),
	    cmocka_unit_test(lines_that_come_and_go_are_told_but_not_those_of_the_start),
	    cmocka_unit_test(a_damaged_status_leads_nobody_astray),
	    cmocka_unit_test(the_manual_has_a_row_for_every_alert),
	    cmocka_unit_test(every_alert_can_fire),
	    cmocka_unit_test(every_alert_has_a_name_of_its_own_and_a_text_without_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
