/*
 * What faults do to a connection of the simulated exchange, without sockets and
 * on a clock of our own: messages in, bytes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tools/exchange-sim/deliver.h"
#include "tools/exchange-sim/strike.h"

#define WALL ((wall_t){INT64_C(1795456294000000000)})

static struct {
	struct hub hub;
	struct faults faults;
	struct visitors visitors;
	struct endpoint endpoint;
	struct session_desk desk;
	struct session session;
	char room[65536];
	char frame[4096]; /* payload of the last frame */
	bool fin;
} w;

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

static void
fault(const char *line)
{
	struct fault f;
	char error[256];

	if (fault_parse(bytes_of(line), &f, error, sizeof(error)) != 1)
		fail_msg("%s: %s", line, error);
	assert_int_not_equal(faults_add(&w.faults, &f, w.desk.now), 0);
	while (faults_advance(&w.faults, w.desk.now, &f))
		strike(&w.session, &f, w.desk.now, WALL);
}

static void
pass(int64_t ms)
{
	struct fault f;

	w.desk.now = mono_add(w.desk.now, span_ms(ms));
	while (faults_advance(&w.faults, w.desk.now, &f))
		strike(&w.session, &f, w.desk.now, WALL);
	session_on_time(&w.session, w.desk.now, WALL);
}

static size_t
waiting(void)
{
	return outq_used(&w.session.out) - w.session.hold.bytes;
}

/* Takes the next frame that may go: its opcode, or -1. */
static int
next(void)
{
	const unsigned char *p = w.session.out.p + w.session.out.head;
	size_t head, n;

	w.frame[0] = '\0';
	if (waiting() == 0)
		return -1;
	head = wire_head_length(p);
	n = wire_frame_length(p);
	assert_true(n <= waiting() && n - head < sizeof(w.frame));
	memcpy(w.frame, p + head, n - head);
	w.frame[n - head] = '\0';
	w.fin = p[0] & 0x80;
	head = p[0] & 0x0f;
	outq_drop(&w.session.out, n);
	return (int)head;
}

static void
expect(const char *text)
{
	assert_int_equal(next(), WIRE_TEXT);
	assert_string_equal(w.frame, text);
}

static void
market(const char *stream, const char *message)
{
	struct stream *s = hub_find(&w.hub, bytes_of(stream));
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = wire_head(head, WIRE_TEXT, strlen(message));

	if (s == NULL || deliver_leaves_out(&w.desk, s))
		return;
	assert_true(deliver(&w.session, s, (struct bytes){(const char *)head, n},
	    bytes_of(message)));
}

static void
ask(const char *request)
{
	char frame[512] = {(char)0x81};
	size_t n = strlen(request), head = n < 126 ? 6 : 8;

	frame[1] = (char)(0x80 | (n < 126 ? n : 126));
	frame[2] = (char)(n < 126 ? 0 : n >> 8);
	frame[3] = (char)(n < 126 ? 0 : n);
	memcpy(frame + head, request, n);
	session_on_bytes(&w.session, (struct bytes){frame, head + n}, w.desk.now, WALL);
}

static void
knock(const char *target)
{
	char request[512];
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", target);

	session_on_bytes(&w.session, (struct bytes){request, (size_t)n}, w.desk.now, WALL);
}

static void
enter(const char *target)
{
	knock(target);
	assert_int_equal(w.session.state, SESSION_OPEN);
	outq_drop(&w.session.out, w.session.unframed);
	w.session.unframed = 0;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	hub_init(&w.hub, (struct hub_watch){0});
	faults_init(&w.faults, 1);
	visitors_init(&w.visitors, 0, span_s(60));
	snprintf(w.endpoint.name, sizeof(w.endpoint.name), "a");
	w.desk = (struct session_desk){
		.cfg = {span_s(86400), span_s(20), span_s(60), 1024, 5, 1 << 20, NULL},
		.hub = &w.hub, .rest = no_rest, .changed = changed,
		.scratch = {.p = w.room, .cap = sizeof(w.room)}, .faults = &w.faults,
		.visitors = &w.visitors, .now = {INT64_C(5000000000)}, .due = MONO_NEVER,
	};
	assert_true(session_init(&w.session, &w.desk, 1, w.desk.now));
	w.session.endpoint = &w.endpoint;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	session_fini(&w.session);
	hub_fini(&w.hub);
	return 0;
}

static void
a_gap_a_duplicate_and_a_late_message_spoil_their_stream_alone(void **state)
{
	(void)state;
	enter("/ws/a@trade/b@trade");
	fault("0 gap stream=a@trade");
	market("b@trade", "b1");
	market("a@trade", "a1");
	market("a@trade", "a2");
	expect("b1");
	expect("a2");
	fault("0 duplicate stream=a@trade");
	market("a@trade", "a3");
	market("a@trade", "a4");
	expect("a3");
	expect("a3");
	expect("a4");
	fault("0 reorder stream=a@trade");
	market("a@trade", "a5");
	market("b@trade", "b2");
	market("a@trade", "a6");
	market("a@trade", "a7");
	expect("b2");
	expect("a6");
	expect("a5");
	expect("a7");
	assert_int_equal(next(), -1);
}

