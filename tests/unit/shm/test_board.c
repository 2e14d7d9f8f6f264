#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/board.h>
#include <tickring/status.h>

#include "shm/board_writer.h"
#include "shm/status_writer.h"
#include "tests/shm_fixture.h"

static struct shm_fixture fixture;

static int
begin(void **state)
{
	(void)state;
	shm_fixture_init(&fixture);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	shm_fixture_fini(&fixture);
	return 0;
}

static void
open_board(struct board *b, uint32_t depth)
{
	char why[SEGMENT_WHY_MAX];
	struct board_cfg cfg = {.directory = fixture.directory, .feed = "t", .group = (gid_t)-1,
	    .instruments_max = 4, .depth = depth, .heartbeat_every_ns = 1000000};

	assert_int_equal(board_open(b, &cfg, why), 0);
}

static void
the_latest_of_each_part_is_read_back(void **state)
{
	struct tick_quote q = {1, 2, 3, 4, 5, 6, 7}, q2;
	struct tick_last_trade t = {10, 20, 30, 40, 50, 60, 70}, t2;
	struct tick_data d = {TICK_DATA_LIVE, 2, 0, 4, 5, 6, 7}, d2;
	struct tick_board *reader;
	struct board b;

	(void)state;
	open_board(&b, 5);
	assert_int_equal(tick_board_open(&reader, fixture.feed), 0);
	assert_int_equal(tick_board_depth(reader), 5);
	assert_int_equal(tick_board_quote(reader, 2, &q2), TICK_E_ABSENT);
	board_quote(&b, 2, &q);
	board_trade(&b, 2, &t);
	board_data(&b, 2, &d);
	assert_int_equal(tick_board_quote(reader, 2, &q2), 0);
	assert_memory_equal(&q, &q2, sizeof(q));
	assert_int_equal(tick_board_trade(reader, 2, &t2), 0);
	assert_memory_equal(&t, &t2, sizeof(t));
	assert_int_equal(tick_board_data(reader, 2, &d2), 0);
	assert_memory_equal(&d, &d2, sizeof(d));
	assert_int_equal(tick_board_quote(reader, 1, &q2), TICK_E_ABSENT);
	assert_int_equal(tick_board_quote(reader, 4, &q2), TICK_E_RANGE);
	tick_board_close(&reader);
	board_close(&b, true);
}

static void
a_writer_stopped_in_the_middle_does_not_hang_a_reader(void **state)
{
	struct tick_quote q = {1, 2, 3, 4, 5, 6, 7}, kept = {9, 9, 9, 9, 9, 9, 9}, q2 = kept;
	struct tick_board *reader;
	struct board b;

	(void)state;
	open_board(&b, 5);
	board_quote(&b, 0, &q);
	assert_int_equal(tick_board_open(&reader, fixture.feed), 0);
	seqlock_write_begin(&board_entry(&b, 0)->quote.seq);
	assert_int_equal(tick_board_quote(reader, 0, &q2), TICK_E_BUSY);
	assert_memory_equal(&q2, &kept, sizeof(q2));
	/* The writer that comes back mends it with its next quote. */
	board_quote(&b, 0, &q);
	assert_int_equal(tick_board_quote(reader, 0, &q2), 0);
	tick_board_close(&reader);
	board_close(&b, true);
}

static uint64_t
quote_seq(const struct board *b)
{
	return board_entry(b, 1)->quote.seq;
}

static void
sequence_words_only_grow_over_resets_and_writers(void **state)
{
	struct tick_quote q = {1, 2, 3, 4, 5, 6, 7};
	struct board b;

	(void)state;
	open_board(&b, 5);
	board_quote(&b, 1, &q);
	board_quote(&b, 1, &q);
	assert_int_equal(quote_seq(&b), 4);
	board_reset(&b, 1);
	assert_int_equal(quote_seq(&b), 6);
	board_quote(&b, 1, &q);
	assert_int_equal(quote_seq(&b), 8);
	seqlock_write_begin(&board_entry(&b, 1)->quote.seq);
	board_close(&b, false);
	/* What was half written is forgotten by the next writer. */
	open_board(&b, 5);
	assert_int_equal(quote_seq(&b), 10);
	board_quote(&b, 1, &q);
	assert_int_equal(quote_seq(&b), 12);
	board_quote(&b, 1, &q);
	assert_int_equal(quote_seq(&b), 14);
	board_close(&b, true);
}

