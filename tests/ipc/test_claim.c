/*
 * Who may write a feed, and what readers can do against it: nothing. Other
 * users are children with another uid; without root those tests are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include <tickring/reader.h>

#include "shm/claim.h"
#include "tests/ipc/child.h"
#include "tests/shm_fixture.h"

#define NOBODY 65534
#define READERS 65533 /* a group that only the children are in */

static struct shm_fixture fixture;
static const struct claim_sign first_sign = {1, 2};

static int
begin(void **state)
{
	(void)state;
	shm_fixture_init(&fixture);
	return chmod(fixture.directory, 01777);
}

static int
end(void **state)
{
	(void)state;
	shm_fixture_fini(&fixture);
	return 0;
}

static void
path_of(const char *suffix, char path[256])
{
	snprintf(path, 256, "%s/t.%s", fixture.directory, suffix);
}

static struct ring_cfg
claimed_cfg(void)
{
	return (struct ring_cfg){.directory = fixture.directory, .feed = "t", .group = READERS,
	    .claimed = true, .slots = 64, .instruments_max = 4, .heartbeat_every_ns = 100000000};
}

/* ---- children -------------------------------------------------------------- */

struct held {
	int ready[2], go[2];
	uid_t real, effective;
};

static int
become(uid_t real, uid_t effective)
{
	const gid_t group = READERS;

	return setgroups(1, &group) == 0 && setresuid(real, effective, real) == 0 ? 0 : -1;
}

static int
just_wait(void *context)
{
	(void)context;
	return pause();
}

/* Holds the claim until it is killed. */
static int
hold_claim(void *context)
{
	struct held *h = context;
	char why[SEGMENT_WHY_MAX];
	struct claim c;

	if (h->real != h->effective && become(h->real, h->effective) != 0)
		return 1;
	claim_init(&c, fixture.directory, "t");
	if (claim_take(&c, &first_sign, why) != 0)
		return 2;
	child_tell(h->ready);
	for (;;)
		pause();
}

static pid_t
start_holder(struct held *h)
{
	pid_t pid;

	assert_int_equal(pipe(h->ready), 0);
	pid = child_start(hold_claim, h);
	assert_int_equal(child_hear(h->ready), 0);
	close(h->ready[0]);
	close(h->ready[1]);
	return pid;
}

/* ---- the right itself --------------------------------------------------------- */

static void
the_holder_is_named_and_a_second_one_refused(void **state)
{
	struct held h = {0};
	pid_t pid = start_holder(&h);
	char why[SEGMENT_WHY_MAX], name[32];
	struct claim c;

	(void)state;
	claim_init(&c, fixture.directory, "t");
	assert_int_equal(claim_take(&c, &first_sign, why), -EBUSY);
	snprintf(name, sizeof(name), "process %ld writes", (long)pid);
	assert_non_null(strstr(why, name));
	assert_int_equal(claim_holder(&c), pid);
	assert_int_equal(claim_sign(&c).heartbeat_ns, first_sign.heartbeat_ns);
	kill(pid, SIGKILL);
	child_wait(pid);
	assert_int_equal(claim_holder(&c), 0);
	assert_int_equal(claim_take(&c, &first_sign, why), 0);
	claim_close(&c, true);
}

static void
a_stopped_holder_is_ended_and_only_then_is_the_claim_free(void **state)
{
	struct held h = {0};
	pid_t pid = start_holder(&h);
	char why[SEGMENT_WHY_MAX];
	struct claim_sign seen;
	struct claim c;

	(void)state;
	claim_init(&c, fixture.directory, "t");
	kill(pid, SIGSTOP);
	assert_int_equal(claim_take(&c, &first_sign, why), -EBUSY);
	seen = claim_sign(&c);
	assert_int_equal(claim_end_holder(&c, pid, &seen), 0);
	assert_int_equal(child_wait(pid), -SIGKILL);
	assert_int_equal(claim_take(&c, &first_sign, why), 0);
	assert_int_equal(claim_end_holder(&c, pid, &seen), -ESRCH);
	claim_close(&c, true);
}

