/*
 * Security events of the specification: which there are, and that each is
 * logged by its name and severity when its condition holds, and not before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "feed/core/security.h"
#include "feed/status/guard.h"
#include "feed/status/tell.h"
#include "tests/config_text.h"

/* When each is told, for people. */
static const char *const when[] = {
#define SECURITY_EVENT(NAME, name, SEVERITY, when) when,
#include "feed/core/security.def"
#undef SECURITY_EVENT
};

static struct config cfg;
static struct guard guard;
static int log_fd;
static off_t seen; /* of the log */
static char text[65536];

static int
setup(void **state)
{
	(void)state;
	config_defaults(&cfg);
	cfg.resources.max_memory_bytes = INT64_MAX;
	cfg.resources.max_cpu_percent = INT32_MAX;
	seen = 0;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	log_set_fd(log_fd);
	guard_init(&guard, MONO_ZERO);
	return log_fd < 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_set_fd(2);
	close(log_fd);
	config_free(&cfg);
	return 0;
}

/* What was logged since the last call. */
static const char *
logged(void)
{
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, seen);

	assert_true(n >= 0);
	text[n] = '\0';
	seen += n;
	return text;
}

/* That event alone, in one line. */
static void
expect(enum security_event event)
{
	const char *line = logged();
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "event=security name=%s severity=%s ",
	    security_name(event), security_severity(event));
	if (strstr(line, wanted) == NULL)
		fail_msg("no \"%s\" in: %s", wanted, line);
	assert_null(strstr(strstr(line, wanted) + 1, "event=security"));
}

/* A look as long after the start as that. */
static bool
look(int64_t ms, const struct guard_input *input)
{
	return guard_look(&guard, &cfg, input, mono_add(MONO_ZERO, span_ms(ms)));
}

/* ---- names ------------------------------------------------------------------- */

static void
the_events_are_those_of_the_specification_with_its_levels(void **state)
{
	static const char *const rows[][2] = {
		{"connection_limit_exceeded", "warning"},
		{"invalid_certificate", "critical"},
		{"connection_timeout_exceeded", "warning"},
		{"message_size_exceeded", "warning"},
		{"invalid_message_format", "info"},
		{"parsing_error_rate_high", "warning"},
		{"memory_limit_exceeded", "critical"},
		{"cpu_usage_exceeded", "warning"},
		{"connection_leak_detected", "critical"},
	};

	(void)state;
	assert_int_equal(SECURITY_EVENTS, sizeof(rows) / sizeof(rows[0]));
	for (unsigned i = 0; i < SECURITY_EVENTS; i++) {
		assert_string_equal(security_name(i), rows[i][0]);
		assert_string_equal(security_severity(i), rows[i][1]);
	}
	assert_string_equal(security_name(SECURITY_EVENTS), "unknown");
}

static void
the_manual_has_a_row_for_every_event(void **state)
{
	char *page = text_of_file("docs/OPERATING.md");
	char wanted[300];

	(void)state;
	assert_non_null(page);
	for (unsigned i = 0; i < SECURITY_EVENTS; i++) {
		snprintf(wanted, sizeof(wanted), "\n| `%s` | %s | %s |\n", security_name(i),
		    security_severity(i), when[i]);
		if (strstr(page, wanted) == NULL)
			fail_msg("docs/OPERATING.md lacks: %s", wanted);
	}
	free(page);
}

/* ---- messages and resources -------------------------------------------------- */

static void
messages_that_are_too_long_or_malformed_are_told_with_their_number(void **state)
{
	struct guard_input input = {.messages = 10000};

	(void)state;
	look(0, &input);
	assert_string_equal(logged(), "");
	input.messages += 10000;
	input.oversize = 3;
	look(10000, &input);
	expect(SECURITY_MESSAGE_SIZE_EXCEEDED);
	assert_non_null(strstr(text, "messages=3"));
	input.messages += 10000;
	input.malformed = 100; /* 1 %: not above it */
	look(20000, &input);
	expect(SECURITY_INVALID_MESSAGE_FORMAT);
	assert_int_equal(guard.parse_alarms, 0);
	input.messages += 10000;
	look(30000, &input); /* nothing new */
	assert_string_equal(logged(), "");
}

