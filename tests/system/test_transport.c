/*
 * Established lines of the transport, against a TLS WebSocket server in the
 * same process: messages, control frames, ends.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/system/transport_rig.h"

/* ---- messages ---------------------------------------------------------- */

static void
echo_script(struct ws_conn *conn)
{
	char payload[8192];
	int opcode;
	long n;

	while ((n = ws_conn_receive(conn, &opcode, payload, sizeof(payload))) >= 0)
		if (!ws_conn_send(conn, opcode | WS_FIN, payload, (size_t)n) || opcode == WS_CLOSE)
			return;
}

static void
messages_go_out_and_come_back_in_order(void **state)
{
	struct rig *rig = rig_of(state);
	int64_t before = clock_wall().ns;
	struct transport_event up;
	char text[32];

	rig_serve(rig, &(struct ws_server_cfg){.script = echo_script});
	up = rig_connect(rig, 0);
	assert_int_equal(up.attempt, 7);
	assert_non_null(strstr(up.detail, "TLSv1.3"));
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "message %d", i);
		assert_int_equal(transport_send(rig->transport, 0, bytes_of(text)), 0);
		rig_wait_messages(rig, (unsigned)i + 1);
		assert_string_equal(rig->last, text);
	}
	assert_int_equal(transport_counts(rig->transport, 0).messages, 100);
	assert_true(rig->in_order);
	assert_true(strcmp(rig_transport, "uring") == 0 || !rig->stamps.kernel);
	assert_true(rig->stamps.recv.ns >= before && rig->stamps.recv.ns <= clock_wall().ns);
}

/* Tells the fields of the request that came. */
static void
request_script(struct ws_conn *conn)
{
	ws_conn_send(conn, WS_TEXT | WS_FIN, conn->request, strlen(conn->request));
	ws_conn_drain(conn);
}

static void
the_api_key_goes_out_with_the_upgrade_and_only_where_one_is_given(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = request_script});
	rig->api_key = "k3y-of-64-Characters";
	rig_connect(rig, 0);
	rig_wait_messages(rig, 1);
	assert_non_null(strcasestr(rig->text, "\r\nX-MBX-APIKEY: k3y-of-64-Characters\r\n"));
	rig->api_key = NULL;
	rig_connect(rig, 1);
	rig_wait_messages(rig, 2);
	assert_null(strcasestr(rig->text, "APIKEY"));
}

static void
fragments_script(struct ws_conn *conn)
{
	ws_conn_send(conn, WS_TEXT, "one ", 4);
	ws_conn_send(conn, WS_PING | WS_FIN, "between", 7);
	ws_conn_send(conn, WS_CONTINUATION, "", 0);
	ws_conn_send(conn, WS_PONG | WS_FIN, "unasked", 7);
	ws_conn_send(conn, WS_CONTINUATION, "two ", 4);
	ws_conn_send(conn, WS_CONTINUATION | WS_FIN, "three", 5);
	ws_conn_send(conn, WS_TEXT | WS_FIN, "whole", 5);
	ws_conn_send(conn, WS_BINARY | WS_FIN, "\0\1\2", 3);
	ws_conn_send(conn, WS_TEXT | WS_FIN, "", 0);
	ws_conn_drain(conn);
}

static void
fragments_are_joined_also_around_control_frames(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = fragments_script});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 4);
	assert_string_equal(rig->log, "[one two three][whole]<3>[]");
	assert_int_equal(transport_counts(rig->transport, 0).bytes, 21);
	assert_int_equal(transport_counts(rig->transport, 0).pongs, 1);
}

static char *
pattern(size_t n)
{
	char *p = malloc(n);

	if (p == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i * 7 % 26);
	return p;
}

