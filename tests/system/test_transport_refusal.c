/*
 * Connecting that does not end well: certificates, refusals, silence, names.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/system/transport_rig.h"

/* A port of 127.0.0.1 where nobody listens. */
static uint16_t
closed_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static struct transport_event
failure_of(struct rig *rig, const char *host, const char *address, uint16_t port)
{
	const struct transport_target target = {.host = host, .port = port, .path = "/ws",
	    .address = address};

	assert_int_equal(transport_connect(rig->transport, 0, 7, &target), 0);
	return rig_expect(rig, TRANSPORT_FAILED);
}

/* ---- certificates ------------------------------------------------------ */

static void
refuses(void **state, enum cert_kind kind, enum tick_reason reason, const char *words)
{
	struct rig *rig = rig_of(state);
	struct transport_event failed;

	rig_serve_with(rig, kind);
	rig_start(rig, 0);
	failed = rig_expect(rig, TRANSPORT_FAILED);
	if (failed.reason != reason || strstr(failed.detail, "exchange.test") == NULL ||
	    strstr(failed.detail, words) == NULL)
		fail_msg("%s: %s", tick_reason_label(failed.reason), failed.detail);
	assert_int_equal(failed.attempt, 7);
	assert_int_equal(failed.http_status, 0);
	assert_int_equal(failed.retry_after_s, -1);
}

static void
a_certificate_for_another_host_is_refused(void **state)
{
	refuses(state, CERT_WRONG_HOST, TICK_REASON_TLS_HOSTNAME, "elsewhere.test");
}

static void
a_certificate_of_an_unknown_authority_is_refused(void **state)
{
	refuses(state, CERT_UNKNOWN_AUTHORITY, TICK_REASON_TLS_UNTRUSTED, "Stranger");
}

static void
a_certificate_that_signed_itself_is_refused(void **state)
{
	refuses(state, CERT_SELF_SIGNED, TICK_REASON_TLS_UNTRUSTED, "self");
}

static void
an_expired_certificate_is_refused(void **state)
{
	refuses(state, CERT_EXPIRED, TICK_REASON_TLS_EXPIRED, "Test Authority");
}

static void
a_certificate_of_the_future_is_refused(void **state)
{
	refuses(state, CERT_NOT_YET_VALID, TICK_REASON_TLS_NOT_YET_VALID, "Test Authority");
}

static void
a_host_given_as_address_is_checked_against_the_certificate(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_target target = {.host = "127.0.0.1", .path = "/ws"};

	rig_serve(rig, &(struct ws_server_cfg){0});
	target.port = ws_server_port(rig->server);
	assert_int_equal(transport_connect(rig->transport, 1, 1, &target), 0);
	rig_expect(rig, TRANSPORT_UP);
	assert_int_equal(failure_of(rig, "127.0.0.2", "127.0.0.1", target.port).reason,
	    TICK_REASON_TLS_HOSTNAME);
}

static void
an_ipv6_literal_is_a_host_like_any_other(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_target target = {.host = "::1", .path = "/ws", .address = "127.0.0.1"};

	rig_serve(rig, &(struct ws_server_cfg){0});
	target.port = ws_server_port(rig->server);
	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), 0);
	rig_expect(rig, TRANSPORT_UP);
}

