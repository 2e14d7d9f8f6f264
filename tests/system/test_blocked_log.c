/*
 * feedd with a log that nobody reads: the feed runs, and SIGTERM ends it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/system/daemon.h"

static struct daemon sim, feedd;

/* A pipe with a name, full to the brim. Returns the end that keeps it open. */
static int
full_pipe(const char *path)
{
	static const char block[4096];
	int fd;

	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	return fd;
}

static void
a_log_that_nobody_reads_keeps_nobody_from_ending_feedd(void **state)
{
	char path[128], setting[160];
	const char *const settings[] = {"streams=btcusdt@trade", setting, NULL};
	mono_t give_up = daemon_deadline();
	uint16_t port = daemon_start_sim(&sim, (const char *const[]){NULL});
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/log", daemon_folder());
	snprintf(setting, sizeof(setting), "log.file=%s", path);
	fd = full_pipe(path);
	daemon_start_feedd(&feedd, port, settings);
	/* The ring is made after the first lines were logged. */
	while (access(daemon_segment("ring"), F_OK) != 0)
		daemon_pause(give_up, "the ring is not there");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    a_log_that_nobody_reads_keeps_nobody_from_ending_feedd, daemon_teardown),
	};

	return cmocka_run_group_tests_name("blocked log", tests, daemon_setup_all,
	    daemon_teardown_all);
}
