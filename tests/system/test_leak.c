/*
 * Connections that are never given back: a filter of the kernel's has feedd's
 * close() do nothing, so that each connection leaves its socket behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/system/daemon.h"

#define FD_FIRST 10 /* closes of lower ones are done: pipes, for whose end somebody waits */

static struct daemon sim, feedd;

/* On this program and what it starts from now on. */
static int
forget_to_close(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_close, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FD_FIRST, 0, 1),
		/* With error 0: it is said to be done. */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static uint16_t
start_sim(const char *faults)
{
	char path[160];
	const char *const arguments[] = {"--rate", "50", "--faults", path, NULL};
	FILE *file;

	snprintf(path, sizeof(path), "%s/faults", daemon_folder());
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(faults, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return daemon_start_sim(&sim, arguments);
}

static void
sockets_that_stay_behind_are_told(void **state)
{
	char ca[160];
	const char *const settings[] = {ca, "streams=btcusdt@trade", "reconnect.base_delay_ms=10",
	    "reconnect.max_delay_ms=100", "failover.failures_max=1000",
	    "resources.cleanup_interval_ms=1000", NULL};
	uint16_t port = start_sim("1 rst every=0.3 count=60\n");

	(void)state;
	snprintf(ca, sizeof(ca), "endpoint.ca_file=%s/ca.pem", daemon_folder());
	/* The simulator resets by closing, and goes on doing so. */
	if (forget_to_close() != 0)
		skip();
	daemon_start_feedd(&feedd, port, settings);
	daemon_expect_log(&feedd, "to=live");
	daemon_expect_log(
	    &feedd, "event=security name=connection_leak_detected severity=critical");
	daemon_expect_log(&feedd, "event=alert name=connection_leak_detected severity=critical");
	assert_true(daemon_runs(&feedd));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(sockets_that_stay_behind_are_told, daemon_teardown),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
