#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/depth_snapshot.h"
#include "feed/venue/binance/scan.h"

#define ROOM 4

static struct tick_level bids[ROOM], asks[ROOM];
static struct depth_snapshot snapshot;

/* Parses a copy of its own size, so that a sanitizer sees what is read behind it. */
static enum depth_snapshot_result
parse(const char *text, size_t n)
{
	char *copy = malloc(n + SCAN_AHEAD);
	enum depth_snapshot_result result;

	memcpy(copy, text, n);
	memset(copy + n, '}', SCAN_AHEAD);
	snapshot = (struct depth_snapshot){
		.price_exponent = -4, .qty_exponent = -2, .bids = bids, .asks = asks, .room = ROOM};
	result = depth_snapshot_parse(&snapshot, (struct bytes){copy, n});
	free(copy);
	return result;
}

static void
a_spot_body_gives_its_levels_at_the_exponents(void **state)
{
	static const char body[] = "{\"lastUpdateId\":160,\"bids\":[[\"0.0024\",\"10\"],"
				   "[\"0.00230000\",\"1.50\"]],\"asks\":[[\"0.0026\",\"100\"]]}";

	(void)state;
	assert_int_equal(parse(body, sizeof(body) - 1), DEPTH_SNAPSHOT_OK);
	assert_int_equal(snapshot.last_update_id, 160);
	assert_int_equal(snapshot.nbids, 2);
	assert_int_equal(snapshot.nasks, 1);
	assert_int_equal(bids[0].price, 24);
	assert_int_equal(bids[0].qty, 1000);
	assert_int_equal(bids[1].price, 23);
	assert_int_equal(bids[1].qty, 150);
	assert_int_equal(asks[0].price, 26);
	assert_int_equal(asks[0].qty, 10000);
	assert_int_equal(snapshot.exch_ns, TICK_ABSENT);
	assert_int_equal(snapshot.trade_ns, TICK_ABSENT);
}

static void
a_futures_body_in_any_order_has_its_times(void **state)
{
	static const char body[] = " { \"asks\" : [ ] ,\"symbol\":\"BTCUSD_220624\",\"b\\u0069ds\":"
				   "[[\"1\",\"\\u0032\",[]]],\"E\":1654222838718,"
				   "\"T\":1654222838710123,\"lastUpdateId\":466364745366} \n";

	(void)state;
	assert_int_equal(parse(body, sizeof(body) - 1), DEPTH_SNAPSHOT_OK);
	assert_int_equal(snapshot.last_update_id, 466364745366);
	assert_int_equal(snapshot.exch_ns, 1654222838718000000);
	assert_int_equal(snapshot.trade_ns, 1654222838710123000);
	assert_int_equal(snapshot.nasks, 0);
	assert_int_equal(bids[0].price, 10000);
	assert_int_equal(bids[0].qty, 200);
}

static void
what_does_not_fit_is_refused_and_named(void **state)
{
	static const struct {
		const char *body;
		enum depth_snapshot_result result;
	} cases[] = {
		{"{\"lastUpdateId\":1,\"bids\":[[\"0.00001\",\"1\"]],\"asks\":[]}",
		    DEPTH_SNAPSHOT_UNFIT},
		{"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"1\",\"0.001\"]]}",
		    DEPTH_SNAPSHOT_UNFIT},
		{"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"99999999999999999999\",\"1\"]]}",
		    DEPTH_SNAPSHOT_UNFIT},
		{"{\"lastUpdateId\":1,\"bids\":[[\"5\",\"1\"],[\"4\",\"1\"],[\"3\",\"1\"],"
		 "[\"2\",\"1\"],[\"1\",\"1\"]],\"asks\":[]}", DEPTH_SNAPSHOT_TOO_MANY},
		{"{\"code\":-1121,\"msg\":\"Invalid symbol.\"}", DEPTH_SNAPSHOT_REFUSED},
		{"{\"lastUpdateId\":1,\"bids\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"bids\":[],\"asks\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":-1,\"bids\":[],\"asks\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1.5,\"bids\":[],\"asks\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"lastUpdateId\":1,\"bids\":[],\"asks\":[]}",
		    DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":{},\"asks\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[[\"1\"]],\"asks\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[[1,1]],\"asks\":[]}", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[[\"1\",\"0\"]],\"asks\":[]}",
		    DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[[\"-1\",\"1\"]],\"asks\":[]}",
		    DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[[\"1\",\"1\"],[\"2\",\"1\"]],\"asks\":[]}",
		    DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"1\",\"1\"],[\"1\",\"1\"]]}",
		    DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[]}]", DEPTH_SNAPSHOT_MALFORMED},
		{"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[],\"E\":12}", DEPTH_SNAPSHOT_MALFORMED},
		{"<html>", DEPTH_SNAPSHOT_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (parse(cases[i].body, strlen(cases[i].body)) != cases[i].result)
			fail_msg("not %d: %s", (int)cases[i].result, cases[i].body);
	assert_int_equal(parse(cases[4].body, strlen(cases[4].body)), DEPTH_SNAPSHOT_REFUSED);
	assert_int_equal(snapshot.code, -1121);
}

static void
a_body_cut_off_anywhere_is_malformed(void **state)
{
	static const char body[] = "{\"lastUpdateId\":160,\"bids\":[[\"0.0024\",\"10\"]],"
				   "\"asks\":[[\"0.0026\",\"100\"]],\"E\":1654222838718}";

	(void)state;
	for (size_t n = 0; n < sizeof(body) - 1; n++)
		assert_int_equal(parse(body, n), DEPTH_SNAPSHOT_MALFORMED);
	assert_int_equal(parse(body, sizeof(body) - 1), DEPTH_SNAPSHOT_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spot_body_gives_its_levels_at_the_exponents),
		cmocka_unit_test(a_futures_body_in_any_order_has_its_times),
		cmocka_unit_test(what_does_not_fit_is_refused_and_named),
		cmocka_unit_test(a_body_cut_off_anywhere_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
