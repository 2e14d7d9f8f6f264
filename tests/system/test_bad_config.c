/*
 * A configuration that is wrong ends feedd with 2 before it touches anything,
 * and the message names file and line, key and value. All rules of all keys:
 * tests/unit/conf/test_config_wrong.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/system/daemon.h"

static struct daemon feedd;
static char file[128];

static void
write_config(const char *text)
{
	FILE *out;

	snprintf(file, sizeof(file), "%s/feed.json", daemon_folder());
	out = fopen(file, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

/* Runs feedd to its end; its words. */
static const char *
words_of(const char *const *arguments, int status)
{
	daemon_start(&feedd, "feedd", arguments);
	assert_int_equal(daemon_wait(&feedd), status);
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
	return daemon_log(&feedd);
}

static const char *
words_for_file(int status)
{
	const char *const arguments[] = {"--config", file, NULL};

	return words_of(arguments, status);
}

/* One line of the words has file:line, and all of the texts. */
static void
assert_named(const char *words, int line, const char *const *texts)
{
	char where[160], copy[1024];
	const char *at;
	size_t n;

	snprintf(where, sizeof(where), "%s:%d: ", file, line);
	at = strstr(words, where);
	if (!at)
		fail_msg("no \"%s\" in: %s", where, words);
	n = strcspn(at, "\n");
	assert_true(n < sizeof(copy));
	memcpy(copy, at, n);
	copy[n] = '\0';
	for (; *texts; texts++)
		if (!strstr(copy, *texts))
			fail_msg("no \"%s\" in: %s", *texts, copy);
}

#define NAMED(line, ...) assert_named(words, line, (const char *const[]){__VA_ARGS__, NULL})

static void
every_problem_of_a_file_is_named_with_line_key_and_value(void **state)
{
	const char *words;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text),
	    "{\n"
	    "  \"feed\": \"%s\", // fine\n"
	    "  \"streams\": [\"btcusdt@trade\", \"btcusdt\"],\n"
	    "  \"ring\": { \"slots\": 100000 },\n"
	    "  \"poool\": {},\n"
	    "  \"endpoint\": { \"port\": 99999 },\n"
	    "  \"status_interval_ms\": \"fast\",\n"
	    "  \"security\": { \"validate_certificates\": false }\n"
	    "}\n", daemon_feed());
	write_config(text);
	words = words_for_file(2);
	NAMED(3, "\"streams\"", "btcusdt");
	NAMED(4, "\"ring.slots\"", "100000");
	NAMED(5, "\"poool\"", "did you mean \"pool\"");
	NAMED(6, "\"endpoint.port\"", "99999", "65535");
	NAMED(7, "\"status_interval_ms\"", "\"fast\"");
	NAMED(8, "\"security.validate_certificates\"", "false");
}

static void
a_file_that_is_no_json_is_named_with_its_line(void **state)
{
	const char *words;

	(void)state;
	write_config("{\n  \"feed\": \"x\",\n  \"streams\": [\"btcusdt@trade\"\n}\n");
	words = words_for_file(2);
	NAMED(4, "'}'");
	write_config("");
	words = words_for_file(2);
	assert_non_null(strstr(words, file));
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	const char *words;

	(void)state;
	snprintf(file, sizeof(file), "%s/nothing.json", daemon_folder());
	words = words_for_file(2);
	assert_non_null(strstr(words, file));
	assert_non_null(strstr(words, "No such file"));
	assert_null(strstr(words, "streams"));
}

static void
an_override_that_is_wrong_is_named_as_such(void **state)
{
	static const char *const arguments[] = {"--set", "streams=btcusdt@trade", "--set",
	    "pool.max_connections=0", "--set", "security.enforce_ssl=false", NULL};
	const char *words;

	(void)state;
	words = words_of(arguments, 2);
	assert_non_null(strstr(words, "--set pool.max_connections: "));
	assert_non_null(strstr(words, "value 0 "));
	assert_non_null(strstr(words, "--set security.enforce_ssl: "));
	assert_non_null(strstr(words, "TLS cannot be switched off"));
}

