/*
 * What readers say of a file that is not what its name promises, and that
 * each such file gets its own word.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/board.h>
#include <tickring/reader.h>
#include <tickring/status.h>

#include "tests/shm_fixture.h"

static struct shm_fixture fixture;
static char path[256];

static int
make_ring(void **state)
{
	struct ring ring;

	(void)state;
	shm_fixture_init(&fixture);
	snprintf(path, sizeof(path), "%s.ring", fixture.feed);
	shm_fixture_ring(&fixture, &ring, 16);
	ring_close(&ring, false);
	return 0;
}

static int
remove_ring(void **state)
{
	(void)state;
	shm_fixture_fini(&fixture);
	return 0;
}

static int
ring_outcome(void)
{
	struct tick_reader *reader = NULL;
	int outcome = tick_reader_open(&reader, fixture.feed, TICK_FROM_NEWEST);

	assert_true((reader != NULL) == (outcome == 0));
	tick_reader_close(&reader);
	return outcome;
}

/* Overwrites `n` bytes of the ring's file at `at`. */
static void
overwrite(size_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), (ssize_t)n);
	close(fd);
}

static void
overwrite_u32(size_t at, uint32_t value)
{
	overwrite(at, &value, sizeof(value));
}

#define FIELD(name) offsetof(struct tick_segment_header, name)

static void
an_untouched_ring_is_opened(void **state)
{
	(void)state;
	assert_int_equal(ring_outcome(), 0);
}

static void
no_file_is_absent(void **state)
{
	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ring_outcome(), TICK_E_ABSENT);
}

static void
a_file_of_somebody_else_is_foreign(void **state)
{
	char text[2 * TICK_HEADER_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	overwrite(0, text, sizeof(text));
	assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
}

static void
a_file_of_zeros_is_foreign(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(truncate(path, st.st_size), 0);
	assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
}

static void
another_abi_and_another_byte_order_are_told_as_such(void **state)
{
	uint64_t swapped = __builtin_bswap64(TICK_MAGIC), right = TICK_MAGIC;

	(void)state;
	overwrite_u32(FIELD(abi_major), TICK_ABI_MAJOR - 1);
	assert_int_equal(ring_outcome(), TICK_E_ABI);
	overwrite_u32(FIELD(abi_major), TICK_ABI_MAJOR + 1);
	assert_int_equal(ring_outcome(), TICK_E_ABI);
	overwrite_u32(FIELD(abi_major), TICK_ABI_MAJOR);
	overwrite_u32(FIELD(abi_minor), TICK_ABI_MINOR + 1);
	assert_int_equal(ring_outcome(), 0); /* a higher minor only adds */
	overwrite(FIELD(magic), &swapped, sizeof(swapped));
	assert_int_equal(ring_outcome(), TICK_E_ABI);
	overwrite(FIELD(magic), &right, sizeof(right));
	overwrite_u32(FIELD(byte_order), __builtin_bswap32(TICK_BYTE_ORDER));
	assert_int_equal(ring_outcome(), TICK_E_ABI);
}

static void
a_file_that_was_cut_is_truncated_at_every_length(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	for (off_t bytes = st.st_size - 1; bytes > 0; bytes /= 2) {
		assert_int_equal(truncate(path, bytes), 0);
		assert_int_equal(ring_outcome(), TICK_E_TRUNCATED);
	}
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(ring_outcome(), TICK_E_TRUNCATED);
}

static void
geometry_that_does_not_fit_the_file_is_foreign(void **state)
{
	static const uint64_t wrong[] = {0, 3, 17, 64, UINT64_MAX, (uint64_t)1 << 63};
	uint64_t slots = 16;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		overwrite(FIELD(records), &wrong[i], sizeof(wrong[i]));
		/* 64 slots or more end beyond total_bytes; the others are no power of two. */
		assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
	}
	overwrite(FIELD(records), &slots, sizeof(slots));
	assert_int_equal(ring_outcome(), 0);
	overwrite_u32(FIELD(record_bytes), 64);
	assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
}

static void
a_first_number_that_no_count_can_reach_is_foreign(void **state)
{
	static const uint64_t wrong[] = {TICK_NUMBER_MAX + 1, (uint64_t)1 << 63, UINT64_MAX};
	uint64_t right = TICK_NUMBER_MAX;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		overwrite(FIELD(first), &wrong[i], sizeof(wrong[i]));
		assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
	}
	overwrite(FIELD(first), &right, sizeof(right));
	assert_int_equal(ring_outcome(), 0);
}

static void
a_directory_a_pipe_and_a_link_are_foreign(void **state)
{
	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(ring_outcome(), TICK_E_FOREIGN);
}

static void
a_ring_is_no_board_and_no_status(void **state)
{
	struct tick_board *board = NULL;
	struct tick_status_reader *status = NULL;
	char other[256];

	(void)state;
	snprintf(other, sizeof(other), "%s.board", fixture.feed);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(tick_board_open(&board, fixture.feed), TICK_E_FOREIGN);
	snprintf(other, sizeof(other), "%s.status", fixture.feed);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(tick_status_open(&status, fixture.feed), TICK_E_FOREIGN);
	assert_null(board);
	assert_null(status);
}

/* In a child with another uid: exits with the outcome's absolute value. */
static int
outcome_as_nobody(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct tick_reader *reader;

		if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
			_exit(99);
		_exit(-tick_reader_open(&reader, fixture.feed, TICK_FROM_NEWEST));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void
a_ring_that_may_not_be_read_says_so(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("not root: cannot become somebody without permission\n");
		skip();
	}
	assert_int_equal(chmod(fixture.directory, 0755), 0);
	assert_int_equal(outcome_as_nobody(), TICK_E_ACCESS);
	/* Others may read: the control that it was the permission. */
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(outcome_as_nobody(), 0);
}

static void
a_bad_name_is_out_of_range(void **state)
{
	static const char *const bad[] = {"", ".hidden", "a b", "caf\xc3\xa9",
	    "0123456789012345678901234567890123456789012345678901234567890123"};
	struct tick_reader *reader = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tick_reader_open(&reader, bad[i], TICK_FROM_NEWEST), TICK_E_RANGE);
	assert_null(reader);
}

static void
every_outcome_has_words_of_its_own(void **state)
{
	(void)state;
	for (int a = TICK_E_SYSTEM; a <= TICK_MORE; a++) {
		assert_true(strlen(tick_outcome_text(a)) > 0);
		for (int b = TICK_E_SYSTEM; b < a; b++)
			assert_string_not_equal(tick_outcome_text(a), tick_outcome_text(b));
	}
	assert_non_null(tick_outcome_text(12345));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_ring, remove_ring)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_untouched_ring_is_opened),
		TEST(no_file_is_absent),
		TEST(a_file_of_somebody_else_is_foreign),
		TEST(a_file_of_zeros_is_foreign),
		TEST(another_abi_and_another_byte_order_are_told_as_such),
		TEST(a_file_that_was_cut_is_truncated_at_every_length),
		TEST(geometry_that_does_not_fit_the_file_is_foreign),
		TEST(a_first_number_that_no_count_can_reach_is_foreign),
		TEST(a_directory_a_pipe_and_a_link_are_foreign),
		TEST(a_ring_is_no_board_and_no_status),
		TEST(a_ring_that_may_not_be_read_says_so),
		cmocka_unit_test(a_bad_name_is_out_of_range),
		cmocka_unit_test(every_outcome_has_words_of_its_own),
	};

	return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
