/*
 * The way to the exchange: through a proxy, from an address of choice, and
 * with the TLS session of the time before.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "feed/io/clock.h"
#include "tests/system/proxy_server.h"
#include "tests/system/transport_rig.h"

#define OPEN "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"

static struct proxy_server *proxy;

/* Opens the transport again, to go through a proxy with that answer. */
static void
go_through(struct rig *rig, const char *answer, const char *credentials, span_t connect_within)
{
	proxy = proxy_server_start(answer);
	rig->proxy = (struct transport_proxy){"127.0.0.1", proxy_server_port(proxy), credentials};
	rig_reopen(rig, connect_within);
}

static int
teardown(void **state)
{
	int rc = rig_teardown(state);

	proxy_server_stop(&proxy, NULL);
	return rc;
}

#define way_test(f) cmocka_unit_test_setup_teardown(f, rig_setup, teardown)

static void
hello_script(struct ws_conn *conn)
{
	ws_conn_send(conn, WS_TEXT | WS_FIN, "hello", 5);
	ws_conn_drain(conn);
}

/* ---- proxy ------------------------------------------------------------------- */

static void
a_line_goes_through_the_proxy_and_is_asked_for_by_name_and_credentials(void **state)
{
	struct rig *rig = rig_of(state);
	char request[2048], expected[256];
	struct transport_target target = {.host = "exchange.test", .path = "/ws"};

	go_through(rig, OPEN, "Aladdin:open sesame", span_s(10));
	rig_serve(rig, &(struct ws_server_cfg){.script = hello_script});
	target.port = ws_server_port(rig->server);
	assert_int_equal(transport_connect(rig->transport, 0, 7, &target), 0);
	rig_expect(rig, TRANSPORT_UP);
	rig_wait_messages(rig, 1);
	assert_string_equal(rig->last, "hello");
	transport_close(&rig->transport);
	proxy_server_stop(&proxy, request);
	/* The credentials are RFC 7617's example. */
	snprintf(expected, sizeof(expected),
	    "CONNECT exchange.test:%u HTTP/1.1\r\nHost: exchange.test:%u\r\n"
	    "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n",
	    target.port, target.port);
	assert_string_equal(request, expected);
}

static void
a_numeric_address_is_what_the_proxy_is_asked_for(void **state)
{
	struct rig *rig = rig_of(state);
	char request[2048];

	go_through(rig, OPEN, NULL, span_s(10));
	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_connect(rig, 0);
	transport_close(&rig->transport);
	proxy_server_stop(&proxy, request);
	assert_int_equal(strncmp(request, "CONNECT 127.0.0.1:", 18), 0);
	assert_null(strstr(request, "Authorization"));
}

static void
a_proxy_that_refuses_is_named_and_its_status_is_not_the_exchanges(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event failed;

	go_through(rig, "HTTP/1.1 407 Who are \x1b you?\r\nProxy-Authenticate: Basic\r\n\r\n",
	    "me:secret", span_s(10));
	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_start(rig, 0);
	failed = rig_expect(rig, TRANSPORT_FAILED);
	assert_int_equal(failed.reason, TICK_REASON_REFUSED);
	assert_int_equal(failed.http_status, 0);
	assert_string_equal(failed.detail,
	    "exchange.test: the proxy answered: HTTP/1.1 407 Who are ? you?");
}

static void
what_is_no_proxy_is_told(void **state)
{
	static char endless[12000];
	const char *const answers[][2] = {
		{"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP/1.1"},
		{"HTTP/1.1 2x0 fine\r\n\r\n", "no HTTP/1.1"},
		{endless, "too long"},
	};
	struct rig *rig = rig_of(state);
	struct transport_event failed;

	memset(endless, 'x', sizeof(endless) - 1);
	memcpy(endless, "HTTP/1.1 200 ", 13);
	rig_serve(rig, &(struct ws_server_cfg){0});
	for (unsigned i = 0; i < 3; i++) {
		go_through(rig, answers[i][0], NULL, span_s(10));
		rig_start(rig, 0);
		failed = rig_expect(rig, TRANSPORT_FAILED);
		assert_int_equal(failed.reason, TICK_REASON_PROTOCOL);
		assert_non_null(strstr(failed.detail, answers[i][1]));
		proxy_server_stop(&proxy, NULL);
	}
}

static void
a_silent_proxy_costs_the_time_to_connect_and_no_more(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event failed;

	go_through(rig, "", NULL, span_ms(300));
	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_start(rig, 0);
	failed = rig_expect(rig, TRANSPORT_FAILED);
	assert_int_equal(failed.reason, TICK_REASON_CONNECT_TIMEOUT);
	assert_non_null(strstr(failed.detail, "no answer of the proxy"));
}

static void
libwebsockets_refuses_a_proxy(void **state)
{
	struct transport_cfg cfg = {.ca_file = certs_ca_file(), .message_bytes_max = 1000,
	    .connect_within = span_s(1), .lines = 1, .proxy = {"127.0.0.1", 3128, NULL}};
	struct transport *transport = NULL;
	char why[TRANSPORT_DETAIL_MAX];

	(void)state;
	assert_int_equal(transport_open(&transport, "lws", &cfg, why), -EOPNOTSUPP);
	assert_non_null(strstr(why, "proxy"));
	assert_null(transport);
}

