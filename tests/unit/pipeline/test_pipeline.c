/*
 * What becomes of each kind of message: its ticks, word by word, and the board.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/pipeline_rig.h"

#define MS INT64_C(1000000)
#define WHOLE (TICK_FLAG_FIRST | TICK_FLAG_LAST)
#define E8 INT64_C(100000000)
#define LEVELS_TEXT_MAX 1024

static void
assert_head(const struct tick *t, enum tick_type type, unsigned flags)
{
	assert_int_equal(t->type, type);
	assert_int_equal(t->flags, flags);
	assert_int_equal(t->instrument, 0);
	assert_int_equal(t->leg, 2);
	assert_int_equal(t->recv_ns, PIPELINE_RIG_RECV_NS);
	assert_true(t->mono_ns > 0);
}

static void
a_spot_trade_is_one_tick_and_the_latest_trade(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_last_trade last;
	struct tick t;

	pipeline_rig_trade(rig, 77);
	t = pipeline_rig_tick(rig);
	assert_head(&t, TICK_TRADE, WHOLE | TICK_FLAG_SIDE);
	assert_int_equal(t.id, 77);
	assert_int_equal(t.first_id, TICK_ABSENT);
	assert_int_equal(t.exch_ns, 1700000000123 * MS);
	assert_int_equal(t.trade_ns, 1700000000120 * MS);
	assert_int_equal(t.trade.price, 1234000000);
	assert_int_equal(t.trade.qty, 50000000);
	assert_int_equal(t.trade.last_id, TICK_ABSENT);
	assert_int_equal(tick_board_trade(rig->look, 0, &last), 0);
	assert_int_equal(last.id, 77);
	assert_int_equal(last.price, 1234000000);
	assert_int_equal(last.qty, 50000000);
	assert_int_equal(last.flags, TICK_FLAG_SIDE);
	assert_int_equal(last.trade_ns, t.trade_ns);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADES), 1);
	assert_memory_equal(tick_reader_instrument(rig->reader, 0)->symbol, "ABCUSDT", 7);
	pipeline_rig_no_tick(rig);
}

static void
a_futures_trade_is_the_same_and_an_off_market_one_is_counted_only(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"T\":1700000000120,"
	    "\"s\":\"ABCUSDT\",\"t\":5,\"p\":\"12.34\",\"q\":\"5\",\"X\":\"MARKET\",\"m\":false}");
	t = pipeline_rig_tick(rig);
	assert_head(&t, TICK_TRADE, WHOLE);
	assert_int_equal(t.id, 5);
	assert_int_equal(t.trade.price, 1234000000);
	assert_int_equal(t.trade.qty, 5 * E8);
	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"T\":1700000000120,"
	    "\"s\":\"ABCUSDT\",\"t\":6,\"p\":\"12.34\",\"q\":\"5\",\"X\":\"ADL\",\"m\":false}");
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_OFF_MARKET), 1);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADES), 1);
}

static void
an_aggregate_trade_has_its_range_of_trades(void **state)
{
	static const char *const text[] = {
		"{\"e\":\"aggTrade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"a\":5,\"p\":\"12.34\","
		"\"q\":\"0.5\",\"f\":10,\"l\":12,\"T\":1700000000121,\"m\":false,\"M\":true}",
		"{\"e\":\"aggTrade\",\"E\":1700000000123,\"a\":6,\"s\":\"ABCUSDT\",\"p\":\"12.34\","
		"\"q\":\"0.5\",\"nq\":\"0.5\",\"f\":10,\"l\":12,\"T\":1700000000121,\"m\":false}",
	};
	struct pipeline_rig *rig = *state;

	for (int i = 0; i < 2; i++) {
		struct tick t;

		pipeline_rig_feed(rig, 2, text[i]);
		t = pipeline_rig_tick(rig);
		assert_head(&t, TICK_AGG_TRADE, WHOLE);
		assert_int_equal(t.id, 5 + i);
		assert_int_equal(t.first_id, 10);
		assert_int_equal(t.trade.last_id, 12);
		assert_int_equal(t.trade_ns, 1700000000121 * MS);
	}
}

static void
a_spot_quote_has_no_time_and_stands_on_the_board(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_quote quote;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"u\":400,\"s\":\"ABCUSDT\",\"b\":\"1.1\",\"B\":\"2\","
	    "\"a\":\"1.2\",\"A\":\"3\"}");
	t = pipeline_rig_tick(rig);
	assert_head(&t, TICK_QUOTE, WHOLE);
	assert_int_equal(t.exch_ns, TICK_ABSENT);
	assert_int_equal(t.trade_ns, TICK_ABSENT);
	assert_int_equal(t.id, 400);
	assert_int_equal(t.quote.bid_px, 110000000);
	assert_int_equal(t.quote.bid_qty, 2 * E8);
	assert_int_equal(t.quote.ask_px, 120000000);
	assert_int_equal(t.quote.ask_qty, 3 * E8);
	assert_int_equal(tick_board_quote(rig->look, 0, &quote), 0);
	assert_int_equal(quote.id, 400);
	assert_int_equal(quote.bid_px, 110000000);
	assert_int_equal(quote.ask_qty, 3 * E8);
	assert_int_equal(quote.recv_ns, PIPELINE_RIG_RECV_NS);
}

static void
a_futures_quote_has_both_times(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"e\":\"bookTicker\",\"u\":7,\"s\":\"ABCUSDT\",\"b\":\"10.5\","
	    "\"B\":\"7\",\"a\":\"10.6\",\"A\":\"4\",\"T\":1700000000111,\"E\":1700000000112}");
	t = pipeline_rig_tick(rig);
	assert_head(&t, TICK_QUOTE, WHOLE);
	assert_int_equal(t.exch_ns, 1700000000112 * MS);
	assert_int_equal(t.trade_ns, 1700000000111 * MS);
}

static void
a_kline_of_a_stream_that_was_dropped_is_not_taken_for_one_of_its_successor(void **state)
{
	struct pipeline_rig *rig = *state;
	static const char kline[] = "{\"stream\":\"abcusdt@kline_%s\",\"data\":{\"e\":\"kline\","
	    "\"E\":1700000000123,\"s\":\"ABCUSDT\",\"k\":{\"t\":%lld,\"T\":1800000000000,"
	    "\"s\":\"ABCUSDT\",\"i\":\"%s\",\"f\":100,\"L\":200,\"o\":\"0.1\",\"c\":\"0.2\","
	    "\"h\":\"0.3\",\"l\":\"0.05\",\"v\":\"1000\",\"n\":101,\"x\":false,\"q\":\"1\","
	    "\"V\":\"500\",\"Q\":\"0.5\",\"B\":\"0\"}}}";
	char text[1024];

	pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@kline_1m"));
	pipeline_remove_stream(rig->pipeline, 0);
	pipeline_add_stream(rig->pipeline, 1, BYTES_LIT("abcusdt@kline_1d"));
	snprintf(text, sizeof(text), kline, "1m", 1700000040000LL, "1m");
	pipeline_rig_feed_on(rig, 1, text); /* its UNSUBSCRIBE is not there yet */
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_KLINE);
	snprintf(text, sizeof(text), kline, "1d", 1699920000000LL, "1d");
	pipeline_rig_feed_on(rig, 2, text);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_KLINE);
}

