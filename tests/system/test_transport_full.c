/*
 * The io_uring transport while the kernel takes no submissions, and what goes
 * out at the end of a line. The program's own io_uring_submit() comes before
 * the library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "tests/system/transport_rig.h"

#define ATTEMPTS 600 /* more than the submission queue has entries */

static int refusal; /* what the kernel says; 0: nothing against it */

int
io_uring_submit(struct io_uring *ring)
{
	return refusal != 0 ? refusal : io_uring_submit_and_wait(ring, 0);
}

static int
kernel_takes_all(void **state)
{
	refusal = 0;
	return rig_teardown(state);
}

static void
a_full_queue_fails_attempts_and_blocks_nobody(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned refused = 0;

	rig_serve(rig, &(struct ws_server_cfg){0});
	refusal = -EBUSY;
	alarm(60); /* instead of trying for ever */
	for (int i = 0; i < ATTEMPTS; i++) {
		struct transport_event event;

		rig_start(rig, 0);
		transport_hang_up(rig->transport, 0, 1000);
		assert_true(transport_next_event(rig->transport, &event));
		assert_int_equal(event.kind, TRANSPORT_FAILED);
		if (event.reason == TICK_REASON_INTERNAL) {
			assert_non_null(strstr(event.detail, strerror(EAGAIN)));
			refused++;
		} else {
			assert_int_equal(event.reason, TICK_REASON_HUNG_UP);
		}
	}
	alarm(0);
	assert_in_range(refused, 1, ATTEMPTS - 1);
	refusal = 0;
	rig_connect(rig, 0);
}

/* A port that accepts connections without another thread, which would open files meanwhile. */
static int
listen_somewhere(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void
what_was_not_submitted_does_not_reach_another_socket(void **state)
{
	struct transport_target target = {.host = "exchange.test", .path = "/ws",
	    .address = "127.0.0.1"};
	struct sockaddr_storage peer;
	struct rig *rig = rig_of(state);
	socklen_t n = sizeof(peer);
	int before, after, listener = listen_somewhere(&target.port);

	before = dup(0); /* the number that the line's socket will have */
	close(before);
	refusal = -EAGAIN;
	assert_int_equal(transport_connect(rig->transport, 0, 7, &target), 0);
	transport_hang_up(rig->transport, 0, 1000);
	after = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(after, before);
	refusal = 0;
	assert_int_equal(rig_expect(rig, TRANSPORT_FAILED).reason, TICK_REASON_HUNG_UP);
	/* Two turns: submitted at the latest with the first, and run with the second. */
	assert_int_equal(transport_wait(rig->transport, clock_mono()), 0);
	assert_int_equal(transport_wait(rig->transport, clock_mono()), 0);
	assert_int_equal(getpeername(after, (struct sockaddr *)&peer, &n), -1);
	assert_int_equal(errno, ENOTCONN);
	close(after);
	close(listener);
}

struct farewell {
	char text[64]; /* what the server got, by the server's thread until `over` */
	atomic_bool over;
};

/* Three PINGs and a CLOSE that the client reads at once. */
static void
say_farewell(struct ws_conn *conn)
{
	static const char burst[] =
	    "\x89\x01" "a" "\x89\x01" "b" "\x89\x01" "c" "\x88\x02\x0f\xa0";
	struct farewell *f = conn->context;
	unsigned char payload[126];
	int opcode;
	size_t at = 0;
	long n;

	ws_conn_send_raw(conn, burst, sizeof(burst) - 1);
	while (at < sizeof(f->text) - 16 &&
	    (n = ws_conn_receive(conn, &opcode, payload, sizeof(payload))) >= 0) {
		if (opcode == WS_PONG)
			at += (size_t)snprintf(f->text + at, 16, "[%.*s]", (int)n, payload);
		else if (opcode == WS_CLOSE && n == 2)
			at += (size_t)snprintf(
			    f->text + at, 16, "%u", payload[0] << 8 | payload[1]);
	}
	atomic_store(&f->over, true);
}

static void
pings_before_a_close_are_answered_and_so_is_the_close(void **state)
{
	struct farewell farewell = {.text = ""};
	mono_t deadline = mono_add(clock_mono(), span_s(10));
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = say_farewell, .context = &farewell});
	rig_connect(rig, 0);
	for (unsigned i = 0; i < 3; i++)
		rig_expect(rig, TRANSPORT_PING);
	assert_int_equal(rig_expect(rig, TRANSPORT_DOWN).close_code, 4000);
	while (!atomic_load(&farewell.over)) {
		assert_false(mono_due(deadline, clock_mono()));
		transport_wait(rig->transport, mono_add(clock_mono(), span_ms(5)));
	}
	assert_string_equal(farewell.text, "[a][b][c]4000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_full_queue_fails_attempts_and_blocks_nobody, rig_setup, kernel_takes_all),
		cmocka_unit_test_setup_teardown(
		    what_was_not_submitted_does_not_reach_another_socket, rig_setup,
		    kernel_takes_all),
		cmocka_unit_test_setup_teardown(
		    pings_before_a_close_are_answered_and_so_is_the_close, rig_setup, rig_teardown),
	};

	return rig_run("uring", tests);
}
