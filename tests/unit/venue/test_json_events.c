/* Every kind of message, field by field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "feed/venue/binance/json.h"
#include "tests/asserts.h"
#include "tests/json_examples.h"

#define MS INT64_C(1000000)

static struct event event;

/* Decodes example number n, 0-based as in the list. */
static void
decode_example(size_t n)
{
	assert_int_equal(json_example_decode_text(json_examples[n].text, &event), DECODE_OK);
	assert_int_equal(event.kind, json_examples[n].kind);
}

static enum decode_result
decode(const char *text)
{
	return json_example_decode_text(text, &event);
}

static void
every_example_is_of_its_kind(void **state)
{
	(void)state;
	for (size_t i = 0; json_examples[i].text != NULL; i++)
		decode_example(i);
}

static void
a_spot_trade_has_all_its_fields(void **state)
{
	(void)state;
	decode_example(0);
	assert_bytes(event.stream, "abcusdt@trade");
	assert_bytes(event.symbol, "ABCUSDT");
	assert_bytes(event.name, "trade");
	assert_int_equal(event.exch_ns, 1700000000123 * MS);
	assert_int_equal(event.trade_ns, 1700000000120 * MS);
	assert_int_equal(event.id, 77);
	assert_int_equal(event.first_id, VENUE_NO_ID);
	assert_fixed(event.u.trade.price, 1234000000, -8);
	assert_fixed(event.u.trade.qty, 50000000, -8);
	assert_true(event.u.trade.buyer_maker);
	assert_false(event.u.trade.off_market);
}

static void
a_futures_trade_tells_whether_it_is_off_market(void **state)
{
	(void)state;
	decode_example(6);
	assert_bytes(event.stream, "");
	assert_fixed(event.u.trade.price, 1234, -2);
	assert_fixed(event.u.trade.qty, 5, 0);
	assert_false(event.u.trade.buyer_maker);
	assert_false(event.u.trade.off_market);
	assert_int_equal(decode("{\"e\":\"trade\",\"E\":1700000000123,\"T\":1700000000120,"
	    "\"s\":\"A\",\"t\":1,\"p\":\"1\",\"q\":\"2\",\"X\":\"INSURANCE_FUND\","
	    "\"m\":false}"), DECODE_OK);
	assert_true(event.u.trade.off_market);
}

static void
an_aggregate_trade_has_its_id_and_the_first_and_last_trade(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 7; n += 6) {
		decode_example(n);
		assert_int_equal(event.id, 5);
		assert_int_equal(event.first_id, 10);
		assert_int_equal(event.last_id, 12);
		assert_int_equal(event.trade_ns, 1700000000121 * MS);
		assert_int_equal(event.u.trade.buyer_maker, n == 7);
	}
}

static void
a_spot_quote_has_no_times_and_a_futures_quote_has_both(void **state)
{
	(void)state;
	decode_example(2);
	assert_bytes(event.name, "");
	assert_int_equal(event.id, 400);
	assert_int_equal(event.exch_ns, VENUE_NO_TIME);
	assert_int_equal(event.trade_ns, VENUE_NO_TIME);
	assert_fixed(event.u.quote.bid_px, 110000000, -8);
	assert_fixed(event.u.quote.bid_qty, 200000000, -8);
	assert_fixed(event.u.quote.ask_px, 120000000, -8);
	assert_fixed(event.u.quote.ask_qty, 300000000, -8);
	decode_example(11);
	assert_bytes(event.symbol, "ABCUSD_PERP");
	assert_int_equal(event.exch_ns, 1700000000112 * MS);
	assert_int_equal(event.trade_ns, 1700000000111 * MS);
	assert_fixed(event.u.quote.ask_px, 106, -1);
	assert_fixed(event.u.quote.ask_qty, 4, 0);
}

static void
a_depth_message_has_both_sides_in_message_order(void **state)
{
	(void)state;
	decode_example(3);
	assert_int_equal(event.first_id, 5);
	assert_int_equal(event.id, 9);
	assert_int_equal(event.prev_id, VENUE_NO_ID);
	assert_int_equal(event.u.depth.nbids, 2);
	assert_int_equal(event.u.depth.nasks, 0);
	assert_fixed(event.u.depth.bids[0].price, 110000000, -8);
	assert_fixed(event.u.depth.bids[1].price, 109000000, -8);
	assert_fixed(event.u.depth.bids[1].qty, 0, -8);
	decode_example(9);
	assert_int_equal(event.prev_id, 4);
	assert_int_equal(event.trade_ns, 1700000000122 * MS);
	assert_fixed(event.u.depth.asks[0].price, 12, -1);
	assert_fixed(event.u.depth.asks[0].qty, 0, 0);
}