static void
tls_before_1_2_is_refused(void **state)
{
	SSL_CTX *old = certs_server(CERT_GOOD);
	struct rig *rig = rig_of(state);

	SSL_CTX_set_security_level(old, 0);
	SSL_CTX_set_min_proto_version(old, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(old, TLS1_1_VERSION);
	rig_serve(rig, &(struct ws_server_cfg){.tls = old});
	rig_start(rig, 0);
	assert_int_equal(rig_expect(rig, TRANSPORT_FAILED).reason, TICK_REASON_TLS_ERROR);
}

static void
a_server_that_speaks_no_tls_is_named(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event failed;

	rig_serve(rig, &(struct ws_server_cfg){.manner = WS_NOT_TLS});
	rig_start(rig, 0);
	failed = rig_expect(rig, TRANSPORT_FAILED);
	assert_int_equal(failed.reason, TICK_REASON_TLS_ERROR);
	assert_non_null(strstr(failed.detail, "wrong version number"));
}

static void
a_ca_file_must_be_there_and_hold_a_certificate(void **state)
{
	struct transport_cfg cfg = {.ca_file = "/nonexistent/ca.pem", .message_bytes_max = 1000,
	    .connect_within = span_s(1), .lines = 1};
	struct transport *transport = NULL;
	char why[TRANSPORT_DETAIL_MAX];

	(void)state;
	assert_int_equal(transport_open(&transport, "lws", &cfg, why), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent/ca.pem"));
	cfg.ca_file = "/dev/null";
	assert_int_equal(transport_open(&transport, "lws", &cfg, why), -EBADMSG);
	assert_non_null(strstr(why, "/dev/null"));
	cfg.ca_file = "";
	assert_int_equal(transport_open(&transport, "carrier pigeon", &cfg, why), -EINVAL);
	assert_non_null(strstr(why, "carrier pigeon"));
	assert_int_equal(transport_open(&transport, "auto", &cfg, why), 0);
	transport_close(&transport);
	assert_null(transport);
	transport_close(&transport);
}

/* ---- TCP, HTTP --------------------------------------------------------- */

static void
a_refused_connection_is_reported_with_its_address(void **state)
{
	struct rig *rig = rig_of(state);
	uint16_t port = closed_port();
	struct transport_event failed = failure_of(rig, "exchange.test", "127.0.0.1", port);

	assert_int_equal(failed.reason, TICK_REASON_REFUSED);
	assert_non_null(strstr(failed.detail, "exchange.test (127.0.0.1:"));
}

static void
an_unreachable_network_is_reported(void **state)
{
	struct rig *rig = rig_of(state);

	/* TCP to a multicast address: the kernel refuses at once. */
	assert_int_equal(failure_of(rig, "exchange.test", "224.0.0.1", 443).reason,
	    TICK_REASON_UNREACHABLE);
}

static void
silence_times_out(void **state, enum ws_manner manner, const char *words)
{
	struct rig *rig = rig_of(state);
	struct transport_event failed;
	mono_t start;

	rig_reopen(rig, span_ms(300));
	rig_serve(rig, &(struct ws_server_cfg){.manner = manner});
	start = clock_mono();
	rig_start(rig, 0);
	failed = rig_expect(rig, TRANSPORT_FAILED);
	assert_int_equal(failed.reason, TICK_REASON_CONNECT_TIMEOUT);
	assert_non_null(strstr(failed.detail, words));
	assert_true(mono_diff(failed.at, start).ns >= span_ms(300).ns);
}

static void
a_server_that_never_speaks_tls_times_out(void **state)
{
	silence_times_out(state, WS_MUTE_TLS, "TLS handshake");
}

static void
a_server_that_never_answers_the_upgrade_times_out(void **state)
{
	silence_times_out(state, WS_MUTE_UPGRADE, "upgrade");
}

/* A limit that is changed holds for the attempts that begin then: this one had an hour. */
static void
the_limit_of_connecting_can_be_changed(void **state)
{
	struct rig *rig = rig_of(state);

	rig_reopen(rig, span_s(3600));
	rig_serve(rig, &(struct ws_server_cfg){.manner = WS_MUTE_TLS});
	transport_limit_connecting(rig->transport, span_ms(200));
	rig_start(rig, 0);
	assert_int_equal(
	    rig_expect(rig, TRANSPORT_FAILED).reason, TICK_REASON_CONNECT_TIMEOUT);
}

static void
the_status_of_a_refused_upgrade_is_reported(void **state)
{
	static const struct {
		int status;
		enum tick_reason reason;
		const char *header;
		int32_t retry_after_s;
	} rows[] = {
		{403, TICK_REASON_FORBIDDEN, "", -1},
		{418, TICK_REASON_BANNED, "Retry-After: 259200\r\n", 259200},
		{429, TICK_REASON_RATE_LIMITED, "Retry-After: 17\r\n", 17},
		{429, TICK_REASON_RATE_LIMITED, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n",
		    -1},
		{451, TICK_REASON_BLOCKED_REGION, "", -1},
		{503, TICK_REASON_SERVER_ERROR, "", -1},
		{404, TICK_REASON_UPGRADE_REFUSED, "", -1},
		{200, TICK_REASON_UPGRADE_REFUSED, "", -1},
		{500, TICK_REASON_SERVER_ERROR, "Retry-After: 99999999999999999999\r\n", -1},
		{302, TICK_REASON_UPGRADE_REFUSED, "Location: https://127.0.0.1:1/\r\n", -1},
	};
	struct rig *rig = rig_of(state);
	struct transport_event failed;
	char refusal[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(refusal, sizeof(refusal),
		    "HTTP/1.1 %d Refused\r\n%sContent-Length: 2\r\n\r\nno", rows[i].status,
		    rows[i].header);
		rig_serve(rig, &(struct ws_server_cfg){.manner = WS_REFUSE, .refusal = refusal});
		rig_start(rig, 0);
		failed = rig_expect(rig, TRANSPORT_FAILED);
		assert_int_equal(failed.http_status, rows[i].status);
		assert_int_equal(failed.reason, rows[i].reason);
		assert_int_equal(failed.retry_after_s, rows[i].retry_after_s);
		ws_server_stop(&rig->server);
	}
}

static void
an_upgrade_with_a_wrong_accept_key_is_a_protocol_error(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.manner = WS_REFUSE,
	    .refusal = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	               "Connection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"});
	rig_start(rig, 0);
	assert_int_equal(rig_expect(rig, TRANSPORT_FAILED).reason, TICK_REASON_PROTOCOL);
}

