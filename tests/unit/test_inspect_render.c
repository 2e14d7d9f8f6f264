/* Every format of shm-inspect, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reasons.h>

#include "tools/shm-inspect/render.h"

#define RECV_NS INT64_C(1700000000123456789)

static const struct tick trade = {
	.seq = 2 * 41 + 2,
	.type = TICK_AGG_TRADE,
	.flags = TICK_FLAG_SIDE | TICK_FLAG_GAP_BEFORE,
	.leg = 1,
	.exch_ns = INT64_C(1700000000120000000),
	.recv_ns = RECV_NS,
	.trade = {.price = 6434895000000, .qty = 120000, .last_id = 903},
	.id = 17,
	.first_id = 901,
	.trade_ns = INT64_C(1700000000119000000),
	.mono_ns = 5000,
};

static const struct tick quote = {
	.seq = 2,
	.type = TICK_QUOTE,
	.exch_ns = TICK_ABSENT,
	.recv_ns = RECV_NS,
	.quote = {.bid_px = 6434895000000, .bid_qty = 120000, .ask_px = TICK_ABSENT, .ask_qty = 5},
	.id = 18,
	.first_id = TICK_ABSENT,
	.trade_ns = TICK_ABSENT,
	.mono_ns = 5000,
};

static const struct tick delta = {
	.seq = 4,
	.type = TICK_BOOK_DELTA,
	.flags = TICK_FLAG_SIDE,
	.exch_ns = TICK_ABSENT,
	.recv_ns = RECV_NS,
	.book = {{{100000000, 0}, {200000000, 50000000}}},
	.id = 20,
	.first_id = 19,
	.trade_ns = TICK_ABSENT,
	.mono_ns = 5000,
	.book2 = {{{300000000, 100000}, {TICK_ABSENT, TICK_ABSENT}}},
};

static const struct tick event = {
	.seq = 6,
	.instrument = TICK_NO_INSTRUMENT,
	.type = TICK_FEED_EVENT,
	.exch_ns = TICK_ABSENT,
	.recv_ns = RECV_NS,
	.event = {.reason = TICK_REASON_RESTART, .a = 2, .b = TICK_ABSENT, .c = TICK_ABSENT},
	.id = TICK_ABSENT,
	.first_id = TICK_ABSENT,
	.trade_ns = TICK_ABSENT,
	.mono_ns = 5000,
};

static const struct note overrun = {
	.event = "overrun",
	.text = "the writer lapped this reader",
	.lost = 1234,
	.epoch = 3,
};

static char *written;
static size_t written_bytes;

static void
sheet_open(struct sheet *s, enum output output)
{
	sheet_init(s, open_memstream(&written, &written_bytes), output);
}

static void
assert_sheet(struct sheet *s, const char *expected)
{
	fclose(s->out);
	assert_string_equal(written, expected);
	free(written);
}

/* The same ticks in every format. */
static void
put_ticks(struct sheet *s)
{
	struct tick_line line = {.symbol = "BTC\"USDT", .price_exponent = -8, .qty_exponent = -8,
	    .price_step = 1000000, .qty_step = 1000};
	struct tick_line feed = {.tick = &event, .symbol = "-"};

	sheet_tick_begin(s);
	line.tick = &trade;
	sheet_tick(s, &line);
	line.tick = &quote;
	sheet_tick(s, &line);
	line.tick = &delta;
	sheet_tick(s, &line);
	sheet_tick(s, &feed);
	sheet_note(s, &overrun);
}

static void
ticks_as_text(void **state)
{
	struct sheet s;

	(void)state;
	sheet_open(&s, OUTPUT_TEXT);
	put_ticks(&s);
	assert_sheet(&s,
	    "22:13:20.123456 BTC\"USDT     agg_trade  0.00120 @ 64348.95 sell  trades 901..903"
	    "  id 17  [gap before]\n"
	    "22:13:20.123456 BTC\"USDT     quote      0.00120 @ 64348.95 | - @ 0.00000005  id 18\n"
	    "22:13:20.123456 BTC\"USDT     book_delta ask 1.00:gone 2.00:0.50000 3.00:0.00100"
	    "  id 20\n"
	    "22:13:20.123456 -            feed_event the writer was started again 2 - -\n"
	    "-- the writer lapped this reader, 1234 ticks lost (epoch 3)\n");
}