static void
a_holder_that_moved_or_is_another_process_is_not_ended(void **state)
{
	struct held h = {0};
	pid_t pid = start_holder(&h), bystander;
	char why[SEGMENT_WHY_MAX];
	struct claim_sign seen, older = {first_sign.heartbeat_ns - 1, first_sign.quiet_ns};
	struct claim c;

	(void)state;
	bystander = child_start(just_wait, NULL);
	claim_init(&c, fixture.directory, "t");
	assert_int_equal(claim_take(&c, &first_sign, why), -EBUSY);
	seen = claim_sign(&c);
	assert_int_equal(claim_end_holder(&c, pid, &older), -EAGAIN);
	assert_int_equal(claim_end_holder(&c, bystander, &seen), -EAGAIN);
	assert_int_equal(claim_end_holder(&c, -1, &seen), -ENOENT);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(kill(bystander, SIGKILL), 0);
	assert_int_equal(child_wait(bystander), -SIGKILL);
	kill(pid, SIGKILL);
	child_wait(pid);
	claim_close(&c, false);
}

static int
try_to_end_root(void *context)
{
	char why[SEGMENT_WHY_MAX];
	struct claim_sign seen;
	struct claim c;

	if (become(NOBODY, NOBODY) != 0)
		return 1;
	claim_init(&c, fixture.directory, "t");
	if (claim_take(&c, &first_sign, why) != -EBUSY)
		return 2;
	seen = claim_sign(&c);
	return claim_end_holder(&c, *(pid_t *)context, &seen) == -EPERM &&
	    claim_take(&c, &first_sign, why) == -EBUSY ? 0 : 3;
}

/* The holder's files are nobody's, but its real user is root. */
static void
a_holder_that_may_not_be_ended_keeps_the_claim(void **state)
{
	struct held h = {.real = 0, .effective = NOBODY};
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = start_holder(&h);
	assert_int_equal(child_run(try_to_end_root, &pid), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(child_wait(pid), -SIGKILL);
}

static void
a_lock_file_of_somebody_else_is_refused_by_name(void **state)
{
	char path[256], why[SEGMENT_WHY_MAX];
	struct claim c;
	int fd;

	(void)state;
	path_of("lock", path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "hello, world, not yours", 23), 23);
	claim_init(&c, fixture.directory, "t");
	assert_int_equal(claim_take(&c, &first_sign, why), -EEXIST);
	assert_non_null(strstr(why, path));
	if (geteuid() == 0) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(fchown(fd, NOBODY, NOBODY), 0);
		assert_int_equal(claim_take(&c, &first_sign, why), -EPERM);
		assert_non_null(strstr(why, path));
	}
	close(fd);
}

/* ---- readers ------------------------------------------------------------------ */

