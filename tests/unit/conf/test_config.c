#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include <tickring/status.h>

#include "feed/conf/config_key.h"
#include "tests/config_text.h"

#define S "\"streams\": [\"btcusdt@trade\"]"

/* Loads a text that must be right. */
static void
load(const char *text, const char *const *overrides, size_t n, struct config *cfg)
{
	char *problems = config_of_text(text, overrides, n, cfg);

	assert_string_equal(problems, "");
	free(problems);
}

static void
the_defaults_are_those_of_production(void **state)
{
	struct config defaults, production;

	(void)state;
	load("{" S "}", NULL, 0, &defaults);
	load("{" S ", \"preset\": \"production\"}", NULL, 0, &production);
	assert_true(config_equal(&defaults, &production));
	assert_string_equal(defaults.feed, "feed");
	assert_string_equal(defaults.endpoint.host, "stream.binance.com");
	assert_int_equal(defaults.endpoint.port, 9443);
	assert_string_equal(defaults.endpoint.path, "/stream");
	assert_int_equal(defaults.ring.slots, 65536);
	assert_int_equal(defaults.pool.max_connections, 10);
	assert_int_equal(defaults.cpu, -1);
	assert_int_equal(defaults.log.level, LOG_LEVEL_INFO);
	config_free(&defaults);
	config_free(&production);
}

static void
presets_lie_under_the_files_own_keys_whatever_their_order(void **state)
{
	struct config cfg;

	(void)state;
	load("{\"pool\": {\"max_connections\": 7}, " S ", \"preset\": \"staging\"}", NULL, 0, &cfg);
	assert_int_equal(cfg.preset, CONFIG_STAGING);
	assert_int_equal(cfg.pool.max_connections, 7);
	assert_int_equal(cfg.pool.health_check_interval_ms, 15000);
	assert_int_equal(cfg.pool.idle_timeout_ms, 180000);
	assert_int_equal(cfg.reconnect.max_retries, 10);
	assert_int_equal(cfg.reconnect.max_delay_ms, 30000);
	assert_true(cfg.monitoring.detailed_logging);
	assert_int_equal(cfg.monitoring.health_check.alert_threshold_permille, 300);
	config_free(&cfg);

	load("{" S ", \"preset\": \"development\"}", NULL, 0, &cfg);
	assert_int_equal(cfg.pool.max_connections, 3);
	assert_int_equal(cfg.pool.health_check_interval_ms, 10000);
	assert_int_equal(cfg.pool.idle_timeout_ms, 60000);
	assert_int_equal(cfg.reconnect.max_retries, 5);
	assert_int_equal(cfg.reconnect.max_delay_ms, 10000);
	assert_true(cfg.monitoring.detailed_logging);
	assert_int_equal(cfg.monitoring.health_check.alert_threshold_permille, 100);
	config_free(&cfg);
}

static void
comments_escapes_and_joined_keys_are_understood(void **state)
{
	struct config cfg;

	(void)state;
	load("\xef\xbb\xbf// one\r\n{ /* two \n \" */ \"log\": {\"file\": "
	     "\"a//b/*c*/ \\u00e9\\ud83d\\ude00\\\"\\\\\\/\"},\n"
	     "\"pool.max_connections\": 4, \"ring\": {}, \"streams\": "
	     "[ // three\n\"\xc3\xa9@trade\"]"
	     "\n}\n// four",
	    NULL, 0, &cfg);
	assert_string_equal(cfg.log.file, "a//b/*c*/ \xc3\xa9\xf0\x9f\x98\x80\"\\/");
	assert_int_equal(cfg.pool.max_connections, 4);
	assert_int_equal(cfg.streams.n, 1);
	assert_string_equal(cfg.streams.item[0], "\xc3\xa9@trade");
	config_free(&cfg);
}