/* ---- source addresses ---------------------------------------------------------- */

static void
source_script(struct ws_conn *conn)
{
	struct sockaddr_in from = {0};
	socklen_t n = sizeof(from);
	char text[INET_ADDRSTRLEN] = "";

	getpeername(conn->fd, (struct sockaddr *)&from, &n);
	inet_ntop(AF_INET, &from.sin_addr, text, sizeof(text));
	ws_conn_send(conn, WS_TEXT | WS_FIN, text, strlen(text));
	ws_conn_drain(conn);
}

static void
a_line_connects_from_the_address_it_is_given(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = source_script});
	rig->source = "127.0.0.2";
	rig_connect(rig, 0);
	rig_wait_messages(rig, 1);
	assert_string_equal(rig->last, "127.0.0.2");
	rig->source = "127.0.0.3";
	rig_connect(rig, 1);
	rig_wait_messages(rig, 2);
	assert_string_equal(rig->last, "127.0.0.3");
}

static void
an_address_of_another_machine_fails_the_attempt(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){0});
	rig->source = "192.0.2.1"; /* RFC 5737: nobody's */
	rig_start(rig, 0);
	rig_expect(rig, TRANSPORT_FAILED);
	rig->source = NULL;
	rig_connect(rig, 0);
}

static void
of_a_name_only_addresses_of_the_sources_family_are_tried(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_target target = {.host = "localhost", .path = "/ws",
	    .source = "127.0.0.2"};

	/* ::1 may come first, and nobody listens there. */
	rig_serve(rig, &(struct ws_server_cfg){0});
	target.port = ws_server_port(rig->server);
	for (uint32_t attempt = 0; attempt < 3; attempt++) {
		assert_int_equal(transport_connect(rig->transport, 0, attempt, &target), 0);
		rig_expect(rig, TRANSPORT_UP);
		transport_hang_up(rig->transport, 0, 1000);
		rig_expect(rig, TRANSPORT_DOWN);
	}
	target.source = "localhost";
	assert_int_equal(transport_connect(rig->transport, 0, 9, &target), -EINVAL);
}

/* ---- sessions ------------------------------------------------------------------- */

static bool
is_resumed(const struct transport_event *up)
{
	return strstr(up->detail, " resumed") != NULL;
}

static struct transport_event
up_and_down(struct rig *rig)
{
	struct transport_event up = rig_connect(rig, 0);

	transport_hang_up(rig->transport, 0, 1000);
	rig_expect(rig, TRANSPORT_DOWN);
	return up;
}

static void
the_second_connection_resumes_the_session_of_the_first(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event up;

	rig_serve(rig, &(struct ws_server_cfg){0});
	up = up_and_down(rig);
	assert_false(is_resumed(&up));
	for (int i = 0; i < 3; i++) {
		up = up_and_down(rig);
		assert_true(is_resumed(&up));
	}
}

static void
a_session_is_not_offered_to_another_endpoint(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event up;
	struct transport_target target = {.host = "localhost", .path = "/ws",
	    .address = "127.0.0.1"};

	rig_serve(rig, &(struct ws_server_cfg){0});
	up_and_down(rig);
	target.port = ws_server_port(rig->server);
	assert_int_equal(transport_connect(rig->transport, 0, 7, &target), 0);
	up = rig_expect(rig, TRANSPORT_UP);
	assert_false(is_resumed(&up));
}

static void
a_session_that_the_server_has_forgotten_costs_a_whole_handshake_only(void **state)
{
	SSL_CTX *tls = certs_server(CERT_GOOD);
	struct rig *rig = rig_of(state);
	unsigned char keys[80];
	struct transport_event up;

	rig_serve(rig, &(struct ws_server_cfg){.tls = tls});
	up_and_down(rig);
	memset(keys, 0x5a, sizeof(keys));
	assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(tls, keys, sizeof(keys)), 1);
	up = up_and_down(rig);
	assert_false(is_resumed(&up));
	up = up_and_down(rig);
	assert_true(is_resumed(&up));
}

/* New keys for both directions, each time before it says and asks something. */
static void
update_keys(struct ws_conn *conn)
{
	char payload[16];
	int opcode;

	for (int i = 0; i < 4; i++) {
		if (SSL_key_update(conn->ssl, SSL_KEY_UPDATE_REQUESTED) != 1 ||
		    !ws_conn_send(conn, WS_TEXT | WS_FIN, "new keys", 8) ||
		    !ws_conn_send(conn, WS_PING | WS_FIN, "who", 3) ||
		    ws_conn_receive(conn, &opcode, payload, sizeof(payload)) != 3 ||
		    opcode != WS_PONG || memcmp(payload, "who", 3) != 0)
			return;
	}
	ws_conn_send(conn, WS_TEXT | WS_FIN, "all heard", 9);
	ws_conn_drain(conn);
}