static void
request_script(struct ws_conn *conn)
{
	ws_conn_send(conn, WS_TEXT | WS_FIN, conn->request, strlen(conn->request));
	ws_conn_send(conn, WS_TEXT | WS_FIN,
	    SSL_get_servername(conn->ssl, TLSEXT_NAMETYPE_host_name),
	    strlen(SSL_get_servername(conn->ssl, TLSEXT_NAMETYPE_host_name)));
	ws_conn_drain(conn);
}

static void
the_request_names_the_host_and_offers_no_compression(void **state)
{
	struct rig *rig = rig_of(state);

	rig_serve(rig, &(struct ws_server_cfg){.script = request_script});
	rig_connect(rig, 0);
	rig_wait_messages(rig, 1);
	assert_non_null(strstr(rig->text, "GET /ws HTTP/1.1\r\n"));
	assert_non_null(strstr(rig->text, "\r\nHost: exchange.test:"));
	assert_null(strcasestr(rig->text, "Sec-WebSocket-Extensions"));
	rig_wait_messages(rig, 2);
	assert_string_equal(rig->last, "exchange.test");
}

static void
a_path_of_1000_bytes_arrives_whole(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_target target = {.host = "exchange.test", .address = "127.0.0.1"};
	char path[1002];

	rig_serve(rig, &(struct ws_server_cfg){.script = request_script});
	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[1001] = '\0';
	target.path = path;
	target.port = ws_server_port(rig->server);
	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), -EINVAL);
	path[1000] = '\0';
	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), 0);
	rig_expect(rig, TRANSPORT_UP);
	rig_wait_messages(rig, 1);
	assert_int_equal(strcspn(rig->text + 4, " "), 1000);
}

/* ---- names ------------------------------------------------------------- */