static int
open_as_reader(void *context)
{
	const char *path = context;
	struct tick_reader *r;
	char lock[256];

	if (become(NOBODY, NOBODY) != 0)
		return 1;
	path_of("lock", lock);
	if (open(lock, O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (open(path, O_RDWR) >= 0 || errno != EACCES)
		return 3;
	if (tick_reader_open(&r, fixture.feed, TICK_FROM_NEWEST) != 0)
		return 4;
	return tick_reader_check(r) == TICK_END ? 0 : 5;
}

static int
open_as_stranger(void *context)
{
	struct tick_reader *r;

	(void)context;
	if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return 1;
	return tick_reader_open(&r, fixture.feed, TICK_FROM_NEWEST) == TICK_E_ACCESS ? 0 : 2;
}

static void
the_group_may_read_and_nobody_else_may_anything(void **state)
{
	struct ring_cfg cfg = claimed_cfg();
	char path[256], why[SEGMENT_WHY_MAX];
	struct claim c;
	struct ring r;

	(void)state;
	if (geteuid() != 0)
		skip();
	path_of("ring", path);
	claim_init(&c, fixture.directory, "t");
	assert_int_equal(claim_take(&c, &first_sign, why), 0);
	assert_int_equal(ring_open(&r, &cfg, why), 0);
	assert_int_equal(child_run(open_as_reader, path), 0);
	assert_int_equal(child_run(open_as_stranger, path), 0);
	ring_close(&r, false);
	claim_close(&c, false);
}

/* Takes every lock that a read-only descriptor allows, on every file it can open. */
static int
lock_everything(void *context)
{
	static const char *const suffixes[] = {"ring", "board", "status", "lock"};
	struct flock all = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	struct held *h = context;
	char path[256];

	if (geteuid() == 0 && become(NOBODY, NOBODY) != 0)
		return 1;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		int fd;

		path_of(suffixes[i], path);
		fd = open(path, O_RDONLY);
		if (fd >= 0)
			fcntl(fd, F_OFD_SETLK, &all);
	}
	child_tell(h->ready);
	for (;;)
		pause();
}

static void
publish_some(struct ring *r, int64_t n)
{
	for (int64_t id = 0; id < n; id++)
		shm_fixture_publish(r, id);
}

static void
a_reader_that_locks_all_it_can_keeps_no_writer_from_coming_back(void **state)
{
	struct ring_cfg cfg = claimed_cfg();
	struct tick_reader *reader;
	char why[SEGMENT_WHY_MAX];
	struct held h = {0};
	struct tick t;
	struct claim c;
	struct ring r;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(ring_open(&r, &cfg, why), 0);
	publish_some(&r, 10);
	assert_int_equal(tick_reader_open(&reader, fixture.feed, TICK_FROM_OLDEST), 0);
	ring_close(&r, false);
	assert_int_equal(pipe(h.ready), 0);
	pid = child_start(lock_everything, &h);
	assert_int_equal(child_hear(h.ready), 0);

	assert_int_equal(tick_reader_check(reader), TICK_E_DEAD); /* a reader's lock is no life */
	claim_init(&c, fixture.directory, "t");
	assert_int_equal(claim_take(&c, &first_sign, why), 0);
	assert_int_equal(ring_open(&r, &cfg, why), 0);
	assert_string_equal(r.segment.found, "is locked by a reader");
	assert_int_equal(r.next, 10);
	publish_some(&r, 5);

	for (int i = 0; i < 10; i++)
		assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(tick_reader_check(reader), TICK_E_REPLACED);
	assert_int_equal(tick_reader_reattach(reader), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(tick_reader_next(reader, &t), TICK_MORE);
	assert_int_equal(tick_reader_check(reader), TICK_END);
	assert_int_equal(tick_reader_stats(reader).received, 15);
	assert_int_equal(tick_reader_stats(reader).lost, 0);
	tick_reader_close(&reader);
	kill(pid, SIGKILL);
	child_wait(pid);
	close(h.ready[0]);
	close(h.ready[1]);
	ring_close(&r, false);
	claim_close(&c, false);
}

/* ---- what dead writers left ---------------------------------------------------- */

static int
just_end(void *context)
{
	(void)context;
	return 0;
}

static void
temporary_files_of_the_dead_are_removed_and_no_others(void **state)
{
	struct ring_cfg cfg = claimed_cfg();
	char dead[300], living[300], foreign[300], why[SEGMENT_WHY_MAX];
	pid_t pid = child_start(just_end, NULL);
	struct ring r;

	(void)state;
	assert_int_equal(child_wait(pid), 0);
	cfg.group = (gid_t)-1;
	snprintf(dead, sizeof(dead), "%s/t.ring.tmp.%ld", fixture.directory, (long)pid);
	snprintf(living, sizeof(living), "%s/t.ring.tmp.%ld", fixture.directory, (long)getppid());
	snprintf(foreign, sizeof(foreign), "%s/t.ring.tmp.%ldx", fixture.directory, (long)pid);
	close(open(dead, O_WRONLY | O_CREAT, 0600));
	close(open(living, O_WRONLY | O_CREAT, 0600));
	close(open(foreign, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(ring_open(&r, &cfg, why), 0);
	assert_int_equal(r.segment.orphans, 1);
	assert_int_not_equal(access(dead, F_OK), 0);
	assert_int_equal(access(living, F_OK), 0);
	assert_int_equal(access(foreign, F_OK), 0);
	ring_close(&r, true);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(the_holder_is_named_and_a_second_one_refused),
		CASE(a_stopped_holder_is_ended_and_only_then_is_the_claim_free),
		CASE(a_holder_that_moved_or_is_another_process_is_not_ended),
		CASE(a_holder_that_may_not_be_ended_keeps_the_claim),
		CASE(a_lock_file_of_somebody_else_is_refused_by_name),
		CASE(the_group_may_read_and_nobody_else_may_anything),
		CASE(a_reader_that_locks_all_it_can_keeps_no_writer_from_coming_back),
		CASE(temporary_files_of_the_dead_are_removed_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
