/*
 * The HTTP client of the operations thread, against a server that keeps its
 * connections after an answer, as most do: the test itself is the server, and
 * the library's turns are the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "feed/io/http.h"
#include "feed/ops/ops.h"
#include "tests/system/certs.h"

#define WITHIN_S 20
#define SOME_TURNS 20 /* what is there is seen with the first of them */

struct rig {
	struct ops *ops;
	struct http_client *client;
	struct http_request request;
	int listener;
	unsigned answers;
	struct http_answer last;
};

static int
setup(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct ops_cfg cfg = {.cpu = -1};
	struct rig *rig = calloc(1, sizeof(*rig));
	socklen_t size = sizeof(at);
	char why[HTTP_DETAIL_MAX];

	assert_non_null(rig);
	assert_int_equal(ops_open(&rig->ops, &cfg), 0);
	assert_int_equal(http_open(&rig->client, ops_context(rig->ops), certs_ca_file(), why), 0);
	rig->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(rig->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(rig->listener, 8), 0);
	assert_int_equal(getsockname(rig->listener, (struct sockaddr *)&at, &size), 0);
	rig->request = (struct http_request){.host = "127.0.0.1", .port = ntohs(at.sin_port),
	    .path = "/", .plain = true, .within = span_s(WITHIN_S), .answer_max = 4096};
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	http_close(&rig->client);
	ops_close(&rig->ops);
	close(rig->listener);
	free(rig);
	return 0;
}

static void
on_answer(void *context, const struct http_answer *answer)
{
	struct rig *rig = context;

	rig->answers++;
	rig->last = *answer;
}

static void
give_up(void *context)
{
	(void)context;
}

/* Turns of the library, each of 1 ms at most. */
static void
turn(struct rig *rig, unsigned turns)
{
	struct ops_timer alarm = {.fn = give_up};

	for (; turns > 0; turns--) {
		ops_timer_start(rig->ops, &alarm, span_ms(1));
		lws_service(ops_context(rig->ops), 0);
	}
	ops_timer_stop(&alarm);
}

/* Sends the request; returns the connection that it came on, once it was read. */
static int
take_request(struct rig *rig)
{
	mono_t until = mono_add(clock_mono(), span_s(WITHIN_S));
	char text[1024];
	int fd = -1;

	assert_int_equal(http_send(rig->client, &rig->request, on_answer, rig), 0);
	while (fd < 0 || recv(fd, text, sizeof(text), MSG_DONTWAIT) <= 0) {
		assert_true(mono_before(clock_mono(), until));
		turn(rig, 1);
		if (fd < 0)
			fd = accept4(rig->listener, NULL, NULL, SOCK_CLOEXEC);
	}
	return fd;
}

static void
answer(struct rig *rig, int fd, const char *text, unsigned answers)
{
	mono_t until = mono_add(clock_mono(), span_s(WITHIN_S));

	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	while (rig->answers < answers) {
		assert_true(mono_before(clock_mono(), until));
		turn(rig, 1);
	}
	assert_int_equal(rig->answers, answers);
	assert_int_equal(rig->last.reason, TICK_REASON_NONE);
	assert_int_equal(rig->last.status, 200);
}

/* Waits until the client has closed it. */
static void
expect_end(struct rig *rig, int fd)
{
	mono_t until = mono_add(clock_mono(), span_s(WITHIN_S));
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0) {
		assert_true(mono_before(clock_mono(), until));
		turn(rig, 1);
	}
	close(fd);
}

static void
no_connection_outlives_its_answer(struct rig *rig, const char *text)
{
	int first = take_request(rig), second;

	answer(rig, first, text, 1);
	/* It takes the place of the one before, comes and goes. */
	second = take_request(rig);
	answer(rig, second, text, 2);
	close(second);
	turn(rig, SOME_TURNS);
	(void)!send(first, "more", 4, MSG_NOSIGNAL);
	turn(rig, SOME_TURNS);
	/* The end of the first is not the end of the third. */
	second = take_request(rig);
	expect_end(rig, first);
	turn(rig, SOME_TURNS);
	answer(rig, second, text, 3);
	expect_end(rig, second);
}

static void
after_an_answer_with_a_body_the_connection_is_closed(void **state)
{
	no_connection_outlives_its_answer(
	    *state, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void
after_an_answer_without_a_body_the_connection_is_closed(void **state)
{
	no_connection_outlives_its_answer(*state, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void
after_an_answer_that_is_too_long_the_connection_is_closed(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nmore than one";
	struct rig *rig = *state;
	int first;

	rig->request.answer_max = 1;
	first = take_request(rig);
	assert_int_equal(send(first, head, strlen(head), MSG_NOSIGNAL), strlen(head));
	expect_end(rig, first);
	turn(rig, SOME_TURNS);
	assert_int_equal(rig->answers, 1);
	assert_int_equal(rig->last.reason, TICK_REASON_PROTOCOL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(after_an_answer_with_a_body_the_connection_is_closed),
		TEST(after_an_answer_without_a_body_the_connection_is_closed),
		TEST(after_an_answer_that_is_too_long_the_connection_is_closed),
	};

	return cmocka_run_group_tests(tests, certs_setup_all, certs_teardown_all);
}
