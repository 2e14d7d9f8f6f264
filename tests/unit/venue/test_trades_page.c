#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/trades_page.h"

#define ROOM 4

static const char aggregates[] =
    "[{\"a\":26129,\"p\":\"0.01633102\",\"q\":\"4.70443515\",\"f\":27781,\"l\":27783,"
    "\"T\":1498793709153,\"m\":true,\"M\":true},"
    "{\"a\":26130,\"p\":\"12\",\"q\":\"0.5\",\"f\":27784,\"l\":27784,\"T\":1498793709153001,"
    "\"m\":false,\"M\":true}]";

static const char singles[] =
    " [ {\"id\":28457,\"price\":\"4.00000100\",\"qty\":\"12.00000000\","
    "\"quoteQty\":\"48.000012\",\"time\":1499865549590,\"isBuyerMaker\":true,"
    "\"isBestMatch\":true} , {\"isBuyerMaker\":false,\"time\":1499865549591,"
    "\"baseQty\":\"0.1\",\"qty\":\"1\",\"pr\\u0069ce\":\"5\",\"id\":28459}]\n";

static struct past_trade trade[ROOM];
static struct trades_page page;

/* Parses a copy of its own size, so that a sanitizer sees what is read behind it. */
static enum trades_page_result
parse(bool aggregate, const char *text, size_t n)
{
	char *copy = malloc(n + SCAN_AHEAD);
	enum trades_page_result result;

	memcpy(copy, text, n);
	memset(copy + n, ']', SCAN_AHEAD);
	memset(trade, 0, sizeof(trade));
	page = (struct trades_page){.aggregate = aggregate, .price_exponent = -8,
	    .qty_exponent = -8, .first = 0, .last = INT64_MAX, .trade = trade,
	    .elements_max = ROOM};
	result = trades_page_parse(&page, (struct bytes){copy, n});
	free(copy);
	return result;
}

static void
aggregates_come_out_as_exact_integers(void **state)
{
	(void)state;
	assert_int_equal(parse(true, aggregates, sizeof(aggregates) - 1), TRADES_PAGE_OK);
	assert_int_equal(page.trades, 2);
	assert_int_equal(page.elements, 2);
	assert_int_equal(page.unfit, 0);
	assert_int_equal(page.highest, 26130);
	assert_int_equal(trade[0].id, 26129);
	assert_int_equal(trade[0].price, 1633102);
	assert_int_equal(trade[0].qty, 470443515);
	assert_int_equal(trade[0].first_id, 27781);
	assert_int_equal(trade[0].last_id, 27783);
	assert_int_equal(trade[0].trade_ns, 1498793709153000000);
	assert_int_equal(trade[0].buyer_maker, 1);
	assert_int_equal(trade[1].price, 1200000000);
	assert_int_equal(trade[1].trade_ns, 1498793709153001000);
	assert_int_equal(trade[1].buyer_maker, 0);
}

static void
single_trades_have_long_names_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(parse(false, singles, sizeof(singles) - 1), TRADES_PAGE_OK);
	assert_int_equal(page.trades, 2);
	assert_int_equal(trade[0].id, 28457);
	assert_int_equal(trade[0].price, 400000100);
	assert_int_equal(trade[0].qty, 1200000000);
	assert_int_equal(trade[0].first_id, TICK_ABSENT);
	assert_int_equal(trade[0].last_id, TICK_ABSENT);
	assert_int_equal(trade[1].id, 28459);
	assert_int_equal(trade[1].price, 500000000);
	assert_int_equal(trade[1].buyer_maker, 0);
	/* Neither is the other. */
	assert_int_equal(parse(true, singles, sizeof(singles) - 1), TRADES_PAGE_MALFORMED);
	assert_int_equal(parse(false, aggregates, sizeof(aggregates) - 1), TRADES_PAGE_MALFORMED);
}

static void
only_ids_that_are_wanted_are_kept(void **state)
{
	(void)state;
	page = (struct trades_page){.aggregate = true, .price_exponent = -8, .qty_exponent = -8,
	    .first = 26130, .last = 26130, .trade = trade, .elements_max = ROOM};
	assert_int_equal(trades_page_parse(&page, (struct bytes){aggregates,
	    sizeof(aggregates) - 1}), TRADES_PAGE_OK);
	assert_int_equal(page.trades, 1);
	assert_int_equal(page.elements, 2);
	assert_int_equal(trade[0].id, 26130);
	assert_int_equal(parse(true, "[]", 2), TRADES_PAGE_OK);
	assert_int_equal(page.elements, 0);
	assert_int_equal(page.highest, INT64_MIN);
}

#define AGGREGATE(id, price, qty, rest) \
	"[{\"a\":" id ",\"p\":\"" price "\",\"q\":\"" qty "\"," rest "}]"
#define REST "\"f\":1,\"l\":2,\"T\":1498793709153,\"m\":true"

