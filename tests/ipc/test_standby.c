/*
 * Two feedd of one name: the second waits, and writes when the first one has
 * ended, was killed or stands still; seen by a reader under load. Times are
 * from the signal to the first tick of the new writer, by that tick's own
 * stamp.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/ipc/witness.h"
#include "tests/system/daemon.h"

#define ROUNDS 5
#define TAKEOVER_MS_MAX 1000 /* what is promised */
#define TRADES_BETWEEN 200

static const char *const settings[] = {
	"streams=btcusdt@trade,ethusdt@trade,btcusdt@aggTrade,ethusdt@bookTicker",
	"standby=wait",
	NULL,
};

static struct daemon sim, feedd[ROUNDS + 2];
static struct witness witness;
static uint16_t port;

static void
start_writer_and_reader(void)
{
	static const char *const arguments[] = {
		"--symbols", "btcusdt,ethusdt", "--rate", "5000", NULL};

	memset(&witness, 0, sizeof(witness));
	port = daemon_start_sim(&sim, arguments);
	daemon_start_feedd(&feedd[0], port, settings);
	witness_open(&witness, daemon_feed());
	witness_read_trades(&witness, TRADES_BETWEEN);
}

static void
start_standby(struct daemon *d)
{
	daemon_start_feedd(d, port, settings);
	daemon_expect_log(d, "event=standby");
}

static int
end_all(void **state)
{
	witness_close(&witness);
	return daemon_teardown(state);
}

/* Signals the writer; returns ms until the next one's first tick, which is the n-th restart. */
static double
takeover_after(struct daemon *writer, int signal, uint64_t n)
{
	mono_t signalled = clock_mono();
	double ms;

	kill(writer->pid, signal);
	witness_read_restart_event(&witness, n);
	ms = (double)(witness.restart.mono_ns - signalled.ns) / 1e6;
	print_message("signal %d: first tick of the next writer after %.1f ms\n", signal, ms);
	return ms;
}

static void
check_all(uint64_t restarts)
{
	witness_read_trades(&witness, witness.trades + TRADES_BETWEEN);
	assert_int_equal(witness.restarts, restarts);
	witness_check_numbers(&witness);
	witness_check_ids(&witness);
	assert_int_equal(tick_reader_check(witness.reader), TICK_END);
}

static void
take_over_each_time(int signal)
{
	start_writer_and_reader();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		start_standby(&feedd[i + 1]);
		assert_true(takeover_after(&feedd[i], signal, i + 1) < TAKEOVER_MS_MAX);
		check_all(i + 1);
		assert_int_equal(daemon_wait(&feedd[i]), -SIGKILL);
	}
}

static void
a_standby_takes_over_from_a_killed_writer_within_a_second(void **state)
{
	(void)state;
	take_over_each_time(SIGKILL);
}

/* Its pidfd ends it: the test never continues it, and waits for -SIGKILL. */
static void
a_standby_ends_a_writer_that_stands_still_and_takes_over_within_a_second(void **state)
{
	(void)state;
	take_over_each_time(SIGSTOP);
	daemon_expect_log(&feedd[1], "event=writer_ended");
}

static void
a_standby_takes_over_from_a_writer_that_ends_in_good_order(void **state)
{
	(void)state;
	start_writer_and_reader();
	start_standby(&feedd[1]);
	kill(feedd[0].pid, SIGTERM);
	assert_int_equal(daemon_wait(&feedd[0]), 0);
	witness_read_restart_event(&witness, 1);
	check_all(1);
	assert_null(strstr(daemon_log(&feedd[1]), "event=writer_ended"));
}

static void
of_two_standbys_one_takes_over_and_the_other_waits_on(void **state)
{
	struct daemon *next, *last;

	(void)state;
	start_writer_and_reader();
	start_standby(&feedd[1]);
	start_standby(&feedd[2]);
	assert_true(takeover_after(&feedd[0], SIGKILL, 1) < TAKEOVER_MS_MAX);
	check_all(1);
	next = strstr(daemon_log(&feedd[1]), "event=takeover") ? &feedd[1] : &feedd[2];
	last = next == &feedd[1] ? &feedd[2] : &feedd[1];
	assert_null(strstr(daemon_log(last), "event=takeover"));
	assert_true(takeover_after(next, SIGKILL, 2) < TAKEOVER_MS_MAX);
	daemon_expect_log(last, "event=takeover");
	check_all(2);
}

/* Clock ticks of processor time, from the kernel's account. */
static unsigned long
cpu_ticks(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
	    "%lu %lu", &user, &system), 2);
	fclose(file);
	return user + system;
}

static void
a_standby_costs_next_to_nothing_and_ends_when_told(void **state)
{
	unsigned long before;

	(void)state;
	start_writer_and_reader();
	start_standby(&feedd[1]);
	before = cpu_ticks(feedd[1].pid);
	witness_read_trades(&witness, witness.trades + 5000); /* a second or more */
	assert_true(cpu_ticks(feedd[1].pid) - before <= (unsigned long)sysconf(_SC_CLK_TCK) / 20);
	assert_int_equal(daemon_end(&feedd[1], SIGTERM), 0);
	check_all(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    a_standby_takes_over_from_a_killed_writer_within_a_second, end_all),
		cmocka_unit_test_teardown(
		    a_standby_ends_a_writer_that_stands_still_and_takes_over_within_a_second,
		    end_all),
		cmocka_unit_test_teardown(
		    a_standby_takes_over_from_a_writer_that_ends_in_good_order, end_all),
		cmocka_unit_test_teardown(
		    of_two_standbys_one_takes_over_and_the_other_waits_on, end_all),
		cmocka_unit_test_teardown(
		    a_standby_costs_next_to_nothing_and_ends_when_told, end_all),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