static void
a_kline_is_last_when_its_interval_is_closed(void **state)
{
	struct pipeline_rig *rig = *state;

	for (int closed = 0; closed < 2; closed++) {
		struct tick t;

		pipeline_rig_feedf(rig, "{\"e\":\"kline\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
		    "\"k\":{\"t\":1700000000000,\"T\":1700000059999,\"s\":\"ABCUSDT\",\"i\":\"1m\","
		    "\"f\":100,\"L\":200,\"o\":\"0.1\",\"c\":\"0.2\",\"h\":\"0.3\",\"l\":\"0.05\","
		    "\"v\":\"1000\",\"n\":101,\"x\":%s,\"q\":\"1\",\"V\":\"500\",\"Q\":\"0.5\","
		    "\"B\":\"0\"}}", closed ? "true" : "false");
		t = pipeline_rig_tick(rig);
		assert_head(&t, TICK_KLINE, TICK_FLAG_FIRST | (closed ? TICK_FLAG_LAST : 0));
		assert_int_equal(t.kline.open, 10000000);
		assert_int_equal(t.kline.high, 30000000);
		assert_int_equal(t.kline.low, 5000000);
		assert_int_equal(t.kline.close, 20000000);
		assert_int_equal(t.kline2.start_ns, 1700000000000 * MS);
		assert_int_equal(t.kline2.volume, 1000 * E8);
		assert_int_equal(t.kline2.taker_volume, 500 * E8);
		assert_int_equal(t.kline2.trades, 101);
		assert_int_equal(t.id, 200);
		assert_int_equal(t.first_id, 100);
	}
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_KLINES), 2);
}

