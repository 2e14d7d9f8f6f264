/* How shm-inspect shows figures and states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/layout.h>

#include "tools/shm-inspect/render.h"

/* The payload's place in a line of text or JSON: what stands there must be `expected`. */
static void
assert_shown(const struct tick *t, enum output output, const char *expected)
{
	struct tick_line line = {.tick = t, .symbol = "ABC", .price_exponent = -2,
	    .qty_exponent = -2, .price_step = 1, .qty_step = 1};
	struct sheet s;
	size_t bytes;
	char *text;

	sheet_init(&s, open_memstream(&text, &bytes), output);
	sheet_tick(&s, &line);
	fclose(s.out);
	if (strstr(text, expected) == NULL)
		fail_msg("\"%s\" is not in: %s", expected, text);
	free(text);
}

static struct tick
tick_of(enum tick_type type, unsigned flags)
{
	return (struct tick){.seq = 2, .type = (uint8_t)type, .flags = (uint8_t)flags,
	    .exch_ns = TICK_ABSENT, .id = TICK_ABSENT, .first_id = TICK_ABSENT,
	    .trade_ns = TICK_ABSENT};
}

static void
a_ticker_has_a_window_and_its_own_exponents(void **state)
{
	struct tick t = tick_of(TICK_TICKER_24H, TICK_FLAG_FIRST);

	(void)state;
	t.ticker = (struct tick_ticker_payload){1000, 3125, 500, 1500};
	t.ticker2 = (struct tick_ticker2_payload){
		{.price = -3, .qty = -1, .quote = -5, .window = TICK_WINDOW_4H}, 1205,
		42307573067112853, 8};
	assert_shown(&t, OUTPUT_TEXT, "4h open 1.000 high 3.125 low 0.500 last 1.500 "
	    "volume 120.5 quote_volume 423075730671.12853 trades 8");
	assert_shown(&t, OUTPUT_JSON, "\"window\":\"4h\",\"open\":\"1.000\",\"high\":\"3.125\","
	    "\"low\":\"0.500\",\"last\":\"1.500\",\"volume\":\"120.5\","
	    "\"quote_volume\":\"423075730671.12853\",\"trades\":8");
	t = tick_of(TICK_TICKER_24H, TICK_FLAG_LAST);
	t.last_quote = (struct tick_last_quote_payload){
		TICK_ABSENT, TICK_ABSENT, TICK_ABSENT, TICK_ABSENT};
	t.last_quote2 = (struct tick_last_quote2_payload){{.price = -3}, 7, 1234, TICK_ABSENT};
	assert_shown(&t, OUTPUT_TEXT, "24h bid_px - last_qty 7 average 1.234\n");
	assert_shown(&t, OUTPUT_JSON, "\"bid_px\":null,\"bid_qty\":null,\"ask_px\":null,"
	    "\"ask_qty\":null,\"last_qty\":\"7\",\"average\":\"1.234\",\"previous\":null");
}

static void
states_are_words(void **state)
{
	struct tick t = tick_of(TICK_LIQUIDATION, TICK_FLAG_SIDE);

	(void)state;
	t.liquidation = (struct tick_liquidation_payload){800, 10, 792, 10};
	t.liquidation2 = (struct tick_liquidation2_payload){
		{.price = -2}, 1, TICK_ORDER_FILLED, 0};
	assert_shown(&t, OUTPUT_TEXT,
	    "sell price 8.00 qty 10 average 7.92 filled 10 last_qty 1 state filled");
	assert_shown(&t, OUTPUT_JSON, "\"side\":\"sell\",\"price\":\"8.00\"");
	t = tick_of(TICK_INSTRUMENT_STATUS, 0);
	t.status = (struct tick_status_payload){
		TICK_TRADING_SETTLING, TICK_ABSENT, TICK_ABSENT, 0};
	assert_shown(&t, OUTPUT_TEXT, "trading settling\n");
	assert_shown(&t, OUTPUT_JSON, "\"trading\":\"settling\",\"deliver_ns\":null");
}

static void
prices_of_all_kinds_are_decimals(void **state)
{
	struct tick t = tick_of(TICK_MARK_PRICE, 0);

	(void)state;
	t.mark = (struct tick_mark_payload){250, 300, 200, -4435};
	t.mark2 = (struct tick_mark2_payload){{.price = -2, .rate = -8}, TICK_ABSENT, 225, 0};
	assert_shown(&t, OUTPUT_TEXT,
	    "mark 2.50 index 3.00 settle 2.00 average 2.25 funding_rate -0.00004435");
	t = tick_of(TICK_REFERENCE_PRICE, 0);
	t.price = (struct tick_price_payload){TICK_ABSENT, TICK_ABSENT, {0, 0}};
	assert_shown(&t, OUTPUT_TEXT, "price -\n");
	assert_shown(&t, OUTPUT_JSON, "\"price\":null,\"interval_ns\":null");
	t = tick_of(TICK_AVG_PRICE, 0);
	t.price = (struct tick_price_payload){15, INT64_C(300000000000), {0, 0}};
	t.scale.price = -1;
	assert_shown(&t, OUTPUT_JSON, "\"price\":\"1.5\",\"interval_ns\":300000000000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticker_has_a_window_and_its_own_exponents),
		cmocka_unit_test(states_are_words),
		cmocka_unit_test(prices_of_all_kinds_are_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