static void
overrides_win_and_need_no_quotes(void **state)
{
	static const char *const overrides[] = {"feed=1000", "endpoint.port=443",
	    "streams=a@trade,b@bookTicker", "endpoint.address=127.0.0.1", "log.format=\"json\"",
	    "reconnect.jitter=false", "ring.group=root", "pool={\"max_connections\": 5}",
	    "preset=staging", "log.file=a=b"};
	struct config cfg;

	(void)state;
	load("{\"feed\": \"x\", " S "}", overrides, 10, &cfg);
	assert_string_equal(cfg.feed, "1000");
	assert_int_equal(cfg.endpoint.port, 443);
	assert_int_equal(cfg.streams.n, 2);
	assert_string_equal(cfg.streams.item[0], "a@trade");
	assert_string_equal(cfg.streams.item[1], "b@bookTicker");
	assert_string_equal(cfg.endpoint.address, "127.0.0.1");
	assert_int_equal(cfg.log.format, LOG_FORMAT_JSON);
	assert_false(cfg.reconnect.jitter);
	assert_string_equal(cfg.ring.group, "root");
	assert_int_equal(cfg.pool.max_connections, 5);
	assert_int_equal(cfg.reconnect.max_retries, 10);
	assert_string_equal(cfg.log.file, "a=b");
	config_free(&cfg);
}

static void
an_override_takes_a_list_as_json(void **state)
{
	static const char *const overrides[] = {"streams=[\"a@trade\", \"b@trade\"]"};
	struct config cfg;

	(void)state;
	load("{}", overrides, 1, &cfg);
	assert_int_equal(cfg.streams.n, 2);
	assert_string_equal(cfg.streams.item[1], "b@trade");
	config_free(&cfg);
}

static void
a_wrong_override_is_named_like_a_wrong_line(void **state)
{
	static const char *const overrides[] = {"pool.max_connection=4", "feed", "cpu=many",
	    "=1", "streams=a@trade,b"};
	struct config cfg;
	char *problems = config_of_text("{" S "}", overrides, 5, &cfg);

	(void)state;
	assert_string_equal(problems,
	    "--set feed: \"feed\" has not the form key=value\n"
	    "--set : \"=1\" has not the form key=value\n"
	    "--set pool.max_connection: unknown key \"pool.max_connection\"; did you mean "
	    "\"pool.max_connections\"?\n"
	    "--set cpu: key \"cpu\": value \"many\" is text, allowed: -1 to 1023\n"
	    "--set streams: key \"streams\": value \"b\" has no type: a stream is a symbol, "
	    "\"@\" and a type, like \"btcusdt@trade\"\n");
	assert_string_equal(cfg.feed, "feed");
	assert_int_equal(cfg.streams.n, 1);
	free(problems);
	config_free(&cfg);
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	struct config_problems problems = {0};
	struct config cfg;

	(void)state;
	assert_false(config_load("/nonexistent/feed.json", NULL, 0, &cfg, &problems));
	assert_string_equal(problems.line[0],
	    "/nonexistent/feed.json: cannot be read: No such file or directory");
	config_problems_free(&problems);
	config_free(&cfg);
	assert_false(config_load("/", NULL, 0, &cfg, &problems));
	assert_string_equal(problems.line[0], "/: cannot be read: Is a directory");
	config_problems_free(&problems);
	config_free(&cfg);
}

static void
problems_beyond_what_is_kept_are_counted(void **state)
{
	struct config_problems problems = {0};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < CONFIG_PROBLEMS_MAX + 5; i++)
		config_problem(&problems, (struct config_origin){"x", 0}, "%d", i);
	config_problems_print(f, &problems);
	fclose(f);
	assert_non_null(strstr(text, "x: 199\n5 more problems are not shown\n"));
	config_problems_free(&problems);
	free(text);
}

/*
 * Values that are no defaults. No text ends with a backslash: cJSON_Minify
 * (1.7.15) takes the quote after it for an escaped one.
 */
static const char unusual[] =
    "{\"preset\": \"development\", \"feed\": \"f-1\", \"product\": \"options\","
    "\"transport\": \"lws\", \"endpoint\": {\"host\": \"::1\", \"port\": 1,"
    "\"path\": \"/\\\"\\\\x\","
    "\"ca_file\": \"/tmp/\\u00e9 x.pem\", \"address\": \"::1\"},"
    "\"streams\": [\"a@trade\", \"\xe5\xb8\x81@depth@100ms\"],"
    "\"ring\": {\"slots\": 131072, \"group\": \"root\", \"unlink_at_exit\": true},"
    "\"pool\": {\"initial_connections\": 1}, \"reconnect\": {\"enabled\": false},"
    "\"resources\": {\"max_memory_bytes\": 1099511627775}, \"cpu\": 0,"
    "\"log\": {\"level\": \"debug\", \"format\": \"json\", \"file\": \"x\"}}";

