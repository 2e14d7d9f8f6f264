/* Streams of symbols that the exchange's list of instruments does not name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"

static const wall_t now = {PIPELINE_RIG_RECV_NS};
static const mono_t mono = {5000};

/* ABCUSDT, and that one unless it is NULL. */
static struct listing *
list_with(const char *symbol)
{
	struct listing *list = calloc(1, sizeof(*list) + 2 * sizeof(list->item[0]));

	assert_non_null(list);
	list->item[list->n++] = (struct listed){.symbol = "ABCUSDT", .symbol_bytes = 7,
	    .trading = TICK_TRADING_ON, .price_exponent = -2, .price_step = 1, .qty_step = 1};
	if (symbol != NULL) {
		list->item[1] = list->item[0];
		memcpy(list->item[1].symbol, symbol, strlen(symbol));
		list->item[1].symbol_bytes = (uint8_t)strlen(symbol);
		list->n++;
	}
	return list;
}

static void
give_list(struct pipeline_rig *rig, struct listing *list)
{
	free((void *)pipeline_list(rig->pipeline, list, now, mono));
}

static void
add(struct pipeline_rig *rig, uint32_t number, const char *name)
{
	assert_int_equal(pipeline_add_stream(rig->pipeline, number, bytes_of(name)), 0);
}

static void
a_symbol_that_no_list_has_is_unlisted_until_one_has_it(void **state)
{
	struct pipeline_rig *rig = *state;

	add(rig, 1, "abcusdt@trade");
	add(rig, 2, "xyzusdt@trade");
	assert_false(pipeline_is_unlisted(rig->pipeline, 2)); /* nobody knows yet */
	pipeline_take_turned(rig->pipeline);
	give_list(rig, list_with(NULL));
	assert_true(pipeline_take_turned(rig->pipeline));
	assert_false(pipeline_is_unlisted(rig->pipeline, 1));
	assert_true(pipeline_is_unlisted(rig->pipeline, 2));
	add(rig, 3, "pqrusdt@bookTicker"); /* is told at once */
	assert_true(pipeline_is_unlisted(rig->pipeline, 3));
	give_list(rig, list_with(NULL));
	give_list(rig, list_with("XYZUSDT"));
	assert_true(pipeline_take_turned(rig->pipeline));
	assert_false(pipeline_is_unlisted(rig->pipeline, 2));
	assert_true(pipeline_is_unlisted(rig->pipeline, 3));
	give_list(rig, NULL);
}

static void
one_list_that_forgets_a_symbol_is_not_believed_two_are(void **state)
{
	struct pipeline_rig *rig = *state;

	add(rig, 1, "xyzusdt@trade");
	give_list(rig, list_with("XYZUSDT"));
	give_list(rig, list_with(NULL));
	assert_false(pipeline_is_unlisted(rig->pipeline, 1));
	give_list(rig, list_with(NULL));
	assert_true(pipeline_is_unlisted(rig->pipeline, 1));
	assert_true(pipeline_is_halted(rig->pipeline, 1));
	rig->stamps.recv_mono = mono_add(mono, span_s(60));
	pipeline_rig_feed(rig, 0, "{\"stream\":\"xyzusdt@trade\",\"data\":{\"e\":\"trade\","
	    "\"E\":1700000000000,\"s\":\"XYZUSDT\",\"t\":1,\"p\":\"1\",\"q\":\"1\","
	    "\"T\":1700000000000,\"m\":true,\"M\":true}}");
	assert_false(pipeline_is_unlisted(rig->pipeline, 1)); /* it is traded */
	give_list(rig, NULL);
}

static void
streams_of_all_symbols_pairs_and_indices_are_not_expected_in_the_list(void **state)
{
	struct pipeline_rig *rig = *state;

	add(rig, 1, "!miniTicker@arr");
	add(rig, 2, "xyzusd@indexPrice");
	add(rig, 3, "xyzusd_perpetual@continuousKline_1m");
	add(rig, 4, "xyzusdt@compositeIndex");
	add(rig, 5, "xyzusdt@kline_1m");
	give_list(rig, list_with(NULL));
	for (uint32_t number = 1; number < 5; number++)
		assert_false(pipeline_is_unlisted(rig->pipeline, number));
	assert_true(pipeline_is_unlisted(rig->pipeline, 5));
	assert_false(pipeline_is_unlisted(rig->pipeline, 6));
	give_list(rig, NULL);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_symbol_that_no_list_has_is_unlisted_until_one_has_it),
		TEST(one_list_that_forgets_a_symbol_is_not_believed_two_are),
		TEST(streams_of_all_symbols_pairs_and_indices_are_not_expected_in_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
