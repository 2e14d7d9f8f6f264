/*
 * Every fault of the simulator that a client can see, on the wire: TCP and TLS,
 * the upgrade, frames and messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/system/sim_rig.h"

#define SOON 10000 /* ms; comes much earlier unless the machine is asleep */

static void
start(struct sim *s, const char *option, const char *value)
{
	sim_start(s, "--listen", "a=0", "--listen", "b=0", "--control-port", "0",
	    "--control-port-file", s->control_file, option, value, NULL);
}

/* Reads frames until one of the opcode comes. */
static void
wait_for(struct client *c, int opcode)
{
	int got;

	while ((got = client_frame(c, SOON)) != opcode)
		assert_true(got >= 0);
}

/* Reads until the connection ends; how it did. */
static int
ending(struct client *c)
{
	int got;

	while ((got = client_frame(c, SOON)) >= 0)
		;
	return got;
}

static int64_t
id_in(const struct client *c, const char *key)
{
	const char *at = strstr(c->payload, key);

	assert_non_null(at);
	return strtoll(at + strlen(key), NULL, 10);
}

static void
a_reset_and_a_fin_end_a_connection_without_a_close_frame(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--rate", "200");
	client_open(&c, s, 0, "/ws/btcusdt@trade");
	sim_fault(s, "0 rst conn=1");
	assert_int_equal(ending(&c), CLIENT_RESET);
	client_hang_up(&c);
	client_open(&c, s, 0, "/ws/btcusdt@trade");
	sim_fault(s, "0 fin conn=2");
	assert_int_equal(ending(&c), CLIENT_EOF);
	client_hang_up(&c);
	assert_true(sim_state_has(s, "\"cut\":2,"));
	sim_stop(s, SIGTERM);
}