static void
a_hole_is_missing_for_everybody_and_half_a_message_is_half(void **state)
{
	(void)state;
	enter("/ws/a@trade");
	fault("0 hole stream=a@*");
	market("a@trade", "a1");
	fault("0 truncate");
	market("a@trade", "123456");
	market("a@trade", "a3");
	expect("123");
	expect("a3");
	assert_int_equal(next(), -1);
}

static void
fragments_join_to_the_message_with_a_ping_between(void **state)
{
	(void)state;
	enter("/ws/a@trade");
	fault("0 fragment bytes=4 count=1");
	market("a@trade", "0123456789");
	market("a@trade", "whole");
	assert_int_equal(next(), WIRE_TEXT);
	assert_string_equal(w.frame, "0123");
	assert_false(w.fin);
	assert_int_equal(next(), WIRE_PING);
	assert_int_equal(next(), WIRE_CONTINUATION);
	assert_string_equal(w.frame, "4567");
	assert_false(w.fin);
	assert_int_equal(next(), WIRE_CONTINUATION);
	assert_string_equal(w.frame, "89");
	assert_true(w.fin);
	expect("whole");
}

static void
a_stalled_line_says_nothing_and_a_half_open_one_hears_nothing(void **state)
{
	(void)state;
	enter("/ws/a@trade");
	fault("0 stall for=30");
	market("a@trade", "a1");
	ask("{\"method\":\"SUBSCRIBE\",\"params\":[\"b@trade\"],\"id\":1}");
	pass(20000);
	assert_int_equal(next(), -1);
	assert_int_equal(w.session.nstreams, 2);
	pass(10000);
	market("a@trade", "a2");
	expect("a2");
	fault("0 half-open for=5");
	ask("{\"method\":\"SUBSCRIBE\",\"params\":[\"c@trade\"],\"id\":1}");
	assert_int_equal(w.session.nstreams, 2);
	market("a@trade", "a3");
	assert_int_equal(next(), -1);
}

static void
without_data_pings_go_on_and_without_pings_data(void **state)
{
	(void)state;
	enter("/ws/a@trade/b@trade");
	fault("0 stall-data for=25");
	market("a@trade", "a1");
	ask("{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":1}");
	assert_int_equal(next(), WIRE_TEXT);
	pass(20000);
	assert_int_equal(next(), WIRE_PING);
	pass(5000);
	fault("0 no-pings");
	fault("0 stall-stream stream=a@trade");
	market("a@trade", "a2");
	market("b@trade", "b2");
	expect("b2");
	pass(15000);
	assert_int_equal(next(), -1);
	/* Nobody asked, so nobody is late. */
	assert_int_equal(w.session.state, SESSION_OPEN);
}

static void
a_mute_subscription_is_listed_and_healed_by_subscribing_anew(void **state)
{
	(void)state;
	enter("/ws");
	fault("0 ack-silent stream=a@trade");
	ask("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",\"b@trade\"],\"id\":1}");
	expect("{\"result\":null,\"id\":1}");
	ask("{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":2}");
	expect("{\"result\":[\"a@trade\",\"b@trade\"],\"id\":2}");
	market("a@trade", "a1");
	market("b@trade", "b1");
	expect("b1");
	ask("{\"method\":\"UNSUBSCRIBE\",\"params\":[\"a@trade\"],\"id\":3}");
	ask("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\"],\"id\":4}");
	next();
	next();
	market("a@trade", "a2");
	expect("a2");
	fault("0 mute stream=b@*");
	market("b@trade", "b2");
	market("a@trade", "a3");
	expect("a3");
	assert_int_equal(w.session.nmute, 1);
}

static void
a_request_is_ignored_rejected_or_answered_late_or_never(void **state)
{
	static const char request[] =
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\"],\"id\":1}";

	(void)state;
	enter("/ws");
	fault("0 ignore");
	ask(request);
	assert_int_equal(w.session.nstreams, 0);
	fault("0 reject code=7 reason='No \"way\"'");
	ask(request);
	expect("{\"code\":7,\"msg\":\"No \\\"way\\\"\",\"id\":1}");
	assert_int_equal(w.session.nstreams, 0);
	fault("0 ack-never");
	ask(request);
	assert_int_equal(next(), -1);
	assert_int_equal(w.session.nstreams, 1);
	fault("0 ack-late ms=700");
	ask(request);
	market("a@trade", "a1");
	expect("a1");
	assert_int_equal(session_deadline(&w.session).ns, w.desk.now.ns + 700000000);
	pass(699);
	assert_int_equal(next(), -1);
	pass(1);
	expect("{\"result\":null,\"id\":1}");
}