static void
no_part_stays_busy_after_the_next_writer_has_come(void **state)
{
	struct tick_level level[1] = {{100, 1}};
	struct tick_last_trade t = {1, 2, 3, 4, 5, 6, 0};
	struct tick_book book = {1, 2, 3, 1, 1};
	struct tick_quote q = {1, 2, 3, 4, 5, 6, 7};
	struct tick_data d = {0};
	struct tick_board *reader;
	struct tick_board_entry *e;
	struct board b;

	(void)state;
	open_board(&b, 3);
	e = board_entry(&b, 0);
	board_quote(&b, 0, &q);
	board_trade(&b, 0, &t);
	board_book(&b, 0, &book, level, level);
	seqlock_write_begin(&e->quote.seq);
	seqlock_write_begin(&e->trade.seq);
	seqlock_write_begin(&e->book.seq);
	seqlock_write_begin(&e->state.seq); /* the very first state */
	board_close(&b, false);
	open_board(&b, 3);
	assert_int_equal(tick_board_open(&reader, fixture.feed), 0);
	/* Forgotten is all zeros, as after board_reset(). */
	assert_int_equal(tick_board_quote(reader, 0, &q), 0);
	assert_int_equal(q.recv_ns, 0);
	assert_int_equal(tick_board_trade(reader, 0, &t), 0);
	assert_int_equal(t.recv_ns, 0);
	assert_int_equal(tick_board_book(reader, 0, &book, level, level, 1), 0);
	assert_int_equal(book.bids, 0);
	assert_int_equal(tick_board_data(reader, 0, &d), 0);
	assert_int_equal(d.state, TICK_DATA_NONE);
	tick_board_close(&reader);
	board_close(&b, true);
}

static void
the_book_image_holds_as_many_levels_as_the_board_has_room_for(void **state)
{
	struct tick_level bids[4] = {{100, 1}, {99, 2}, {98, 3}, {97, 4}}, asks[1] = {{101, 9}};
	struct tick_level bids2[8], asks2[8];
	struct tick_book book = {1, 2, 3, 4, 1}, book2;
	struct tick_board *reader;
	struct board b;

	(void)state;
	open_board(&b, 3);
	assert_int_equal(tick_board_open(&reader, fixture.feed), 0);
	assert_int_equal(tick_board_book(reader, 0, &book2, bids2, asks2, 8), TICK_E_ABSENT);
	board_book(&b, 0, &book, bids, asks);
	assert_int_equal(tick_board_book(reader, 0, &book2, bids2, asks2, 8), 0);
	assert_int_equal(book2.bids, 3);
	assert_int_equal(book2.asks, 1);
	assert_int_equal(book2.id, 3);
	assert_memory_equal(bids2, bids, 3 * sizeof(bids[0]));
	assert_memory_equal(asks2, asks, sizeof(asks[0]));
	assert_int_equal(tick_board_book(reader, 0, &book2, bids2, asks2, 2), 0);
	assert_int_equal(book2.bids, 2);
	tick_board_close(&reader);
	board_close(&b, true);
}

static void
what_was_known_survives_a_restart(void **state)
{
	struct tick_data d = {TICK_DATA_LIVE, 2, 0, 4, 5, 6, 7}, d2;
	struct board b;

	(void)state;
	open_board(&b, 3);
	board_data(&b, 1, &d);
	board_close(&b, false);
	open_board(&b, 3);
	assert_true(board_recall(&b, 1, &d2));
	assert_memory_equal(&d, &d2, sizeof(d));
	assert_false(board_recall(&b, 0, &d2));
	board_close(&b, true);
}