static void
the_server_may_change_the_keys_at_any_time(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = update_keys});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 5);
	assert_string_equal(rig->last, "all heard");
	transport_hang_up(rig->transport, 0, 1000);
}

static atomic_int tickets_refused;

/* OpenSSL's callback for a ticket that came back: ends the handshake. */
static SSL_TICKET_RETURN
refuse_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t name_n,
    SSL_TICKET_STATUS status, void *unused)
{
	(void)ssl;
	(void)session;
	(void)name;
	(void)name_n;
	(void)unused;
	if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	atomic_fetch_add(&tickets_refused, 1);
	return SSL_TICKET_RETURN_ABORT;
}

static void
after_a_failed_resumption_the_endpoint_is_met_without_sessions(void **state)
{
	SSL_CTX *tls = certs_server(CERT_GOOD);
	struct rig *rig = rig_of(state);
	struct transport_event up;

	SSL_CTX_set_session_ticket_cb(tls, NULL, refuse_ticket, NULL);
	rig_serve(rig, &(struct ws_server_cfg){.tls = tls});
	up_and_down(rig);
	rig_start(rig, 0);
	rig_expect(rig, TRANSPORT_FAILED);
	assert_int_equal(atomic_load(&tickets_refused), 1);
	for (int i = 0; i < 3; i++) {
		up = up_and_down(rig);
		assert_false(is_resumed(&up));
	}
	assert_int_equal(atomic_load(&tickets_refused), 1);
}

/* ---- stamps --------------------------------------------------------------------- */

static void
echo_script(struct ws_conn *conn)
{
	char payload[256];
	int opcode;
	long n;

	while ((n = ws_conn_receive(conn, &opcode, payload, sizeof(payload))) >= 0)
		ws_conn_send(conn, opcode | WS_FIN, payload, (size_t)n);
}

/* The machine's first socket with stamps may have to wait for them. */
static void
the_kernels_stamp_is_older_than_ours_and_not_older_than_the_message(void **state)
{
	struct rig *rig = rig_of(state);
	mono_t deadline = mono_add(clock_mono(), span_s(10));
	wall_t sent;

	rig_serve(rig, &(struct ws_server_cfg){.script = echo_script});
	rig_connect(rig, 0);
	do {
		assert_false(mono_due(deadline, clock_mono()));
		sent = clock_wall();
		assert_int_equal(transport_send(rig->transport, 0, BYTES_LIT("tick")), 0);
		rig_wait_messages(rig, rig->messages + 1);
	} while (!rig->stamps.kernel);
	assert_true(rig->stamps.recv.ns >= sent.ns);
	assert_true(rig->stamps.waited.ns >= 0);
	assert_true(rig->stamps.recv.ns + rig->stamps.waited.ns <= clock_wall().ns);
	transport_hang_up(rig->transport, 0, 1000);
	rig_expect(rig, TRANSPORT_DOWN);
}

static void
without_being_asked_for_stamps_are_ours_and_say_so(void **state)
{
	struct rig *rig = rig_of(state);

	rig->kernel_stamps = false;
	rig_reopen(rig, span_s(10));
	rig_serve(rig, &(struct ws_server_cfg){.script = hello_script});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 1);
	assert_false(rig->stamps.kernel);
	assert_int_equal(rig->stamps.waited.ns, 0);
}

#define SOURCE_TESTS                                                                               \
	way_test(a_line_connects_from_the_address_it_is_given),                                    \
	    way_test(an_address_of_another_machine_fails_the_attempt),                             \
	    way_test(of_a_name_only_addresses_of_the_sources_family_are_tried)

int
main(void)
{
	const struct CMUnitTest lws_tests[] = {
		SOURCE_TESTS,
		way_test(libwebsockets_refuses_a_proxy),
		way_test(the_server_may_change_the_keys_at_any_time),
	};
	const struct CMUnitTest uring_tests[] = {
		SOURCE_TESTS,
		way_test(the_kernels_stamp_is_older_than_ours_and_not_older_than_the_message),
		way_test(without_being_asked_for_stamps_are_ours_and_say_so),
		way_test(a_line_goes_through_the_proxy_and_is_asked_for_by_name_and_credentials),
		way_test(a_numeric_address_is_what_the_proxy_is_asked_for),
		way_test(a_proxy_that_refuses_is_named_and_its_status_is_not_the_exchanges),
		way_test(what_is_no_proxy_is_told),
		way_test(a_silent_proxy_costs_the_time_to_connect_and_no_more),
		way_test(the_second_connection_resumes_the_session_of_the_first),
		way_test(a_session_is_not_offered_to_another_endpoint),
		way_test(a_session_that_the_server_has_forgotten_costs_a_whole_handshake_only),
		way_test(after_a_failed_resumption_the_endpoint_is_met_without_sessions),
		way_test(the_server_may_change_the_keys_at_any_time),
	};
	int failed = rig_run("lws", lws_tests);

	return failed + rig_run("uring", uring_tests);
}