/* "[price,1],[price+1,1]..." of so many levels. */
static const char *
levels(char out[LEVELS_TEXT_MAX], int n, int price, int step)
{
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, LEVELS_TEXT_MAX - at, "%s[\"%d\",\"%d\"]",
		    i ? "," : "", price + i * step, i);
	assert_true(at < LEVELS_TEXT_MAX);
	return out;
}

static void
feed_depth(struct pipeline_rig *rig, int first, int last, int bids, int asks)
{
	char b[LEVELS_TEXT_MAX], a[LEVELS_TEXT_MAX];

	pipeline_rig_feedf(rig, "{\"e\":\"depthUpdate\",\"E\":1700000000123,\"s\":\"ABCUSDT\","
	    "\"U\":%d,\"u\":%d,\"b\":[%s],\"a\":[%s]}", first, last, levels(b, bids, 100, -1),
	    levels(a, asks, 101, 1));
}

/* One tick of a chain: `n` levels from `price` on. */
static void
assert_delta(struct pipeline_rig *rig, unsigned flags, int n, int price, int step, int qty)
{
	struct tick t = pipeline_rig_tick(rig);
	struct tick_level level[4] = {t.book.first[0], t.book.first[1], t.book2.more[0],
	    t.book2.more[1]};

	assert_head(&t, TICK_BOOK_DELTA, flags);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(level[i].price, i < n ? (price + i * step) * E8 : TICK_ABSENT);
		assert_int_equal(level[i].qty, i < n ? (qty + i) * E8 : 0);
	}
}

static void
a_depth_message_is_a_chain_of_both_sides(void **state)
{
	const unsigned ask = TICK_FLAG_SIDE, first = TICK_FLAG_FIRST, last = TICK_FLAG_LAST;
	struct pipeline_rig *rig = *state;

	feed_depth(rig, 5, 9, 1, 1);
	assert_delta(rig, first, 1, 100, -1, 0);
	assert_delta(rig, last | ask, 1, 101, 1, 0);
	feed_depth(rig, 10, 11, 4, 0);
	assert_delta(rig, first | last, 4, 100, -1, 0);
	feed_depth(rig, 12, 13, 0, 5);
	assert_delta(rig, first | ask, 4, 101, 1, 0);
	assert_delta(rig, last | ask, 1, 105, 1, 4);
	feed_depth(rig, 14, 15, 9, 8);
	assert_delta(rig, first, 4, 100, -1, 0);
	assert_delta(rig, 0, 4, 96, -1, 4);
	assert_delta(rig, 0, 1, 92, -1, 8);
	assert_delta(rig, ask, 4, 101, 1, 0);
	assert_delta(rig, last | ask, 4, 105, 1, 4);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_DEPTHS), 4);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TICKS), 1 + 10);
	assert_int_equal(pipeline_rig_data(rig, 0).depth_id, 15);
}

static void
a_depth_message_without_levels_still_moves_the_id_on(void **state)
{
	struct pipeline_rig *rig = *state;

	feed_depth(rig, 5, 9, 0, 0);
	assert_delta(rig, WHOLE, 0, 0, 0, 0);
	feed_depth(rig, 10, 10, 1, 0);
	assert_delta(rig, WHOLE, 1, 100, -1, 0);
	pipeline_rig_no_tick(rig);
}

static void
every_tick_of_a_chain_has_the_ids_of_the_message(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_rig_feedf(rig, "{\"e\":\"depthUpdate\",\"E\":1700000000123,\"T\":1700000000122,"
	    "\"s\":\"ABCUSDT\",\"ps\":\"ABCUSDT\",\"U\":5,\"u\":9,\"pu\":4,"
	    "\"b\":[[\"1.1\",\"2\"]],\"a\":[[\"1.2\",\"0\"]],\"st\":1}");
	for (int i = 0; i < 2; i++) {
		struct tick t = pipeline_rig_tick(rig);

		assert_int_equal(t.id, 9);
		assert_int_equal(t.first_id, 5);
		assert_int_equal(t.exch_ns, 1700000000123 * MS);
		assert_int_equal(t.trade_ns, 1700000000122 * MS);
	}
	pipeline_rig_no_tick(rig);
}

