#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "tests/shm_fixture.h"

static struct shm_fixture fixture;
static struct ring ring;
static struct tick_reader *reader;

static int
open_both(void **state)
{
	(void)state;
	shm_fixture_init(&fixture);
	shm_fixture_ring(&fixture, &ring, 16);
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
assert_is_tick(const struct tick *t, int64_t id)
{
	assert_int_equal(t->type, TICK_TRADE);
	assert_int_equal(t->leg, 3);
	assert_int_equal(t->id, id);
	assert_int_equal(t->v[3], id * 10 + 5);
	assert_int_equal(t->mono_ns, id * 10 + 8);
	assert_int_equal(t->w[3], id + 1);
}

static void
a_published_tick_arrives_whole_and_in_order(void **state)
{
	struct tick t;

	(void)state;
	assert_int_equal(tick_reader_next(reader, &t), TICK_END);
	for (int64_t id = 0; id < 40; id++) {
		shm_fixture_publish(&ring, id);
		assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
		assert_is_tick(&t, id);
		assert_int_equal(tick_number(t.seq), id);
	}
	assert_int_equal(tick_reader_next(reader, &t), TICK_END);
	assert_int_equal(tick_reader_stats(reader).received, 40);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
}

static void
a_lapped_reader_knows_exactly_what_it_lost(void **state)
{
	struct tick t;
	uint64_t seen = 0;
	int outcome;

	(void)state;
	for (int64_t id = 0; id < 1000; id++)
		shm_fixture_publish(&ring, id);
	assert_int_equal(tick_reader_next(reader, &t), TICK_E_OVERRUN);
	while ((outcome = tick_reader_next(reader, &t)) == TICK_MORE) {
		assert_is_tick(&t, (int64_t)(tick_reader_stats(reader).lost + seen));
		seen++;
	}
	assert_int_equal(outcome, TICK_END);
	assert_int_equal(seen, 8);
	assert_int_equal(tick_reader_stats(reader).lost + seen, 1000);
	assert_int_equal(tick_reader_stats(reader).overruns, 1);
}

static void
a_tick_in_place_is_invalid_once_it_was_overwritten(void **state)
{
	const struct tick *t;

	(void)state;
	shm_fixture_publish(&ring, 7);
	assert_int_equal(tick_reader_peek(reader, &t), TICK_MORE);
	assert_int_equal(TICK_LOAD(&t->id), 7);
	assert_true(tick_reader_valid(reader));
	for (int64_t id = 8; id < 7 + 17; id++)
		shm_fixture_publish(&ring, id);
	assert_false(tick_reader_valid(reader));
	assert_int_equal(tick_reader_peek(reader, &t), TICK_E_OVERRUN);
	assert_int_equal(tick_reader_peek(reader, &t), TICK_MORE);
	assert_int_equal(TICK_LOAD(&t->id), 7 + tick_reader_stats(reader).lost);
	tick_reader_advance(reader);
	assert_int_equal(tick_reader_stats(reader).received, 1);
}

static void
a_reader_from_the_oldest_gets_half_a_ring(void **state)
{
	struct tick_reader *late;
	struct tick t;

	(void)state;
	for (int64_t id = 0; id < 100; id++)
		shm_fixture_publish(&ring, id);
	assert_int_equal(tick_reader_open(&late, fixture.feed, TICK_FROM_OLDEST), 0);
	assert_int_equal(tick_reader_next(late, &t), TICK_MORE);
	assert_is_tick(&t, 92);
	tick_reader_close(&late);
	assert_int_equal(tick_reader_open(&late, fixture.feed, TICK_FROM_NEWEST), 0);
	assert_int_equal(tick_reader_next(late, &t), TICK_END);
	tick_reader_close(&late);
	assert_null(late);
}

static void
a_restart_continues_the_sequence_and_is_told_once_in_order(void **state)
{
	struct tick t;

	(void)state;
	for (int64_t id = 0; id < 5; id++)
		shm_fixture_publish(&ring, id);
	ring_close(&ring, false);
	shm_fixture_ring(&fixture, &ring, 16);
	assert_true(ring.restarted);
	assert_false(ring.torn);
	assert_int_equal(ring.next, 5);
	shm_fixture_restart(&ring);
	shm_fixture_publish(&ring, 6);
	for (int64_t id = 0; id < 5; id++) {
		assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
		assert_is_tick(&t, id);
	}
	assert_int_equal(tick_reader_next(reader, &t), TICK_E_RESTARTED);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(t.type, TICK_FEED_EVENT);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_is_tick(&t, 6);
	assert_int_equal(tick_reader_stats(reader).restarts, 1);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
}

static void
a_slot_that_was_half_written_is_used_again(void **state)
{
	struct tick t;

	(void)state;
	shm_fixture_publish(&ring, 0);
	/* What a writer leaves that dies between its two sequence stores. */
	__atomic_store_n(&ring.slots[1].seq, 2 * 1 + 1, __ATOMIC_RELAXED);
	segment_close(&ring.segment, false);
	free(ring.index);
	shm_fixture_ring(&fixture, &ring, 16);
	assert_true(ring.torn);
	assert_int_equal(ring.next, 1);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(tick_reader_next(reader, &t), TICK_END);
	shm_fixture_restart(&ring);
	assert_int_equal(tick_reader_next(reader, &t), TICK_E_RESTARTED);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(t.event.b, 1);
}

static void
a_reader_lapped_over_a_restart_is_told_of_both(void **state)
{
	struct tick t;

	(void)state;
	ring_close(&ring, false);
	shm_fixture_ring(&fixture, &ring, 16);
	shm_fixture_restart(&ring);
	for (int64_t id = 1; id < 50; id++)
		shm_fixture_publish(&ring, id);
	assert_int_equal(tick_reader_next(reader, &t), TICK_E_OVERRUN);
	assert_int_equal(tick_reader_next(reader, &t), TICK_E_RESTARTED);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_is_tick(&t, (int64_t)tick_reader_stats(reader).lost);
}

static void
another_geometry_replaces_the_segment_and_the_reader_moves_over(void **state)
{
	struct tick_instrument i = {.symbol = "BTCUSDT", .symbol_bytes = 7, .price_exponent = -8};
	struct tick t;

	(void)state;
	assert_int_equal(ring_add(&ring, &i), 0);
	shm_fixture_publish(&ring, 0);
	ring_close(&ring, false);
	shm_fixture_ring(&fixture, &ring, 64);
	assert_int_equal(ring_find(&ring, "BTCUSDT", 7), 0);
	shm_fixture_restart(&ring);
	shm_fixture_publish(&ring, 1);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_is_tick(&t, 0);
	assert_int_equal(tick_reader_check(reader), TICK_E_REPLACED);
	assert_int_equal(tick_reader_reattach(reader), 0);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(t.type, TICK_FEED_EVENT);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_is_tick(&t, 1);
}

static void
another_geometry_goes_on_exactly_where_a_killed_writer_was(void **state)
{
	struct tick t;

	(void)state;
	for (int64_t id = 0; id < 5; id++)
		shm_fixture_publish(&ring, id);
	/* Killed in the sixth tick; the hint says 4. */
	__atomic_store_n(&ring.slots[5].seq, 2 * 5 + 1, __ATOMIC_RELAXED);
	segment_close(&ring.segment, false);
	free(ring.index);
	shm_fixture_ring(&fixture, &ring, 64);
	assert_int_equal(ring.next, 5);
	assert_true(ring.torn);
	assert_int_equal(ring.last.id, 4);
	shm_fixture_restart(&ring);
	/* A reader that leaves the old ring with two ticks unread has lost them, exactly. */
	for (int64_t id = 0; id < 3; id++) {
		assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
		assert_is_tick(&t, id);
	}
	assert_int_equal(tick_reader_check(reader), TICK_E_REPLACED);
	assert_int_equal(tick_reader_reattach(reader), 0);
	assert_int_equal(tick_reader_stats(reader).lost, 2);
	assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(tick_number(t.seq), 5);
}

static void
a_second_writer_is_refused_while_the_first_lives(void **state)
{
	char why[SEGMENT_WHY_MAX] = "";
	struct ring other;
	struct ring_cfg cfg = {.directory = fixture.directory, .feed = "t", .group = (gid_t)-1,
	    .slots = 16, .instruments_max = 64};

	(void)state;
	assert_int_equal(ring_open(&other, &cfg, why), -16 /* EBUSY */);
	assert_non_null(strstr(why, "another process writes"));
	assert_int_equal(tick_reader_check(reader), TICK_END);
	ring_close(&ring, false);
	assert_int_equal(tick_reader_check(reader), TICK_E_DEAD);
}

/* Reads what is there. Returns what the call after the last tick says. */
static int
after_the_last_tick(void)
{
	struct tick t;
	int outcome;

	do
		outcome = tick_reader_next(reader, &t);
	while (outcome == TICK_MORE || outcome == TICK_E_RESTARTED);
	return outcome;
}

static void
a_writer_that_is_back_and_publishes_is_not_called_dead(void **state)
{
	(void)state;
	ring_close(&ring, false);
	/* This look holds for 10 ms; the tick comes sooner, if the machine lets it. */
	assert_int_equal(tick_reader_check(reader), TICK_E_DEAD);
	assert_int_equal(after_the_last_tick(), TICK_E_DEAD);
	shm_fixture_ring(&fixture, &ring, 16);
	shm_fixture_publish(&ring, (int64_t)ring.next);
	assert_int_equal(after_the_last_tick(), TICK_END);
}

static void
the_directory_gives_ids_that_last(void **state)
{
	struct tick_instrument i = {.symbol = "ETHUSDT", .symbol_bytes = 7, .price_exponent = -8};
	char name[24];

	(void)state;
	for (int n = 0; n < 64; n++) {
		snprintf(name, sizeof(name), "S%dUSDT", n);
		snprintf(i.symbol, sizeof(i.symbol), "%s", name);
		i.symbol_bytes = (uint8_t)strlen(name);
		assert_int_equal(ring_add(&ring, &i), n);
		assert_int_equal(ring_add(&ring, &i), n);
	}
	snprintf(i.symbol, sizeof(i.symbol), "FULL");
	i.symbol_bytes = 4;
	assert_int_equal(ring_add(&ring, &i), -28 /* ENOSPC */);
	assert_int_equal(tick_reader_instruments(reader), 64);
	assert_int_equal(tick_reader_find(reader, "S63USDT"), 63);
	assert_int_equal(tick_reader_find(reader, "S63USD"), -1);
	assert_int_equal(ring_find(&ring, "S0USDT", 6), 0);
	assert_int_equal(ring_find(&ring, "nothing", 7), -1);
	assert_null(tick_reader_instrument(reader, 64));
}

static void
readers_get_no_write_access(void **state)
{
	char path[256];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s.ring", fixture.feed);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_both, close_both)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_published_tick_arrives_whole_and_in_order),
		TEST(a_lapped_reader_knows_exactly_what_it_lost),
		TEST(a_tick_in_place_is_invalid_once_it_was_overwritten),
		TEST(a_reader_from_the_oldest_gets_half_a_ring),
		TEST(a_restart_continues_the_sequence_and_is_told_once_in_order),
		TEST(a_slot_that_was_half_written_is_used_again),
		TEST(a_reader_lapped_over_a_restart_is_told_of_both),
		TEST(another_geometry_replaces_the_segment_and_the_reader_moves_over),
		TEST(another_geometry_goes_on_exactly_where_a_killed_writer_was),
		TEST(a_writer_that_is_back_and_publishes_is_not_called_dead),
		TEST(a_second_writer_is_refused_while_the_first_lives),
		TEST(the_directory_gives_ids_that_last),
		TEST(readers_get_no_write_access),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
