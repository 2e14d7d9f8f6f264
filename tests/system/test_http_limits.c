/*
 * The limits of the HTTP interface (web.h), each at the real daemon, and that what
 * is refused or cut off is counted. Clients come from several addresses of the loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/io/clock.h"
#include "feed/ops/web.h"
#include "tests/system/http_rig.h"

#define GREEDY "127.0.0.2"
#define MODEST "127.0.0.3"
#define HEADER_MAX 4096 /* bytes of all header fields together */

static const char begun[] = "GET /livez HTTP/1.1\r\nHost: a\r\n";
static const char whole[] = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
static const char events[] = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

static int
dial_from(const struct http_rig *rig, const char *address)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(rig->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = DAEMON_WITHIN_S};
	int small = 4096, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The first 12 bytes of an answer: "HTTP/1.1 200". */
static void
begins(int fd, char answer[13])
{
	ssize_t got;

	for (size_t n = 0; n < 12; n += (size_t)got) {
		got = http_rig_receive(fd, answer + n, 12 - n, 0);
		assert_true(got > 0);
	}
	answer[12] = '\0';
}

/* Begins a request on each of n connections from that address. */
static void
crowd(const struct http_rig *rig, const char *address, int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		fd[i] = dial_from(rig, address);
		say(fd[i], begun);
	}
}

