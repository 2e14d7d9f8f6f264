/* The watch over the process: what it tells, and that what is slow is not its own work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/status/guard.h"

static struct config cfg;
static struct guard guard;
static char told[4096];
static int log_fd;

static mono_t
at_s(int64_t s)
{
	return (mono_t){s * 1000000000};
}

static int
setup(void **state)
{
	(void)state;
	config_defaults(&cfg);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (log_fd < 0)
		return -1;
	log_set_format(LOG_FORMAT_LOGFMT);
	log_set_fd(log_fd);
	guard_init(&guard, at_s(1000));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_free(&cfg);
	log_set_fd(STDERR_FILENO);
	close(log_fd);
	return 0;
}

/* What was logged since the last call. */
static const char *
log_lines(void)
{
	ssize_t n = pread(log_fd, told, sizeof(told) - 1, 0);

	assert_true(n >= 0);
	told[n] = '\0';
	assert_int_equal(ftruncate(log_fd, 0), 0);
	assert_int_equal(lseek(log_fd, 0, SEEK_SET), 0);
	return told;
}

static void
sockets_are_counted_by_others_once_in_a_while(void **state)
{
	const struct guard_input none = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(guard_cleans_up(&guard, &cfg, at_s(1000)));
	assert_false(guard_cleans_up(&guard, &cfg, at_s(1059)));
	guard_look(&guard, &cfg, &none, at_s(1060));
	assert_true(guard_cleans_up(&guard, &cfg, at_s(1060)));
	/* Two more are open: it did not look. */
	assert_int_equal(guard.resources.figures.sockets, guard.sockets_at_start);
	guard_on_sockets(&guard, 7, 7);
	assert_int_equal(guard.resources.figures.sockets, 7);
	close(pair[0]);
	close(pair[1]);
}

static void
more_sockets_than_can_be_twice_in_a_row_are_a_leak(void **state)
{
	int64_t few, many;

	(void)state;
	log_lines();
	few = guard.sockets_at_start + 3 + 4;
	many = few + 1;
	guard_on_sockets(&guard, many, 3);
	guard_on_sockets(&guard, few, 3); /* in between */
	guard_on_sockets(&guard, many, 3);
	guard_on_sockets(&guard, many, 4); /* a line more */
	guard_on_sockets(&guard, many, 3);
	assert_null(strstr(log_lines(), "connection_leak_detected"));
	guard_on_sockets(&guard, many, 3);
	assert_non_null(strstr(log_lines(), "connection_leak_detected"));
}

static void
malformed_messages_and_too_much_memory_are_told(void **state)
{
	struct guard_input input = {.messages = 1000, .malformed = 11};

	(void)state;
	log_lines();
	cfg.resources.max_memory_bytes = 1;
	assert_true(guard_look(&guard, &cfg, &input, at_s(1000)));
	assert_non_null(strstr(log_lines(), "name=memory_limit_exceeded"));
	assert_non_null(strstr(told, "name=parsing_error_rate_high"));
	cfg.resources.max_memory_bytes = INT64_MAX;
	input.messages = 2000;
	input.malformed = 12;
	assert_false(guard_look(&guard, &cfg, &input, at_s(2000)));
	assert_null(strstr(log_lines(), "name=parsing_error_rate_high"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sockets_are_counted_by_others_once_in_a_while),
		TEST(more_sockets_than_can_be_twice_in_a_row_are_a_leak),
		TEST(malformed_messages_and_too_much_memory_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