static void
ticks_as_json_with_exact_decimals(void **state)
{
	struct sheet s;

	(void)state;
	sheet_open(&s, OUTPUT_JSON);
	put_ticks(&s);
	assert_sheet(&s,
	    "{\"type\":\"agg_trade\",\"symbol\":\"BTC\\\"USDT\",\"n\":41,\"id\":17,"
	    "\"first_id\":901,\"price\":\"64348.95000000\",\"qty\":\"0.00120000\","
	    "\"taker\":\"sell\",\"last_id\":903,"
	    "\"flags\":72,\"leg\":1,\"exch_ns\":1700000000120000000,"
	    "\"recv_ns\":1700000000123456789,\"trade_ns\":1700000000119000000,\"mono_ns\":5000}\n"
	    "{\"type\":\"quote\",\"symbol\":\"BTC\\\"USDT\",\"n\":0,\"id\":18,\"first_id\":null,"
	    "\"bid_px\":\"64348.95000000\",\"bid_qty\":\"0.00120000\",\"ask_px\":null,"
	    "\"ask_qty\":\"0.00000005\",\"flags\":0,\"leg\":0,\"exch_ns\":null,"
	    "\"recv_ns\":1700000000123456789,\"trade_ns\":null,\"mono_ns\":5000}\n"
	    "{\"type\":\"book_delta\",\"symbol\":\"BTC\\\"USDT\",\"n\":1,\"id\":20,\"first_id\":19,"
	    "\"side\":\"ask\",\"levels\":[[\"1.00000000\",\"0.00000000\"],"
	    "[\"2.00000000\",\"0.50000000\"],[\"3.00000000\",\"0.00100000\"]],"
	    "\"flags\":64,\"leg\":0,\"exch_ns\":null,\"recv_ns\":1700000000123456789,"
	    "\"trade_ns\":null,\"mono_ns\":5000}\n"
	    "{\"type\":\"feed_event\",\"symbol\":null,\"n\":2,\"id\":null,\"first_id\":null,"
	    "\"reason\":\"restart\",\"a\":2,\"b\":null,\"c\":null,\"flags\":0,\"leg\":0,"
	    "\"exch_ns\":null,\"recv_ns\":1700000000123456789,\"trade_ns\":null,"
	    "\"mono_ns\":5000}\n"
	    "{\"event\":\"overrun\",\"lost\":1234,\"epoch\":3,"
	    "\"text\":\"the writer lapped this reader\"}\n");
}

static void
ticks_as_tsv_with_raw_integers(void **state)
{
	struct sheet s;

	(void)state;
	sheet_open(&s, OUTPUT_TSV);
	put_ticks(&s);
	assert_sheet(&s,
	    "type\tsymbol\tn\tid\tfirst_id\tlast_id\tv0\tv1\tv2\tv3\tflags\tleg\texch_ns\trecv_ns"
	    "\ttrade_ns\tmono_ns\tw0\tw1\tw2\tw3\n"
	    "agg_trade\tBTC\"USDT\t41\t17\t901\t903\t6434895000000\t120000\t903\t0\t72\t1"
	    "\t1700000000120000000\t1700000000123456789\t1700000000119000000\t5000\t0\t0\t0\t0\n"
	    "quote\tBTC\"USDT\t0\t18\t-\t-\t6434895000000\t120000\t-\t5\t0\t0\t-"
	    "\t1700000000123456789\t-\t5000\t0\t0\t0\t0\n"
	    "book_delta\tBTC\"USDT\t1\t20\t19\t-\t100000000\t0\t200000000\t50000000\t64\t0\t-"
	    "\t1700000000123456789\t-\t5000\t300000000\t100000\t-\t-\n"
	    "feed_event\t-\t2\t-\t-\t-\t3\t2\t-\t-\t0\t0\t-\t1700000000123456789\t-\t5000"
	    "\t0\t0\t0\t0\n"
	    "# overrun\tlost=1234\tepoch=3\tthe writer lapped this reader\n");
}

static void
put_records(struct sheet *s)
{
	struct record r;

	record_begin(&r, "ring", false);
	record_text(&r, "feed", "demo");
	record_span(&r, "age", 1500000);
	sheet_record(s, &r);
	for (int i = 0; i < 2; i++) {
		record_begin(&r, "instrument", true);
		record_int(&r, "id", i * 10);
		record_text(&r, "symbol", i == 0 ? "\xe5\xb8\x81USDT" : "BTCUSDT");
		record_decimal(&r, "step", i == 0 ? TICK_ABSENT : 1000000, -8, 1000000);
		sheet_record(s, &r);
	}
	sheet_end(s);
}

static void
records_as_aligned_text(void **state)
{
	struct sheet s;

	(void)state;
	sheet_open(&s, OUTPUT_TEXT);
	put_records(&s);
	assert_sheet(&s, "feed  demo\n"
	                 "age   1.50 ms\n"
	                 "\n"
	                 "id  symbol   step\n"
	                 " 0  \xe5\xb8\x81USDT      -\n"
	                 "10  BTCUSDT  0.01\n");
}

static void
records_as_json_and_tsv(void **state)
{
	struct sheet s;

	(void)state;
	sheet_open(&s, OUTPUT_JSON);
	put_records(&s);
	assert_sheet(&s, "{\"kind\":\"ring\",\"feed\":\"demo\",\"age\":1500000}\n"
	                 "{\"kind\":\"instrument\",\"id\":0,\"symbol\":\"\xe5\xb8\x81USDT\","
	                 "\"step\":null}\n"
	                 "{\"kind\":\"instrument\",\"id\":10,\"symbol\":\"BTCUSDT\","
	                 "\"step\":\"0.01000000\"}\n");
	sheet_open(&s, OUTPUT_TSV);
	put_records(&s);
	assert_sheet(&s, "kind\tfeed\tage\n"
	                 "ring\tdemo\t1500000\n"
	                 "kind\tid\tsymbol\tstep\n"
	                 "instrument\t0\t\xe5\xb8\x81USDT\t-\n"
	                 "instrument\t10\tBTCUSDT\t1000000\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_as_text),
		cmocka_unit_test(ticks_as_json_with_exact_decimals),
		cmocka_unit_test(ticks_as_tsv_with_raw_integers),
		cmocka_unit_test(records_as_aligned_text),
		cmocka_unit_test(records_as_json_and_tsv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
