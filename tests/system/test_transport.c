/*
 * The transport against a TLS WebSocket server in the same process, well
 * behaved and not.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/system/transport_rig.h"

/* ---- messages ---------------------------------------------------------- */

static void
echo_script(struct ws_conn *conn)
{
	char payload[8192];
	int opcode;
	long n;

	while ((n = ws_conn_receive(conn, &opcode, payload, sizeof(payload))) >= 0) {
		if (!ws_conn_send(conn, opcode | WS_FIN, payload, (size_t)n) || opcode == WS_CLOSE)
			return;
	}
}

static void
messages_go_out_and_come_back_in_order(void **state)
{
	struct rig *rig = rig_of(state);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(messages_go_out_and_come_back_in_order),
		rig_test(fragments_are_joined_also_around_control_frames),
	};

	return cmocka_run_group_tests(tests, rig_setup_all, rig_teardown_all);
}
