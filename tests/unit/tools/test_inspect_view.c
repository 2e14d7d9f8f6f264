/* The live view, word for word, and what it is drawn from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/common/text.h"
#include "tools/shm-inspect/view.h"

#define WALL_NS INT64_C(1700000000000000000)
#define NS_A_SECOND INT64_C(1000000000)

static void
add(struct market *m, uint32_t id, const char *symbol, int64_t step)
{
	struct tick_instrument i = {.id = id, .price_exponent = -8, .qty_exponent = -8,
	    .price_step = step, .symbol_bytes = (uint8_t)strlen(symbol)};

	memcpy(i.symbol, symbol, strlen(symbol));
	market_add(m, &i);
}

static void
quote(struct market *m, uint32_t id, int64_t bid, int64_t ask, int64_t qty, int64_t at)
{
	struct tick t = {.instrument = id, .type = TICK_QUOTE, .recv_ns = at,
	    .quote = {.bid_px = bid, .bid_qty = qty, .ask_px = ask, .ask_qty = qty}};

	market_on_tick(m, &t);
}

static void
sale(struct market *m, uint32_t id, int64_t price, uint8_t flags, int64_t at)
{
	struct tick t = {.instrument = id, .type = TICK_TRADE, .flags = flags, .recv_ns = at,
	    .trade = {.price = price, .qty = 1}};

	market_on_tick(m, &t);
}

/* Three instruments, a second of ticks. */
static void
fill(struct market *m)
{
	assert_true(market_init(m, 4, 0));
	add(m, 0, "BTCUSDT", 1000000);
	add(m, 1, "1000PEPEUSDT", 0);
	add(m, 2, "\xe5\xb8\x81\xe5\xae\x89USDT", 0);
	add(m, 3, "QUIETUSDT", 0);
	quote(m, 0, 6434895000000, 6434896000000, 1200000, WALL_NS - 300000000);
	for (int i = 0; i < 9; i++)
		quote(m, 1, 1239300, 1239400, 120000000000, WALL_NS - 100000000);
	sale(m, 1, 1239400, 0, WALL_NS - 50000000);
	quote(m, 2, 4567000, 4568000, 12345678900000, WALL_NS - 42 * NS_A_SECOND);
	sale(m, 0, 6434895000000, TICK_FLAG_SIDE, WALL_NS - 200000000);
	market_sample(m, NS_A_SECOND, MARKET_BY_RATE);
}

static struct view
view_of(const struct market *m)
{
	return (struct view){.columns = 80, .rows = 24, .keys = true, .market = m, .feed = "demo",
	    .writer = "alive", .epoch = 2, .heartbeat_age_ns = 1500000, .lost = 7, .lag = 3,
	    .lines = 2, .lines_live = 1, .messages_per_s = 4321, .decode_errors = 0, .gaps = 5,
	    .publish_p50_ns = 5100, .publish_p99_ns = 12345, .arrival_p50_ns = TICK_ABSENT,
	    .arrival_p99_ns = TICK_ABSENT, .wall_ns = WALL_NS};
}

static char *
drawn(const struct view *v)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	view_draw(v, out);
	fclose(out);
	return text;
}

static void
a_screen_of_80_columns(void **state)
{
	struct market m;
	struct view v;
	char *text;

	(void)state;
	fill(&m);
	v = view_of(&m);
	text = drawn(&v);
	assert_string_equal(text,
	    "demo: writer alive, epoch 2, heartbeat 1.50 ms, lines 1/2 live\n"
	    "messages/s 4321, ticks/s 13.0, lost 7, decode errors 0, gaps 5\n"
	    "latency: publish p50 5.10 us p99 12.3 us, arrival p50 - p99 -, lag 3\n"
	    "SYMBOL        BID QTY@PRICE    ASK QTY@PRICE SPREAD       LAST QUO/S TRD/S   AGE\n"
	    "1000PEPEU~    1200@0.012393    1200@0.012394   1e-6 0.012394 B   9.0   1.0  0.0s\n"
	    "BTCUSDT      0.012@64348.95   0.012@64348.96   0.01 64348.95 S   1.0   1.0  0.2s\n"
	    "\xe5\xb8\x81\xe5\xae\x89USDT    123456~@0.04567  123456~@0.04568"
	    "   1e-5          -   1.0   0.0  42s!\n"
	    "QUIETUSDT                 -                -      -          -   0.0   0.0     -\n"
	    "s: sort by name   p: pause   q: quit\n");
	free(text);
	market_fini(&m);
}

