/*
 * A machine that forbids io_uring, as the default seccomp profiles of Docker
 * and Kubernetes do: the filter is put on this program, and so on all that it
 * starts.
 */
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
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/feed_rig.h"

/* What the kernel says to the three system calls from now on. Filters add up; the last counts. */
static int refusal;

static int
forbid_uring(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_enter, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_register, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	refusal = error;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void
the_kernel_says_no(void **state)
{
	char params[120] = {0};

	(void)state;
	assert_int_equal(syscall(__NR_io_uring_setup, 4, params), -1);
	assert_int_equal(errno, refusal);
}

static void
auto_takes_libwebsockets_and_says_why(void **state)
{
	struct feed_rig *rig = *state;
	struct tick_status status;
	char why[96];

	feed_rig_use_transport("auto");
	feed_rig_connect(rig);
	feed_rig_trade(rig, &status);
	assert_string_equal(status.transport, "lws");
	snprintf(why, sizeof(why), "io_uring is not available: %s", strerror(refusal));
	assert_string_equal(status.transport_why, why);
	daemon_expect_log(feed_rig_feedd(rig), "event=transport_fallback");
	daemon_expect_log(feed_rig_feedd(rig), why);
	feed_rig_end_feedd(rig);
}

static void
uring_is_refused_with_the_reason(void **state)
{
	const char *const settings[] = {"streams=btcusdt@trade", "transport=uring", NULL};
	struct daemon feedd;
	char why[96];

	(void)state;
	snprintf(why, sizeof(why), "io_uring is not available: %s", strerror(refusal));
	daemon_start_feedd(&feedd, 1, settings);
	assert_int_equal(daemon_wait(&feedd), 2);
	assert_non_null(strstr(daemon_log(&feedd),
	    "key \"transport\": value \"uring\" cannot be used: "));
	assert_non_null(strstr(daemon_log(&feedd), why));
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
}

static void
the_capture_is_written_by_a_thread(void **state)
{
	struct feed_rig *rig = *state;
	struct tick_status status;

	feed_rig_use_transport("auto");
	feed_rig_capture(rig, true);
	feed_rig_connect(rig);
	feed_rig_trade(rig, &status);
	daemon_expect_log(feed_rig_feedd(rig), "event=capture_fallback");
	daemon_expect_log(feed_rig_feedd(rig), "writer=thread");
	feed_rig_end_feedd(rig);
	daemon_expect_log(feed_rig_feedd(rig), "dropped=0");
	feed_rig_capture(rig, false);
}

static void
the_demonstration_works(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		setenv("DEMO_SECONDS", "2", 1);
		execl("/bin/sh", "sh", "tools/demo.sh", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, feed_rig_setup, feed_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_says_no),
		TEST(auto_takes_libwebsockets_and_says_why),
		TEST(uring_is_refused_with_the_reason),
		TEST(the_capture_is_written_by_a_thread),
		cmocka_unit_test(the_demonstration_works),
	};
	int failed;

	if (getenv("TICKRING_ROOT") && chdir(getenv("TICKRING_ROOT")) != 0)
		return 1;
	if (forbid_uring(EPERM) != 0) {
		perror("seccomp");
		return 77; /* this kernel has no filters */
	}
	failed = cmocka_run_group_tests_name("as Docker forbids it", tests, feed_rig_setup_all,
	    feed_rig_teardown_all);
	if (forbid_uring(ENOSYS) != 0)
		return failed + 1;
	return failed + cmocka_run_group_tests_name("as a kernel without it", tests,
	    feed_rig_setup_all, feed_rig_teardown_all);
}
