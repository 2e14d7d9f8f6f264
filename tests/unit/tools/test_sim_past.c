/* The past of the simulated exchange: what its streams said is what REST says later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/trades_page.h"
#include "tools/exchange-sim/rest.h"

#define START INT64_C(1795456294050000000)
#define TRADES_MAX 60000

/* All that the streams said. */
static struct {
	struct trade trade[TRADES_MAX];
	struct {
		int64_t id, first_id, last_id, qty;
	} agg[TRADES_MAX];
	unsigned trades, aggs;
} said;

static struct floor exchange;
static struct rest rest;
static struct tally tally;
static struct past_trade got[1000];
static struct trades_page page;
static char reply_room[1 << 20];

static bool
wanted(void *ctx, const struct market *m, enum slot slot)
{
	(void)ctx;
	(void)m;
	return slot == SLOT_TRADE || slot == SLOT_AGG_TRADE;
}

static void
hear(void *ctx, const struct market_event *e)
{
	(void)ctx;
	if (e->slot == SLOT_TRADE) {
		assert_true(said.trades < TRADES_MAX);
		said.trade[said.trades++] = e->u.trade;
		return;
	}
	said.agg[said.aggs].id = e->u.agg.id;
	said.agg[said.aggs].first_id = e->u.agg.first.id;
	said.agg[said.aggs].last_id = e->u.agg.last_id;
	said.agg[said.aggs++].qty = e->u.agg.qty;
}

static void
trade_on(unsigned trades)
{
	const struct market_sink sink = {wanted, hear, NULL};
	struct market *m = floor_market(&exchange, BYTES_LIT("BTCUSDT"));

	while (said.trades < trades)
		market_step(m, (wall_t){START + said.trades * INT64_C(1000000)}, &sink);
}

static int
open_exchange(enum product product)
{
	memset(&said, 0, sizeof(said));
	if (floor_init(&exchange, "btcusdt", 1) != 0 || !rest_init(&rest, &exchange))
		return -1;
	floor_set_product(&exchange, product);
	tally = (struct tally){0};
	rest.tally = &tally;
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	return open_exchange(PRODUCT_SPOT);
}

static int
setup_futures(void **state)
{
	(void)state;
	return open_exchange(PRODUCT_USDM);
}

static int
teardown(void **state)
{
	(void)state;
	rest_fini(&rest);
	floor_fini(&exchange);
	return 0;
}

/* Asks; the status is returned, the body is read into `page` when that is 200. */
static int __attribute__((format(printf, 3, 4)))
ask(const char *path, const char *key, const char *format, ...)
{
	struct text reply = {.p = reply_room, .cap = sizeof(reply_room) - SCAN_AHEAD};
	bool aggregate = strstr(path, "aggTrades") != NULL;
	char query[256];
	va_list arguments;
	int status;
	char *body;

	va_start(arguments, format);
	vsnprintf(query, sizeof(query), format, arguments);
	va_end(arguments);
	rest_answer(&rest, &(struct http_request){.method = BYTES_LIT("GET"),
	    .path = bytes_of(path), .query = bytes_of(query), .api_key = bytes_of(key)},
	    (wall_t){START}, &reply);
	reply.p[reply.n] = '\0';
	status = (int)strtol(reply.p + strlen("HTTP/1.1 "), NULL, 10);
	body = strstr(reply.p, "\r\n\r\n") + 4;
	page = (struct trades_page){.aggregate = aggregate, .price_exponent = -8,
	    .qty_exponent = -8, .last = INT64_MAX, .trade = got, .elements_max = 1000};
	assert_int_equal(trades_page_parse(&page,
	    (struct bytes){body, (size_t)(reply.p + reply.n - body)}),
	    status == 200 ? TRADES_PAGE_OK : TRADES_PAGE_REFUSED);
	return status;
}

static void
single_trades_are_those_of_the_stream(void **state)
{
	(void)state;
	trade_on(3000);
	for (unsigned at = 0; at < said.trades; at += page.trades) {
		assert_int_equal(ask("/api/v3/historicalTrades", "", "symbol=BTCUSDT&limit=1000"
		    "&fromId=%lld", (long long)said.trade[at].id), 200);
		assert_int_equal(page.trades, said.trades - at < 1000 ? said.trades - at : 1000);
		for (unsigned i = 0; i < page.trades; i++) {
			assert_int_equal(got[i].id, said.trade[at + i].id);
			assert_int_equal(got[i].price, said.trade[at + i].price);
			assert_int_equal(got[i].qty, said.trade[at + i].qty);
			assert_int_equal(got[i].buyer_maker, said.trade[at + i].buyer_is_maker);
		}
	}
}

