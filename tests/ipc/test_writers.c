/*
 * feedd and the files in /dev/shm: one writer at a time, no file of somebody
 * else, and what a reader sees of a start, an end and a change of geometry.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/board.h>
#include <tickring/reasons.h>
#include <tickring/status.h>

#include "feed/io/clock.h"
#include "tests/ipc/witness.h"
#include "tests/system/daemon.h"

#define SETTINGS "streams=btcusdt@trade,ethusdt@trade,btcusdt@bookTicker"

static const char *const settings[] = {SETTINGS, NULL};
static struct daemon sim, feedd, second;
static struct witness witness;
static uint16_t port;

static int
end_all(void **state)
{
	witness_close(&witness);
	return daemon_teardown(state);
}

static void
start_sim(void)
{
	static const char *const arguments[] = {"--symbols", "btcusdt,ethusdt", "--rate", "5000",
	    NULL};

	port = daemon_start_sim(&sim, arguments);
}

static void
start_all(void)
{
	start_sim();
	daemon_start_feedd(&feedd, port, settings);
	witness_open(&witness, daemon_feed());
	witness_read_trades(&witness, 10);
}

static void
a_second_feed_of_the_same_name_is_refused_and_the_first_goes_on(void **state)
{
	uint64_t trades;
	char who[64];

	(void)state;
	start_all();
	daemon_start_feedd(&second, port, settings);
	assert_int_equal(daemon_wait(&second), 1);
	snprintf(who, sizeof(who), "process %ld writes this feed", (long)feedd.pid);
	assert_non_null(strstr(daemon_log(&second), daemon_segment("lock")));
	assert_non_null(strstr(daemon_log(&second), who));
	trades = witness.trades;
	witness_read_trades(&witness, trades + 500);
	assert_true(daemon_runs(&feedd));
	assert_int_equal(witness.restarts, 0);
	assert_int_equal(tick_reader_check(witness.reader), TICK_END);
	witness_check_numbers(&witness);
	assert_int_equal(tick_reader_stats(witness.reader).lost, 0);
}

static void
make_file(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
}

/* feedd must end by itself with 1, name the file, and leave it as it is. */
static void
refuses_to_start_over(const char *suffix)
{
	char text[8192], after[8192];
	int fd;

	memset(text, 'x', sizeof(text));
	make_file(daemon_segment(suffix), text, sizeof(text));
	daemon_start_feedd(&feedd, port, settings);
	assert_int_equal(daemon_wait(&feedd), 1);
	assert_non_null(strstr(daemon_log(&feedd), daemon_segment(suffix)));
	assert_non_null(strstr(daemon_log(&feedd), "is no tickring segment"));
	fd = open(daemon_segment(suffix), O_RDONLY);
	assert_int_equal(read(fd, after, sizeof(after)), sizeof(after));
	close(fd);
	assert_memory_equal(after, text, sizeof(text));
	unlink(daemon_segment(suffix));
}

static void
a_file_of_somebody_else_is_never_overwritten(void **state)
{
	(void)state;
	port = 9;
	refuses_to_start_over("ring");
	refuses_to_start_over("board");
	refuses_to_start_over("status");
}

static void
a_directory_in_the_place_of_the_ring_is_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(mkdir(daemon_segment("ring"), 0700), 0);
	daemon_start_feedd(&feedd, 9, settings);
	assert_int_equal(daemon_wait(&feedd), 1);
	assert_int_equal(rmdir(daemon_segment("ring")), 0);
	assert_non_null(strstr(daemon_log(&feedd), daemon_segment("ring")));
}

/* What is left of a ring after a disk-full copy, or of another version: replaced, not trusted. */
static void
a_ring_that_was_cut_is_replaced_and_readers_are_told(void **state)
{
	struct tick_reader *reader = NULL;

	(void)state;
	start_all();
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_int_equal(truncate(daemon_segment("ring"), TICK_HEADER_BYTES), 0);
	assert_int_equal(tick_reader_open(&reader, daemon_feed(), TICK_FROM_NEWEST),
	    TICK_E_TRUNCATED);
	daemon_start_feedd(&feedd, port, settings);
	witness_close(&witness);
	daemon_expect_log(&feedd, "event=started");
	witness_open(&witness, daemon_feed());
	witness_read_trades(&witness, 10);
}

static void
a_reader_that_comes_before_the_writer_waits_for_it(void **state)
{
	struct tick_reader *reader = NULL;
	struct tick_status_reader *status = NULL;
	struct tick_board *board = NULL;

	(void)state;
	assert_int_equal(tick_reader_open(&reader, daemon_feed(), TICK_FROM_NEWEST), TICK_E_ABSENT);
	assert_int_equal(tick_board_open(&board, daemon_feed()), TICK_E_ABSENT);
	assert_int_equal(tick_status_open(&status, daemon_feed()), TICK_E_ABSENT);
	start_all();
	witness_check_numbers(&witness);
	assert_int_equal(tick_board_open(&board, daemon_feed()), 0);
	assert_int_equal(tick_status_open(&status, daemon_feed()), 0);
	assert_int_equal(tick_board_check(board), TICK_END);
	assert_int_equal(tick_status_check(status), TICK_END);
	tick_board_close(&board);
	tick_status_close(&status);
}

