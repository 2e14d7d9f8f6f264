/*
 * Exponents of instruments: which override fits a symbol, that what does not
 * fit the default is published with the right ones, and what fits none is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/conf/config_exponents.h"
#include "tests/pipeline_rig.h"

static void
expect(struct config_instruments *cfg, const char *symbol, int price, int qty)
{
	struct config_exponents e = config_exponents_of(cfg, bytes_of(symbol));

	if (e.price != price || e.qty != qty)
		fail_msg("%s: %d and %d", symbol, e.price, e.qty);
}

static void
an_override_is_taken_apart(void **state)
{
	struct config_override o;

	(void)state;
	assert_null(config_override_parse("1000SATS*:-18:0", &o));
	assert_true(bytes_equal(o.symbol, BYTES_LIT("1000SATS*")));
	assert_int_equal(o.exponents.price, -18);
	assert_int_equal(o.exponents.qty, 0);
}

static void
texts_that_are_no_overrides_are_refused(void **state)
{
	static const char *const wrong[] = {"", ":", "::", "A", "A:0", "A:0:", "A::0", "A:0:1",
	    "A:-19:0", "A:0:-", "A:0:--1", "A:0:+1", "A:0:0x1", "A:0:-008", "A:0: 0", " A:0:0",
	    "A:B:0:0", "aB:0:0", ":0:0",
	    "A234567890123456789012345678901234567890123456789:0:0"};
	struct config_override o;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!config_override_parse(wrong[i], &o))
			fail_msg("\"%s\" was taken", wrong[i]);
}

static void
the_first_override_that_fits_counts(void **state)
{
	static char exact[] = "SHIBUSDT:-8:-2", front[] = "SHIB*:-7:-1", back[] = "*IDR:-2:-8",
	    middle[] = "1000*USD*:-6:-3", many[] = "A*B*C:-5:-4";
	char *item[] = {exact, front, back, middle, many};
	struct config_instruments cfg = {-8, -9, {item, 5}, 0, 0};

	(void)state;
	expect(&cfg, "BTCUSDT", -8, -9);
	expect(&cfg, "SHIBUSDT", -8, -2);
	expect(&cfg, "SHIBUSDC", -7, -1);
	expect(&cfg, "SHIB", -7, -1);
	expect(&cfg, "SHIBIDR", -7, -1);
	expect(&cfg, "BTCIDR", -2, -8);
	expect(&cfg, "BTCIDRT", -8, -9);
	expect(&cfg, "IDRIDR", -2, -8);
	expect(&cfg, "1000CATUSDT", -6, -3);
	expect(&cfg, "1000USD", -6, -3);
	expect(&cfg, "1000CATBTC", -8, -9);
	expect(&cfg, "ABC", -5, -4);
	expect(&cfg, "AxBBxBCC", -5, -4);
	expect(&cfg, "ABCD", -8, -9);
	expect(&cfg, "ACB", -8, -9);
	expect(&cfg, "", -8, -9);
}

static void
a_quantity_beyond_the_default_is_published_by_an_override(void **state)
{
	struct pipeline_rig *rig = *state;
	char *item[] = {(char[]){"ABC*:-8:-2"}};
	const struct tick_instrument *i;
	struct tick t;

	pipeline_rig_feedf(rig, "{\"u\":1,\"s\":\"DEFUSDT\",\"b\":\"0.00000001\","
	    "\"B\":\"922337203686.25\",\"a\":\"0.00000002\",\"A\":\"3.5\"}");
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_UNFIT).event.b, 1);
	rig->instruments.overrides = (struct config_strings){item, 1};
	pipeline_rig_feedf(rig, "{\"u\":1,\"s\":\"ABCUSDT\",\"b\":\"0.00000001\","
	    "\"B\":\"922337203686.25\",\"a\":\"0.00000002\",\"A\":\"3.5\"}");
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.type, TICK_QUOTE);
	assert_int_equal(t.quote.bid_px, 1);
	assert_int_equal(t.quote.bid_qty, 92233720368625);
	assert_int_equal(t.quote.ask_qty, 350);
	i = tick_reader_instrument(rig->reader, t.instrument);
	assert_int_equal(i->price_exponent, -8);
	assert_int_equal(i->qty_exponent, -2);
}

static void
an_instrument_keeps_its_exponents(void **state)
{
	struct pipeline_rig *rig = *state;
	char *item[] = {(char[]){"*:-4:0"}};
	struct tick t;

	pipeline_rig_trade(rig, 1);
	assert_int_equal(pipeline_rig_tick(rig).trade.price, 1234000000);
	rig->instruments.overrides = (struct config_strings){item, 1};
	pipeline_rig_kill(rig);
	pipeline_rig_open(rig, PIPELINE_RIG_RECV_NS);
	assert_int_equal(tick_reader_next(rig->reader, &t), TICK_E_RESTARTED);
	pipeline_rig_event(rig, TICK_REASON_RESTART);
	pipeline_rig_trade(rig, 2);
	assert_int_equal(pipeline_rig_tick(rig).trade.price, 1234000000);
}

/* The decoder's own limit, 64 bits: told like one of the directory's. */
static void
a_value_beyond_64_bits_is_told_and_not_published(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	pipeline_rig_trade(rig, 1);
	assert_int_equal(pipeline_rig_tick(rig).id, 1);
	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"t\":2,"
	    "\"p\":\"9223372036854775808\",\"q\":\"1\",\"T\":1700000000120,\"m\":true,\"M\":true}");
	t = pipeline_rig_event(rig, TICK_REASON_UNFIT);
	assert_int_equal(t.instrument, 0);
	assert_int_equal(t.event.a, TICK_TRADE);
	assert_int_equal(t.event.b, 2);
	/* Of spot's partial depth only the stream says whose it is. */
	pipeline_rig_feedf(rig, "{\"stream\":\"abcusdt@depth5\",\"data\":{\"lastUpdateId\":3,"
	    "\"bids\":[[\"0.0000000000000000001\",\"1\"]],\"asks\":[]}}");
	t = pipeline_rig_event(rig, TICK_REASON_UNFIT);
	assert_int_equal(t.instrument, 0);
	assert_int_equal(t.event.a, TICK_BOOK_CLEAR);
	assert_int_equal(t.event.b, 3);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_UNFIT), 2);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADES), 1);
	/* What is no news of this market either way is counted as what it is. */
	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"t\":3,"
	    "\"p\":\"9223372036854775808\",\"q\":\"1\",\"T\":1700000000120,\"m\":true,"
	    "\"X\":\"INSURANCE_FUND\"}");
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_UNFIT), 2);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_OFF_MARKET), 1);
}

#define RIGGED(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_override_is_taken_apart),
		cmocka_unit_test(texts_that_are_no_overrides_are_refused),
		cmocka_unit_test(the_first_override_that_fits_counts),
		RIGGED(a_quantity_beyond_the_default_is_published_by_an_override),
		RIGGED(a_value_beyond_64_bits_is_told_and_not_published),
		RIGGED(an_instrument_keeps_its_exponents),
	};

	return cmocka_run_group_tests_name("exponents", tests, NULL, NULL);
}
