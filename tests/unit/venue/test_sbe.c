/* Binary messages: values, what later versions may add, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/sbe.h"
#include "tests/asserts.h"
#include "tests/sbe_frame.h"

#define US INT64_C(1000)

static struct event_scratch scratch;
static struct event event;
static uint32_t count;
static struct sbe_frame f;

/* Decodes a copy of exactly that size: a sanitizer sees every read behind it. */
static enum decode_result
decode_first(size_t n, uint32_t index)
{
	static char *copy;

	free(copy);
	copy = malloc(n + 1);
	memcpy(copy, f.bytes, n);
	return sbe_decode((struct bytes){copy, n}, index, &scratch, &event, &count);
}

static enum decode_result
decode(void)
{
	return decode_first(f.n, 0);
}

static void
each_trade_of_a_message_is_an_event(void **state)
{
	(void)state;
	sbe_trades(&f, 77, 3, 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(decode_first(f.n, i), DECODE_OK);
		assert_int_equal(count, 3);
		assert_int_equal(event.kind, EVENT_TRADE);
		assert_int_equal(event.id, 77 + i);
		assert_int_equal(event.exch_ns, 1700000000123456 * US);
		assert_int_equal(event.trade_ns, 1700000000120000 * US);
		assert_fixed(event.u.trade.price, 1234000000, -8);
		assert_fixed(event.u.trade.qty, 50, -2);
		assert_int_equal(event.u.trade.buyer_maker, i % 2 == 0);
		assert_true(bytes_equal(event.symbol, BYTES_LIT("ABCUSDT")));
	}
	assert_int_equal(decode_first(f.n, 3), DECODE_MALFORMED);
}

static void
a_quote_and_both_depths_have_their_fields(void **state)
{
	(void)state;
	sbe_quote(&f, 400);
	assert_int_equal(decode(), DECODE_OK);
	assert_int_equal(event.kind, EVENT_QUOTE);
	assert_int_equal(event.id, 400);
	assert_fixed(event.u.quote.bid_px, 1234, -2);
	assert_fixed(event.u.quote.bid_qty, 5, -1);
	assert_fixed(event.u.quote.ask_px, 1235, -2);
	assert_fixed(event.u.quote.ask_qty, 7, -1);
	sbe_depth(&f, 10003, 5, 9, 2, 1);
	assert_int_equal(decode(), DECODE_OK);
	assert_int_equal(event.kind, EVENT_DEPTH);
	assert_int_equal(event.first_id, 5);
	assert_int_equal(event.id, 9);
	assert_int_equal(event.u.depth.nbids, 2);
	assert_int_equal(event.u.depth.nasks, 1);
	assert_fixed(event.u.depth.bids[1].price, 999, -1);
	assert_fixed(event.u.depth.bids[1].qty, 1, 0);
	assert_fixed(event.u.depth.asks[0].price, 1001, -1);
	sbe_depth(&f, 10002, 0, 9, 0, 3);
	assert_int_equal(decode(), DECODE_OK);
	assert_int_equal(event.kind, EVENT_PARTIAL_DEPTH);
	assert_int_equal(event.id, 9);
	assert_int_equal(event.first_id, VENUE_NO_ID);
	assert_int_equal(event.u.depth.nbids, 0);
	assert_fixed(event.u.depth.asks[2].price, 1003, -1);
}

static void
a_later_version_may_append_to_blocks_elements_and_the_end(void **state)
{
	(void)state;
	sbe_trades(&f, 77, 2, 13);
	assert_int_equal(decode_first(f.n, 1), DECODE_OK);
	assert_int_equal(event.id, 78);
	assert_fixed(event.u.trade.qty, 50, -2);
	assert_true(bytes_equal(event.symbol, BYTES_LIT("ABCUSDT")));
	/* In version 0 nothing follows. */
	f.bytes[6] = 0;
	assert_int_equal(decode_first(f.n, 1), DECODE_MALFORMED);
}

static void
another_schema_is_foreign_and_another_template_unknown(void **state)
{
	(void)state;
	sbe_trades(&f, 77, 1, 0);
	f.bytes[4] = 3;
	assert_int_equal(decode(), DECODE_FOREIGN);
	sbe_begin(&f, 4, 10004, 1, 7);
	sbe_put(&f, 4, 0);
	assert_int_equal(decode(), DECODE_OK);
	assert_int_equal(event.kind, EVENT_UNKNOWN);
	sbe_begin(&f, 5, 10004, 1, 7);
	sbe_put(&f, 4, 0);
	assert_int_equal(decode(), DECODE_MALFORMED);
}

static void
a_message_cut_off_anywhere_is_malformed(void **state)
{
	(void)state;
	for (int which = 0; which < 4; which++) {
		if (which == 0)
			sbe_trades(&f, 77, 2, 0);
		else if (which == 1)
			sbe_quote(&f, 400);
		else
			sbe_depth(&f, which == 2 ? 10002 : 10003, 5, 9, 2, 2);
		for (size_t n = 0; n < f.n; n++)
			assert_int_equal(decode_first(n, 0), DECODE_MALFORMED);
		assert_int_equal(decode(), DECODE_OK);
	}
}

/* Writes a value into a quote at an offset. */
static void
spoil(size_t at, unsigned size, int64_t value)
{
	size_t n;

	sbe_quote(&f, 400);
	n = f.n;
	f.n = at;
	sbe_put(&f, size, value);
	f.n = n;
}

static void
values_that_cannot_be_are_malformed_or_unfit(void **state)
{
	(void)state;
	spoil(0, 2, 49); /* a block shorter than that of version 0 */
	assert_int_equal(decode(), DECODE_MALFORMED);
	spoil(8, 8, INT64_MIN);
	assert_int_equal(decode(), DECODE_MALFORMED);
	spoil(8, 8, INT64_MAX);
	assert_int_equal(decode(), DECODE_MALFORMED);
	spoil(16, 8, -1);
	assert_int_equal(decode(), DECODE_MALFORMED);
	spoil(26, 8, INT64_MIN);
	assert_int_equal(decode(), DECODE_MALFORMED);
	spoil(58, 1, 0); /* an empty symbol */
	assert_int_equal(decode(), DECODE_MALFORMED);
	spoil(24, 1, -128);
	assert_int_equal(decode(), DECODE_UNFIT);
	assert_int_equal(event.id, 400);
	spoil(25, 1, 19);
	assert_int_equal(decode(), DECODE_UNFIT);
	sbe_trades(&f, 77, 1, 0);
	f.bytes[8 + 18 + 6 + 24] = 2; /* neither true nor false */
	assert_int_equal(decode(), DECODE_MALFORMED);
	sbe_trades(&f, 77, 0, 0);
	assert_int_equal(decode(), DECODE_MALFORMED);
	sbe_trades(&f, 77, 1, 0);
	f.bytes[8 + 18] = 24; /* elements shorter than those of version 0 */
	assert_int_equal(decode(), DECODE_MALFORMED);
	sbe_trades(&f, 77, 1, 0);
	memset(f.bytes + 8 + 18 + 2, 0xff, 4); /* more trades than bytes */
	assert_int_equal(decode(), DECODE_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trade_of_a_message_is_an_event),
		cmocka_unit_test(a_quote_and_both_depths_have_their_fields),
		cmocka_unit_test(a_later_version_may_append_to_blocks_elements_and_the_end),
		cmocka_unit_test(another_schema_is_foreign_and_another_template_unknown),
		cmocka_unit_test(a_message_cut_off_anywhere_is_malformed),
		cmocka_unit_test(values_that_cannot_be_are_malformed_or_unfit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