static void
what_cannot_be_is_refused_and_what_does_not_fit_is_left_out(void **state)
{
	static const struct {
		const char *body;
		enum trades_page_result result;
		uint32_t trades, unfit;
	} cases[] = {
		{AGGREGATE("1", "1", "1", REST), TRADES_PAGE_OK, 1, 0},
		{AGGREGATE("1", "0.000000001", "1", REST), TRADES_PAGE_OK, 0, 1},
		{AGGREGATE("1", "1", "99999999999999999999", REST), TRADES_PAGE_OK, 0, 1},
		/* A trade that the exchange voided. */
		{AGGREGATE("1", "0.00000000", "0.00000000",
		     "\"f\":-1,\"l\":-1,\"T\":1498793709153,\"m\":true"), TRADES_PAGE_OK, 0, 1},
		{AGGREGATE("-1", "1", "1", REST), TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1.5", "1", "1", REST), TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("\"1\"", "1", "1", REST), TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1e3", "1", REST), TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1", "", REST), TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1", "1", REST ",\"m\":true"), TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1", "1", "\"f\":3,\"l\":2,\"T\":1498793709153,\"m\":true"),
		    TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1", "1", "\"f\":1,\"l\":2,\"T\":1498793709,\"m\":true"),
		    TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1", "1", "\"f\":1,\"l\":2,\"T\":1498793709153,\"m\":1"),
		    TRADES_PAGE_MALFORMED, 0, 0},
		{AGGREGATE("1", "1", "1", "\"f\":1,\"l\":2,\"m\":true"),
		    TRADES_PAGE_MALFORMED, 0, 0},
		{"[1]", TRADES_PAGE_MALFORMED, 0, 0},
		{"[[]]", TRADES_PAGE_MALFORMED, 0, 0},
		{"[] []", TRADES_PAGE_MALFORMED, 0, 0},
		{"", TRADES_PAGE_MALFORMED, 0, 0},
		{" ", TRADES_PAGE_MALFORMED, 0, 0},
		{"null", TRADES_PAGE_MALFORMED, 0, 0},
		{"{}", TRADES_PAGE_MALFORMED, 0, 0},
		{"{\"code\":-1121,\"msg\":\"Invalid symbol.\"}", TRADES_PAGE_REFUSED, 0, 0},
		{"{\"code\":-1121,\"msg\":\"Invalid symbol.\"}]", TRADES_PAGE_MALFORMED, 0, 0},
	};
	static const char refusal[] = "{\"msg\":\"Invalid symbol.\",\"code\":-1121}";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse(true, cases[i].body, strlen(cases[i].body)) != cases[i].result)
			fail_msg("%s", cases[i].body);
		if (cases[i].result != TRADES_PAGE_OK)
			continue;
		assert_int_equal(page.trades, cases[i].trades);
		assert_int_equal(page.unfit, cases[i].unfit);
	}
	parse(true, refusal, sizeof(refusal) - 1);
	assert_int_equal(page.code, -1121);
}

static void
ids_rise_and_there_are_not_more_than_were_asked_for(void **state)
{
	char body[1024] = "[";
	size_t n;

	(void)state;
	for (int i = 0; i <= ROOM; i++) {
		n = strlen(body);
		snprintf(body + n, sizeof(body) - n, "%s{\"a\":%d,\"p\":\"1\",\"q\":\"1\"," REST
		    "}]", i > 0 ? "," : "", i);
		assert_int_equal(parse(true, body, strlen(body)),
		    i < ROOM ? TRADES_PAGE_OK : TRADES_PAGE_TOO_MANY);
		body[strlen(body) - 1] = '\0';
	}
	snprintf(body, sizeof(body), "[{\"a\":5,\"p\":\"1\",\"q\":\"1\"," REST "},"
	    "{\"a\":5,\"p\":\"1\",\"q\":\"1\"," REST "}]");
	assert_int_equal(parse(true, body, strlen(body)), TRADES_PAGE_MALFORMED);
}

static void
a_body_that_is_cut_anywhere_is_malformed(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(aggregates) - 1; n++)
		assert_int_equal(parse(true, aggregates, n), TRADES_PAGE_MALFORMED);
	for (size_t n = 0; n < sizeof(singles) - 2; n++) /* behind it there is white space */
		assert_int_equal(parse(false, singles, n), TRADES_PAGE_MALFORMED);
}

static void
spoiled_bodies_are_refused_or_make_sense(void **state)
{
	struct rng rng;
	char body[sizeof(aggregates)];
	unsigned outcomes[4] = {0};

	(void)state;
	rng_seed(&rng, 7);
	for (int i = 0; i < 20000; i++) {
		enum trades_page_result result;

		memcpy(body, aggregates, sizeof(body));
		for (unsigned k = 0; k < 1 + i % 3u; k++)
			body[rng_next(&rng) % (sizeof(body) - 1)] = (char)rng_next(&rng);
		result = parse(true, body, sizeof(body) - 1);
		outcomes[result]++;
		if (result != TRADES_PAGE_OK)
			continue;
		assert_in_range(page.trades + page.unfit, 0, page.elements);
		for (uint32_t k = 0; k < page.trades; k++)
			assert_true(trade[k].id >= 0 && trade[k].price > 0 && trade[k].qty > 0 &&
			    (k == 0 || trade[k].id > trade[k - 1].id));
	}
	assert_true(outcomes[TRADES_PAGE_MALFORMED] > 10000);
	assert_true(outcomes[TRADES_PAGE_OK] > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aggregates_come_out_as_exact_integers),
		cmocka_unit_test(single_trades_have_long_names_in_any_order),
		cmocka_unit_test(only_ids_that_are_wanted_are_kept),
		cmocka_unit_test(what_cannot_be_is_refused_and_what_does_not_fit_is_left_out),
		cmocka_unit_test(ids_rise_and_there_are_not_more_than_were_asked_for),
		cmocka_unit_test(a_body_that_is_cut_anywhere_is_malformed),
		cmocka_unit_test(spoiled_bodies_are_refused_or_make_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
