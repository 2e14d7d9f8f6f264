/*
 * feedd under a service manager, played by the test: ready, signs of life,
 * none while the feed thread hangs although the other threads run, the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/daemon.h"

#define WATCHDOG_US "600000" /* signs of life each 200 ms */
#define SILENCE_MS 1500      /* of a feed thread that hangs: as long as that */
#define NOBODY_PORT 9        /* of a feed that never connects: its loop turns all the same */

struct world {
	struct daemon feedd;
	char path[160];
	int server;
	char text[512];
};

static struct world world;

static int
setup(void **state)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	memset(&world, 0, sizeof(world));
	snprintf(world.path, sizeof(world.path), "%s/notify", daemon_folder());
	memcpy(to.sun_path, world.path, strlen(world.path));
	world.server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(world.server, (struct sockaddr *)&to, sizeof(to)) != 0)
		return -1;
	setenv("NOTIFY_SOCKET", world.path, 1);
	setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
	unsetenv("WATCHDOG_PID");
	*state = &world;
	return 0;
}

static int
teardown(void **state)
{
	daemon_teardown(state);
	unsetenv("NOTIFY_SOCKET");
	close(world.server);
	unlink(world.path);
	return 0;
}

/* The next datagram into w->text. False: none came within that time. */
static bool
hears_within(struct world *w, int ms)
{
	struct pollfd pfd = {.fd = w->server, .events = POLLIN};
	ssize_t n;

	if (poll(&pfd, 1, ms) <= 0)
		return false;
	n = recv(w->server, w->text, sizeof(w->text) - 1, MSG_DONTWAIT);
	w->text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Waits for a datagram that begins so. */
static void
expect(struct world *w, const char *begin)
{
	mono_t deadline = daemon_deadline();

	do {
		if (!hears_within(w, 100))
			daemon_pause(deadline, begin);
	} while (strncmp(w->text, begin, strlen(begin)) != 0);
}

static void
start_feedd(struct world *w)
{
	const char *const settings[] = {"streams=btcusdt@trade", "endpoint.ca_file=", NULL};

	daemon_start_feedd(&w->feedd, NOBODY_PORT, settings);
}

static void
ready_life_and_end_are_told(void **state)
{
	struct world *w = *state;

	start_feedd(w);
	expect(w, "READY=1\n");
	assert_int_equal(access(daemon_segment("ring"), F_OK), 0);
	assert_int_equal(access(daemon_segment("status"), F_OK), 0);
	expect(w, "WATCHDOG=1\nSTATUS=0 of ");
	expect(w, "WATCHDOG=1\n");
	kill(w->feedd.pid, SIGTERM);
	expect(w, "STOPPING=1\n");
	assert_int_equal(daemon_wait(&w->feedd), 0);
}

/* Holds the first thread only; false: this system does not let us. */
static bool
hold_feed_thread(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return false;
	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_true(WIFSTOPPED(status));
	return true;
}

static void
a_feed_thread_that_hangs_gives_no_sign_of_life(void **state)
{
	struct world *w = *state;

	start_feedd(w);
	expect(w, "WATCHDOG=1\n");
	if (!hold_feed_thread(w->feedd.pid)) {
		print_message("this system does not permit ptrace(2)\n");
		skip();
	}
	while (hears_within(w, 0))
		continue;
	assert_false(hears_within(w, SILENCE_MS));
	assert_int_equal(ptrace(PTRACE_DETACH, w->feedd.pid, NULL, NULL), 0);
	expect(w, "WATCHDOG=1\n");
	assert_int_equal(daemon_end(&w->feedd, SIGTERM), 0);
}

static void
without_a_manager_nothing_is_told(void **state)
{
	struct world *w = *state;

	unsetenv("NOTIFY_SOCKET");
	start_feedd(w);
	daemon_expect_log(&w->feedd, "started");
	assert_int_equal(daemon_end(&w->feedd, SIGTERM), 0);
	assert_false(hears_within(w, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    T(ready_life_and_end_are_told),
	    T(a_feed_thread_that_hangs_gives_no_sign_of_life),
	    T(without_a_manager_nothing_is_told),
#undef T
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
