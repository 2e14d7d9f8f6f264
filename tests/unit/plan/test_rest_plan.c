/* What the configuration makes of REST: hosts, weights, limits, paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "feed/plan/rest_plan.h"

static struct config cfg;

/* Settings up to NULL. */
static void
load(const char *first, ...)
{
	struct config_problems problems = {0};
	const char *override[8] = {"streams=btcusdt@trade", first};
	size_t n = 2;
	va_list more;

	config_free(&cfg);
	va_start(more, first);
	while (first != NULL && n < 8 && (override[n] = va_arg(more, const char *)) != NULL)
		n++;
	va_end(more);
	assert_true(config_load(NULL, override, first == NULL ? 1 : n, &cfg, &problems));
	config_problems_free(&problems);
}

static int
teardown(void **state)
{
	(void)state;
	config_free(&cfg);
	cfg = (struct config){0};
	return 0;
}

static void
the_budget_is_a_share_of_the_products_weight_or_of_what_is_said(void **state)
{
	(void)state;
	load(NULL);
	assert_int_equal(rest_plan_schedule(&cfg).budget, 6000);
	load("rest.weight_percent=50", NULL);
	assert_int_equal(rest_plan_schedule(&cfg).budget, 3000);
	load("rest.weight_percent=50", "rest.weight_per_minute=1200", NULL);
	assert_int_equal(rest_plan_schedule(&cfg).budget, 600);
	/* One request has to fit. */
	load("rest.weight_percent=1", "rest.weight_per_minute=10", NULL);
	assert_int_equal(rest_plan_schedule(&cfg).budget, 5);
	load("product=usdm", NULL);
	assert_int_equal(rest_plan_schedule(&cfg).budget, 2400);
}

static void
a_snapshot_has_at_least_the_levels_that_are_wanted(void **state)
{
	(void)state;
	load(NULL);
	assert_int_equal(rest_plan_schedule(&cfg).limit, 0);
	load("rest.snapshot_limit=101", NULL);
	assert_int_equal(rest_plan_schedule(&cfg).limit, 500);
	load("rest.snapshot_limit=5000", "books.levels_max=2000", NULL);
	assert_int_equal(rest_plan_schedule(&cfg).limit, 5000);
	assert_int_equal(rest_plan_schedule(&cfg).limit_max, 2000);
}

static void
what_is_switched_off_is_not_asked_for(void **state)
{
	struct books_cfg books;
	struct gaps_cfg gaps;
	char path[128];

	(void)state;
	load(NULL);
	assert_true(rest_plan_lists(&cfg));
	assert_true(rest_plan_books(&cfg, &books));
	assert_false(rest_plan_gaps(&cfg, &gaps));
	assert_true(rest_plan_clock(&cfg, path, sizeof(path)));
	assert_string_equal(path, "/api/v3/time");
	assert_false(rest_plan_clock(&cfg, path, strlen("/api/v3/time")));
	load("instruments.refresh_ms=0", "books.enabled=false", "backfill.enabled=true",
	    "backfill.gaps_max=7", "backfill.ids_max=77", "rest.clock_interval_ms=0", NULL);
	assert_false(rest_plan_lists(&cfg));
	assert_false(rest_plan_books(&cfg, &books));
	assert_true(rest_plan_gaps(&cfg, &gaps));
	assert_int_equal(gaps.gaps_max, 7);
	assert_int_equal(gaps.ids_max, 77);
	assert_false(rest_plan_clock(&cfg, path, sizeof(path)));
	load("books.levels_max=999", "books.memory_bytes=2097152", "board.depth=3",
	    "product=usdm", NULL);
	assert_true(rest_plan_books(&cfg, &books));
	assert_int_equal(books.levels_max, 999);
	assert_int_equal(books.memory_bytes, 2097152);
	assert_int_equal(books.depth, 3);
	assert_int_equal(books.rule, BOOKSYNC_FUTURES);
	assert_true(rest_plan_clock(&cfg, path, sizeof(path)));
	assert_string_equal(path, "/fapi/v1/time");
}

static void
a_host_that_is_not_the_exchanges_has_no_rest_of_its_own(void **state)
{
	struct rest_base base;

	(void)state;
	load(NULL);
	assert_true(rest_plan_base(&cfg, &base));
	assert_string_equal(base.host, "api.binance.com");
	assert_int_equal(base.within.ns, span_s(10).ns);
	load("endpoint.host=proxy.test", "rest.timeout_ms=1500", NULL);
	assert_false(rest_plan_base(&cfg, &base));
	assert_int_equal(base.within.ns, span_ms(1500).ns);
	load("endpoint.host=proxy.test", "rest.host=rest.test", "rest.port=8443",
	    "rest.address=127.0.0.1", NULL);
	assert_true(rest_plan_base(&cfg, &base));
	assert_string_equal(base.host, "rest.test");
	assert_int_equal(base.port, 8443);
	assert_string_equal(base.address, "127.0.0.1");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_budget_is_a_share_of_the_products_weight_or_of_what_is_said),
		TEST(a_snapshot_has_at_least_the_levels_that_are_wanted),
		TEST(what_is_switched_off_is_not_asked_for),
		TEST(a_host_that_is_not_the_exchanges_has_no_rest_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