static void
status_is_read_back_and_survives_its_writer(void **state)
{
	char why[SEGMENT_WHY_MAX];
	struct status_cfg cfg = {.directory = fixture.directory, .feed = "t", .group = (gid_t)-1,
	    .heartbeat_every_ns = 1000000};
	static struct tick_status status, copy;
	struct tick_status_reader *reader;
	struct status_writer w;

	(void)state;
	status.lines = 3;
	status.counter[TICK_COUNTER_TICKS] = 77;
	snprintf(status.version, sizeof(status.version), "x");
	assert_int_equal(status_open(&w, &cfg, why), 0);
	assert_int_equal(tick_status_open(&reader, fixture.feed), 0);
	assert_int_equal(tick_status_read(reader, &copy), TICK_E_ABSENT);
	status_publish(&w, &status);
	status_close(&w, false);
	assert_int_equal(tick_status_read(reader, &copy), 0);
	assert_memory_equal(&status, &copy, sizeof(status));
	assert_int_equal(tick_status_check(reader), TICK_E_DEAD);
	tick_status_close(&reader);
}

static const struct status_cfg *
status_example(void)
{
	static struct status_cfg cfg;

	cfg = (struct status_cfg){.directory = fixture.directory, .feed = "t",
	    .group = (gid_t)-1, .heartbeat_every_ns = 1000000};
	return &cfg;
}

/* The writer died inside the copy that it was writing, whichever of the two that was. */
static void
the_last_whole_status_is_readable_wherever_its_writer_died(void **state)
{
	static struct tick_status status, copy;
	struct tick_status_reader *reader;
	char why[SEGMENT_WHY_MAX];
	struct status_writer w;

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		struct tick_status_record *record;

		assert_int_equal(status_open(&w, status_example(), why), 0);
		record = w.record;
		for (unsigned i = 1; i <= n; i++) {
			status.lines = i;
			status_publish(&w, &status);
		}
		/* Into the older copy, as the next one would have gone. */
		record->copy[record->copy[0].seq > record->copy[1].seq].seq += 3;
		record->copy[record->copy[0].seq < record->copy[1].seq].status.lines = 99;
		status_close(&w, false);
		assert_int_equal(tick_status_open(&reader, fixture.feed), 0);
		assert_int_equal(tick_status_read(reader, &copy), 0);
		assert_int_equal(copy.lines, n);
		/* Whoever comes next goes on. */
		assert_int_equal(status_open(&w, status_example(), why), 0);
		assert_true(status_recall(&w, &copy));
		assert_int_equal(copy.lines, n);
		status.lines = 50;
		status_publish(&w, &status);
		assert_int_equal(tick_status_read(reader, &copy), 0);
		assert_int_equal(copy.lines, 50);
		tick_status_close(&reader);
		status_close(&w, true);
	}
}

static void
rows_of_streams_are_read_back_and_half_written_ones_are_told(void **state)
{
	struct tick_stream_status row = {.wanted = 1, .messages = 5, .name = "btcusdt@trade"};
	struct tick_stream_status copy;
	struct tick_status_reader *reader;
	char why[SEGMENT_WHY_MAX];
	struct status_writer w;

	(void)state;
	assert_int_equal(status_open(&w, status_example(), why), 0);
	assert_int_equal(tick_status_open(&reader, fixture.feed), 0);
	status_publish_stream(&w, 7, &row);
	assert_int_equal(tick_status_read_stream(reader, 7, &copy), 0);
	assert_memory_equal(&row, &copy, sizeof(row));
	assert_int_equal(tick_status_read_stream(reader, 8, &copy), TICK_E_ABSENT);
	assert_int_equal(tick_status_read_stream(reader, TICK_STREAMS_MAX, &copy), TICK_E_ABSENT);
	w.record->stream[7].seq++;
	assert_int_equal(tick_status_read_stream(reader, 7, &copy), TICK_E_BUSY);
	assert_string_equal(copy.name, "btcusdt@trade");
	tick_status_close(&reader);
	status_close(&w, true);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_latest_of_each_part_is_read_back),
		TEST(a_writer_stopped_in_the_middle_does_not_hang_a_reader),
		TEST(sequence_words_only_grow_over_resets_and_writers),
		TEST(no_part_stays_busy_after_the_next_writer_has_come),
		TEST(the_book_image_holds_as_many_levels_as_the_board_has_room_for),
		TEST(what_was_known_survives_a_restart),
		TEST(status_is_read_back_and_survives_its_writer),
		TEST(the_last_whole_status_is_readable_wherever_its_writer_died),
		TEST(rows_of_streams_are_read_back_and_half_written_ones_are_told),
	};

	return cmocka_run_group_tests_name("board and status", tests, NULL, NULL);
}
