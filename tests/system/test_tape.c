/* The capture's writer and reader, over files of a folder in /tmp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed/io/tape_impl.h"
#include "tests/tape_rig.h"

/* Which writer the tests use; main() runs all of them with each that is permitted. */
static const char *writer;

static char names[TAPE_RIG_FILES][192];

static off_t
size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* A capture of `records` small records, closed. */
static void
write_one(struct tape_rig *rig, unsigned records)
{
	tape_rig_open(rig, writer);
	assert_int_equal(tape_rig_add(rig, records, 200), records);
	tape_close(&rig->capture);
	assert_int_equal(tape_rig_files(rig, names), 1);
}

/* One record, again and again until the disk has caught up. */
static void
add_patiently(struct tape_rig *rig, size_t bytes)
{
	for (int tries = 0; tape_rig_add(rig, 1, bytes) == 0; tries++) {
		assert_in_range(tries, 0, 20000);
		rig->next--;
		usleep(1000);
	}
}

static void
what_was_added_is_read_back_in_order(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen seen;

	write_one(rig, 20000);
	tape_rig_read(names[0], NULL, &seen);
	assert_int_equal(seen.records, 20000);
	assert_int_equal(seen.preambles, 1);
	assert_true(seen.in_order);
	assert_int_equal(seen.end, TAPE_END);
	assert_int_equal(seen.gaps + seen.skipped, 0);
}

static void
records_of_every_length_and_longer_than_a_block_are_whole(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen seen;

	tape_rig_open(rig, writer);
	for (size_t n = 0; n < 100; n++)
		assert_int_equal(tape_rig_add(rig, 1, n), 1);
	for (size_t n = TAPE_BLOCK_BYTES - 150; n < TAPE_BLOCK_BYTES + 20; n++)
		add_patiently(rig, n);
	add_patiently(rig, 10 * TAPE_BLOCK_BYTES);
	add_patiently(rig, 5);
	tape_close(&rig->capture);
	tape_rig_files(rig, names);
	tape_rig_read(names[0], NULL, &seen);
	assert_int_equal(seen.records, 100 + 170 + 2);
	assert_true(seen.in_order);
	assert_int_equal(seen.end, TAPE_END);
}

static void
a_file_follows_another_without_a_gap_and_begins_with_the_preamble(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen first, second;
	unsigned n = 0;

	rig->cfg.file_bytes = 4 * TAPE_BLOCK_BYTES;
	tape_rig_open(rig, writer);
	while (tape_counts(rig->capture).files < 2) { /* the next file comes when it is ready */
		assert_in_range(n++, 0, 1000000);
		add_patiently(rig, 2000);
	}
	assert_int_equal(tape_rig_add(rig, 10, 100), 10);
	tape_close(&rig->capture);
	assert_int_equal(tape_rig_files(rig, names), 2);
	tape_rig_read(names[0], NULL, &first);
	tape_rig_read(names[1], &first.block, &second);
	assert_int_equal(first.preambles, 1);
	assert_int_equal(second.preambles, 1);
	assert_true(first.in_order && second.in_order);
	assert_int_equal(second.first, first.last + 1);
	assert_int_equal(second.last, rig->next - 1);
	assert_int_equal(second.block.file, 2);
}

static void
a_file_that_is_left_out_is_a_gap(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_block_header before;
	struct tape_seen seen;

	write_one(rig, 10);
	tape_rig_read(names[0], NULL, &seen);
	before = seen.block;
	before.number = 7;
	tape_rig_read(names[0], &before, &seen);
	assert_int_equal(seen.gaps, 1);
	assert_int_equal(seen.records, 10);
}

static void
finished_files_are_compressed_and_read_alike(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen plain, packed;
	atomic_bool stop = false;
	char path[200];

	write_one(rig, 5000);
	tape_rig_read(names[0], NULL, &plain);
	assert_int_equal(tape_pack(names[0], &stop), 0);
	assert_int_equal(tape_rig_files(rig, names), 1);
	snprintf(path, sizeof(path), "%s", names[0]);
	assert_string_equal(path + strlen(path) - 8, ".trc.zst");
	tape_rig_read(path, NULL, &packed);
	assert_memory_equal(&packed, &plain, sizeof(plain));
	assert_int_equal(truncate(path, size_of(path) - 10), 0);
	tape_rig_read(path, NULL, &packed);
	assert_int_equal(packed.end, TAPE_TORN);
	assert_true(packed.in_order);
}