static void
aggregates_are_those_of_the_stream(void **state)
{
	(void)state;
	trade_on(3000);
	for (unsigned at = 0; at < said.aggs; at += page.trades) {
		assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&limit=700"
		    "&fromId=%lld", (long long)said.agg[at].id), 200);
		assert_int_equal(page.trades, said.aggs - at < 700 ? said.aggs - at : 700);
		for (unsigned i = 0; i < page.trades; i++) {
			assert_int_equal(got[i].id, said.agg[at + i].id);
			assert_int_equal(got[i].first_id, said.agg[at + i].first_id);
			assert_int_equal(got[i].last_id, said.agg[at + i].last_id);
			assert_int_equal(got[i].qty, said.agg[at + i].qty);
		}
	}
}

static void
what_is_too_old_is_forgotten_and_nothing_is_known_of_the_future(void **state)
{
	(void)state;
	trade_on(40000);
	assert_int_equal(ask("/api/v3/historicalTrades", "", "symbol=BTCUSDT&fromId=1&limit=10"),
	    200);
	assert_int_equal(got[0].id, said.trade[said.trades - PAST_TRADES_MAX].id);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&fromId=1&limit=10"), 200);
	assert_int_equal(page.trades, 10);
	for (unsigned i = 0; i < said.aggs; i++) /* a whole one, not the rest of one */
		if (said.agg[i].id == got[0].id)
			assert_int_equal(said.agg[i].first_id, got[0].first_id);
	assert_int_equal(ask("/api/v3/historicalTrades", "", "symbol=BTCUSDT&fromId=%lld",
	    (long long)said.trade[said.trades - 1].id + 1), 200);
	assert_int_equal(page.elements, 0);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&fromId=%lld",
	    (long long)said.agg[said.aggs - 1].id + 1), 200);
	assert_int_equal(page.elements, 0);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&limit=1"), 200);
	assert_int_equal(got[0].id, said.agg[said.aggs - 1].id);
}

static void
wrong_questions_are_refused_and_everything_has_its_weight(void **state)
{
	(void)state;
	trade_on(10);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=NOPE"), 400);
	assert_int_equal(page.code, -1121);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&limit=1001"), 400);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&limit=0"), 400);
	assert_int_equal(ask("/api/v3/aggTrades", "", "symbol=BTCUSDT&fromId=x"), 400);
	assert_int_equal(rest.used, 16);
	assert_int_equal(ask("/api/v3/historicalTrades", "", "symbol=BTCUSDT"), 200);
	assert_int_equal(page.trades, said.trades);
	assert_int_equal(rest.used, 41);
	assert_int_equal(ask("/fapi/v1/aggTrades", "", "symbol=BTCUSDT"), 404);
}

static void
single_trades_of_futures_need_a_key(void **state)
{
	(void)state;
	trade_on(600);
	assert_int_equal(ask("/fapi/v1/aggTrades", "", "symbol=BTCUSDT"), 200);
	assert_int_equal(rest.used, 20);
	assert_int_equal(ask("/fapi/v1/historicalTrades", "", "symbol=BTCUSDT"), 401);
	assert_int_equal(page.code, -2014);
	assert_int_equal(ask("/fapi/v1/historicalTrades", "any", "symbol=BTCUSDT&limit=500"), 200);
	assert_int_equal(page.trades, 500);
	assert_int_equal(ask("/fapi/v1/historicalTrades", "any", "symbol=BTCUSDT&limit=501"), 400);
	assert_int_equal(rest.used, 620);
	rest.api_key = "right";
	assert_int_equal(ask("/fapi/v1/historicalTrades", "wrong", "symbol=BTCUSDT"), 401);
	assert_int_equal(page.code, -2015);
	assert_int_equal(ask("/fapi/v1/historicalTrades", "right", "symbol=BTCUSDT"), 200);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(single_trades_are_those_of_the_stream),
		TEST(aggregates_are_those_of_the_stream),
		TEST(what_is_too_old_is_forgotten_and_nothing_is_known_of_the_future),
		TEST(wrong_questions_are_refused_and_everything_has_its_weight),
		cmocka_unit_test_setup_teardown(
		    single_trades_of_futures_need_a_key, setup_futures, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