static void
what_is_printed_reads_back_to_the_same(void **state)
{
	struct config cfg, again;

	(void)state;
	for (int comments = 0; comments < 2; comments++) {
		char *text, *second;

		load(unusual, NULL, 0, &cfg);
		text = config_printed(&cfg, comments);
		load(text, NULL, 0, &again);
		assert_true(config_equal(&cfg, &again));
		second = config_printed(&again, comments);
		assert_string_equal(text, second);
		again.cpu = 1;
		assert_false(config_equal(&cfg, &again));
		free(text);
		free(second);
		config_free(&cfg);
		config_free(&again);
	}
}

static void
what_is_printed_is_json_to_another_parser(void **state)
{
	struct config cfg;
	cJSON *plain, *minified;
	char *text;

	(void)state;
	load(unusual, NULL, 0, &cfg);
	text = config_printed(&cfg, false);
	plain = cJSON_Parse(text);
	assert_non_null(plain);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(plain, "endpoint"), "path")), "/\"\\x");
	free(text);
	text = config_printed(&cfg, true);
	cJSON_Minify(text);
	minified = cJSON_Parse(text);
	assert_non_null(minified);
	assert_true(cJSON_Compare(plain, minified, true));
	cJSON_Delete(plain);
	cJSON_Delete(minified);
	free(text);
	config_free(&cfg);
}

static void
the_printed_defaults_are_as_recorded(void **state)
{
	char *golden, *text;
	struct config cfg;

	(void)state;
	config_defaults(&cfg);
	text = config_printed(&cfg, false);
	golden = text_of_file("tests/golden/config.json");
	assert_non_null(golden);
	assert_string_equal(text, golden);
	free(golden);
	free(text);
	text = config_printed(&cfg, true);
	golden = text_of_file("tests/golden/config_help.json");
	assert_non_null(golden);
	assert_string_equal(text, golden);
	free(golden);
	free(text);
	config_free(&cfg);
}