static void
a_high_rate_of_messages_that_cannot_be_decoded_is_told_once_per_look(void **state)
{
	struct guard_input input = {.messages = 1000, .malformed = 11};

	(void)state;
	look(0, &input);
	assert_non_null(strstr(logged(), "name=invalid_message_format"));
	assert_non_null(strstr(text, "name=parsing_error_rate_high severity=warning "
	                             "messages=1000 malformed=11"));
	look(5000, &input); /* not time yet */
	look(10000, &input);
	assert_string_equal(logged(), "");
	assert_int_equal(guard.parse_alarms, 1);
}

static void
memory_above_its_limit_is_told_and_gives_a_stream_up(void **state)
{
	const struct guard_input input = {0};

	(void)state;
	assert_false(look(0, &input));
	cfg.resources.max_memory_bytes = 1;
	assert_true(look(10000, &input));
	expect(SECURITY_MEMORY_LIMIT_EXCEEDED);
	assert_int_equal(guard.memory_alarms, 1);
}

/* So much of this thread's time that a look cannot miss it. */
static void
work(void)
{
	struct rusage before, now;

	getrusage(RUSAGE_THREAD, &before);
	do
		getrusage(RUSAGE_THREAD, &now);
	while ((now.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
	    (now.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000 +
	    now.ru_utime.tv_usec - before.ru_utime.tv_usec + now.ru_stime.tv_usec -
	    before.ru_stime.tv_usec < 1000);
}

static void
a_processor_that_is_busy_for_three_looks_is_told_and_no_peak(void **state)
{
	const struct guard_input input = {0};
	int64_t ms = 0;

	(void)state;
	/* By this clock all work takes no time. */
	cfg.monitoring.metrics_interval_ms = 1;
	cfg.resources.max_cpu_percent = 50;
	assert_false(look(ms, &input));
	for (int i = 0; i < 2; i++) {
		work();
		assert_false(look(++ms, &input));
	}
	assert_false(look(ms += 1000000, &input)); /* idle: begins anew */
	assert_string_equal(logged(), "");
	for (int i = 0; i < 3; i++) {
		work();
		assert_int_equal(look(++ms, &input), i == 2);
	}
	expect(SECURITY_CPU_USAGE_EXCEEDED);
	assert_int_equal(guard.cpu_alarms, 1);
}

static void
sockets_that_nobody_accounts_for_are_told_at_the_second_count(void **state)
{
	int64_t fine = guard.sockets_at_start + 10 + 4; /* used, and 4 to spare */

	(void)state;
	for (int i = 0; i < 3; i++)
		guard_on_sockets(&guard, fine, 10);
	guard_on_sockets(&guard, fine + 1, 10);
	guard_on_sockets(&guard, fine, 10); /* it was between two sockets */
	guard_on_sockets(&guard, fine + 1, 10);
	assert_string_equal(logged(), "");
	guard_on_sockets(&guard, fine + 1, 10);
	expect(SECURITY_CONNECTION_LEAK_DETECTED);
	guard_on_sockets(&guard, fine + 1, 11);
	cfg.security.event_logging = false;
	assert_true(guard_cleans_up(&guard, &cfg, MONO_ZERO));
	guard_on_sockets(&guard, fine + 9, 11);
	guard_on_sockets(&guard, fine + 9, 11);
	assert_string_equal(logged(), "");
	assert_int_equal(guard.leak_alarms, 2);
}

static void
nothing_is_told_where_the_events_are_switched_off_but_all_is_counted(void **state)
{
	const struct guard_input input = {.messages = 1, .malformed = 1, .oversize = 1};

	(void)state;
	cfg.security.event_logging = false;
	cfg.resources.max_memory_bytes = 1;
	assert_true(look(0, &input));
	assert_string_equal(logged(), "");
	assert_int_equal(guard.memory_alarms, 1);
	assert_int_equal(guard.parse_alarms, 1);
}

/* ---- connections ------------------------------------------------------------- */

static void
transition(enum session_state from, enum session_state to, enum tick_reason why, bool limited)
{
	const struct pool_action act = {.kind = ACT_TRANSITION, .from = from, .to = to, .why = why,
	    .limited = limited};

	tell_transition(&act, "words", false, true);
}

static void
a_refused_certificate_is_told_wherever_the_line_goes(void **state)
{
	static const enum tick_reason why[] = {TICK_REASON_TLS_UNTRUSTED, TICK_REASON_TLS_HOSTNAME,
	    TICK_REASON_TLS_EXPIRED, TICK_REASON_TLS_NOT_YET_VALID};

	(void)state;
	for (int i = 0; i < 4; i++) {
		transition(
		    SESSION_CONNECTING, i % 2 ? SESSION_IDLE : SESSION_BACKOFF, why[i], false);
		expect(SECURITY_INVALID_CERTIFICATE);
		/* It waits on, for the same reason. */
		transition(SESSION_BACKOFF, SESSION_OPEN_CIRCUIT, why[i], false);
		transition(SESSION_OPEN_CIRCUIT, SESSION_CONNECTING, why[i], false);
		assert_null(strstr(logged(), "event=security"));
	}
	transition(SESSION_CONNECTING, SESSION_BACKOFF, TICK_REASON_TLS_ERROR, false);
	assert_null(strstr(logged(), "event=security"));
}

static void
an_attempt_that_takes_too_long_is_told_once(void **state)
{
	(void)state;
	transition(SESSION_CONNECTING, SESSION_DRAINING, TICK_REASON_CONNECT_TIMEOUT, false);
	expect(SECURITY_CONNECTION_TIMEOUT_EXCEEDED);
	transition(SESSION_DRAINING, SESSION_BACKOFF, TICK_REASON_CONNECT_TIMEOUT, false);
	assert_null(strstr(logged(), "event=security"));
	transition(SESSION_CONNECTING, SESSION_BACKOFF, TICK_REASON_CONNECT_TIMEOUT, false);
	expect(SECURITY_CONNECTION_TIMEOUT_EXCEEDED);
}

static void
who_waits_for_the_limit_of_connects_is_told_and_who_waits_for_a_retry_is_not(void **state)
{
	(void)state;
	transition(SESSION_CONNECTING, SESSION_BACKOFF, TICK_REASON_REFUSED, false);
	assert_null(strstr(logged(), "event=security"));
	transition(SESSION_CONNECTING, SESSION_BACKOFF, TICK_REASON_REFUSED, true);
	expect(SECURITY_CONNECTION_LIMIT_EXCEEDED);
	transition(SESSION_IDLE, SESSION_BACKOFF, TICK_REASON_START, true);
	expect(SECURITY_CONNECTION_LIMIT_EXCEEDED);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_events_are_those_of_the_specification_with_its_levels),
		TEST(the_manual_has_a_row_for_every_event),
		TEST(messages_that_are_too_long_or_malformed_are_told_with_their_number),
		TEST(a_high_rate_of_messages_that_cannot_be_decoded_is_told_once_per_look),
		TEST(memory_above_its_limit_is_told_and_gives_a_stream_up),
		TEST(a_processor_that_is_busy_for_three_looks_is_told_and_no_peak),
		TEST(sockets_that_nobody_accounts_for_are_told_at_the_second_count),
		TEST(nothing_is_told_where_the_events_are_switched_off_but_all_is_counted),
		TEST(a_refused_certificate_is_told_wherever_the_line_goes),
		TEST(an_attempt_that_takes_too_long_is_told_once),
		TEST(who_waits_for_the_limit_of_connects_is_told_and_who_waits_for_a_retry_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
