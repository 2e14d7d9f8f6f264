#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tickring/reader.h>

#include "shm/bell.h"
#include "tests/shm_fixture.h"

#define US 1000

static struct shm_fixture fixture;
static struct ring ring;
static struct bell bell;
static char why[SEGMENT_WHY_MAX];
static char path[256];

static int
hang_up(struct bell *b)
{
	struct bell_cfg cfg = {.directory = fixture.directory, .feed = "t", .group = (gid_t)-1};

	return bell_open(b, &cfg, ring.header, why);
}

static int
open_both(void **state)
{
	(void)state;
	shm_fixture_init(&fixture);
	shm_fixture_ring(&fixture, &ring, 16);
	snprintf(path, sizeof(path), "%s/t.bell", fixture.directory);
	return hang_up(&bell);
}

static int
close_both(void **state)
{
	(void)state;
	bell_close(&bell, true);
	ring_close(&ring, true);
	shm_fixture_fini(&fixture);
	return 0;
}

/* What a reader does that is about to sleep. */
static void
raise_flag(void)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\1", 1, 0), 1);
	close(fd);
}

static void
nobody_is_woken_when_nobody_waits(void **state)
{
	(void)state;
	for (int64_t t = 0; t < 1000; t++)
		bell_ring(&bell, t * 100 * US);
	assert_int_equal(bell.rings, 0);
	assert_int_equal(ring.header->bell, 0);
	assert_int_equal(bell_deadline(&bell), INT64_MAX);
}

static void
who_waits_is_woken_once(void **state)
{
	(void)state;
	raise_flag();
	bell_ring(&bell, 5 * US);
	assert_int_equal(ring.header->bell, 1);
	assert_int_equal(*bell.flag, 0);
	bell_ring(&bell, 500 * US);
	assert_int_equal(ring.header->bell, 1);
}

static void
a_wake_up_too_early_is_put_off_and_not_lost(void **state)
{
	(void)state;
	raise_flag();
	bell_ring(&bell, 1000 * US);
	raise_flag();
	bell_ring(&bell, 1001 * US);
	assert_int_equal(ring.header->bell, 1);
	assert_int_equal(*bell.flag, 1);
	assert_int_equal(bell_deadline(&bell), 1050 * US);
	bell_ring(&bell, 1049 * US);
	assert_int_equal(ring.header->bell, 1);
	assert_int_equal(bell_deadline(&bell), 1050 * US);
	bell_ring(&bell, 1050 * US);
	assert_int_equal(ring.header->bell, 2);
	assert_int_equal(bell_deadline(&bell), INT64_MAX);
}

static void
a_wake_up_put_off_for_nobody_leaves_no_deadline(void **state)
{
	(void)state;
	raise_flag();
	bell_ring(&bell, 1000 * US);
	raise_flag();
	bell_ring(&bell, 1001 * US);
	*bell.flag = 0;
	bell_ring(&bell, 1002 * US);
	assert_int_equal(bell_deadline(&bell), INT64_MAX);
	assert_int_equal(ring.header->bell, 1);
}

static void
a_flag_that_never_falls_costs_one_wake_up_in_50_us(void **state)
{
	(void)state;
	for (int64_t ns = 0; ns < 10000 * US; ns += 100) {
		raise_flag();
		bell_ring(&bell, ns);
	}
	assert_int_equal(bell.rings, 10000 / 50);
}

static void
the_file_is_for_the_group_only(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_size, BELL_BYTES);
}

static void
a_file_cut_short_ends_the_bell_and_not_the_writer(void **state)
{
	(void)state;
	/* Once more: the test framework put its own handler over that of open_both(). */
	bell_close(&bell, false);
	assert_int_equal(hang_up(&bell), 0);
	raise_flag();
	assert_int_equal(truncate(path, 0), 0);
	bell_ring(&bell, 1000 * US);
	assert_true(bell_is_lost(&bell));
	assert_int_equal(ring.header->bell_epoch, 0);
	bell_ring(&bell, 2000 * US);
	assert_int_equal(bell.rings, 0);
	bell_close(&bell, false);
	assert_false(bell_is_lost(&bell));
	bell_ring(&bell, 3000 * US);
	assert_int_equal(hang_up(&bell), 0);
	raise_flag();
	bell_ring(&bell, 4000 * US);
	assert_int_equal(bell.rings, 1);
}

static sigjmp_buf elsewhere;

static void
jump(int number)
{
	siglongjmp(elsewhere, number);
}

static void
faults_elsewhere_go_where_they_went_before(void **state)
{
	struct bell second;
	struct sigaction mine = {.sa_handler = jump}, old;

	(void)state;
	bell_close(&bell, false);
	sigaction(SIGBUS, &mine, &old);
	assert_int_equal(hang_up(&bell), 0);
	assert_int_equal(hang_up(&second), 0);
	if (sigsetjmp(elsewhere, 1) == 0) {
		raise(SIGBUS);
		fail_msg("came back");
	}
	bell_close(&second, false);
	bell_close(&bell, false);
	sigaction(SIGBUS, &old, NULL);
}

static void
the_file_stays_over_a_restart(void **state)
{
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(path, &before), 0);
	bell_close(&bell, false);
	assert_int_equal(hang_up(&bell), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(ring.header->bell_epoch, ring.header->epoch);
}

static void
what_is_no_file_of_ours_is_refused_and_the_bell_is_mute(void **state)
{
	char other[300];

	(void)state;
	bell_close(&bell, true);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_true(hang_up(&bell) < 0);
	bell_ring(&bell, 0);
	assert_int_equal(bell_deadline(&bell), INT64_MAX);
	assert_int_equal(unlink(path), 0);

	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(close(open(other, O_CREAT | O_RDWR, 0600)), 0);
	assert_int_equal(link(other, path), 0);
	assert_int_equal(hang_up(&bell), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(other), 0);

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(hang_up(&bell), -EEXIST);
	assert_int_equal(unlink(path), 0);
}

static void
a_file_of_another_user_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	bell_close(&bell, true);
	assert_int_equal(close(open(path, O_CREAT | O_RDWR, 0666)), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(hang_up(&bell), -EPERM);
	assert_int_equal(unlink(path), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_both, close_both)
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_woken_when_nobody_waits),
		TEST(who_waits_is_woken_once),
		TEST(a_wake_up_too_early_is_put_off_and_not_lost),
		TEST(a_wake_up_put_off_for_nobody_leaves_no_deadline),
		TEST(a_flag_that_never_falls_costs_one_wake_up_in_50_us),
		TEST(the_file_is_for_the_group_only),
		TEST(a_file_cut_short_ends_the_bell_and_not_the_writer),
		TEST(faults_elsewhere_go_where_they_went_before),
		TEST(the_file_stays_over_a_restart),
		TEST(what_is_no_file_of_ours_is_refused_and_the_bell_is_mute),
		TEST(a_file_of_another_user_is_refused),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
