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
#include "tools/shm-inspect/words.h"

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
	    "22:13:20.123456 -            feed_event the writer was started again epoch=2 "
	    "torn=- silent=-\n"
	    "-- the writer lapped this reader, 1234 ticks lost (epoch 3)\n");
}

static void
the_values_of_a_feed_event_are_named(void **state)
{
	static const struct {
		struct tick_event_payload event;
		const char *text;
	} rows[] = {
		{{TICK_REASON_START, 7, 0, 0}, "start epoch=7"},
		{{TICK_REASON_STOP, 0, 0, 0}, "stopped on request"},
		{{TICK_REASON_RESTART, 8, 1, 1250000000},
		    "the writer was started again epoch=8 torn=1 silent=1.25 s"},
		{{TICK_REASON_GAP, TICK_AGG_TRADE, 10, 12},
		    "exchange ids are missing type=agg_trade first=10 last=12"},
		{{TICK_REASON_GAP, INT64_C(1) << 32 | TICK_TRADE, 10, 12},
		    "exchange ids are missing type=unknown first=10 last=12"},
		{{TICK_REASON_LINE_UP, 3, 0, 0}, "line is up line=3"},
		{{TICK_REASON_LINE_DOWN, 3, TICK_REASON_PEER_RESET, 0},
		    "line is down line=3 why=peer_reset"},
		{{TICK_REASON_UNFIT, TICK_QUOTE, TICK_ABSENT, 0},
		    "value does not fit the instrument's exponent exactly type=quote "
		    "id=-"},
		{{TICK_REASON_INTERNAL, 1, 2, TICK_ABSENT}, "internal error a=1 b=2 c=-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tick t = event;
		struct tick_line line = {.tick = &t, .symbol = "-"};
		char expected[160];
		struct sheet s;

		t.event = rows[i].event;
		snprintf(expected, sizeof(expected),
		    "22:13:20.123456 -            feed_event %s\n", rows[i].text);
		sheet_open(&s, OUTPUT_TEXT);
		sheet_tick(&s, &line);
		assert_sheet(&s, expected);
	}
}

static void
rates_have_one_decimal_in_every_format(void **state)
{
	static const char *const expected[] = {
		[OUTPUT_TEXT] = "ticks_per_s\n     1234.5\n",
		[OUTPUT_JSON] = "{\"kind\":\"rate\",\"ticks_per_s\":1234.5}\n",
		[OUTPUT_TSV] = "kind\tticks_per_s\nrate\t1234.5\n",
	};

	(void)state;
	for (enum output o = OUTPUT_TEXT; o <= OUTPUT_TSV; o++) {
		struct record r;
		struct sheet s;

		record_begin(&r, "rate", true);
		record_tenths(&r, "ticks_per_s", 12345);
		sheet_open(&s, o);
		sheet_record(&s, &r);
		sheet_end(&s);
		assert_sheet(&s, expected[o]);
	}
}

static void
what_nobody_keeps_up_is_stale(void **state)
{
	char out[48];

	(void)state;
	assert_string_equal(words_under("alive", "live", true, out, sizeof(out)), "live");
	assert_string_equal(words_under("dead", "live", true, out, sizeof(out)),
	    "stale (writer dead)");
	assert_string_equal(words_under("dead", "syncing", false, out, sizeof(out)), "stale");
	assert_string_equal(words_under("dead", "halted", true, out, sizeof(out)), "halted");
	assert_string_equal(words_under("dead", "closed", true, out, sizeof(out)), "closed");
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
		cmocka_unit_test(the_values_of_a_feed_event_are_named),
		cmocka_unit_test(rates_have_one_decimal_in_every_format),
		cmocka_unit_test(what_nobody_keeps_up_is_stale),
		cmocka_unit_test(ticks_as_json_with_exact_decimals),
		cmocka_unit_test(ticks_as_tsv_with_raw_integers),
		cmocka_unit_test(records_as_aligned_text),
		cmocka_unit_test(records_as_json_and_tsv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
