/*
 * The transport's loop: deadlines, wakes, many lines, what it leaves behind.
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/system/transport_rig.h"

static void
the_deadline_is_kept_on_an_idle_line(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned turns = 0;
	int64_t cpu_before;
	mono_t start, end;

	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_connect(rig, 0);
	start = clock_mono();
	end = mono_add(start, span_ms(400));
	cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	while (!mono_due(end, clock_mono())) {
		assert_int_equal(transport_wait(rig->transport, end), 0);
		turns++;
	}
	/* Generous: the machine may be busy. It must neither sleep on nor spin. */
	assert_true(mono_diff(clock_mono(), end).ns < span_s(2).ns);
	assert_true(turns < 40);
	assert_true(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before < span_ms(100).ns);
}

/* Deadlines come and go; what was waited for last counts. */
static void
a_nearer_deadline_is_kept_behind_a_farther_one(void **state)
{
	struct rig *rig = rig_of(state);
	mono_t start = clock_mono(), far = mono_add(start, span_s(10));

	for (int round = 1; round <= 3; round++) {
		mono_t near = mono_add(start, span_ms(100 * round));

		transport_wake(rig->transport);
		assert_int_equal(transport_wait(rig->transport, far), 0);
		while (!mono_due(near, clock_mono()))
			assert_int_equal(transport_wait(rig->transport, near), 0);
	}
	assert_false(mono_due(far, clock_mono()));
}

struct waker {
	struct transport *transport;
	atomic_bool done;
};

static void *
wake_thread(void *argument)
{
	struct waker *waker = argument;

	atomic_store(&waker->done, true);
	transport_wake(waker->transport);
	return NULL;
}

static void
a_wake_from_another_thread_ends_the_wait(void **state)
{
	struct rig *rig = rig_of(state);
	struct waker waker = {.transport = rig->transport};
	pthread_t thread;

	for (int i = 0; i < 50; i++) {
		mono_t deadline = mono_add(clock_mono(), span_s(10));

		atomic_store(&waker.done, false);
		assert_int_equal(pthread_create(&thread, NULL, wake_thread, &waker), 0);
		/* What was left of the wake before may end one wait more. */
		do
			assert_int_equal(transport_wait(rig->transport, deadline), 0);
		while (!atomic_load(&waker.done));
		assert_false(mono_due(deadline, clock_mono()));
		pthread_join(thread, NULL);
	}
}

static struct transport *signalled;
static volatile sig_atomic_t signals;

static void
on_signal(int number)
{
	(void)number;
	signals++;
	transport_wake(signalled);
}

static void
a_wake_from_a_signal_handler_ends_the_wait(void **state)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
	struct rig *rig = rig_of(state);
	struct itimerval timer = {.it_value = {.tv_usec = 20000}};
	mono_t deadline = mono_add(clock_mono(), span_s(10));

	signalled = rig->transport;
	signals = 0;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (signals == 0)
		assert_int_equal(transport_wait(rig->transport, deadline), 0);
	assert_false(mono_due(deadline, clock_mono()));
	/* It came before the wait: the next one ends at once, too. */
	raise(SIGALRM);
	assert_int_equal(transport_wait(rig->transport, deadline), 0);
	assert_false(mono_due(deadline, clock_mono()));
	sigaction(SIGALRM, &before, NULL);
}

static void
greet_script(struct ws_conn *conn)
{
	for (int i = 0; i < 10; i++)
		ws_conn_send(conn, WS_TEXT | WS_FIN, "to all", 6);
	ws_conn_drain(conn);
}

static void
several_lines_run_side_by_side(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = greet_script});
	for (unsigned line = 0; line < 8; line++)
		rig_start(rig, line);
	for (unsigned line = 0; line < 8; line++)
		rig_expect(rig, TRANSPORT_UP);
	rig_wait_messages(rig, 80);
	for (unsigned line = 0; line < 8; line++) {
		assert_int_equal(rig->per_line[line], 10);
		assert_int_equal(transport_counts(rig->transport, line).messages, 10);
	}
}

/* Is gone at once. */
static void
leave_script(struct ws_conn *conn)
{
	(void)conn;
}

static void
a_write_to_a_dead_connection_raises_no_signal(void **state)
{
	struct rig *rig = rig_of(state);

	signal(SIGPIPE, SIG_DFL);
	rig_reopen(rig, span_s(10));
	rig_serve(rig, &(struct ws_server_cfg){.script = leave_script});
	rig_connect(rig, 0);
	/* SIGPIPE would end the test here. */
	for (int i = 0; i < 100; i++) {
		(void)transport_send(rig->transport, 0, BYTES_LIT("anybody there?"));
		transport_wait(rig->transport, mono_add(clock_mono(), span_ms(1)));
	}
	rig_expect(rig, TRANSPORT_DOWN);
}

/* Echoes, and between message and answer wants new keys from both sides (RFC 8446 4.6.3). */
static void
rekey_script(struct ws_conn *conn)
{
	char payload[64];
	int opcode;
	long n;

	while ((n = ws_conn_receive(conn, &opcode, payload, sizeof(payload))) >= 0) {
		if (SSL_key_update(conn->ssl, SSL_KEY_UPDATE_REQUESTED) != 1 ||
		    SSL_do_handshake(conn->ssl) != 1 ||
		    !ws_conn_send(conn, opcode | WS_FIN, payload, (size_t)n))
			return;
	}
}

static void
a_server_may_change_the_keys_at_any_time(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = rekey_script});
	rig_connect(rig, 0);
	for (unsigned i = 1; i <= 50; i++) {
		assert_int_equal(transport_send(rig->transport, 0, BYTES_LIT("again")), 0);
		rig_wait_messages(rig, i);
		assert_string_equal(rig->last, "again");
	}
}

static unsigned
open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

static void
two_hundred_reconnects_leave_no_file_open(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned before, after;
	mono_t deadline;

	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_connect(rig, 0);
	before = open_files();
	for (int i = 0; i < 200; i++) {
		transport_hang_up(rig->transport, 0, 1000);
		assert_int_equal(rig_expect(rig, TRANSPORT_DOWN).reason, TICK_REASON_HUNG_UP);
		rig_connect(rig, 0);
	}
	deadline = mono_add(clock_mono(), span_s(10));
	/* The server's threads may still hold some of their ends for a while. */
	do {
		assert_false(mono_due(deadline, clock_mono()));
		assert_int_equal(transport_wait(rig->transport,
		    mono_add(clock_mono(), span_ms(5))), 0);
		after = open_files();
	} while (after >= before + 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(the_deadline_is_kept_on_an_idle_line),
		rig_test(a_nearer_deadline_is_kept_behind_a_farther_one),
		rig_test(a_wake_from_another_thread_ends_the_wait),
		rig_test(a_wake_from_a_signal_handler_ends_the_wait),
		rig_test(several_lines_run_side_by_side),
		rig_test(a_write_to_a_dead_connection_raises_no_signal),
		rig_test(a_server_may_change_the_keys_at_any_time),
		rig_test(two_hundred_reconnects_leave_no_file_open),
	};
	int failed = rig_run("lws", tests);

	return failed + rig_run("uring", tests);
}