static void
partial_depth_is_known_by_its_keys_on_spot_and_by_its_stream_on_futures(void **state)
{
	(void)state;
	decode_example(4);
	assert_bytes(event.symbol, "");
	assert_bytes(event.stream, "abcusdt@depth5");
	assert_int_equal(event.id, 160);
	assert_int_equal(event.exch_ns, VENUE_NO_TIME);
	assert_int_equal(event.u.depth.nbids, 1);
	assert_int_equal(event.u.depth.nasks, 2);
	assert_fixed(event.u.depth.asks[1].qty, 4, 0);
	decode_example(10);
	assert_bytes(event.symbol, "ABCUSDT");
	assert_int_equal(event.prev_id, -1);
	assert_int_equal(event.u.depth.nbids, 0);
}

static void
depth_of_the_retail_book_is_not_taken_for_the_book(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"stream\":\"a@rpiDepth@500ms\",\"data\":{\"e\":\"depthUpdate\","
	    "\"E\":1700000000123,\"s\":\"A\",\"U\":5,\"u\":9,\"b\":[],\"a\":[]}}"), DECODE_OK);
	assert_int_equal(event.kind, EVENT_UNKNOWN);
	assert_bytes(event.name, "depthUpdate");
}

static void
a_kline_has_all_its_fields(void **state)
{
	(void)state;
	decode_example(5);
	assert_bytes(event.symbol, "ABCUSDT");
	assert_int_equal(event.exch_ns, 1700000000123 * MS);
	assert_int_equal(event.trade_ns, 1700000059999 * MS);
	assert_int_equal(event.u.kline.start_ns, 1700000000000 * MS);
	assert_int_equal(event.first_id, 100);
	assert_int_equal(event.id, 200);
	assert_int_equal(event.u.kline.trades, 101);
	assert_bytes(event.u.kline.interval, "1m");
	assert_true(event.u.kline.closed);
	assert_fixed(event.u.kline.open, 10, -4);
	assert_fixed(event.u.kline.high, 25, -4);
	assert_fixed(event.u.kline.low, 15, -4);
	assert_fixed(event.u.kline.close, 20, -4);
	assert_fixed(event.u.kline.volume, 1000, 0);
	assert_fixed(event.u.kline.taker_volume, 500, 0);
}

static void
replies_carry_their_id_and_the_result_as_text(void **state)
{
	(void)state;
	decode_example(12);
	assert_int_equal(event.id, 1);
	assert_bytes(event.u.reply.text, "null");
	decode_example(13);
	assert_int_equal(event.id, 3);
	assert_bytes(event.u.reply.text, "[\"abcusdt@trade\"]");
	assert_int_equal(decode("{\"id\":9223372036854775807,\"result\":\"x\\n\"}"), DECODE_OK);
	assert_int_equal(event.id, INT64_MAX);
	assert_bytes(event.u.reply.text, "\"x\\n\"");
	assert_int_equal(decode("{\"id\":-5,\"result\":\"1.5\"}"), DECODE_OK);
	assert_int_equal(event.id, -5);
	assert_bytes(event.u.reply.text, "\"1.5\"");
	assert_int_equal(decode("{\"result\":null,\"id\":null}"), DECODE_OK);
	assert_int_equal(event.kind, EVENT_REPLY);
	assert_int_equal(event.id, VENUE_NO_ID);
	assert_int_equal(decode("{\"result\":null,\"id\":\"7\"}"), DECODE_OK);
	assert_int_equal(event.id, VENUE_NO_ID);
	assert_int_equal(decode("{\"result\":null,\"id\":1.5}"), DECODE_MALFORMED);
	assert_int_equal(decode("{\"result\":null,\"id\":9223372036854775808}"), DECODE_MALFORMED);
}

static void
error_replies_carry_code_and_message(void **state)
{
	(void)state;
	decode_example(14);
	assert_int_equal(event.id, 4);
	assert_int_equal(event.u.reply.code, 2);
	assert_bytes(event.u.reply.text, "Invalid request");
	decode_example(15);
	assert_int_equal(event.id, VENUE_NO_ID);
	assert_int_equal(event.u.reply.code, 3);
	assert_bytes(event.u.reply.text, "Invalid JSON");
	assert_int_equal(decode("{\"code\":-1121,\"msg\":\"say \\\"x\\\" \\u00e9\"}"), DECODE_OK);
	assert_int_equal(event.u.reply.code, -1121);
	assert_bytes(event.u.reply.text, "say \"x\" \xc3\xa9");
	assert_int_equal(decode("{\"code\":3000000000,\"msg\":\"\"}"), DECODE_MALFORMED);
	assert_int_equal(decode("{\"error\":{\"code\":1},\"id\":1}"), DECODE_MALFORMED);
}