static void
a_partial_book_clears_and_is_on_the_board_best_first(void **state)
{
	const unsigned replay = TICK_FLAG_REPLAY;
	struct pipeline_rig *rig = *state;
	struct tick_level bids[8], asks[8];
	struct tick_book book;
	struct tick t;

	/* Bids in ascending order, as some products send them; more levels than the board has. */
	pipeline_rig_feedf(rig, "{\"stream\":\"abcusdt@depth5\",\"data\":{\"lastUpdateId\":160,"
	    "\"bids\":[[\"96\",\"4\"],[\"97\",\"3\"],[\"98\",\"2\"],[\"99\",\"1\"],"
	    "[\"100\",\"0\"]],"
	    "\"asks\":[[\"101\",\"0\"],[\"102\",\"1\"]]}}");
	t = pipeline_rig_tick(rig);
	assert_head(&t, TICK_BOOK_CLEAR, replay | TICK_FLAG_FIRST);
	assert_int_equal(t.id, 160);
	assert_delta(rig, replay, 4, 100, -1, 0);
	assert_delta(rig, replay, 1, 96, -1, 4);
	assert_delta(rig, replay | TICK_FLAG_SIDE | TICK_FLAG_LAST, 2, 101, 1, 0);
	pipeline_rig_no_tick(rig);
	assert_int_equal(tick_board_book(rig->look, 0, &book, bids, asks, 8), 0);
	assert_int_equal(book.id, 160);
	assert_int_equal(book.bids, PIPELINE_RIG_DEPTH);
	assert_int_equal(book.asks, 2);
	assert_int_equal(bids[0].price, 100 * E8);
	assert_int_equal(bids[2].price, 98 * E8);
	assert_int_equal(asks[0].price, 101 * E8);
	assert_int_equal(asks[1].qty, E8);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_PARTIAL_DEPTHS), 1);
}

static void
an_empty_partial_book_clears_the_book(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_book book;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"stream\":\"abcusdt@depth5\",\"data\":{\"lastUpdateId\":161,"
	    "\"bids\":[],\"asks\":[]}}");
	t = pipeline_rig_tick(rig);
	assert_head(&t, TICK_BOOK_CLEAR, TICK_FLAG_REPLAY | TICK_FLAG_FIRST);
	assert_delta(rig, TICK_FLAG_REPLAY | TICK_FLAG_LAST, 0, 0, 0, 0);
	pipeline_rig_no_tick(rig);
	assert_int_equal(tick_board_book(rig->look, 0, &book, NULL, NULL, 0), 0);
	assert_int_equal(book.bids + book.asks, 0);
}

static void
symbols_of_any_length_keep_their_instruments(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWX";
	struct pipeline_rig *rig = *state;

	for (int id = 1; id <= 3; id++)
		for (int n = 1; n < (int)sizeof(letters); n++) {
			/* The last time with an escape: "\\u0041" is "A". */
			pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,"
			    "\"s\":\"%s%.*s\",\"t\":%d,\"p\":\"12.34\",\"q\":\"5\","
			    "\"T\":1700000000120,\"m\":false,\"M\":true}",
			    id == 3 ? "\\u0041" : "A", n - 1, letters + 1, id);
			assert_int_equal(pipeline_rig_tick(rig).instrument, n - 1);
		}
	pipeline_rig_no_tick(rig);
	assert_int_equal(rig->ring.instruments, sizeof(letters) - 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_spot_trade_is_one_tick_and_the_latest_trade),
		TEST(a_futures_trade_is_the_same_and_an_off_market_one_is_counted_only),
		TEST(an_aggregate_trade_has_its_range_of_trades),
		TEST(a_spot_quote_has_no_time_and_stands_on_the_board),
		TEST(a_futures_quote_has_both_times),
		TEST(a_kline_of_a_stream_that_was_dropped_is_not_taken_for_one_of_its_successor),
		TEST(a_kline_is_last_when_its_interval_is_closed),
		TEST(a_depth_message_is_a_chain_of_both_sides),
		TEST(a_depth_message_without_levels_still_moves_the_id_on),
		TEST(every_tick_of_a_chain_has_the_ids_of_the_message),
		TEST(a_partial_book_clears_and_is_on_the_board_best_first),
		TEST(an_empty_partial_book_clears_the_book),
		TEST(symbols_of_any_length_keep_their_instruments),
	};

	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
