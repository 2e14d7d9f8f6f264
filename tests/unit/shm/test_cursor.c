#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "tests/shm_fixture.h"

#define SLOTS 16

static struct shm_fixture fixture;
static struct ring ring;
static struct tick_reader *reader;

static int
open_both(void **state)
{
	(void)state;
	shm_fixture_init(&fixture);
	shm_fixture_ring(&fixture, &ring, SLOTS);
	return tick_reader_open(&reader, fixture.feed, TICK_FROM_NEWEST);
}

static int
close_both(void **state)
{
	(void)state;
	tick_reader_close(&reader);
	ring_close(&ring, true);
	shm_fixture_fini(&fixture);
	return 0;
}

static void
publish(uint32_t instrument, enum tick_type type)
{
	struct ring_tick t = {.meta = ring_meta(instrument, type, 0, 0), .id = (int64_t)ring.next};

	if (type == TICK_FEED_EVENT)
		t.v[0] = TICK_REASON_LINE_UP;
	ring_publish(&ring, &t);
}

static void
publish_many(int n)
{
	for (int i = 0; i < n; i++)
		publish(0, TICK_TRADE);
}

static void
assert_next_is(struct tick_reader *r, uint64_t number)
{
	struct tick t;

	assert_int_equal(tick_reader_next(r, &t), TICK_MORE);
	assert_int_equal(tick_number(t.seq), number);
	assert_int_equal(t.id, number);
}

static void
assert_sums_up(const struct tick_reader *r)
{
	struct tick_reader_stats s = tick_reader_stats(r);

	assert_int_equal(s.received + s.skipped + s.lost, s.next - s.start);
	assert_int_equal(s.next, tick_reader_tell(r));
}

/* ---- cursors ------------------------------------------------------------------ */

static void
seeking_back_reads_again_what_is_still_there(void **state)
{
	(void)state;
	publish_many(10);
	assert_int_equal(tick_reader_seek(reader, 4), TICK_MORE);
	assert_int_equal(tick_reader_tell(reader), 4);
	assert_next_is(reader, 4);
	assert_next_is(reader, 5);
	assert_int_equal(tick_reader_seek(reader, 4), TICK_MORE);
	assert_next_is(reader, 4);
	assert_int_equal(tick_reader_stats(reader).received, 3);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
	assert_sums_up(reader);
}

static void
seeking_the_next_to_come_waits_for_it(void **state)
{
	struct tick t;

	(void)state;
	publish_many(10);
	assert_int_equal(tick_reader_seek(reader, 10), TICK_END);
	assert_int_equal(tick_reader_next(reader, &t), TICK_END);
	publish_many(1);
	assert_next_is(reader, 10);
	assert_sums_up(reader);
}

static void
seeking_the_future_is_refused_and_moves_nothing(void **state)
{
	(void)state;
	publish_many(10);
	assert_int_equal(tick_reader_seek(reader, 3), TICK_MORE);
	assert_int_equal(tick_reader_seek(reader, 11), TICK_E_RANGE);
	assert_int_equal(tick_reader_seek(reader, UINT64_MAX), TICK_E_RANGE);
	assert_int_equal(tick_reader_tell(reader), 3);
	assert_next_is(reader, 3);
}

static void
seeking_what_is_overwritten_counts_the_loss_exactly(void **state)
{
	uint64_t at;

	(void)state;
	publish_many(100);
	assert_int_equal(tick_reader_seek(reader, 7), TICK_E_OVERRUN);
	at = tick_reader_tell(reader);
	assert_in_range(at, 100 - SLOTS, 100);
	assert_int_equal(tick_reader_stats(reader).lost, at - 7);
	assert_int_equal(tick_reader_stats(reader).overruns, 1);
	while (at < 100)
		assert_next_is(reader, at++);
	assert_sums_up(reader);
}

static void
every_number_can_be_sought_and_sums_up(void **state)
{
	struct tick t;

	(void)state;
	publish_many(50);
	for (uint64_t to = 0; to <= 50; to++) {
		int outcome = tick_reader_seek(reader, to);
		int there = to >= 50 - SLOTS;

		assert_int_equal(outcome, to == 50 ? TICK_END : there ? TICK_MORE : TICK_E_OVERRUN);
		if (outcome == TICK_MORE)
			assert_int_equal(tick_reader_tell(reader), to);
		while (tick_reader_next(reader, &t) == TICK_MORE)
			continue;
		assert_int_equal(tick_reader_tell(reader), 50);
		assert_sums_up(reader);
	}
}