static void
shutdown_is_seen_in_all_its_envelopes_and_other_wrapped_events_are_not(void **state)
{
	(void)state;
	for (size_t n = 16; n <= 18; n++) {
		decode_example(n);
		assert_int_equal(event.exch_ns, 1700000000123 * MS);
	}
	assert_int_equal(decode("{\"event\":{\"e\":\"bookTicker\",\"u\":1}}"), DECODE_OK);
	assert_int_equal(event.kind, EVENT_UNKNOWN);
	assert_bytes(event.name, "bookTicker");
}

static void
unknown_events_tell_their_name_and_arrays_have_none(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"stream\":\"x@assetIndex\",\"data\":{\"e\":"
				"\"assetIndexUpdate\",\"E\":1}}"), DECODE_OK);
	assert_int_equal(event.kind, EVENT_UNKNOWN);
	assert_bytes(event.name, "assetIndexUpdate");
	assert_bytes(event.stream, "x@assetIndex");
	assert_int_equal(decode("{\"stream\":\"!ticker@arr\",\"data\":[1,2]}"), DECODE_OK);
	assert_int_equal(event.kind, EVENT_LIST);
	assert_bytes(event.name, "");
	assert_bytes(event.stream, "!ticker@arr");
	assert_bytes(event.u.list.items, "[1,2]");
}

static void
times_are_told_by_their_digits(void **state)
{
	static const struct {
		const char *digits;
		int64_t ns; /* 0: malformed */
	} rows[] = {
		{"1700000000123", 1700000000123000000},
		{"1700000000123456", 1700000000123456000},
		{"1000000000000", 1000000000000000000},
		{"9223372036854", 9223372036854000000},
		{"9223372036855", 0},
		{"9223372036854775", 9223372036854775000},
		{"9223372036854776", 0},
		{"9999999999999", 0},
		{"9999999999999999", 0},
		{"170000000012", 0},
		{"1700000000", 0},
		{"17000000001234", 0},
		{"170000000012345", 0},
		{"17000000001234567", 0},
		{"1700000000123456789", 0},
		{"17000000001234567890123", 0},
		{"-1700000000123", 0},
		{"0", 0},
		{"1700000000123.5", 0},
		{"1700000000123e0", 0},
		{"\"1700000000123\"", 0},
		{"null", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{\"e\":\"trade\",\"E\":%s,\"s\":\"A\",\"t\":1,"
		    "\"p\":\"1\",\"q\":\"1\",\"T\":1700000000123,\"m\":true}", rows[i].digits);
		assert_int_equal(decode(text), rows[i].ns == 0 ? DECODE_MALFORMED : DECODE_OK);
		if (rows[i].ns != 0)
			assert_int_equal(event.exch_ns, rows[i].ns);
	}
}

static void
ids_are_exact_up_to_the_last_of_64_bits(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"u\":9223372036854775807,\"s\":\"A\",\"b\":\"1\",\"B\":\"1\","
	    "\"a\":\"1\",\"A\":\"1\"}"), DECODE_OK);
	assert_int_equal(event.id, INT64_MAX);
	assert_int_equal(decode("{\"u\":9007199254740993,\"s\":\"A\",\"b\":\"1\",\"B\":\"1\","
	    "\"a\":\"1\",\"A\":\"1\"}"), DECODE_OK);
	assert_int_equal(event.id, 9007199254740993);
	assert_int_equal(decode("{\"u\":9223372036854775808,\"s\":\"A\",\"b\":\"1\",\"B\":\"1\","
	    "\"a\":\"1\",\"A\":\"1\"}"), DECODE_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_is_of_its_kind),
		cmocka_unit_test(a_spot_trade_has_all_its_fields),
		cmocka_unit_test(a_futures_trade_tells_whether_it_is_off_market),
		cmocka_unit_test(an_aggregate_trade_has_its_id_and_the_first_and_last_trade),
		cmocka_unit_test(a_spot_quote_has_no_times_and_a_futures_quote_has_both),
		cmocka_unit_test(a_depth_message_has_both_sides_in_message_order),
		cmocka_unit_test(
		    partial_depth_is_known_by_its_keys_on_spot_and_by_its_stream_on_futures),
		cmocka_unit_test(depth_of_the_retail_book_is_not_taken_for_the_book),
		cmocka_unit_test(a_kline_has_all_its_fields),
		cmocka_unit_test(replies_carry_their_id_and_the_result_as_text),
		cmocka_unit_test(error_replies_carry_code_and_message),
		cmocka_unit_test(
		    shutdown_is_seen_in_all_its_envelopes_and_other_wrapped_events_are_not),
		cmocka_unit_test(unknown_events_tell_their_name_and_arrays_have_none),
		cmocka_unit_test(times_are_told_by_their_digits),
		cmocka_unit_test(ids_are_exact_up_to_the_last_of_64_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