static void
sizes_script(struct ws_conn *conn)
{
	char *p = pattern(RIG_MESSAGE_MAX + 1);

	ws_conn_send(conn, WS_TEXT | WS_FIN, p, 65536 - TRANSPORT_PADDING);
	ws_conn_send(conn, WS_TEXT | WS_FIN, p, 65536);
	ws_conn_send(conn, WS_TEXT | WS_FIN, p, RIG_MESSAGE_MAX);
	ws_conn_send(conn, WS_TEXT | WS_FIN, p, RIG_MESSAGE_MAX + 1);
	ws_conn_send(conn, WS_TEXT, p, RIG_MESSAGE_MAX);
	ws_conn_send(conn, WS_CONTINUATION | WS_FIN, p, 1);
	ws_conn_send(conn, WS_TEXT | WS_FIN, "still here", 10);
	free(p);
	ws_conn_drain(conn);
}

static void
a_message_over_the_limit_is_counted_and_the_line_stays(void **state)
{
	struct rig *rig = rig_of(state);
	char *p = pattern(RIG_MESSAGE_MAX);
	uint32_t sum = 0;

	for (size_t i = 0; i < RIG_MESSAGE_MAX; i++)
		sum = sum * 31 + (unsigned char)p[i];
	free(p);
	rig_serve(rig, &(struct ws_server_cfg){.script = sizes_script});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 4);
	assert_int_equal(rig->sizes[0], 65536 - TRANSPORT_PADDING);
	assert_int_equal(rig->sizes[1], 65536);
	assert_int_equal(rig->sizes[2], RIG_MESSAGE_MAX);
	assert_int_equal(rig->sums[2], sum);
	assert_string_equal(rig->last, "still here");
	assert_int_equal(transport_counts(rig->transport, 0).oversize, 2);
	assert_int_equal(transport_counts(rig->transport, 0).messages, 4);
}

static void
frames_in_the_same_record_as_the_upgrade_are_not_lost(void **state)
{
	static const char frames[] = "\x81\x03one\x81\x03two";
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.coalesced = frames,
	    .coalesced_n = sizeof(frames) - 1});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 2);
	assert_string_equal(rig->log, "[one][two]");
}

static void
torrent_script(struct ws_conn *conn)
{
	char frames[64 * 12 + 1];
	size_t n = 0;

	/* Many frames per record, and frames cut by the record's end. */
	for (int i = 0; i < 64; i++) {
		frames[n++] = (char)(WS_TEXT | WS_FIN);
		frames[n++] = 10;
		n += (size_t)snprintf(frames + n, sizeof(frames) - n, "number %03d", i);
	}
	for (size_t cut = 1; cut < n; cut += 3)
		if (!ws_conn_send_raw(conn, frames, cut) ||
		    !ws_conn_send_raw(conn, frames + cut, n - cut))
			return;
	ws_conn_send(conn, WS_TEXT | WS_FIN, "end", 3);
	ws_conn_drain(conn);
}

static void
frames_are_found_wherever_records_cut_them(void **state)
{
	struct rig *rig = rig_of(state);
	unsigned rounds = (64 * 12 - 1 + 2) / 3;

	rig_serve(rig, &(struct ws_server_cfg){.script = torrent_script});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 64 * rounds + 1);
	assert_string_equal(rig->last, "end");
	assert_int_equal(transport_counts(rig->transport, 0).bytes, 640 * rounds + 3);
}

/* ---- control frames ---------------------------------------------------- */

static void
ping_script(struct ws_conn *conn)
{
	char payload[256];
	int opcode;

	ws_conn_send(conn, WS_PING | WS_FIN, "1722000000000", 13);
	if (ws_conn_receive(conn, &opcode, payload, sizeof(payload)) == 13 &&
	    opcode == WS_PONG && memcmp(payload, "1722000000000", 13) == 0)
		ws_conn_send(conn, WS_TEXT | WS_FIN, "pong seen", 9);
	ws_conn_drain(conn);
}

static void
a_ping_is_answered_with_its_payload(void **state)
{
	struct rig *rig = rig_of(state);
	mono_t came;

	rig_serve(rig, &(struct ws_server_cfg){.script = ping_script});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 1);
	assert_string_equal(rig->last, "pong seen");
	/* libwebsockets answers without telling. */
	if (strcmp(transport_name(rig->transport), "lws") == 0) {
		assert_false(transport_has_pings(rig->transport));
		return;
	}
	assert_true(transport_has_pings(rig->transport));
	came = rig_expect(rig, TRANSPORT_PING).at;
	assert_true(mono_diff(rig_expect(rig, TRANSPORT_ANSWERED).at, came).ns >= 0);
	assert_true(transport_counts(rig->transport, 0).pings > 0);
}

