/*
 * A client's conversation with the simulated exchange, without sockets: the
 * bytes of requests in, the bytes of replies out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/session.h"

#define WALL ((wall_t){INT64_C(1795456294000000000)})

struct world {
	struct hub hub;
	struct session_desk desk;
	struct session session;
	mono_t now;
	char reply[8192]; /* payload of the last frame */
	int opcode;
};

static struct world world;

static void
no_rest(void *ctx, const struct http_request *r, wall_t now, struct text *reply)
{
	(void)ctx;
	(void)now;
	http_response(reply, 200, r->keep_alive, BYTES_NONE, BYTES_LIT("{}"));
}

static void
changed(void *ctx)
{
	(void)ctx;
}

/* All bytes that wait to be sent. */
static struct bytes
output(struct world *w)
{
	return (struct bytes){(const char *)w->session.out.p + w->session.out.head,
		outq_used(&w->session.out)};
}

/* Takes the next frame off the output: its opcode, or -1. */
static int
next_frame(struct world *w)
{
	struct bytes out = output(w);
	size_t n, head;

	w->reply[0] = '\0';
	if (out.n == 0)
		return -1;
	n = wire_frame_length((const unsigned char *)out.p);
	head = (unsigned char)out.p[1] < 126 ? 2 : 4;
	assert_true(n <= out.n && n - head < sizeof(w->reply));
	memcpy(w->reply, out.p + head, n - head);
	w->reply[n - head] = '\0';
	w->opcode = out.p[0] & 0x0f;
	outq_drop(&w->session.out, n);
	return w->opcode;
}

static void
send_raw(struct world *w, const char *p, size_t n)
{
	/* One byte at a time: the parsers must not depend on the cut. */
	for (size_t i = 0; i < n; i++)
		session_on_bytes(&w->session, (struct bytes){p + i, 1}, w->now, WALL);
}

static void
send_frame(struct world *w, int first, const char *payload, size_t n)
{
	static const char mask[4] = {0x12, 0x34, 0x56, 0x78};
	char head[8] = {(char)first, (char)(0x80 | (n < 126 ? n : 126)), (char)(n >> 8), (char)n};
	size_t length = n < 126 ? 2 : 4;
	char *frame = malloc(8 + n);

	memcpy(frame, head, length);
	memcpy(frame + length, mask, 4);
	for (size_t i = 0; i < n; i++)
		frame[length + 4 + i] = (char)(payload[i] ^ mask[i & 3]);
	send_raw(w, frame, length + 4 + n);
	free(frame);
}

/* Sends a request a second after the one before; returns the answer. */
static const char *
ask(struct world *w, const char *request)
{
	w->now = mono_add(w->now, span_s(1));
	send_frame(w, 0x81, request, strlen(request));
	assert_int_equal(next_frame(w), WIRE_TEXT);
	return w->reply;
}

static void
knock(struct world *w, const char *target)
{
	char request[2048];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	    target);
	send_raw(w, request, strlen(request));
}

static void
enter(struct world *w, const char *target)
{
	knock(w, target);
	/* The example of RFC 6455, 1.3. */
	assert_non_null(memmem(output(w).p, output(w).n, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28));
	assert_int_equal(w->session.state, SESSION_OPEN);
	outq_drop(&w->session.out, output(w).n);
}

static int
set_up(void **state)
{
	struct world *w = &world;

	memset(w, 0, sizeof(*w));
	hub_init(&w->hub, (struct hub_watch){0});
	w->desk = (struct session_desk){
		.cfg = {span_s(86400), span_s(20), span_s(60), 4, 5, 1 << 20, NULL},
		.hub = &w->hub, .rest = no_rest, .changed = changed,
		.scratch = {.p = malloc(1 << 16), .cap = 1 << 16}};
	w->now = mono_add(MONO_ZERO, span_s(100));
	*state = w;
	return session_init(&w->session, &w->desk, 1, w->now) ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	session_fini(&w->session);
	hub_fini(&w->hub);
	free(w->desk.scratch.p);
	return 0;
}

