/* What the exchange's list of instruments does to directory, ring and board. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
	expect_status(rig, (uint32_t)id, TICK_TRADING_ON); /* is told at once */
	assert_int_equal(rig->ring.directory[id].price_step, 100);
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
an_instrument_that_trades_again_is_live_with_its_first_message(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, list_of(TICK_TRADING_BREAK));
	expect_status(rig, 0, TICK_TRADING_BREAK);
	give_list(rig, list_of(TICK_TRADING_ON));
	expect_status(rig, 0, TICK_TRADING_ON);
	/* What stands on the board is from before. */
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_STALE);
	assert_int_equal(pipeline_rig_data(rig, 0).reason, TICK_REASON_HALTED);
	pipeline_rig_trade(rig, 2);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_TRADE);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	assert_int_equal(pipeline_rig_data(rig, 0).reason, TICK_REASON_NONE);
	end(rig);
}

/* That one and so many others that are traded, X000USDT and so on; not the first `without`. */
static struct listing *
long_list(unsigned n, unsigned without)
{
	struct listing *list = calloc(1, sizeof(*list) + (n + 1) * sizeof(list->item[0]));

	assert_non_null(list);
	list->item[0] = (struct listed){.symbol = "ABCUSDT", .symbol_bytes = 7,
	    .trading = TICK_TRADING_ON, .price_exponent = -2, .price_step = 1, .qty_step = 1};
	list->n = 1;
	for (unsigned i = without; i < n; i++) {
		struct listed *item = &list->item[list->n++];

		*item = list->item[0];
		item->symbol_bytes = (uint8_t)snprintf(
		    item->symbol, sizeof(item->symbol), "X%03uUSDT", i);
	}
	return list;
}

/* Takes ABCUSDT, the first, out. */
static struct listing *
without_abc(struct listing *list)
{
	memmove(&list->item[0], &list->item[1], --list->n * sizeof(list->item[0]));
	return list;
}

static void
expect_refused(struct pipeline_rig *rig, struct listing *list, uint64_t refusals)
{
	assert_ptr_equal(pipeline_list(rig->pipeline, list, now, mono), list);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_LISTS_REFUSED), refusals);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_LATER);
	free(list);
}

static void
what_is_not_in_two_lists_in_a_row_is_closed(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, long_list(20, 0));
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_NONE);

	give_list(rig, without_abc(long_list(20, 0)));
	pipeline_rig_no_tick(rig);
	assert_int_equal(rig->ring.directory[0].trading, TICK_TRADING_ON);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_LATER);
	give_list(rig, long_list(20, 0));
	give_list(rig, without_abc(long_list(20, 0))); /* the first in a row again */
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);

	give_list(rig, without_abc(long_list(20, 0)));
	expect_status(rig, 0, TICK_TRADING_CLOSED);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_HALTED);
	assert_int_equal(rig->ring.directory[0].price_step, 1000000); /* the last that is known */
	end(rig);
}

static void
what_was_never_listed_stays_unknown(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t id;

	pipeline_rig_feedf(rig, "{\"e\":\"indexPriceUpdate\",\"E\":1700000000123,"
	    "\"i\":\"ABCUSD\",\"p\":\"12.5\"}");
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_MARK_PRICE);
	id = ring_find(&rig->ring, "ABCUSD", 6);
	assert_true(id >= 0);
	for (int i = 0; i < 3; i++)
		give_list(rig, long_list(5, 0));
	pipeline_rig_no_tick(rig);
	assert_int_equal(rig->ring.directory[id].trading, TICK_TRADING_UNKNOWN);
	assert_int_equal(pipeline_rig_data(rig, (uint32_t)id).state, TICK_DATA_LIVE);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_NONE);
	end(rig);
}

static void
an_empty_list_is_refused_however_often_it_comes(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	expect_refused(rig, calloc(1, sizeof(struct listing)), 1);
	give_list(rig, list_of(TICK_TRADING_ON));
	expect_status(rig, 0, TICK_TRADING_ON);
	for (unsigned i = 0; i < 5; i++)
		expect_refused(rig, calloc(1, sizeof(struct listing)), 2 + i);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	end(rig);
}

static void
a_list_that_lost_more_than_a_fifth_is_refused_unless_it_stays_like_that(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, long_list(99, 0));
	expect_status(rig, 0, TICK_TRADING_ON);
	give_list(rig, long_list(99, 20)); /* a fifth of 100 */
	give_list(rig, long_list(99, 0));
	expect_refused(rig, long_list(99, 21), 1);
	expect_refused(rig, without_abc(long_list(99, 30)), 2);
	give_list(rig, long_list(99, 20));
	expect_refused(rig, without_abc(long_list(99, 50)), 3);
	expect_refused(rig, without_abc(long_list(99, 50)), 4);
	pipeline_rig_no_tick(rig);
	give_list(rig, without_abc(long_list(99, 50)));
	pipeline_rig_no_tick(rig); /* that is the first one without it */
	give_list(rig, without_abc(long_list(99, 50)));
	expect_status(rig, 0, TICK_TRADING_CLOSED);
	end(rig);
}