static void
missing_streams_are_told_from_other_problems(void **state)
{
	static const struct {
		const char *set;
		size_t unset, all;
	} rows[] = {
	    {"cpu=-1", 1, 1},
	    {"streams=[]", 0, 1},
	    {"foo=1", 1, 2},
	    {"streams=btcusdt@trade", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_problems problems = {0};
		struct config cfg;

		config_load(NULL, &rows[i].set, 1, &cfg, &problems);
		assert_int_equal(problems.unset, rows[i].unset);
		assert_int_equal(problems.n, rows[i].all);
		config_problems_free(&problems);
		config_free(&cfg);
	}
}

static void
of_a_file_that_cannot_be_read_nothing_is_missed(void **state)
{
	static const char *const set[] = {"ring.slots=100000"};
	struct config_problems problems = {0};
	struct config cfg;

	(void)state;
	assert_false(config_load("/nonexistent/feed.json", set, 1, &cfg, &problems));
	assert_int_equal(problems.n, 2);
	assert_string_equal(problems.line[0],
	    "/nonexistent/feed.json: cannot be read: No such file or directory");
	assert_non_null(strstr(problems.line[1], "--set ring.slots: "));
	config_problems_free(&problems);
	config_free(&cfg);
}

static void
the_shipped_example_is_right_and_needs_no_key(void **state)
{
	struct config_problems problems = {0};
	struct config cfg;

	(void)state;
	config_load("conf/feed.json", NULL, 0, &cfg, &problems);
	config_problems_print(stderr, &problems);
	assert_int_equal(problems.n, 0);
	assert_string_equal(cfg.endpoint.host, "stream.binance.com");
	assert_int_equal(cfg.endpoint.port, 9443);
	assert_int_equal(cfg.product, CONFIG_SPOT);
	assert_true(cfg.streams.n >= 6);
	config_free(&cfg);
}

static void
deep_nesting_is_refused(void **state)
{
	char text[256] = "{\"x\":";
	struct config cfg;
	char *problems;

	(void)state;
	memset(text + strlen(text), '[', 100);
	problems = config_of_text(text, NULL, 0, &cfg);
	assert_non_null(strstr(problems, ":1: nested deeper than 16\n"));
	free(problems);
	config_free(&cfg);
}

static void
lines_tell_every_value_and_what_was_set(void **state)
{
	static const char *const overrides[] = {"pool.max_connections=5",
	    "streams=btcusdt@trade,ethusdt@trade",
	    ("alerts.webhooks=https://hooks.example.com/services/secret,"
	     "https://b.example.com?token=secret,https://c.example.com"),
	    "tracing.endpoint=https://t.example.com/secret/v1/traces"};
	struct config cfg;
	char text[TICK_KEYS_MAX];
	size_t n;

	(void)state;
	load("{}", overrides, 4, &cfg);
	n = config_lines(text, sizeof(text), &cfg);
	assert_int_equal(n, strlen(text));
	assert_non_null(strstr(text, "\n*pool.max_connections=5\n"));
	assert_non_null(strstr(text, "\n pool.initial_connections=3\n"));
	assert_non_null(strstr(text, "\n*streams=btcusdt@trade,ethusdt@trade\n"));
	assert_non_null(strstr(text, "\n*alerts.webhooks=https://hooks.example.com/...,"
	                                "https://b.example.com/...,https://c.example.com\n"));
	assert_null(strstr(text, "secret"));
	for (size_t i = 0; i < config_keys_n; i++) {
		char line[160];

		snprintf(line, sizeof(line), "%s=", config_keys[i].path);
		assert_non_null(strstr(text, line));
	}
	/* Cut, it ends with a whole line. */
	for (size_t size = 1; size < n; size += 7) {
		char *part = malloc(size);
		size_t length = config_lines(part, size, &cfg);

		assert_int_equal(length, strlen(part));
		assert_true(*part == '\0' || part[strlen(part) - 1] == '\n');
		assert_memory_equal(part, text, strlen(part));
		free(part);
	}
	config_free(&cfg);
}

static void
a_long_list_is_a_line_with_its_count(void **state)
{
	char streams[4096] = "streams=", text[TICK_KEYS_MAX];
	const char *const overrides[] = {streams};
	struct config cfg;

	(void)state;
	for (int i = 0; i < 100; i++)
		snprintf(streams + strlen(streams), 32, "%scoin%dusdt@trade", i > 0 ? "," : "", i);
	load("{}", overrides, 1, &cfg);
	config_lines(text, sizeof(text), &cfg);
	assert_non_null(strstr(text, "\n*streams=(100 entries)\n"));
	config_free(&cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_defaults_are_those_of_production),
	    cmocka_unit_test(presets_lie_under_the_files_own_keys_whatever_their_order),
	    cmocka_unit_test(comments_escapes_and_joined_keys_are_understood),
	    cmocka_unit_test(overrides_win_and_need_no_quotes),
	    cmocka_unit_test(an_override_takes_a_list_as_json),
	    cmocka_unit_test(a_wrong_override_is_named_like_a_wrong_line),
	    cmocka_unit_test(a_file_that_cannot_be_read_is_named),
	    cmocka_unit_test(problems_beyond_what_is_kept_are_counted),
	    cmocka_unit_test(what_is_printed_reads_back_to_the_same),
	    cmocka_unit_test(what_is_printed_is_json_to_another_parser),
	    cmocka_unit_test(the_printed_defaults_are_as_recorded),
		cmocka_unit_test(lines_tell_every_value_and_what_was_set),
		cmocka_unit_test(a_long_list_is_a_line_with_its_count),
	    cmocka_unit_test(missing_streams_are_told_from_other_problems),
	    cmocka_unit_test(of_a_file_that_cannot_be_read_nothing_is_missed),
	    cmocka_unit_test(the_shipped_example_is_right_and_needs_no_key),
	    cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