static void
requests_get_the_documented_replies(void **state)
{
	static const struct {
		const char *request, *reply;
	} talk[] = {
		{"{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",\"b@depth\"],\"id\":1}",
		    "{\"result\":null,\"id\":1}"},
		{"{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\"],\"id\":\"x1\"}",
		    "{\"result\":null,\"id\":\"x1\"}"},
		{"{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":-9223372036854775808}",
		    "{\"result\":[\"a@trade\",\"b@depth\"],\"id\":-9223372036854775808}"},
		{"{\"id\":9223372036854775807,\"method\":\"UNSUBSCRIBE\",\"params\":[\"a@trade\"]}",
		    "{\"result\":null,\"id\":9223372036854775807}"},
		{"{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":null}",
		    "{\"result\":[\"b@depth\"],\"id\":null}"},
		{"{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\"],\"id\":2}",
		    "{\"result\":false,\"id\":2}"},
		{"{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",true],\"id\":3}",
		    "{\"result\":null,\"id\":3}"},
		{"{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\"],\"id\":4}",
		    "{\"result\":true,\"id\":4}"},
		{"{\"method\":\"SET_PROPERTY\",\"params\":[\"color\",true],\"id\":5}",
		    "{\"code\":0,\"msg\":\"Unknown property\",\"id\":5}"},
		{"{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",1],\"id\":6}",
		    "{\"code\":1,\"msg\":\"Invalid value type: expected Boolean\",\"id\":6}"},
		{"{\"method\":\"SET_PROPERTY\",\"params\":[7,true],\"id\":7}",
		    "{\"code\":2,\"msg\":\"Invalid request: property name must be a string\","
		    "\"id\":7}"},
		{"{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\",1],\"id\":8}",
		    "{\"code\":2,\"msg\":\"Invalid request: too many parameters\",\"id\":8}"},
		{"{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":1.5}",
		    "{\"code\":2,\"msg\":\"Invalid request: request ID must be an unsigned "
		    "integer\",\"id\":null}"},
		{"{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":9223372036854775808}",
		    "{\"code\":2,\"msg\":\"Invalid request: request ID must be an unsigned "
		    "integer\",\"id\":null}"},
		{"{\"id\":9}",
		    "{\"code\":2,\"msg\":\"Invalid request: missing field `method`\",\"id\":9}"},
		{"{\"method\":\"FOO\",\"id\":20}",
		    "{\"code\":2,\"msg\":\"Invalid request: unknown variant `FOO`, expected one of "
		    "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, "
		    "`GET_PROPERTY`\",\"id\":20}"},
		{"{bad", "{\"code\":3,\"msg\":\"Invalid JSON: expected value at line 1 column 3\","
			 "\"id\":null}"},
	};
	struct world *w = *state;

	enter(w, "/ws");
	for (size_t i = 0; i < sizeof(talk) / sizeof(talk[0]); i++)
		assert_string_equal(ask(w, talk[i].request), talk[i].reply);
}

static void
a_subscription_beyond_the_limit_changes_nothing(void **state)
{
	struct world *w = *state;

	enter(w, "/ws/a@trade/b@trade/c@trade");
	assert_string_equal(ask(w, "{\"method\":\"SUBSCRIBE\",\"params\":[\"d@trade\",\"e@trade\"],"
				   "\"id\":1}"),
	    "{\"code\":2,\"msg\":\"Invalid request: too many streams\",\"id\":1}");
	assert_int_equal(w->session.nstreams, 3);
	assert_null(hub_find(&w->hub, bytes_of("d@trade")));
	/* What is subscribed already takes no room. */
	assert_string_equal(ask(w, "{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",\"d@trade\"],"
				   "\"id\":2}"), "{\"result\":null,\"id\":2}");
}