static void
the_first_list_is_measured_by_what_the_last_run_knew(void **state)
{
	struct pipeline_rig *rig = *state;
	struct listing *all = long_list(10, 0);

	for (size_t i = 0; i < all->n; i++)
		assert_true(pipeline_add_instrument(rig->pipeline,
		    (struct bytes){all->item[i].symbol, all->item[i].symbol_bytes}) >= 0);
	give_list(rig, all);
	end(rig);
	pipeline_rig_kill(rig);
	pipeline_rig_open(rig, PIPELINE_RIG_RECV_NS);
	expect_refused(rig, long_list(10, 5), 1);
	give_list(rig, long_list(10, 2));
	end(rig);
}

/* ---- what proves otherwise -------------------------------------------------------- */

static void
at(struct pipeline_rig *rig, int64_t mono_ns)
{
	rig->stamps.recv_mono = (mono_t){mono_ns};
}

static void
give_quote(struct pipeline_rig *rig, int64_t id)
{
	pipeline_rig_feedf(rig, "{\"u\":%lld,\"s\":\"ABCUSDT\",\"b\":\"1\",\"B\":\"1\","
	    "\"a\":\"2\",\"A\":\"1\"}", (long long)id);
}

static void
a_trade_proves_that_an_instrument_is_traded(void **state)
{
	struct pipeline_rig *rig = *state;

	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 3, BYTES_LIT("abcusdt@trade")), 0);
	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, list_of(TICK_TRADING_BREAK));
	expect_status(rig, 0, TICK_TRADING_BREAK);
	assert_true(pipeline_take_turned(rig->pipeline));
	/* That was on its way. */
	at(rig, mono.ns + 999999999);
	pipeline_rig_trade(rig, 2);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_TRADE);
	assert_false(pipeline_take_turned(rig->pipeline));
	at(rig, mono.ns + 1000000000);
	give_quote(rig, 1); /* orders may change in a break */
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_QUOTE);
	pipeline_rig_trade(rig, 2); /* a duplicate is no news */
	pipeline_rig_no_tick(rig);
	pipeline_rig_trade(rig, 3);
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_TRADE);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	assert_false(pipeline_is_halted(rig->pipeline, 3));
	assert_true(pipeline_take_turned(rig->pipeline));
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADING_PROVEN), 1);
	end(rig);
}

static void
a_quote_proves_that_an_instrument_is_not_halted(void **state)
{
	struct pipeline_rig *rig = *state;

	give_quote(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, list_of(TICK_TRADING_HALT));
	expect_status(rig, 0, TICK_TRADING_HALT);
	at(rig, mono.ns + 1000000000);
	give_quote(rig, 2);
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_QUOTE);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
	end(rig);
}

/* ---- the exchange's word on one instrument ----------------------------------------- */

static int
setup_futures(void **state)
{
	return pipeline_rig_setup_venue(state, "usdm");
}

static void
give_word(struct pipeline_rig *rig, const char *symbol, const char *word)
{
	pipeline_rig_feedf(rig, "{\"e\":\"contractInfo\",\"E\":1700000000123,\"s\":\"%s\","
	    "\"cs\":\"%s\"}", symbol, word);
}

static void
the_exchanges_word_on_a_contract_is_its_state(void **state)
{
	struct pipeline_rig *rig = *state;

	give_list(rig, list_of(TICK_TRADING_ON));
	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 3, BYTES_LIT("abcusdt@aggTrade")), 0);
	expect_status(rig, 0, TICK_TRADING_ON); /* by the list, as it is new */
	give_word(rig, "ABCUSDT", "TRADING");
	expect_status(rig, 0, TICK_TRADING_ON);
	give_word(rig, "ABCUSDT", "SETTLING");
	expect_status(rig, 0, TICK_TRADING_SETTLING); /* the message itself, and nothing else */
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_HALTED);
	assert_int_equal(pipeline_rig_data(rig, 0).reason, TICK_REASON_HALTED);
	assert_true(pipeline_is_halted(rig->pipeline, 3));
	assert_true(pipeline_take_turned(rig->pipeline));
	give_word(rig, "ABCUSDT", "CLOSE");
	expect_status(rig, 0, TICK_TRADING_CLOSED);
	give_word(rig, "ABCUSDT", "SOMETHING_NEW"); /* is no word on it */
	pipeline_rig_tick(rig);
	assert_int_equal(rig->ring.directory[0].trading, TICK_TRADING_CLOSED);
	give_word(rig, "ABCUSDT", "TRADING");
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_STALE);
	give_word(rig, "ABCUSDT", "TRADING"); /* is no message that was waited for */
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_STALE);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_NONE);
	end(rig);
}