static void
a_frozen_line_sends_all_at_the_end_and_in_order(void **state)
{
	(void)state;
	enter("/ws/a@trade");
	fault("0 freeze for=2");
	market("a@trade", "a1");
	pass(1999);
	market("a@trade", "a2");
	assert_int_equal(next(), -1);
	assert_int_equal(session_deadline(&w.session).ns, w.desk.now.ns + 1000000);
	pass(1);
	market("a@trade", "a3");
	expect("a1");
	expect("a2");
	expect("a3");
}

static void
an_endpoints_delay_and_jitter_keep_the_order(void **state)
{
	char text[16];

	(void)state;
	enter("/ws/a@trade");
	w.endpoint.delay = span_ms(50);
	w.endpoint.jitter = span_ms(40);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "a%d", i);
		market("a@trade", text);
		if (i < 49)
			assert_int_equal(waiting(), 0);
		pass(1);
	}
	pass(90);
	assert_int_equal(w.session.hold.n, 0);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "a%d", i);
		expect(text);
	}
}

static void
the_answer_to_the_upgrade_waits_and_dribbles(void **state)
{
	size_t before;

	(void)state;
	fault("0 slow-upgrade ms=300");
	fault("0 dribble bytes=10 ms=20");
	knock("/ws");
	assert_int_equal(waiting(), 0);
	pass(299);
	assert_int_equal(waiting(), 0);
	pass(1);
	assert_int_equal(waiting(), 10);
	pass(60);
	assert_int_equal(waiting(), 40);
	pass(5000);
	before = waiting();
	assert_true(before > 100 && w.session.hold.n == 0);
	assert_memory_equal(w.session.out.p + w.session.out.tail - 4, "\r\n\r\n", 4);
}

static void
server_shutdown_comes_in_every_envelope_and_the_close_after_it(void **state)
{
#define EVENT "{\"e\":\"serverShutdown\",\"E\":1795456294000}"
	(void)state;
	enter("/ws/a@trade");
	fault("0 shutdown after=3");
	expect(EVENT);
	fault("0 shutdown kind=combined after=3");
	expect("{\"stream\":\"!serverShutdown\",\"data\":" EVENT "}");
	fault("0 shutdown kind=api after=3");
	expect("{\"event\":" EVENT "}");
	pass(2999);
	assert_int_equal(w.session.state, SESSION_OPEN);
	pass(1);
	assert_int_equal(next(), WIRE_CLOSE);
	assert_memory_equal(w.frame, "\x03\xe9Server shutdown", 17);
}

static void
too_many_handshakes_are_refused_then_banned(void **state)
{
	struct tally t = {0};
	int after = 0;

	(void)state;
	visitors_init(&w.visitors, 3, span_s(60));
	for (int i = 0; i < 3; i++)
		assert_int_equal(visitors_admit(&w.visitors, "::1", w.desk.now, &after, &t), 0);
	assert_int_equal(t.peak_connects, 3);
	w.desk.now = mono_add(w.desk.now, span_s(100));
	for (int i = 0; i < VISITOR_PATIENCE; i++)
		assert_int_equal(visitors_admit(&w.visitors, "::1", w.desk.now, &after, &t), 429);
	assert_int_equal(after, 200);
	assert_int_equal(visitors_admit(&w.visitors, "::1", w.desk.now, &after, &t), 418);
	assert_int_equal(after, 60);
	assert_int_equal(visitors_admit(&w.visitors, "::2", w.desk.now, &after, &t), 0);
	w.desk.now = mono_add(w.desk.now, span_s(200));
	assert_int_equal(visitors_admit(&w.visitors, "::1", w.desk.now, &after, &t), 0);
	for (int i = 0; i < VISITOR_OFFENCES; i++)
		visitors_offend(&w.visitors, "::1", w.desk.now, &t);
	assert_int_equal(visitors_admit(&w.visitors, "::1", w.desk.now, &after, &t), 418);
	assert_int_equal(t.bans, 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_gap_a_duplicate_and_a_late_message_spoil_their_stream_alone),
		TEST(a_hole_is_missing_for_everybody_and_half_a_message_is_half),
		TEST(fragments_join_to_the_message_with_a_ping_between),
		TEST(a_stalled_line_says_nothing_and_a_half_open_one_hears_nothing),
		TEST(without_data_pings_go_on_and_without_pings_data),
		TEST(a_mute_subscription_is_listed_and_healed_by_subscribing_anew),
		TEST(a_request_is_ignored_rejected_or_answered_late_or_never),
		TEST(a_frozen_line_sends_all_at_the_end_and_in_order),
		TEST(an_endpoints_delay_and_jitter_keep_the_order),
		TEST(the_answer_to_the_upgrade_waits_and_dribbles),
		TEST(server_shutdown_comes_in_every_envelope_and_the_close_after_it),
		TEST(too_many_handshakes_are_refused_then_banned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