static void
the_ends_can_be_sought_without_a_loss(void **state)
{
	(void)state;
	publish_many(100);
	tick_reader_seek_end(reader, TICK_FROM_OLDEST);
	assert_next_is(reader, 100 - SLOTS / 2);
	tick_reader_seek_end(reader, TICK_FROM_NEWEST);
	publish_many(1);
	assert_next_is(reader, 100);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
	assert_sums_up(reader);
}

/* ---- batches ------------------------------------------------------------------ */

static void
a_batch_takes_what_is_there_up_to_its_size(void **state)
{
	struct tick t[8];
	size_t n;

	(void)state;
	assert_int_equal(tick_reader_next_batch(reader, t, 8, &n), TICK_END);
	assert_int_equal(n, 0);
	publish_many(11);
	assert_int_equal(tick_reader_next_batch(reader, t, 8, &n), TICK_MORE);
	assert_int_equal(n, 8);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(t[i].id, i);
	assert_int_equal(tick_reader_next_batch(reader, t, 8, &n), TICK_END);
	assert_int_equal(n, 3);
	assert_int_equal(t[2].id, 10);
	assert_sums_up(reader);
}

static void
a_batch_ends_at_an_overrun_and_says_so(void **state)
{
	struct tick t[64];
	size_t n;

	(void)state;
	publish_many(100);
	assert_int_equal(tick_reader_next_batch(reader, t, 64, &n), TICK_E_OVERRUN);
	assert_int_equal(n, 0);
	assert_int_equal(tick_reader_next_batch(reader, t, 64, &n), TICK_END);
	assert_int_equal(n + tick_reader_stats(reader).lost, 100);
	assert_sums_up(reader);
}

/* ---- filters ------------------------------------------------------------------ */

static void
only_wanted_types_pass(void **state)
{
	(void)state;
	tick_reader_filter_types(reader, TICK_TYPE_BIT(TICK_QUOTE) | TICK_TYPE_BIT(TICK_KLINE));
	publish(0, TICK_TRADE);
	publish(0, TICK_QUOTE);
	publish(TICK_NO_INSTRUMENT, TICK_FEED_EVENT);
	publish(0, TICK_KLINE);
	publish(0, TICK_TRADE);
	assert_next_is(reader, 1);
	assert_next_is(reader, 3);
	assert_int_equal(tick_reader_next(reader, &(struct tick){0}), TICK_END);
	assert_int_equal(tick_reader_stats(reader).skipped, 3);
	assert_sums_up(reader);
}

static void
only_wanted_instruments_pass_and_the_feeds_own_word(void **state)
{
	(void)state;
	assert_int_equal(tick_reader_filter_add(reader, 3), 0);
	assert_int_equal(tick_reader_filter_add(reader, 63), 0);
	assert_int_equal(tick_reader_filter_add(reader, 64), TICK_E_RANGE);
	publish(0, TICK_TRADE);
	publish(3, TICK_TRADE);
	publish(2, TICK_FEED_EVENT);
	publish(TICK_NO_INSTRUMENT, TICK_FEED_EVENT);
	publish(TICK_NO_INSTRUMENT, TICK_TRADE);
	publish(63, TICK_QUOTE);
	publish(1000000, TICK_QUOTE);
	assert_next_is(reader, 1);
	assert_next_is(reader, 3);
	assert_next_is(reader, 5);
	assert_int_equal(tick_reader_next(reader, &(struct tick){0}), TICK_END);
	assert_int_equal(tick_reader_stats(reader).skipped, 4);
	assert_sums_up(reader);
}

static void
a_filter_can_be_changed_and_cleared(void **state)
{
	(void)state;
	assert_int_equal(tick_reader_filter_add(reader, 1), 0);
	assert_int_equal(tick_reader_filter_remove(reader, 1), 0);
	assert_int_equal(tick_reader_filter_remove(reader, 64), TICK_E_RANGE);
	publish(1, TICK_TRADE);
	assert_int_equal(tick_reader_next(reader, &(struct tick){0}), TICK_END);
	tick_reader_filter_clear(reader);
	publish(1, TICK_TRADE);
	assert_next_is(reader, 1);
	assert_sums_up(reader);
}