static void
a_group_that_does_not_exist_is_named_at_the_check_and_at_the_start(void **state)
{
	static const char *const check[] = {"--set", "streams=btcusdt@trade", "--set",
	    "ring.group=no-such-group", "--check-config", NULL};
	static const char *const start[] = {"--set", "streams=btcusdt@trade", "--set",
	    "ring.bell_group=no-such-group", NULL};

	(void)state;
	assert_non_null(strstr(words_of(check, 2),
	    "key \"ring.group\": value \"no-such-group\" is no group of this system"));
	assert_non_null(strstr(words_of(start, 2),
	    "key \"ring.bell_group\": value \"no-such-group\" is no group of this system"));
}

static void
the_keys_are_printed_without_streams_but_not_with_a_problem(void **state)
{
	static const char *const plain[] = {"--print-config", NULL};
	static const char *const wrong[] = {"--print-config", "--set", "cpu=x", NULL};
	const char *words;

	(void)state;
	words = words_of(plain, 0);
	assert_non_null(strstr(words, "\"max_retries\": 15"));
	assert_null(strstr(words, "missing, at least one"));
	words = words_of(wrong, 2);
	assert_non_null(strstr(words, "--set cpu: "));
	assert_null(strstr(words, "\"max_retries\""));
}

static void
a_log_that_cannot_be_opened_is_a_wrong_configuration(void **state)
{
	static const char *const arguments[] = {"--set", "streams=btcusdt@trade", "--set",
	    "log.file=/nonexistent/feedd.log", NULL};

	(void)state;
	assert_non_null(strstr(words_of(arguments, 2),
	    "key \"log.file\": value \"/nonexistent/feedd.log\" cannot be used: No such file"));
}

static void
an_option_that_is_wrong_ends_with_a_hint(void **state)
{
	static const char *const unknown[] = {"--no-such-option", NULL};
	static const char *const surplus[] = {"btcusdt@trade", NULL};

	(void)state;
	assert_non_null(strstr(words_of(unknown, 2), "--help"));
	assert_non_null(strstr(words_of(surplus, 2), "--help"));
}

static void
authorities_that_cannot_be_read_are_named(void **state)
{
	static const char *const arguments[] = {
	    "streams=btcusdt@trade", "endpoint.ca_file=/no/such/ca.pem", NULL};

	(void)state;
	daemon_start_feedd(&feedd, 9, arguments);
	assert_int_equal(daemon_wait(&feedd), 2);
	assert_non_null(strstr(daemon_log(&feedd), "key \"endpoint.ca_file\": value "
	    "\"/no/such/ca.pem\" cannot be used: No such file or directory"));
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
}

static void
a_fine_configuration_is_said_to_be_fine(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "{\"feed\": \"%s\", \"streams\": [\"btcusdt@trade\"]}",
	    daemon_feed());
	write_config(text);
	words_of((const char *const[]){"--config", file, "--check-config", NULL}, 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, daemon_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_problem_of_a_file_is_named_with_line_key_and_value),
		TEST(a_file_that_is_no_json_is_named_with_its_line),
		TEST(a_file_that_cannot_be_read_is_named),
		TEST(an_override_that_is_wrong_is_named_as_such),
		TEST(a_group_that_does_not_exist_is_named_at_the_check_and_at_the_start),
		TEST(the_keys_are_printed_without_streams_but_not_with_a_problem),
		TEST(a_log_that_cannot_be_opened_is_a_wrong_configuration),
		TEST(an_option_that_is_wrong_ends_with_a_hint),
		TEST(authorities_that_cannot_be_read_are_named),
		TEST(a_fine_configuration_is_said_to_be_fine),
	};

	return cmocka_run_group_tests_name("bad config", tests, daemon_setup_all,
	    daemon_teardown_all);
}