static void
paths_and_queries_choose_streams_envelope_and_unit(void **state)
{
	static const struct {
		const char *target, *stream;
		uint32_t n;
		bool combined;
		enum time_unit unit;
	} doors[] = {
		{"/ws", "", 0, false, UNIT_MS},
		{"/ws/btcusdt@trade", "btcusdt@trade", 1, false, UNIT_MS},
		{"/ws/a@trade/b@depth%40100ms?timeUnit=MICROSECOND", "b@depth@100ms", 2, false,
		    UNIT_US},
		{"/stream", "", 0, true, UNIT_MS},
		{"/stream?timeUnit=microsecond&streams=a@trade/%E5%B8%81@trade",
		    "\u5e01@trade", 2, true, UNIT_US},
		{"/market/ws/a@aggTrade", "a@aggTrade", 1, false, UNIT_MS},
		{"/public/stream?streams=a@depth", "a@depth", 1, true, UNIT_MS},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		session_fini(&w->session);
		assert_true(session_init(&w->session, &w->desk, 1, w->now));
		enter(w, doors[i].target);
		assert_int_equal(w->session.nstreams, doors[i].n);
		assert_int_equal(w->session.combined, doors[i].combined);
		assert_int_equal(w->session.unit, doors[i].unit);
		if (doors[i].n > 0)
			assert_string_equal(w->session.stream[doors[i].n - 1]->name,
			    doors[i].stream);
	}
}