static void
cut_at_any_place_what_is_whole_before_it_is_read(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen seen;
	unsigned before = UINT32_MAX;
	off_t size;

	write_one(rig, 3000); /* three blocks */
	size = size_of(names[0]);
	for (off_t cut = size - 1; cut > 0; cut -= cut > 600000 ? 997 : 12345) {
		assert_int_equal(truncate(names[0], cut), 0);
		tape_rig_read(names[0], NULL, &seen);
		assert_true(seen.in_order);
		assert_int_equal(seen.gaps, 0);
		assert_true(seen.records <= before);
		assert_true(seen.records == 0 || seen.first == 0);
		assert_true(seen.end == TAPE_TORN || seen.skipped == 0);
		before = seen.records;
	}
}

static void
a_byte_gone_bad_costs_its_block_and_is_told(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen seen;
	off_t size, at;
	char byte;
	int fd;

	write_one(rig, 3000);
	size = size_of(names[0]);
	for (at = 3; at < size; at += size / 60) {
		fd = open(names[0], O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte = (char)(byte ^ 0x10);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		tape_rig_read(names[0], NULL, &seen);
		assert_true(seen.records < 3000);
		assert_true(seen.records > 700);
		assert_true(seen.gaps == 1 || seen.end == TAPE_TORN);
		assert_true(seen.skipped > 0);
		byte = (char)(byte ^ 0x10);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
	}
	tape_rig_read(names[0], NULL, &seen);
	assert_int_equal(seen.records, 3000);
}

static void
what_has_no_room_is_dropped_counted_and_a_gap(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen seen;

	rig->cfg.buffer_bytes = TAPE_BUFFERS_MIN * TAPE_BLOCK_BYTES;
	tape_rig_open(rig, writer);
	assert_int_equal(tape_rig_add(rig, 5, 100), 5);
	assert_int_equal(tape_rig_add(rig, 1, 2 * TAPE_BUFFERS_MIN * TAPE_BLOCK_BYTES), 0);
	assert_int_equal(tape_counts(rig->capture).dropped, 1);
	assert_int_equal(tape_counts(rig->capture).records, 6);
	assert_int_equal(tape_rig_add(rig, 1, 100), 1);
	tape_close(&rig->capture);
	tape_rig_files(rig, names);
	tape_rig_read(names[0], NULL, &seen);
	assert_int_equal(seen.records, 6);
	assert_int_equal(seen.gaps, 1);
	assert_int_equal(seen.block.dropped, 1);
}

static void
blocks_that_the_disk_refuses_are_counted_and_a_gap(void **state)
{
	struct tape_rig *rig = *state;
	struct rlimit before, limit;
	struct tape_seen seen;
	mono_t now = {1000};

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){2 * TAPE_BLOCK_BYTES, before.rlim_max};
	tape_rig_open(rig, writer);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(tape_rig_add(rig, 5000, 200), 5000);
	for (int i = 0; i < 10000 && tape_counts(rig->capture).errors < 2; i++) {
		now = mono_add(now, span_ms(1000));
		tape_on_time(rig->capture, now);
		usleep(1000);
	}
	assert_true(tape_counts(rig->capture).errors >= 2);
	assert_int_equal(tape_counts(rig->capture).error, EFBIG);
	assert_true(tape_counts(rig->capture).dropped > 1000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(tape_rig_add(rig, 10, 200), 10);
	tape_close(&rig->capture);
	tape_rig_files(rig, names);
	tape_rig_read(names[0], NULL, &seen);
	assert_true(seen.gaps >= 1);
	assert_int_equal(seen.last, rig->next - 1);
}

/* The file at hand would grow and grow, and nobody would know. */
static void
that_no_further_file_can_be_made_is_told(void **state)
{
	struct tape_rig *rig = *state;
	char away[sizeof(rig->dir) + 8];
	unsigned n = 0;
	uint64_t files;

	snprintf(away, sizeof(away), "%s.away", rig->dir);
	rig->cfg.file_bytes = 4 * TAPE_BLOCK_BYTES;
	tape_rig_open(rig, writer);
	assert_int_equal(rename(rig->dir, away), 0);
	while (tape_counts(rig->capture).no_file == 0) { /* one may have been made before */
		assert_in_range(n++, 0, 300000);
		add_patiently(rig, 2000);
		usleep(100);
	}
	assert_int_equal(tape_counts(rig->capture).no_file, ENOENT);
	files = tape_counts(rig->capture).files;
	assert_int_equal(rename(away, rig->dir), 0);
	while (tape_counts(rig->capture).files == files) {
		assert_in_range(n++, 0, 300000);
		add_patiently(rig, 2000);
		usleep(100);
	}
	assert_int_equal(tape_counts(rig->capture).no_file, 0);
}

static void
what_waits_is_written_when_its_time_has_come(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_seen seen;
	mono_t due;

	tape_rig_open(rig, writer);
	assert_int_equal(tape_rig_add(rig, 3, 100), 3);
	due = tape_deadline(rig->capture);
	assert_int_equal(due.ns, 1000 + 200 * 1000000);
	tape_on_time(rig->capture, (mono_t){due.ns - 1});
	assert_int_equal(tape_deadline(rig->capture).ns, due.ns);
	tape_on_time(rig->capture, due);
	for (int i = 0; i < 10000; i++) {
		tape_on_time(rig->capture, due);
		tape_rig_read(tape_path(rig->capture), NULL, &seen);
		if (seen.records == 3)
			break;
		usleep(1000);
	}
	assert_int_equal(seen.records, 3);
}

static void
a_folder_that_is_not_there_is_refused_in_words(void **state)
{
	struct tape_rig *rig = *state;
	struct tape_cfg cfg = rig->cfg;
	char why[TAPE_WHY_MAX];

	cfg.dir = "/tmp/tickring-test-no-such-folder";
	cfg.writer = writer;
	assert_int_equal(
	    tape_open(&rig->capture, &cfg, (wall_t){0}, (mono_t){0}, why), -ENOENT);
	assert_non_null(strstr(why, cfg.dir));
	cfg.dir = rig->dir;
	cfg.writer = "pigeon";
	assert_int_equal(
	    tape_open(&rig->capture, &cfg, (wall_t){0}, (mono_t){0}, why), -EINVAL);
	assert_non_null(strstr(why, "pigeon"));
	cfg.buffer_bytes = TAPE_BLOCK_BYTES;
	assert_int_equal(
	    tape_open(&rig->capture, &cfg, (wall_t){0}, (mono_t){0}, why), -EINVAL);
}

#define tape_test(f) cmocka_unit_test_setup_teardown(f, tape_rig_setup, tape_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		tape_test(what_was_added_is_read_back_in_order),
		tape_test(records_of_every_length_and_longer_than_a_block_are_whole),
		tape_test(a_file_follows_another_without_a_gap_and_begins_with_the_preamble),
		tape_test(a_file_that_is_left_out_is_a_gap),
		tape_test(finished_files_are_compressed_and_read_alike),
		tape_test(cut_at_any_place_what_is_whole_before_it_is_read),
		tape_test(a_byte_gone_bad_costs_its_block_and_is_told),
		tape_test(what_has_no_room_is_dropped_counted_and_a_gap),
		tape_test(blocks_that_the_disk_refuses_are_counted_and_a_gap),
		tape_test(that_no_further_file_can_be_made_is_told),
		tape_test(what_waits_is_written_when_its_time_has_come),
		tape_test(a_folder_that_is_not_there_is_refused_in_words),
	};
	int failed;

	writer = "thread";
	failed = cmocka_run_group_tests_name("by a thread", tests, NULL, NULL);
	writer = "auto"; /* io_uring, where it is permitted */
	return failed + cmocka_run_group_tests_name("by io_uring", tests, NULL, NULL);
}