/* How many of them are still open. Closes all. */
static unsigned
leave(int *fd, unsigned n)
{
	unsigned open = 0;
	char byte;

	for (unsigned i = 0; i < n; i++) {
		open += recv(fd[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
		close(fd[i]);
	}
	return open;
}

static double
value(struct http_rig *rig, const char *metric)
{
	char sample[160];

	snprintf(sample, sizeof(sample), "tickring_http_%s{feed=\"%s\"}", metric, daemon_feed());
	assert_int_equal(http_rig_get(rig, "/metrics", ""), 200);
	return http_rig_value(rig, sample);
}

/* Waits until the metric has grown so far. */
static void
counted(struct http_rig *rig, const char *metric, double least)
{
	mono_t deadline = daemon_deadline();

	while (value(rig, metric) < least)
		daemon_pause(deadline, metric);
}

/* Waits until the server closes it; returns after how many milliseconds. */
static int64_t
ended(int fd)
{
	mono_t start = clock_mono();
	char scratch[4096];
	ssize_t n;

	do {
		n = http_rig_receive(fd, scratch, sizeof(scratch), 0);
	} while (n > 0);
	if (n < 0 && errno != ECONNRESET)
		fail_msg("it stays open: %s", strerror(errno));
	close(fd);
	return mono_diff(clock_mono(), start).ns / 1000000;
}

static void
one_address_gets_so_many_places_and_its_oldest_gives_way(void **state)
{
	struct http_rig *rig = *state;
	int fd[WEB_PER_PEER_MAX + 8];

	http_rig_start(rig);
	crowd(rig, GREEDY, fd, WEB_PER_PEER_MAX + 8);
	counted(rig, "crowded_total", 8);
	assert_true(value(rig, "dropped_total") >= 8);
	assert_true(value(rig, "connections") <= WEB_PER_PEER_MAX + 1);
	assert_true(recv(fd[0], &(char){0}, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET);
	assert_int_equal(leave(fd, WEB_PER_PEER_MAX + 8), WEB_PER_PEER_MAX);
}

static void
when_all_places_are_taken_the_address_with_most_gives_way(void **state)
{
	struct http_rig *rig = *state;
	int greedy[WEB_PER_PEER_MAX], modest[WEB_CONNECTIONS_MAX - WEB_PER_PEER_MAX];

	http_rig_start(rig);
	crowd(rig, MODEST, modest, WEB_CONNECTIONS_MAX - WEB_PER_PEER_MAX);
	crowd(rig, GREEDY, greedy, WEB_PER_PEER_MAX);
	assert_int_equal(http_rig_get(rig, "/livez", ""), 200);
	counted(rig, "crowded_total", 1);
	assert_int_equal(leave(modest, WEB_CONNECTIONS_MAX - WEB_PER_PEER_MAX),
	    WEB_CONNECTIONS_MAX - WEB_PER_PEER_MAX);
	assert_true(leave(greedy, WEB_PER_PEER_MAX) < WEB_PER_PEER_MAX);
}

static void
events_go_to_so_many_of_an_address_and_so_many_at_all(void **state)
{
	struct http_rig *rig = *state;
	int fd[WEB_EVENTS_MAX + 2];
	char answer[13];
	mono_t deadline;
	unsigned n = 0;

	http_rig_start(rig);
	for (; n < WEB_EVENTS_PER_PEER_MAX + 1; n++) {
		fd[n] = dial_from(rig, GREEDY);
		say(fd[n], events);
		begins(fd[n], answer);
		assert_string_equal(
		    answer, n < WEB_EVENTS_PER_PEER_MAX ? "HTTP/1.1 200" : "HTTP/1.1 503");
	}
	for (; n < WEB_EVENTS_MAX + 2; n++) {
		fd[n] = dial_from(rig, MODEST);
		say(fd[n], events);
		begins(fd[n], answer);
		assert_string_equal(
		    answer, n < WEB_EVENTS_MAX + 1 ? "HTTP/1.1 200" : "HTTP/1.1 503");
	}
	counted(rig, "events_refused_total", 2);
	assert_true(value(rig, "event_streams") == WEB_EVENTS_MAX);
	leave(fd, WEB_EVENTS_MAX + 2);
	deadline = daemon_deadline();
	while (value(rig, "event_streams") != 0)
		daemon_pause(deadline, "places that are free again");
}

static void
what_is_no_request_or_too_long_a_one_is_closed_and_counted(void **state)
{
	static const char garbage[] =
	    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no HTTP\r\n\r\n";
	struct http_rig *rig = *state;
	char *long_one = malloc(4 * HEADER_MAX);
	int fd;

	http_rig_start(rig);
	fd = dial_from(rig, MODEST);
	assert_int_equal(send(fd, garbage, sizeof(garbage) - 1, 0), sizeof(garbage) - 1);
	assert_true(ended(fd) < 5000);
	counted(rig, "malformed_total", 1);

	assert_non_null(long_one);
	memset(long_one, 'a', 4 * HEADER_MAX);
	memcpy(long_one, "GET /livez HTTP/1.1\r\nX: ", 24);
	fd = dial_from(rig, MODEST);
	(void)!send(fd, long_one, 4 * HEADER_MAX, MSG_NOSIGNAL);
	assert_true(ended(fd) < 5000);
	counted(rig, "malformed_total", 2);
	free(long_one);

	/* Who hangs up, or asks for the connection's end, has done no wrong. */
	close(dial_from(rig, MODEST));
	fd = dial_from(rig, MODEST);
	say(fd, "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_true(ended(fd) < 5000);
	assert_true(value(rig, "malformed_total") == 2);
	assert_true(value(rig, "dropped_total") == 2);
}

/* A header field that never ends, byte by byte; until it is closed. */
static int64_t
trickle(int fd)
{
	mono_t start = clock_mono();
	struct timeval nap = {.tv_usec = 200000};
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &nap, sizeof(nap));
	say(fd, "GET /livez HTTP/1.1\r\nX: ");
	while (recv(fd, &byte, 1, 0) < 0 && (errno == EAGAIN || errno == EINTR))
		if (send(fd, "a", 1, MSG_NOSIGNAL) < 0)
			break;
	close(fd);
	return mono_diff(clock_mono(), start).ns / 1000000;
}

static void
requests_and_answers_have_to_come_through_in_time(void **state)
{
	struct http_rig *rig = *state;
	int idle, reader, follower;
	int64_t ms;

	http_rig_start(rig);
	reader = dial_from(rig, GREEDY); /* asks and asks, and reads nothing */
	for (unsigned i = 0; i < 8; i++)
		say(reader, "GET /chart.js HTTP/1.1\r\nHost: a\r\n\r\n");
	follower = dial_from(rig, GREEDY); /* so does this one */
	say(follower, events);
	idle = dial_from(rig, GREEDY); /* was answered, and asks for nothing more */
	say(idle, whole);
	ms = trickle(dial_from(rig, MODEST));
	if (ms < (WEB_REQUEST_WITHIN_S - 1) * 1000 || ms > WEB_REQUEST_WITHIN_S * 3000)
		fail_msg("cut off after %lld ms", (long long)ms);
	counted(rig, "slow_total", 3); /* and the two that do not read */
	assert_true(ended(idle) < 5000);
	close(reader);
	close(follower);
	assert_true(value(rig, "crowded_total") == 0);
	assert_true(value(rig, "dropped_total") == value(rig, "slow_total"));
}

static void
a_body_that_is_too_long_or_of_no_length_is_refused_and_counted(void **state)
{
	static const char huge[] = "PATCH /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
	    HTTP_RIG_TOKEN "\r\nContent-Length: 65537\r\n\r\n{";
	static const char endless[] = "PATCH /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
	    HTTP_RIG_TOKEN "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
	static const char both[] = "PATCH /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
	    HTTP_RIG_TOKEN "\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "{}\r\n0\r\n\r\n";
	static const char none[] = "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
	struct http_rig *rig = *state;
	double before;

	http_rig_start(rig);
	before = value(rig, "refused_total");
	http_rig_say(rig, huge, sizeof(huge) - 1);
	assert_int_equal(rig->status, 413);
	http_rig_say(rig, endless, sizeof(endless) - 1);
	assert_int_equal(rig->status, 411);
	/* By which of them does a proxy go? */
	http_rig_say(rig, both, sizeof(both) - 1);
	assert_int_equal(rig->status, 411);
	http_rig_say(rig, none, sizeof(none) - 1);
	assert_int_equal(rig->status, 400);
	counted(rig, "refused_total", before + 4);
}

#define CHANGE(authorization)                                                                      \
	"PATCH /config HTTP/1.1\r\nHost: a\r\n" authorization "Content-Length: 2\r\n\r\n{}"
#define WITH_TOKEN CHANGE("Authorization: Bearer " HTTP_RIG_TOKEN "\r\n")
#define ALIVE "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"

/* Reads what comes until there was that. */
static void
hear(struct http_rig *rig, int fd, const char *text)
{
	ssize_t n;

	rig->n = 0;
	rig->answer[0] = '\0';
	while (strstr(rig->answer, text) == NULL) {
		n = http_rig_receive(
		    fd, rig->answer + rig->n, sizeof(rig->answer) - 1 - rig->n, 0);
		assert_true(n > 0);
		rig->n += (size_t)n;
		rig->answer[rig->n] = '\0';
	}
}

/* A head that libwebsockets has read together with another request is no body to it. */
static void
a_change_that_comes_along_with_another_request_is_refused(void **state)
{
	static const char *const said[] = {ALIVE CHANGE(""), ALIVE WITH_TOKEN,
	    ALIVE ALIVE WITH_TOKEN ALIVE, ALIVE WITH_TOKEN WITH_TOKEN};
	struct http_rig *rig = *state;
	int fd;

	http_rig_start(rig);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		fd = http_rig_dial(rig);
		say(fd, said[i]);
		hear(rig, fd, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n");
		close(fd);
		assert_int_equal(http_rig_get(rig, "/livez", ""), 200);
	}
}

static void
a_change_that_comes_along_with_the_body_of_another_is_refused(void **state)
{
	static const char head[] =
	    "PATCH /config HTTP/1.1\r\nHost: a\r\nContent-Length: 64\r\n\r\n";
	struct http_rig *rig = *state;
	int fd;

	http_rig_start(rig);
	fd = http_rig_dial(rig);
	say(fd, ALIVE);
	hear(rig, fd, "\r\n\r\nok\n");
	say(fd, head);
	usleep(100000); /* or it is the case above: refused as well */
	say(fd, "{                                                              }" CHANGE(""));
	hear(rig, fd, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n");
	close(fd);
	assert_int_equal(http_rig_get(rig, "/livez", ""), 200);
}

static void
a_change_behind_an_answer_is_taken_also_in_pieces(void **state)
{
	static const char change[] = WITH_TOKEN;
	struct http_rig *rig = *state;
	int fd;

	http_rig_start(rig);
	fd = http_rig_dial(rig);
	for (size_t cut = 1; cut < sizeof(change) - 1; cut += 13) {
		say(fd, ALIVE);
		hear(rig, fd, "\r\n\r\nok\n");
		assert_int_equal(send(fd, change, cut, MSG_NOSIGNAL), cut);
		assert_int_equal(send(fd, change + cut, sizeof(change) - 1 - cut, MSG_NOSIGNAL),
		    sizeof(change) - 1 - cut);
		hear(rig, fd, "\r\n\r\nchanged\n");
	}
	close(fd);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, http_rig_setup, daemon_teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_address_gets_so_many_places_and_its_oldest_gives_way),
		TEST(when_all_places_are_taken_the_address_with_most_gives_way),
		TEST(events_go_to_so_many_of_an_address_and_so_many_at_all),
		TEST(what_is_no_request_or_too_long_a_one_is_closed_and_counted),
		TEST(requests_and_answers_have_to_come_through_in_time),
		TEST(a_body_that_is_too_long_or_of_no_length_is_refused_and_counted),
		TEST(a_change_that_comes_along_with_another_request_is_refused),
		TEST(a_change_that_comes_along_with_the_body_of_another_is_refused),
		TEST(a_change_behind_an_answer_is_taken_also_in_pieces),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