static void
a_contract_that_is_not_listed_has_the_list_fetched_soon(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t id;

	give_list(rig, list_of(TICK_TRADING_ON));
	give_word(rig, "NEWUSDT", "PENDING_TRADING");
	id = ring_find(&rig->ring, "NEWUSDT", 7);
	assert_true(id >= 0);
	expect_status(rig, (uint32_t)id, TICK_TRADING_PENDING);
	assert_int_equal(pipeline_rig_data(rig, (uint32_t)id).state, TICK_DATA_HALTED);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_SOON);
	assert_int_equal(pipeline_take_list_wish(rig->pipeline), PIPELINE_LIST_NONE);
	end(rig);
}

/* ---- over a restart --------------------------------------------------------------- */

static void
restart_halted(struct pipeline_rig *rig)
{
	struct tick t;

	pipeline_rig_trade(rig, 1);
	pipeline_rig_tick(rig);
	give_list(rig, list_of(TICK_TRADING_HALT));
	expect_status(rig, 0, TICK_TRADING_HALT);
	end(rig);
	pipeline_rig_kill(rig);
	pipeline_rig_open(rig, PIPELINE_RIG_RECV_NS);
	assert_int_equal(tick_reader_next(rig->reader, &t), TICK_E_RESTARTED);
	pipeline_rig_event(rig, TICK_REASON_RESTART);
	assert_int_equal(
	    pipeline_add_stream(rig->pipeline, 3, BYTES_LIT("abcusdt@trade")), 0);
	assert_true(pipeline_is_halted(rig->pipeline, 3));
}

static void
a_recalled_halt_ends_when_no_list_confirms_it(void **state)
{
	struct pipeline_rig *rig = *state;

	restart_halted(rig);
	pipeline_no_list(rig->pipeline, now, mono);
	expect_status(rig, 0, TICK_TRADING_UNKNOWN);
	assert_false(pipeline_is_halted(rig->pipeline, 3));
	pipeline_no_list(rig->pipeline, now, mono);
	pipeline_rig_no_tick(rig);
}

static void
a_recalled_halt_stays_when_a_list_confirms_it(void **state)
{
	struct pipeline_rig *rig = *state;

	restart_halted(rig);
	give_list(rig, list_of(TICK_TRADING_HALT));
	pipeline_no_list(rig->pipeline, now, mono); /* the next one failed */
	pipeline_rig_no_tick(rig);
	assert_true(pipeline_is_halted(rig->pipeline, 3));
	end(rig);
}

static void
a_recalled_halt_is_disproved_at_once(void **state)
{
	struct pipeline_rig *rig = *state;

	restart_halted(rig);
	pipeline_rig_trade(rig, 2);
	expect_status(rig, 0, TICK_TRADING_ON);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_TRADE);
	assert_int_equal(pipeline_rig_data(rig, 0).state, TICK_DATA_LIVE);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(new_instruments_have_exponents_by_the_steps_and_two_digits_more),
		TEST(an_instrument_keeps_its_exponents_and_its_steps_are_told_at_them),
		TEST(a_halted_instrument_is_halted_on_the_board_whatever_comes_and_never_stale),
		TEST(an_instrument_that_trades_again_is_live_with_its_first_message),
		TEST(what_is_not_in_two_lists_in_a_row_is_closed),
		cmocka_unit_test_setup_teardown(
		    what_was_never_listed_stays_unknown, setup_futures, pipeline_rig_teardown),
		TEST(an_empty_list_is_refused_however_often_it_comes),
		TEST(a_list_that_lost_more_than_a_fifth_is_refused_unless_it_stays_like_that),
		TEST(the_first_list_is_measured_by_what_the_last_run_knew),
		TEST(a_trade_proves_that_an_instrument_is_traded),
		TEST(a_quote_proves_that_an_instrument_is_not_halted),
		cmocka_unit_test_setup_teardown(the_exchanges_word_on_a_contract_is_its_state,
		    setup_futures, pipeline_rig_teardown),
		cmocka_unit_test_setup_teardown(
		    a_contract_that_is_not_listed_has_the_list_fetched_soon, setup_futures,
		    pipeline_rig_teardown),
		TEST(a_recalled_halt_ends_when_no_list_confirms_it),
		TEST(a_recalled_halt_stays_when_a_list_confirms_it),
		TEST(a_recalled_halt_is_disproved_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
