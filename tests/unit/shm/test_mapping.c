#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "shm/mapping.h"

#define BYTES ((size_t)3 << 20)
#define NOBODY 65534
#define SKIPPED 77

static int
memory_file(void)
{
	int fd = memfd_create("test_mapping", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, BYTES), 0);
	return fd;
}

static void
memory_for_huge_pages_starts_at_their_boundary(void **state)
{
	int fd = memory_file();
	char *map = mapping_open(fd, BYTES, true), last;

	(void)state;
	assert_non_null(map);
	assert_int_equal((uintptr_t)map % ((size_t)2 << 20), 0);
	map[BYTES - 1] = 7;
	assert_int_equal(pread(fd, &last, 1, BYTES - 1), 1);
	assert_int_equal(last, 7);
	/* Nothing but the mapping was kept of the addresses reserved for it. */
	assert_int_equal(msync(map + BYTES, 1, MS_ASYNC), -1);
	munmap(map, BYTES);
	close(fd);
}

static void
a_mapping_that_the_system_refuses_is_null(void **state)
{
	(void)state;
	assert_null(mapping_open(-1, BYTES, false));
	assert_null(mapping_open(-1, BYTES, true));
}

/* Runs in a child that may lock nothing. Returns its exit status. */
static int
settle_without_permission(void)
{
	struct rlimit none = {0, 0};
	char warning[256] = "unchanged", *map;
	int fd = memory_file();

	map = mapping_open(fd, BYTES, false);
	if (!map || setrlimit(RLIMIT_MEMLOCK, &none) != 0)
		return SKIPPED;
	if (geteuid() == 0 && setuid(NOBODY) != 0)
		return SKIPPED;
	if (mlock(map, 1) == 0) /* the sanitizers make it do nothing */
		return SKIPPED;
	mapping_settle(map, BYTES, false, warning, sizeof(warning));
	return !strstr(warning, "not locked") || !strstr(warning, "3072 KiB are needed") ||
	    !strstr(warning, "RLIMIT_MEMLOCK is 0 KiB");
}

static void
memory_that_cannot_be_locked_is_used_all_the_same_and_told(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(settle_without_permission());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
a_warning_never_outgrows_its_room(void **state)
{
	char warning[16];

	(void)state;
	/* No such memory: neither huge pages nor the lock are to be had. */
	mapping_settle((void *)4096, (size_t)2 << 20, true, warning, sizeof(warning));
	assert_int_equal(strlen(warning), sizeof(warning) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_for_huge_pages_starts_at_their_boundary),
		cmocka_unit_test(a_mapping_that_the_system_refuses_is_null),
		cmocka_unit_test(memory_that_cannot_be_locked_is_used_all_the_same_and_told),
		cmocka_unit_test(a_warning_never_outgrows_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
