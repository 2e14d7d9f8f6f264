/* Two rings compared: what is equal, what differs first, and what cannot be compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reasons.h>

#include "tests/shm_fixture.h"
#include "tools/common/exits.h"
#include "tools/tick-diff/compare.h"

#define SLOTS 64

struct pair {
	struct shm_fixture f[COMPARE_SIDES];
	struct ring ring[COMPARE_SIDES];
	struct compare_cfg cfg;
	struct compare_result result;
};

static void
add(struct ring *ring, const char *symbol)
{
	struct tick_instrument i = {.venue = TICK_VENUE_BINANCE_SPOT, .price_exponent = -8,
	    .qty_exponent = -8, .symbol_bytes = (uint8_t)strlen(symbol)};

	memcpy(i.symbol, symbol, i.symbol_bytes);
	assert_true(ring_add(ring, &i) >= 0);
}

static int
setup(void **state)
{
	static struct pair pair;
	struct pair *p = &pair;

	*p = (struct pair){.cfg.show = 0};
	for (int i = 0; i < COMPARE_SIDES; i++) {
		shm_fixture_init(&p->f[i]);
		shm_fixture_ring(&p->f[i], &p->ring[i], SLOTS);
		add(&p->ring[i], "BTCUSDT");
		p->cfg.feed[i] = p->f[i].feed;
	}
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	for (int i = 0; i < COMPARE_SIDES; i++) {
		if (p->ring[i].header)
			ring_close(&p->ring[i], true);
		shm_fixture_fini(&p->f[i]);
	}
	return 0;
}

static void
publish(struct ring *ring, int64_t id, int64_t price)
{
	ring_publish(ring, &(struct ring_tick){
		.meta = ring_meta(0, TICK_TRADE, 0, 0), .id = id, .v = {price}});
}

static void
publish_both(struct pair *p, int64_t from, int64_t to)
{
	for (int64_t id = from; id <= to; id++)
		for (int i = 0; i < COMPARE_SIDES; i++)
			publish(&p->ring[i], id, 100 + id);
}

static void
begin_session(struct pair *p)
{
	for (int i = 0; i < COMPARE_SIDES; i++)
		ring_publish(&p->ring[i], &(struct ring_tick){
			.meta = ring_meta(TICK_NO_INSTRUMENT, TICK_FEED_EVENT, 0, 0),
			.v = {TICK_REASON_START}});
}

static void
rings_with_the_same_ticks_are_equal(void **state)
{
	struct pair *p = *state;

	begin_session(p);
	publish_both(p, 1, 5);
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FINE);
	assert_true(p->result.compared);
	assert_int_equal(p->result.equal, 5);
	assert_int_equal(p->result.sessions, 1);
	assert_int_equal(p->result.first.session, 0);
}

static void
the_first_difference_is_kept_with_session_numbers_and_words(void **state)
{
	struct pair *p = *state;

	begin_session(p);
	publish_both(p, 1, 2);
	begin_session(p);
	publish_both(p, 3, 3);
	publish(&p->ring[0], 4, 7);
	publish(&p->ring[1], 4, 8);
	publish(&p->ring[0], 5, 7);
	publish(&p->ring[1], 6, 7);
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FEED);
	assert_int_equal(p->result.equal, 3);
	assert_int_equal(p->result.different, 2);
	assert_int_equal(p->result.sessions, 2);
	assert_int_equal(p->result.first.session, 2);
	assert_int_equal(p->result.first.tick[0], 5);
	assert_int_equal(p->result.first.tick[1], 5);
	assert_string_equal(p->result.first.words, "v0 7 and 8");
}

static void
what_one_ring_lacks_is_a_difference_unless_the_second_may_end_early(void **state)
{
	struct pair *p = *state;

	begin_session(p);
	publish_both(p, 1, 2);
	publish(&p->ring[0], 3, 103);
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FEED);
	assert_int_equal(p->result.missing[1], 1);
	assert_int_equal(p->result.first.session, 1);
	assert_true(p->result.first.has[0]);
	assert_false(p->result.first.has[1]);
	assert_int_equal(p->result.first.tick[0], 3);
	p->cfg.prefix = true;
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FINE);
	assert_int_equal(p->result.missing[1], 1);
	assert_int_equal(p->result.first.session, 0);
	publish(&p->ring[1], 3, 103);
	publish(&p->ring[1], 4, 104);
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FEED);
	assert_int_equal(p->result.missing[0], 1);
}

static void
other_instruments_under_one_number_are_a_difference(void **state)
{
	struct pair *p = *state;

	add(&p->ring[0], "ETHUSDT");
	add(&p->ring[1], "BNBUSDT");
	begin_session(p);
	for (int i = 0; i < COMPARE_SIDES; i++)
		ring_publish(&p->ring[i],
		    &(struct ring_tick){.meta = ring_meta(1, TICK_TRADE, 0, 0), .id = 1});
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FEED);
	assert_string_equal(p->result.first.words, "the instruments of that number");
}

static void
of_two_empty_rings_nothing_was_compared(void **state)
{
	struct pair *p = *state;

	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FEED);
	assert_true(p->result.compared);
	assert_int_equal(p->result.sessions, 0);
}

static void
without_one_of_the_rings_there_is_no_comparison(void **state)
{
	struct pair *p = *state;

	begin_session(p);
	publish_both(p, 1, 1);
	ring_close(&p->ring[1], true);
	p->ring[1].header = NULL;
	assert_int_equal(compare_run(&p->cfg, &p->result), EXIT_FEED);
	assert_false(p->result.compared);
	assert_int_equal(p->result.equal, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rings_with_the_same_ticks_are_equal),
		TEST(the_first_difference_is_kept_with_session_numbers_and_words),
		TEST(what_one_ring_lacks_is_a_difference_unless_the_second_may_end_early),
		TEST(other_instruments_under_one_number_are_a_difference),
		TEST(of_two_empty_rings_nothing_was_compared),
		TEST(without_one_of_the_rings_there_is_no_comparison),
	};

	return cmocka_run_group_tests_name("tick-diff", tests, NULL, NULL);
}
