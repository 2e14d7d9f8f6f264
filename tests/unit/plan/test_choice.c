/* Which venue is spoken, with and without an API key. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/plan/choice.h"
#include "feed/plan/plan.h"

static struct config cfg;
static struct choice choice;
static struct config_target target;

static void
load(const char *const *set, size_t n)
{
	struct config_problems problems = {0};
	bool good = config_load(NULL, set, n, &cfg, &problems);

	if (!good)
		fail_msg("%s", problems.line[0]);
	config_problems_free(&problems);
}

static int
begin(void **state)
{
	(void)state;
	unsetenv(CHOICE_KEY_VARIABLE);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	choice_end(&choice);
	config_free(&cfg);
	return 0;
}

#define LOAD(...) \
	do { \
		static const char *const set[] = {__VA_ARGS__}; \
		load(set, sizeof(set) / sizeof(set[0])); \
	} while (0)

static void
without_a_key_the_text_venue_is_spoken_at_its_own_host(void **state)
{
	(void)state;
	LOAD("product=spot-sbe", "streams=a@trade,a@bestBidAsk,a@depth,a@depth20,a@bookTicker");
	assert_string_equal(cfg.endpoint.host, "stream-sbe.binance.com");
	assert_int_equal(choice_make(&choice, &cfg), 0);
	assert_string_equal(choice.venue->name, "spot");
	assert_null(secret_text(choice.key));
	choice_target(&choice, &cfg, 0, &target);
	assert_string_equal(target.host, "stream.binance.com");
	assert_int_equal(target.port, 9443);
	choice_spell(&choice, &cfg);
	assert_string_equal(cfg.streams.item[0], "a@trade");
	assert_string_equal(cfg.streams.item[1], "a@bookTicker");
	assert_string_equal(cfg.streams.item[2], "a@depth@100ms");
	assert_string_equal(cfg.streams.item[3], "a@depth20@100ms");
	assert_string_equal(cfg.streams.item[4], "a@bookTicker");
}

static void
with_a_key_the_binary_venue_is_spoken(void **state)
{
	(void)state;
	LOAD("product=spot-sbe", "streams=a@trade,a@bookTicker,a@depth@100ms,a@kline_1m",
	    "optional_streams=a@bookTicker");
	setenv(CHOICE_KEY_VARIABLE, "k3y", 1);
	assert_int_equal(choice_make(&choice, &cfg), 0);
	assert_string_equal(choice.venue->name, "spot-sbe");
	assert_string_equal(secret_text(choice.key), "k3y");
	assert_null(getenv(CHOICE_KEY_VARIABLE));
	choice_target(&choice, &cfg, 0, &target);
	assert_string_equal(target.host, "stream-sbe.binance.com");
	choice_spell(&choice, &cfg);
	assert_string_equal(cfg.streams.item[1], "a@bestBidAsk");
	assert_string_equal(cfg.streams.item[2], "a@depth");
	assert_string_equal(cfg.streams.item[3], "a@kline_1m");
	assert_string_equal(cfg.optional_streams.item[0], "a@bestBidAsk");
}

static void
a_host_of_ones_own_stays(void **state)
{
	(void)state;
	LOAD("product=spot-sbe", "streams=a@trade", "endpoint.host=mirror.example");
	assert_int_equal(choice_make(&choice, &cfg), 0);
	choice_target(&choice, &cfg, 0, &target);
	assert_string_equal(target.host, "mirror.example");
}

static void
a_key_file_that_cannot_be_read_ends_the_start(void **state)
{
	(void)state;
	LOAD("product=spot-sbe", "streams=a@trade", "endpoint.api_key_file=/nonexistent/key");
	assert_int_equal(choice_make(&choice, &cfg), -EINVAL);
	assert_null(choice.key);
}

static void
a_product_without_a_key_looks_for_none_and_spells_nothing_anew(void **state)
{
	(void)state;
	LOAD("product=spot", "streams=a@depth");
	setenv(CHOICE_KEY_VARIABLE, "k3y", 1);
	assert_int_equal(choice_make(&choice, &cfg), 0);
	assert_string_equal(choice.venue->name, "spot");
	assert_null(choice.key);
	assert_non_null(getenv(CHOICE_KEY_VARIABLE));
	choice_spell(&choice, &cfg);
	assert_string_equal(cfg.streams.item[0], "a@depth");
}

static void
a_product_brings_host_port_and_path(void **state)
{
	(void)state;
	LOAD("streams=btcusdt@markPrice,btcusdt@kline_1m", "product=usdm");
	assert_string_equal(cfg.endpoint.host, "fstream.binance.com");
	assert_int_equal(cfg.endpoint.port, 443);
	assert_string_equal(cfg.endpoint.path, "auto");
	config_free(&cfg);
	LOAD("streams=btcusdt@trade,btcusdt@bookTicker", "product=usdm");
	assert_string_equal(cfg.endpoint.path, "auto");
	config_free(&cfg);
	/* Where there is one path, that is it. */
	LOAD("streams=btcusdt@trade", "endpoint.path=auto");
	assert_string_equal(cfg.endpoint.path, "/stream");
	config_free(&cfg);
	LOAD("streams=btcusdt@markPrice,btcusdt@bookTicker", "product=usdm",
	    "endpoint.path=/stream");
	assert_string_equal(cfg.endpoint.path, "/stream");
	config_free(&cfg);
	LOAD("streams=btcusdt@markPrice,btcusdt@bookTicker", "product=usdm",
	    "endpoint.host=mirror.example");
	assert_string_equal(cfg.endpoint.path, "/stream");
}

static void
streams_of_two_routes_want_connections_to_each(void **state)
{
	static const char *const few[] = {"product=usdm", "redundancy=2",
		"pool.initial_connections=1", "pool.max_connections=3",
		"streams=btcusdt@markPrice,ethusdt@markPrice,btcusdt@bookTicker"};
	struct config_problems problems = {0};

	(void)state;
	assert_false(config_load(NULL, few, 5, &cfg, &problems));
	config_free(&cfg);
	assert_int_equal(problems.n, 1);
	assert_non_null(strstr(problems.line[0],
	    "\"pool.max_connections\": value 3 is too small for \"redundancy\" 2: "
	    "\"btcusdt@markPrice\" is served at \"/market/stream\", \"btcusdt@bookTicker\" at "
	    "\"/public/stream\""));
	config_problems_free(&problems);
	/* One that serves all, or streams of one of them, can do with fewer. */
	LOAD("streams=btcusdt@markPrice,btcusdt@aggTrade", "product=usdm",
	    "pool.initial_connections=1", "pool.max_connections=1");
	config_free(&cfg);
	LOAD("streams=btcusdt@markPrice,btcusdt@bookTicker", "product=usdm",
	    "pool.initial_connections=1", "pool.max_connections=2");
	assert_string_equal(plan_path(&cfg, 0), "/public/stream");
	assert_string_equal(plan_path(&cfg, 1), "/market/stream");
	assert_int_equal(plan_pool_cfg(&cfg).paths, 2);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(without_a_key_the_text_venue_is_spoken_at_its_own_host),
		TEST(with_a_key_the_binary_venue_is_spoken),
		TEST(a_host_of_ones_own_stays),
		TEST(a_key_file_that_cannot_be_read_ends_the_start),
		TEST(a_product_without_a_key_looks_for_none_and_spells_nothing_anew),
		TEST(a_product_brings_host_port_and_path),
		TEST(streams_of_two_routes_want_connections_to_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