static void
after_a_clean_end_everything_can_still_be_read(void **state)
{
	struct tick_status_reader *status = NULL;
	struct tick_status now;
	struct tick_reader *late = NULL;
	struct tick t;

	(void)state;
	start_all();
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_int_equal(tick_reader_check(witness.reader), TICK_E_DEAD);
	/* DEAD, yet there is more to read: to the feed's last word. */
	witness_read_until(&witness, TICK_E_DEAD);
	witness_check_numbers(&witness);
	assert_int_equal(tick_reader_stats(witness.reader).lost, 0);
	assert_int_equal(TICK_LOAD(&tick_reader_header(witness.reader)->state), TICK_STATE_CLOSED);
	assert_int_equal(tick_reader_open(&late, daemon_feed(), TICK_FROM_OLDEST), 0);
	while (tick_reader_next(late, &t) == TICK_MORE)
		;
	assert_int_equal(tick_number(t.seq), witness.last);
	assert_int_equal(t.event.reason, TICK_REASON_STOP);
	tick_reader_close(&late);
	assert_int_equal(tick_status_open(&status, daemon_feed()), 0);
	assert_int_equal(tick_status_check(status), TICK_E_DEAD);
	assert_int_equal(tick_status_read(status, &now), 0);
	assert_true(now.counter[TICK_COUNTER_TRADES] >= witness.trades);
	tick_status_close(&status);
}

static void
the_files_go_with_the_feed_when_asked(void **state)
{
	static const char *const unlinking[] = {SETTINGS, "ring.unlink_at_exit=true", NULL};

	(void)state;
	start_sim();
	daemon_start_feedd(&feedd, port, unlinking);
	witness_open(&witness, daemon_feed());
	witness_read_trades(&witness, 10);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
	assert_int_equal(access(daemon_segment("board"), F_OK), -1);
	assert_int_equal(access(daemon_segment("status"), F_OK), -1);
	/* A mapping outlives its name. */
	witness_read_until(&witness, TICK_E_DEAD);
	witness_check_numbers(&witness);
	/* Another feed of that name is another sequence: the reader is told to go over. */
	daemon_start_feedd(&feedd, port, unlinking);
	witness_read_until(&witness, TICK_E_REPLACED);
	assert_int_equal(tick_reader_reattach(witness.reader), 0);
}

/* Ends feedd by `signal`, starts it with another ring, and moves the reader over. */
static void
change_geometry(int signal, const char *slots)
{
	const char *const other[] = {SETTINGS, slots, NULL};
	uint64_t trades;

	assert_int_equal(daemon_end(&feedd, signal), signal == SIGTERM ? 0 : -signal);
	witness_read_until(&witness, TICK_E_DEAD);
	daemon_start_feedd(&feedd, port, other);
	witness_read_until(&witness, TICK_E_REPLACED);
	assert_int_equal(tick_reader_check(witness.reader), TICK_E_REPLACED);
	assert_int_equal(tick_reader_reattach(witness.reader), 0);
	/* REPLACED was the word for the restart; the new segment begins with its tick. */
	witness.expects_restart = true;
	trades = witness.trades;
	witness_read_trades(&witness, trades + 100);
	witness_check_numbers(&witness);
	assert_int_equal(tick_reader_stats(witness.reader).lost, 0);
}

static void
another_ring_size_replaces_the_ring_and_the_numbers_go_on(void **state)
{
	(void)state;
	start_all();
	change_geometry(SIGTERM, "ring.slots=131072");
	assert_int_equal(tick_reader_header(witness.reader)->records, 131072);
	change_geometry(SIGKILL, "ring.slots=65536");
	assert_int_equal(tick_reader_header(witness.reader)->records, 65536);
	assert_int_equal(witness.restart_events, 2);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	witness_read_until(&witness, TICK_E_DEAD);
	witness_check_numbers(&witness);
	witness_check_ids(&witness);
}

#define TEST(f) cmocka_unit_test_teardown(f, end_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_feed_of_the_same_name_is_refused_and_the_first_goes_on),
		TEST(a_file_of_somebody_else_is_never_overwritten),
		TEST(a_directory_in_the_place_of_the_ring_is_refused_by_name),
		TEST(a_ring_that_was_cut_is_replaced_and_readers_are_told),
		TEST(a_reader_that_comes_before_the_writer_waits_for_it),
		TEST(after_a_clean_end_everything_can_still_be_read),
		TEST(the_files_go_with_the_feed_when_asked),
		TEST(another_ring_size_replaces_the_ring_and_the_numbers_go_on),
	};

	return cmocka_run_group_tests_name("writers", tests, daemon_setup_all, daemon_teardown_all);
}
