/*
 * The simulator as a process, seen by a client that is nothing but OpenSSL:
 * TLS and its faults, a subscription, a replay, a clean end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#include "tests/system/sim_rig.h"

static void
a_subscriber_gets_trades_and_the_signal_ends_it(void **state)
{
	struct sim *s = *state;
	struct client c;

	sim_start(s, "--rate", "500", NULL);
	assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
	client_say(&c, "/stream?streams=btcusdt@trade");
	client_hear(&c, "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",");
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
rest_is_served_on_the_same_port(void **state)
{
	struct sim *s = *state;
	struct client c;

	sim_start(s, "--symbols", "ethusdt", NULL);
	assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
	client_say(&c, "/api/v3/depth?symbol=BTCUSDT");
	client_hear(&c, "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}");
	client_say(&c, "/api/v3/depth?symbol=ETHUSDT&limit=1000");
	client_hear(&c, "X-MBX-USED-WEIGHT-1M: ");
	client_hang_up(&c);
	sim_stop(s, SIGINT);
}

static void
every_faulty_certificate_is_refused_for_its_reason(void **state)
{
	static const struct {
		const char *fault;
		long verdict;
	} faults[] = {
		{"none", X509_V_OK},
		{"wrong-host", X509_V_ERR_HOSTNAME_MISMATCH},
		{"self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
		{"expired", X509_V_ERR_CERT_HAS_EXPIRED},
		{"not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID},
	};
	struct sim *s = *state;
	struct client c;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		sim_start(s, "--cert-fault", faults[i].fault, NULL);
		assert_int_equal(client_dial(&c, s, 0), faults[i].verdict);
		client_hang_up(&c);
		sim_stop(s, SIGTERM);
	}
}

static void
a_replay_sends_the_recorded_bytes_to_their_streams(void **state)
{
	static const char capture[] =
	    "0\t{\"e\":\"trade\",\"E\":1,\"s\":\"AB\",\"t\":1}\n"
	    "0\t{\"stream\":\"cd@depth\",\"data\":{ \"odd\" : 1 }}\n"
	    "0\t{\"result\":null,\"id\":77}\n";
	struct sim *s = *state;
	FILE *f = fopen(s->file, "we");
	struct client one, two;

	assert_non_null(f);
	assert_int_equal(fwrite(capture, 1, sizeof(capture) - 1, f), sizeof(capture) - 1);
	fclose(f);
	sim_start(s, "--replay", s->file, NULL);
	assert_int_equal(client_dial(&one, s, 0), X509_V_OK);
	client_say(&one, "/stream?streams=ab@trade");
	client_hear(&one, "\r\n\r\n");
	assert_int_equal(client_dial(&two, s, 0), X509_V_OK);
	client_say(&two, "/ws/cd@depth");
	/* 0x81, the length, the message; then the reply, which goes to both. */
	client_hear(&two, "\x81\x2a{\"stream\":\"cd@depth\",\"data\":{ \"odd\" : 1 }}"
		   "\x81\x17{\"result\":null,\"id\":77}");
	client_hear(&one, "\x81\x22{\"e\":\"trade\",\"E\":1,\"s\":\"AB\",\"t\":1}"
		   "\x81\x17{\"result\":null,\"id\":77}");
	client_hang_up(&one);
	client_hang_up(&two);
	sim_stop(s, SIGTERM);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, sim_set_up, sim_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_subscriber_gets_trades_and_the_signal_ends_it),
		TEST(rest_is_served_on_the_same_port),
		TEST(every_faulty_certificate_is_refused_for_its_reason),
		TEST(a_replay_sends_the_recorded_bytes_to_their_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
