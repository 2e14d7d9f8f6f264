/* A configuration laid over another, copies, and where the HTTP interface listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "feed/conf/config.h"
#include "feed/conf/config_listen.h"
#include "tests/config_text.h"

static void
load(struct config *cfg)
{
	static const char *const set[] = {
	    "streams=btcusdt@trade,ethusdt@trade", "feed=here", "pool.max_connections=7"};
	struct config_problems problems = {0};

	assert_true(config_load(NULL, set, 3, cfg, &problems));
}

static void
a_copy_is_equal_and_on_its_own(void **state)
{
	struct config cfg, copy;

	(void)state;
	load(&cfg);
	config_copy(&copy, &cfg);
	assert_true(config_equal(&cfg, &copy));
	assert_ptr_not_equal(cfg.feed, copy.feed);
	assert_ptr_not_equal(cfg.streams.item[0], copy.streams.item[0]);
	config_free(&cfg);
	assert_string_equal(copy.streams.item[1], "ethusdt@trade");
	config_free(&copy);
}

static void
what_is_given_changes_and_the_rest_stays(void **state)
{
	struct config_problems problems = {0};
	struct config cfg, next;

	(void)state;
	load(&cfg);
	assert_true(config_amend(&cfg, "PATCH",
	    BYTES_LIT("{\"streams\":[\"bnbusdt@trade\"],\"pool\":{\"initial_connections\":2}}"),
	    &next, &problems));
	assert_int_equal(next.streams.n, 1);
	assert_string_equal(next.streams.item[0], "bnbusdt@trade");
	assert_int_equal(next.pool.initial_connections, 2);
	assert_int_equal(next.pool.max_connections, 7);
	assert_string_equal(next.feed, "here");
	assert_int_equal(cfg.streams.n, 2);
	config_free(&cfg);
	config_free(&next);
}

static void
what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{"{\n\"pool\":{\"max_connectons\":1}}", "PATCH:2: unknown key"},
		{"{\"status_interval_ms\":\"fast\"}", "status_interval_ms"},
		{"{\"preset\":\"staging\"}", "preset"},
		{"[]", "an object"},
		{"\"x\"", "an object"},
		{"", "PATCH"},
		{"{\"pool\":{\"initial_connections\":8}}", "larger than"},
		{"{\"streams\":[]}", "streams"},
	};
	struct config_problems problems = {0};
	struct config cfg, next;

	(void)state;
	load(&cfg);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(config_amend(
		    &cfg, "PATCH", bytes_of(wrong[i].text), &next, &problems));
		assert_true(problems.n > 0);
		if (strstr(problems.line[0], wrong[i].why) == NULL)
			fail_msg("%s: %s", wrong[i].text, problems.line[0]);
		config_problems_free(&problems);
		config_free(&next);
	}
	config_free(&cfg);
}

static void
places_to_listen_are_numeric_with_a_port(void **state)
{
	static const char *const wrong[] = {"", "9464", ":9464", "127.0.0.1", "127.0.0.1:",
	    "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "::1:9464", "[::1]", "host:9464",
	    "[127.0.0.1]:1", "300.0.0.1:1", "127.0.0.1:99999999999999999999"};
	struct config_listen at;

	(void)state;
	assert_null(config_listen_parse("127.0.0.1:9464", &at));
	assert_string_equal(at.address, "127.0.0.1");
	assert_int_equal(at.port, 9464);
	assert_true(at.loopback);
	assert_null(config_listen_parse("localhost:0", &at));
	assert_string_equal(at.address, "127.0.0.1");
	assert_null(config_listen_parse("[::1]:80", &at));
	assert_true(at.v6 && at.loopback);
	assert_null(config_listen_parse("0.0.0.0:80", &at));
	assert_false(at.loopback);
	assert_null(config_listen_parse("[::]:80", &at));
	assert_false(at.loopback);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (config_listen_parse(wrong[i], &at) == NULL)
			fail_msg("\"%s\" is accepted", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_equal_and_on_its_own),
		cmocka_unit_test(what_is_given_changes_and_the_rest_stays),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(places_to_listen_are_numeric_with_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