static void
unknown_types_of_a_later_version_pass_without_a_type_filter_only(void **state)
{
	(void)state;
	assert_int_equal(tick_reader_filter_add(reader, 1), 0);
	publish(1, (enum tick_type)200);
	assert_next_is(reader, 0);
	tick_reader_filter_types(reader, UINT64_MAX - 1);
	publish(1, (enum tick_type)200);
	publish(1, (enum tick_type)63);
	assert_next_is(reader, 2);
}

static void
a_filter_hides_no_loss(void **state)
{
	struct tick t;

	(void)state;
	tick_reader_filter_types(reader, 0);
	publish_many(100);
	assert_int_equal(tick_reader_next(reader, &t), TICK_E_OVERRUN);
	assert_int_equal(tick_reader_next(reader, &t), TICK_END);
	assert_int_equal(tick_reader_stats(reader).skipped, SLOTS / 2);
	assert_int_equal(tick_reader_stats(reader).lost, 100 - SLOTS / 2);
	assert_sums_up(reader);
}

static void
a_filter_hides_no_restart(void **state)
{
	struct ring_tick t = {
		.meta = ring_meta(TICK_NO_INSTRUMENT, TICK_FEED_EVENT, 0, 0),
		.v = {TICK_REASON_RESTART, ring.header->epoch + 1},
	};

	(void)state;
	tick_reader_filter_types(reader, TICK_TYPE_BIT(TICK_QUOTE));
	ring_publish(&ring, &t);
	publish(0, TICK_QUOTE);
	assert_int_equal(tick_reader_next(reader, &(struct tick){0}), TICK_E_RESTARTED);
	assert_int_equal(tick_reader_next(reader, &(struct tick){0}), TICK_MORE);
	assert_int_equal(tick_reader_stats(reader).restarts, 1);
	assert_int_equal(tick_reader_stats(reader).skipped, 1);
	assert_sums_up(reader);
}

/* ---- clones ------------------------------------------------------------------- */

static void
a_clone_goes_its_own_way_from_the_same_place(void **state)
{
	struct tick_reader *clone;

	(void)state;
	assert_int_equal(tick_reader_filter_add(reader, 1), 0);
	publish(1, TICK_TRADE);
	publish(1, TICK_TRADE);
	assert_next_is(reader, 0);
	assert_int_equal(tick_reader_clone(&clone, reader), 0);
	assert_int_equal(tick_reader_tell(clone), 1);
	assert_int_equal(tick_reader_stats(clone).received, 0);
	assert_int_equal(tick_reader_filter_add(clone, 2), 0);
	publish(2, TICK_TRADE);
	assert_next_is(clone, 1);
	assert_next_is(clone, 2);
	assert_next_is(reader, 1);
	assert_int_equal(tick_reader_next(reader, &(struct tick){0}), TICK_END);
	assert_int_equal(tick_reader_stats(reader).skipped, 1);
	assert_sums_up(clone);
	tick_reader_close(&clone);
	assert_null(clone);
}

static void
a_clone_outlives_its_original(void **state)
{
	struct tick_reader *clone;

	(void)state;
	assert_int_equal(tick_reader_clone(&clone, reader), 0);
	tick_reader_close(&reader);
	publish_many(1);
	assert_next_is(clone, 0);
	assert_int_equal(tick_reader_check(clone), TICK_END);
	tick_reader_close(&clone);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_both, close_both)
	const struct CMUnitTest tests[] = {
		TEST(seeking_back_reads_again_what_is_still_there),
		TEST(seeking_the_next_to_come_waits_for_it),
		TEST(seeking_the_future_is_refused_and_moves_nothing),
		TEST(seeking_what_is_overwritten_counts_the_loss_exactly),
		TEST(every_number_can_be_sought_and_sums_up),
		TEST(the_ends_can_be_sought_without_a_loss),
		TEST(a_batch_takes_what_is_there_up_to_its_size),
		TEST(a_batch_ends_at_an_overrun_and_says_so),
		TEST(only_wanted_types_pass),
		TEST(only_wanted_instruments_pass_and_the_feeds_own_word),
		TEST(a_filter_can_be_changed_and_cleared),
		TEST(unknown_types_of_a_later_version_pass_without_a_type_filter_only),
		TEST(a_filter_hides_no_loss),
		TEST(a_filter_hides_no_restart),
		TEST(a_clone_goes_its_own_way_from_the_same_place),
		TEST(a_clone_outlives_its_original),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