static void
our_ping_brings_a_pong_event(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_connect(rig, 0);
	assert_int_equal(transport_ping(rig->transport, 0, BYTES_LIT("hello")), 0);
	rig_expect(rig, TRANSPORT_PONG);
	assert_int_equal(transport_counts(rig->transport, 0).pongs, 1);
}

static void
the_send_queue_has_limits(void **state)
{
	static char big[4001];
	struct rig *rig = rig_of(state);
	unsigned accepted = 0;
	int rc = 0;

	memset(big, 'x', sizeof(big));
	rig_serve(rig, &(struct ws_server_cfg){.script = echo_script});
	assert_int_equal(transport_send(rig->transport, 0, BYTES_LIT("x")), -ENOTCONN);
	assert_int_equal(transport_send(rig->transport, 99, BYTES_LIT("x")), -ENOTCONN);
	rig_connect(rig, 0);
	assert_int_equal(transport_send(rig->transport, 0, (struct bytes){big, 4001}), -EMSGSIZE);
	assert_int_equal(transport_ping(rig->transport, 0, (struct bytes){big, 126}), -EMSGSIZE);
	for (unsigned i = 0; i < 1000 && rc == 0; i++) {
		rc = transport_send(rig->transport, 0, (struct bytes){big, 4000});
		accepted += rc == 0;
	}
	assert_int_equal(rc, -EAGAIN);
	assert_in_range(accepted, 8, 999);
	/* All that was accepted goes out, and then there is room again. */
	rig_wait_messages(rig, accepted);
	assert_int_equal(rig->sizes[0], 4000);
	assert_int_equal(transport_send(rig->transport, 0, BYTES_LIT("again")), 0);
	rig_wait_messages(rig, accepted + 1);
	assert_string_equal(rig->last, "again");
}

/* ---- the end of a line ------------------------------------------------- */

static void
close_script(struct ws_conn *conn)
{
	char payload[8];
	int opcode;

	ws_conn_send(conn, WS_CLOSE | WS_FIN, "\x03\xf0policy", 8);
	ws_conn_receive(conn, &opcode, payload, sizeof(payload));
	ws_conn_drain(conn);
}

static void
the_servers_close_code_is_reported(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event down;

	rig_serve(rig, &(struct ws_server_cfg){.script = close_script});
	rig_connect(rig, 0);
	down = rig_expect(rig, TRANSPORT_DOWN);
	assert_int_equal(down.reason, TICK_REASON_PEER_CLOSED);
	assert_int_equal(down.close_code, 1008);
	assert_non_null(strstr(down.detail, "policy"));
	assert_int_equal(down.attempt, 7);
}

static void
reset_script(struct ws_conn *conn)
{
	char payload[8];
	int opcode;

	ws_conn_receive(conn, &opcode, payload, sizeof(payload));
	ws_conn_reset(conn);
}

static void
a_reset_connection_is_told_from_a_closed_one(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event down;

	rig_serve(rig, &(struct ws_server_cfg){.script = reset_script});
	rig_connect(rig, 0);
	transport_send(rig->transport, 0, BYTES_LIT("now"));
	down = rig_expect(rig, TRANSPORT_DOWN);
	assert_int_equal(down.reason, TICK_REASON_PEER_RESET);
	assert_int_equal(down.close_code, 0);
}

static void
leave_script(struct ws_conn *conn)
{
	ws_conn_send(conn, WS_TEXT | WS_FIN, "bye", 3);
}

static void
an_end_without_a_close_frame_is_reported_after_the_last_message(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event down;

	rig_serve(rig, &(struct ws_server_cfg){.script = leave_script});
	rig_connect(rig, 0);
	down = rig_expect(rig, TRANSPORT_DOWN);
	assert_int_equal(down.reason, TICK_REASON_PEER_CLOSED);
	assert_int_equal(down.close_code, 0);
	assert_string_equal(rig->log, "[bye]");
}