static void
wrong_doors_are_refused(void **state)
{
	static const struct {
		const char *target, *status;
	} doors[] = {
		{"/", "HTTP/1.1 404"}, {"/wss", "HTTP/1.1 404"}, {"/stream/x", "HTTP/1.1 404"},
		{"/ws/a@trade?timeUnit=HOUR", "HTTP/1.1 400"}, {"/ws/a%zz", "HTTP/1.1 400"},
		{"/ws/a/b/c/d/e", "HTTP/1.1 400"}, {"/ws/%22", "HTTP/1.1 400"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		session_fini(&w->session);
		assert_true(session_init(&w->session, &w->desk, 1, w->now));
		knock(w, doors[i].target);
		assert_int_equal(w->session.state, SESSION_OVER);
		assert_memory_equal(output(w).p, doors[i].status, 12);
	}
}

static void
pings_pongs_and_requests_count_against_one_limit(void **state)
{
	struct world *w = *state;

	enter(w, "/ws");
	for (int i = 0; i < 2; i++) {
		send_frame(w, 0x89, "hi", 2);
		assert_int_equal(next_frame(w), WIRE_PONG);
		assert_string_equal(w->reply, "hi");
	}
	send_frame(w, 0x8a, "", 0); /* unsolicited pongs are allowed, and count */
	send_frame(w, 0x8a, "", 0);
	send_frame(w, 0x81, "{bad", 4);
	assert_int_equal(next_frame(w), WIRE_TEXT);
	send_frame(w, 0x89, "hi", 2);
	assert_int_equal(next_frame(w), WIRE_CLOSE);
	assert_memory_equal(w->reply, "\x03\xf0", 2); /* 1008 */
	assert_string_equal(w->reply + 2, "Too many requests");
	assert_int_equal(w->session.state, SESSION_CLOSING);
	send_frame(w, 0x88, "\x03\xf0", 2);
	assert_true(session_done(&w->session));
}

static void
a_request_of_more_than_4096_bytes_gets_no_answer(void **state)
{
	struct world *w = *state;
	char request[4200];

	enter(w, "/ws");
	memset(request, ' ', sizeof(request));
	memcpy(request, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":1}", 38);
	send_frame(w, 0x81, request, 4097);
	assert_int_equal(next_frame(w), -1);
	assert_int_equal(w->session.state, SESSION_OPEN);
	send_frame(w, 0x81, request, 4096);
	assert_int_equal(next_frame(w), WIRE_TEXT);
	assert_string_equal(w->reply, "{\"result\":[],\"id\":1}");
}

static void
fragments_are_joined_around_a_ping(void **state)
{
	struct world *w = *state;

	enter(w, "/ws");
	send_frame(w, 0x01, "{\"method\":\"LIST_SUBS", 20);
	send_frame(w, 0x89, "p", 1);
	assert_int_equal(next_frame(w), WIRE_PONG);
	send_frame(w, 0x80, "CRIPTIONS\",\"id\":1}", 18);
	assert_int_equal(next_frame(w), WIRE_TEXT);
	assert_string_equal(w->reply, "{\"result\":[],\"id\":1}");
}

static void
an_unmasked_frame_ends_the_connection(void **state)
{
	struct world *w = *state;

	enter(w, "/ws");
	send_raw(w, "\x81\x02{}", 4);
	assert_int_equal(next_frame(w), WIRE_CLOSE);
	assert_memory_equal(w->reply, "\x03\xea", 2); /* 1002 */
	assert_true(session_done(&w->session));
}

static void
only_a_pong_with_the_payload_answers_a_ping(void **state)
{
	struct world *w = *state;
	static const char payload[] = "1795456294000"; /* WALL in milliseconds */

	enter(w, "/ws");
	w->now = mono_add(w->now, span_s(20));
	assert_true(mono_due(session_deadline(&w->session), w->now));
	session_on_time(&w->session, w->now, WALL);
	assert_int_equal(next_frame(w), WIRE_PING);
	assert_string_equal(w->reply, payload);
	send_frame(w, 0x8a, "other", 5);
	assert_false(mono_is_never(w->session.pong_by));
	send_frame(w, 0x8a, payload, strlen(payload));
	assert_true(mono_is_never(w->session.pong_by));
}

static void
a_client_without_pongs_is_closed_after_60_seconds(void **state)
{
	struct world *w = *state;
	int pings = 0;

	enter(w, "/ws");
	for (int i = 1; i < 80; i++) {
		w->now = mono_add(w->now, span_s(1));
		session_on_time(&w->session, w->now, WALL);
		assert_int_equal(w->session.state, SESSION_OPEN);
		pings += next_frame(w) == WIRE_PING;
	}
	assert_int_equal(pings, 3);
	w->now = mono_add(w->now, span_s(1));
	session_on_time(&w->session, w->now, WALL);
	assert_int_equal(next_frame(w), WIRE_CLOSE);
	assert_string_equal(w->reply + 2, "Pong timeout");
}

static void
a_connection_ends_at_its_age(void **state)
{
	struct world *w = *state;

	w->desk.cfg.life = span_s(10);
	enter(w, "/ws/a@trade");
	w->now = mono_add(w->now, span_s(10));
	session_on_time(&w->session, w->now, WALL);
	assert_int_equal(next_frame(w), WIRE_CLOSE);
	assert_null(hub_find(&w->hub, bytes_of("a@trade")));
	/* The client does not answer: that is the end, too. */
	w->now = mono_add(w->now, span_s(5));
	session_on_time(&w->session, w->now, WALL);
	assert_true(session_done(&w->session));
}

static void
rest_requests_follow_each_other_on_one_connection(void **state)
{
	static const char two[] = "GET /api/v3/ping HTTP/1.1\r\n\r\n"
				  "GET /api/v3/ping HTTP/1.1\r\nConnection: close\r\n\r\n";
	struct world *w = *state;
	struct bytes out;

	session_on_bytes(&w->session, bytes_of(two), w->now, WALL);
	out = output(w);
	assert_int_equal(w->session.state, SESSION_OVER);
	assert_non_null(memmem(out.p, out.n, "\r\n\r\n{}HTTP/1.1 200 OK\r\n", 23));
	assert_memory_equal(out.p + out.n - 6, "\r\n\r\n{}", 6);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_get_the_documented_replies),
		TEST(a_subscription_beyond_the_limit_changes_nothing),
		TEST(paths_and_queries_choose_streams_envelope_and_unit),
		TEST(wrong_doors_are_refused),
		TEST(pings_pongs_and_requests_count_against_one_limit),
		TEST(a_request_of_more_than_4096_bytes_gets_no_answer),
		TEST(fragments_are_joined_around_a_ping),
		TEST(an_unmasked_frame_ends_the_connection),
		TEST(only_a_pong_with_the_payload_answers_a_ping),
		TEST(a_client_without_pongs_is_closed_after_60_seconds),
		TEST(a_connection_ends_at_its_age),
		TEST(rest_requests_follow_each_other_on_one_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