static void
under_a_dead_writer_every_instrument_is_stale(void **state)
{
	struct market m;
	struct view v;
	char *text;

	(void)state;
	fill(&m);
	v = view_of(&m);
	v.writer = "dead";
	text = drawn(&v);
	assert_non_null(strstr(text, "demo: writer dead, data stale, epoch 2, "));
	assert_non_null(strstr(text, " 0.0s!\n"));
	assert_non_null(strstr(text, " 0.2s!\n"));
	free(text);
	market_fini(&m);
}

static void
every_line_fits_every_width_and_height(void **state)
{
	struct market m;

	(void)state;
	fill(&m);
	for (int columns = 20; columns < 200; columns += 3)
		for (int rows = 5; rows < 14; rows++) {
			struct view v = view_of(&m);
			char *text, *line, *rest;
			int lines = 0;

			v.columns = columns;
			v.rows = rows;
			v.note = "12:00:00 the writer lapped this reader, 123456789 ticks lost";
			text = rest = drawn(&v);
			while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
				assert_in_range(text_columns(line), 0, columns);
				lines++;
			}
			assert_in_range(lines, 1, rows > 6 ? rows : 7);
			free(text);
		}
	market_fini(&m);
}

static void
a_price_is_shown_whole_or_not_at_all(void **state)
{
	struct market m;
	struct view v;
	char *text;

	(void)state;
	assert_true(market_init(&m, 1, 0));
	add(&m, 0, "X", 0);
	quote(&m, 0, 123456789012345, 1234567890123456789, 987654321, WALL_NS);
	market_sample(&m, 1, MARKET_BY_NAME);
	v = view_of(&m);
	text = drawn(&v);
	assert_non_null(strstr(text, " 1234567.89012345 "));
	assert_null(strstr(text, "1234567890"));
	assert_non_null(strstr(text, " ################ "));
	free(text);
	market_fini(&m);
}

static void
the_order_is_by_rate_or_by_name(void **state)
{
	struct market m;

	(void)state;
	fill(&m);
	assert_int_equal(m.order[0], 1);
	assert_int_equal(m.order[1], 0);
	assert_int_equal(m.order[3], 3);
	market_sample(&m, NS_A_SECOND, MARKET_BY_NAME);
	assert_int_equal(m.order[0], 1);
	assert_int_equal(m.order[1], 0);
	assert_int_equal(m.order[2], 3);
	assert_int_equal(market_known(&m), 3);
	market_fini(&m);
}

static void
the_board_fills_in_what_came_before_and_never_overrides_a_tick(void **state)
{
	struct tick_quote old = {.recv_ns = WALL_NS, .bid_px = 5, .bid_qty = 6, .ask_px = 7,
	    .ask_qty = 8};
	struct market m;

	(void)state;
	fill(&m);
	market_on_board(&m, 3, &old, NULL);
	market_on_board(&m, 0, &old, NULL);
	market_on_board(&m, 99, &old, NULL);
	assert_int_equal(m.row[3].bid_px, 5);
	assert_int_equal(m.row[0].bid_px, 6434895000000);
	market_fini(&m);
}

static void
the_summary_names_every_number(void **state)
{
	struct market m;
	struct view v;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	fill(&m);
	v = view_of(&m);
	view_summary(&v, 2 * NS_A_SECOND, out);
	v.decode_errors = TICK_ABSENT;
	view_summary(&v, 0, out);
	fclose(out);
	assert_string_equal(text,
	    "summary: ticks=13 ticks_per_s=6.5 lost=7 decode_errors=0 gaps=5 instruments=3\n"
	    "summary: ticks=13 ticks_per_s=0.0 lost=7 decode_errors=- gaps=5 instruments=3\n");
	free(text);
	market_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_screen_of_80_columns),
		cmocka_unit_test(under_a_dead_writer_every_instrument_is_stale),
		cmocka_unit_test(every_line_fits_every_width_and_height),
		cmocka_unit_test(a_price_is_shown_whole_or_not_at_all),
		cmocka_unit_test(the_order_is_by_rate_or_by_name),
		cmocka_unit_test(the_board_fills_in_what_came_before_and_never_overrides_a_tick),
		cmocka_unit_test(the_summary_names_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