static void
a_name_is_resolved_and_its_addresses_tried_in_turn(void **state)
{
	const struct transport_target target = {.host = "localhost", .path = "/ws"};
	struct rig *rig = rig_of(state);
	struct transport_target own = target;
	struct transport_event event = {.kind = TRANSPORT_FAILED};

	/* The server listens on 127.0.0.1 only; ::1 may come first. */
	rig_serve(rig, &(struct ws_server_cfg){0});
	own.port = ws_server_port(rig->server);
	for (unsigned i = 0; i < 8 && event.kind != TRANSPORT_UP; i++) {
		assert_int_equal(transport_connect(rig->transport, 0, i, &own), 0);
		while (!transport_next_event(rig->transport, &event))
			transport_wait(rig->transport, mono_add(clock_mono(), span_s(10)));
		if (event.kind == TRANSPORT_FAILED)
			assert_int_equal(event.reason, TICK_REASON_REFUSED);
	}
	assert_int_equal(event.kind, TRANSPORT_UP);
}

static void
a_name_that_does_not_exist_fails_as_dns(void **state)
{
	struct rig *rig = rig_of(state);
	struct transport_event failed;

	rig_reopen(rig, span_s(2)); /* name servers may be silent where tests run */
	failed = failure_of(rig, "no-such-host.invalid", NULL, 443);
	assert_int_equal(failed.reason, TICK_REASON_DNS);
	assert_non_null(strstr(failed.detail, "no-such-host.invalid"));
}

static void
bad_targets_are_refused_at_once(void **state)
{
	struct rig *rig = rig_of(state);
	char host[300];
	struct transport_target target = {.host = "", .port = 443, .path = "/ws"};

	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), -EINVAL);
	memset(host, 'h', sizeof(host));
	host[299] = '\0';
	target.host = host;
	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), -EINVAL);
	target = (struct transport_target){.host = "exchange.test", .port = 443, .path = "ws"};
	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), -EINVAL);
	target.path = "/ws";
	assert_int_equal(transport_connect(rig->transport, 8, 1, &target), -EINVAL);
	target.address = "not-a-number";
	assert_int_equal(transport_connect(rig->transport, 0, 1, &target), -EINVAL);
}

/* ---- environment ------------------------------------------------------- */

static void
a_proxy_of_the_environment_is_not_used(void **state)
{
	struct rig *rig = rig_of(state);
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "127.0.0.1:%u", closed_port());
	setenv("http_proxy", proxy, 1);
	setenv("https_proxy", proxy, 1);
	rig_reopen(rig, span_s(10));
	rig_serve(rig, &(struct ws_server_cfg){0});
	rig_connect(rig, 0);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(a_certificate_for_another_host_is_refused),
		rig_test(a_certificate_of_an_unknown_authority_is_refused),
		rig_test(a_certificate_that_signed_itself_is_refused),
		rig_test(an_expired_certificate_is_refused),
		rig_test(a_certificate_of_the_future_is_refused),
		rig_test(a_host_given_as_address_is_checked_against_the_certificate),
		rig_test(an_ipv6_literal_is_a_host_like_any_other),
		rig_test(tls_before_1_2_is_refused),
		rig_test(a_server_that_speaks_no_tls_is_named),
		rig_test(a_ca_file_must_be_there_and_hold_a_certificate),
		rig_test(a_refused_connection_is_reported_with_its_address),
		rig_test(an_unreachable_network_is_reported),
		rig_test(a_server_that_never_speaks_tls_times_out),
		rig_test(a_server_that_never_answers_the_upgrade_times_out),
		rig_test(the_limit_of_connecting_can_be_changed),
		rig_test(the_status_of_a_refused_upgrade_is_reported),
		rig_test(an_upgrade_with_a_wrong_accept_key_is_a_protocol_error),
		rig_test(the_request_names_the_host_and_offers_no_compression),
		rig_test(a_path_of_1000_bytes_arrives_whole),
		rig_test(a_name_is_resolved_and_its_addresses_tried_in_turn),
		rig_test(a_name_that_does_not_exist_fails_as_dns),
		rig_test(bad_targets_are_refused_at_once),
		rig_test(a_proxy_of_the_environment_is_not_used),
	};
	int failed = rig_run("lws", tests);

	return failed + rig_run("uring", tests);
}
