/* What the exchange's list of instruments does to directory, ring and board. */
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

/* One instrument: ABCUSDT, steps 0.01 and 1. */
static struct listing *
list_of(enum tick_trading trading)
{
	struct listing *list = calloc(1, sizeof(*list) + sizeof(list->item[0]));

	assert_non_null(list);
	list->n = 1;
	list->item[0] = (struct listed){.symbol = "ABCUSDT", .symbol_bytes = 7,
	    .trading = (uint8_t)trading, .price_exponent = -2, .qty_exponent = 0,
	    .price_step = 1, .qty_step = 1};
	return list;
}

static void
give_list(struct pipeline_rig *rig, struct listing *list)
{
	free((void *)pipeline_list(rig->pipeline, list, now, mono));
}

static void
end(struct pipeline_rig *rig)
{
	free((void *)pipeline_list(rig->pipeline, NULL, now, mono));
}

static void
expect_status(struct pipeline_rig *rig, uint32_t instrument, enum tick_trading trading)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, TICK_INSTRUMENT_STATUS);
	assert_int_equal(t.instrument, instrument);
	assert_int_equal(t.v[0], trading);
	assert_int_equal(rig->ring.directory[instrument].trading, trading);
}

static void
new_instruments_have_exponents_by_the_steps_and_two_digits_more(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t id;

	give_list(rig, list_of(TICK_TRADING_ON));
	id = pipeline_add_instrument(rig->pipeline, BYTES_LIT("ABCUSDT"));
	assert_int_equal(rig->ring.directory[id].price_exponent, -4);
	assert_int_equal(rig->ring.directory[id].qty_exponent, -2);
	id = pipeline_add_instrument(rig->pipeline, BYTES_LIT("XYZUSDT"));
	assert_int_equal(rig->ring.directory[id].price_exponent, -8);
	assert_int_equal(rig->ring.directory[id].qty_exponent, -8);
	end(rig);
}

static void
an_instrument_keeps_its_exponents_and_its_steps_are_told_at_them(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t id = pipeline_add_instrument(rig->pipeline, BYTES_LIT("ABCUSDT"));

	give_list(rig, list_of(TICK_TRADING_ON));
	assert_int_equal(rig->ring.directory[id].price_exponent, -8);
	assert_int_equal(rig->ring.directory[id].price_step, 1000000);
	assert_int_equal(rig->ring.directory[id].qty_step, 100000000);
	expect_status(rig, (uint32_t)id, TICK_TRADING_ON);
	give_list(rig, list_of(TICK_TRADING_ON));
	pipeline_rig_no_tick(rig); /* nothing has changed */
	end(rig);
}

static void
a_halted_instrument_is_halted_on_the_board_whatever_comes_and_never_stale(void **state)
{
	struct pipeline_rig *rig = *state;

	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 3, BYTES_LIT("abcusdt@trade")), 0);
	pipeline_rig_trade(rig, 1);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_TRADE);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	give_list(rig, list_of(TICK_TRADING_HALT));
	expect_status(rig, 0, TICK_TRADING_HALT);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_HALTED);
	assert_int_equal(pipeline_rig_data(rig, 0).reason, TICK_REASON_HALTED);
	assert_true(pipeline_is_halted(rig->pipeline, 3));
	pipeline_rig_trade(rig, 2);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_TRADE);
	pipeline_on_stream_stale(rig->pipeline, 3, TICK_REASON_STALE, now, mono);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_HALTED);
	end(rig);
}

static void
an_instrument_that_trades_again_is_live_again(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, list_of(TICK_TRADING_BREAK));
	expect_status(rig, 0, TICK_TRADING_BREAK);
	give_list(rig, list_of(TICK_TRADING_ON));
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	assert_int_equal(pipeline_rig_data(rig, 0).reason, TICK_REASON_NONE);
	end(rig);
}

static void
what_is_not_listed_any_more_is_closed(void **state)
{
	struct pipeline_rig *rig = *state;
	struct listing *none = calloc(1, sizeof(*none));

	assert_non_null(none);
	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, list_of(TICK_TRADING_ON));
	expect_status(rig, 0, TICK_TRADING_ON);
	give_list(rig, none);
	expect_status(rig, 0, TICK_TRADING_CLOSED);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_HALTED);
	assert_int_equal(rig->ring.directory[0].price_step, 1000000); /* the last that is known */
	end(rig);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(new_instruments_have_exponents_by_the_steps_and_two_digits_more),
		TEST(an_instrument_keeps_its_exponents_and_its_steps_are_told_at_them),
		TEST(a_halted_instrument_is_halted_on_the_board_whatever_comes_and_never_stale),
		TEST(an_instrument_that_trades_again_is_live_again),
		TEST(what_is_not_listed_any_more_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