static void
a_silent_line_keeps_its_socket_and_speaks_again(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--ping-interval", "0.1");
	client_open(&c, s, 0, "/ws/btcusdt@trade");
	wait_for(&c, 1);
	sim_fault(s, "0 stall conn=1");
	/* What was under way may still come. */
	while (client_frame(&c, 100) >= 0)
		;
	assert_int_equal(client_frame(&c, 400), CLIENT_QUIET);
	sim_control(s, "POST /clear", "");
	wait_for(&c, 1);
	sim_fault(s, "0 stall-data");
	while (client_frame(&c, 50) == 1)
		;
	for (int i = 0; i < 3; i++)
		assert_int_equal(client_frame(&c, SOON), 9);
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 half-open");
	client_send(&c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"ethusdt@trade\"],\"id\":1}");
	while (client_frame(&c, 100) >= 0)
		;
	assert_int_equal(client_frame(&c, 300), CLIENT_QUIET);
	assert_true(sim_state_has(s, "\"subscriptions\":[\"btcusdt@trade\"]"));
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 no-pings");
	wait_for(&c, 1);
	for (int64_t until = sim_now_ms() + 300; sim_now_ms() < until;)
		assert_int_equal(client_frame(&c, SOON), 1);
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
one_stream_stalls_and_the_other_goes_on(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--rate", "2000");
	client_open(&c, s, 0, "/ws/btcusdt@trade/ethusdt@trade");
	sim_fault(s, "0 stall-stream stream=btcusdt@trade");
	for (int i = 0; i < 500; i++)
		wait_for(&c, 1);
	for (int i = 0; i < 100; i++) {
		wait_for(&c, 1);
		assert_non_null(strstr(c.payload, "ETHUSDT"));
	}
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
a_closed_endpoint_refuses_by_tcp_and_returns_on_its_port(void **state)
{
	struct sim *s = *state;
	struct client a, b;

	start(s, "--rate", "200");
	client_open(&a, s, 0, "/ws/btcusdt@trade");
	client_open(&b, s, 1, "/ws/btcusdt@trade");
	sim_fault(s, "0 refuse endpoint=a");
	wait_for(&a, 1);
	client_hang_up(&a);
	assert_int_equal(client_dial(&a, s, 0), -ECONNREFUSED);
	client_hang_up(&a);
	sim_control(s, "POST /clear", "");
	client_open(&a, s, 0, "/ws/btcusdt@trade");
	sim_fault(s, "0 down endpoint=a for=60");
	assert_int_equal(ending(&a), CLIENT_RESET);
	client_hang_up(&a);
	assert_int_equal(client_dial(&a, s, 0), -ECONNREFUSED);
	client_hang_up(&a);
	wait_for(&b, 1);
	sim_control(s, "POST /clear", "");
	client_open(&a, s, 0, "/ws/btcusdt@trade");
	wait_for(&a, 1);
	client_hang_up(&a);
	client_hang_up(&b);
	sim_stop(s, SIGTERM);
}

static void
a_refused_upgrade_and_rest_carry_status_and_retry_after(void **state)
{
	static const int statuses[] = {403, 418, 429, 451, 503};
	struct sim *s = *state;
	struct client c;
	char line[96];

	start(s, "--rate", "1");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		snprintf(line, sizeof(line), "0 http on=both status=%d retry-after=7 count=2",
		    statuses[i]);
		sim_fault(s, line);
		snprintf(line, sizeof(line), "HTTP/1.1 %d ", statuses[i]);
		for (int rest = 0; rest < 2; rest++) {
			assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
			client_say(&c, rest ? "/api/v3/ping" : "/ws");
			client_hear(&c, line);
			client_hear(&c, "\r\nRetry-After: 7\r\n");
			client_hang_up(&c);
		}
	}
	client_open(&c, s, 0, "/ws");
	client_hang_up(&c);
	assert_true(sim_state_has(s, "\"refused\":{\"403\":2,\"418\":2,\"429\":2,\"451\":2,"
				     "\"503\":2}"));
	sim_stop(s, SIGTERM);
}

static void
the_handshake_is_slow_at_tls_at_the_upgrade_and_byte_by_byte(void **state)
{
	static const char *const faults[] = {"0 slow-tls ms=400 count=1",
		"0 slow-upgrade ms=400 count=1", "0 dribble ms=4 bytes=1 count=1"};
	struct sim *s = *state;
	struct client c;

	start(s, "--rate", "1");
	for (int i = 0; i < 3; i++) {
		int64_t before = sim_now_ms();

		sim_fault(s, faults[i]);
		client_open(&c, s, 0, "/ws");
		assert_true(sim_now_ms() - before >= 400);
		client_hang_up(&c);
	}
	sim_stop(s, SIGTERM);
}

static void
the_certificate_changes_for_new_connections_of_an_endpoint(void **state)
{
	static const struct {
		const char *fault;
		long verdict;
	} faults[] = {
		{"0 cert endpoint=a count=1", X509_V_ERR_HOSTNAME_MISMATCH},
		{"0 cert endpoint=a count=1 kind=self-signed",
		    X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
		{"0 cert endpoint=a count=1 kind=expired", X509_V_ERR_CERT_HAS_EXPIRED},
	};
	struct sim *s = *state;
	struct client old, c;

	start(s, "--rate", "200");
	client_open(&old, s, 0, "/ws/btcusdt@trade");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		sim_fault(s, faults[i].fault);
		assert_int_equal(client_dial(&c, s, 1), X509_V_OK);
		client_hang_up(&c);
		assert_int_equal(client_dial(&c, s, 0), faults[i].verdict);
		client_hang_up(&c);
		assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
		client_hang_up(&c);
	}
	wait_for(&old, 1);
	client_hang_up(&old);
	sim_stop(s, SIGTERM);
}

static void
a_close_has_its_code_and_reason_and_shutdown_is_announced(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--rate", "1");
	client_open(&c, s, 0, "/ws");
	sim_fault(s, "0 close code=1013 reason='Try again later'");
	wait_for(&c, 8);
	assert_int_equal(c.payload_n, 17);
	assert_memory_equal(c.payload, "\x03\xf5Try again later", 17);
	client_hang_up(&c);
	client_open(&c, s, 0, "/stream");
	sim_fault(s, "0 shutdown after=0.3");
	wait_for(&c, 1);
	assert_memory_equal(c.payload, "{\"stream\":\"!serverShutdown\",\"data\":{", 36);
	wait_for(&c, 8);
	assert_memory_equal(c.payload, "\x03\xe9", 2);
	client_hang_up(&c);
	client_open(&c, s, 0, "/ws");
	sim_fault(s, "0 expire");
	wait_for(&c, 8);
	assert_string_equal(c.payload + 2, "Connection is too old");
	client_hang_up(&c);
	assert_true(sim_state_has(s, "\"closed\":{\"1013\":1,\"1001\":2}"));
	sim_stop(s, SIGTERM);
}

static void
what_the_market_did_not_make_is_injected(void **state)
{
	struct sim *s = *state;
	struct client c;

	start(s, "--rate", "1");
	client_open(&c, s, 0, "/ws");
	sim_fault(s, "0 inject kind=text text='{\"e\":\"hello\"}'");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_string_equal(c.payload, "{\"e\":\"hello\"}");
	sim_fault(s, "0 inject kind=oversize");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_int_equal(c.payload_n, 1048577);
	sim_fault(s, "0 inject kind=fragmented");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_int_equal(c.head, 0x01);
	assert_int_equal(client_frame(&c, SOON), 9);
	while (client_frame(&c, SOON) == 0 && c.head != 0x80)
		;
	assert_int_equal(c.head, 0x80);
	sim_fault(s, "0 inject kind=binary");
	assert_int_equal(client_frame(&c, SOON), 2);
	sim_fault(s, "0 inject kind=empty");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_int_equal(c.payload_n, 0);
	sim_fault(s, "0 inject kind=reserved");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_int_equal(c.head, 0xc1);
	sim_fault(s, "0 inject kind=truncated\n0 inject kind=malformed\n"
		     "0 inject kind=unknown\n0 inject kind=bad-utf8\n0 inject kind=masked");
	for (int i = 0; i < 5; i++)
		assert_int_equal(client_frame(&c, SOON), 1);
	assert_string_equal(c.payload, "{}");
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
ids_jump_repeat_and_swap(void **state)
{
	struct sim *s = *state;
	struct client c;
	int64_t last, id;
	int gaps = 0, twice = 0, back = 0;

	start(s, "--rate", "2000");
	client_open(&c, s, 0, "/ws/btcusdt@trade");
	wait_for(&c, 1);
	last = id_in(&c, "\"t\":");
	sim_fault(s, "0 gap stream=btcusdt@trade\n0.1 duplicate stream=btcusdt@trade\n"
		     "0.2 reorder stream=btcusdt@trade");
	for (int i = 0; i < 3000 && (gaps < 1 || twice < 1 || back < 1); i++) {
		wait_for(&c, 1);
		id = id_in(&c, "\"t\":");
		/* A swap is a jump, a step back, and a jump over what came early. */
		gaps += id == last + 2;
		twice += id == last;
		back += id == last - 1;
		last = id;
	}
	assert_true(gaps >= 1 && twice == 1 && back == 1);
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
the_exchanges_clock_steps_and_its_market_bursts(void **state)
{
	struct sim *s = *state;
	struct client c;
	int64_t here;
	int n = 0;

	start(s, "--rate", "100");
	client_open(&c, s, 0, "/ws/btcusdt@trade");
	sim_fault(s, "0 clock ms=-3600000");
	for (int i = 0; i < 50; i++)
		wait_for(&c, 1);
	here = (int64_t)time(NULL) * 1000;
	assert_in_range(here - id_in(&c, "\"E\":"), 3590000, 3610000);
	assert_in_range(here - id_in(&c, "\"T\":"), 3590000, 3610000);
	sim_control(s, "POST /clear", "");
	sim_fault(s, "0 burst factor=100 for=1");
	/* A second at 10000 per second, or as many as this machine can. */
	for (int64_t until = sim_now_ms() + 1000; sim_now_ms() < until;)
		n += client_frame(&c, 100) == 1;
	assert_true(n > 500);
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, sim_set_up, sim_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_reset_and_a_fin_end_a_connection_without_a_close_frame),
		TEST(a_silent_line_keeps_its_socket_and_speaks_again),
		TEST(one_stream_stalls_and_the_other_goes_on),
		TEST(a_closed_endpoint_refuses_by_tcp_and_returns_on_its_port),
		TEST(a_refused_upgrade_and_rest_carry_status_and_retry_after),
		TEST(the_handshake_is_slow_at_tls_at_the_upgrade_and_byte_by_byte),
		TEST(the_certificate_changes_for_new_connections_of_an_endpoint),
		TEST(a_close_has_its_code_and_reason_and_shutdown_is_announced),
		TEST(what_the_market_did_not_make_is_injected),
		TEST(ids_jump_repeat_and_swap),
		TEST(the_exchanges_clock_steps_and_its_market_bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