static void
nonsense_script(struct ws_conn *conn)
{
	ws_conn_send(conn, WS_FIN | 0x3, "reserved opcode", 15);
	ws_conn_drain(conn);
}

static void
a_broken_frame_ends_the_line_as_a_protocol_error(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = nonsense_script});
	rig_connect(rig, 0);
	assert_int_equal(rig_expect(rig, TRANSPORT_DOWN).reason, TICK_REASON_PROTOCOL);
	assert_int_equal(rig->messages, 0);
}

static atomic_int seen_code;

static void
code_script(struct ws_conn *conn)
{
	unsigned char payload[8];
	int opcode;
	long n = ws_conn_receive(conn, &opcode, payload, sizeof(payload));

	if (n >= 2 && opcode == WS_CLOSE)
		atomic_store(&seen_code, payload[0] << 8 | payload[1]);
	ws_conn_send(conn, WS_CLOSE | WS_FIN, payload, (size_t)(n > 0 ? n : 0));
	ws_conn_drain(conn);
}

static void
hanging_up_sends_the_close_code(void **state)
{
	struct rig *rig = rig_of(state);

	atomic_store(&seen_code, 0);
	rig_serve(rig, &(struct ws_server_cfg){.script = code_script});
	rig_connect(rig, 0);
	transport_hang_up(rig->transport, 0, 1001);
	assert_int_equal(transport_send(rig->transport, 0, BYTES_LIT("x")), -ENOTCONN);
	assert_int_equal(rig_expect(rig, TRANSPORT_DOWN).reason, TICK_REASON_HUNG_UP);
	assert_int_equal(atomic_load(&seen_code), 1001);
}

static void
hanging_up_on_a_server_that_does_not_answer_ends_all_the_same(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event down;

	rig_serve(rig, &(struct ws_server_cfg){.script = ws_conn_drain});
	rig_connect(rig, 0);
	transport_hang_up(rig->transport, 0, 1000);
	down = rig_expect(rig, TRANSPORT_DOWN);
	assert_int_equal(down.reason, TICK_REASON_HUNG_UP);
	assert_non_null(strstr(down.detail, "did not answer"));
	rig_connect(rig, 0);
}

static void
a_line_is_busy_until_its_end_was_taken(void **state)
{
	const struct transport_target target = {.host = "exchange.test", .port = 1, .path = "/",
	    .address = "127.0.0.1"};
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_start(rig, 0);
	assert_int_equal(transport_connect(rig->transport, 0, 8, &target), -EBUSY);
	transport_hang_up(rig->transport, 0, 1000);
	assert_int_equal(transport_connect(rig->transport, 0, 8, &target), -EBUSY);
	assert_int_equal(rig_expect(rig, TRANSPORT_FAILED).reason, TICK_REASON_HUNG_UP);
	rig_connect(rig, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(messages_go_out_and_come_back_in_order),
		rig_test(
		    the_api_key_goes_out_with_the_upgrade_and_only_where_one_is_given),
		rig_test(fragments_are_joined_also_around_control_frames),
		rig_test(a_message_over_the_limit_is_counted_and_the_line_stays),
		rig_test(frames_in_the_same_record_as_the_upgrade_are_not_lost),
		rig_test(frames_are_found_wherever_records_cut_them),
		rig_test(a_ping_is_answered_with_its_payload),
		rig_test(our_ping_brings_a_pong_event),
		rig_test(the_send_queue_has_limits),
		rig_test(the_servers_close_code_is_reported),
		rig_test(a_reset_connection_is_told_from_a_closed_one),
		rig_test(an_end_without_a_close_frame_is_reported_after_the_last_message),
		rig_test(a_broken_frame_ends_the_line_as_a_protocol_error),
		rig_test(hanging_up_sends_the_close_code),
		rig_test(hanging_up_on_a_server_that_does_not_answer_ends_all_the_same),
		rig_test(a_line_is_busy_until_its_end_was_taken),
	};
	int failed = rig_run("lws", tests);

	return failed + rig_run("uring", tests);
}
