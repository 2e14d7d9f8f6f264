/*
 * The simulator's several endpoints, its limits and bans, its script file and
 * its control port, as a process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/system/sim_rig.h"

#define SOON 10000 /* ms; comes much earlier unless the machine is asleep */
#define FRAMES 200

static void
write_script(const struct sim *s, const char *text)
{
	FILE *f = fopen(s->file, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The next `FRAMES` messages, from the first one that begins with `first`, if not NULL. */
static void
collect(struct client *c, const char *first, char (*out)[256])
{
	int n = 0;

	while (n < FRAMES) {
		int got = client_frame(c, SOON);

		assert_true(got >= 0);
		if (got != 1 || (n == 0 && first != NULL && strcmp(c->payload, first) != 0))
			continue;
		snprintf(out[n++], sizeof(out[0]), "%s", c->payload);
	}
}

static void
all_endpoints_send_the_same_messages_one_of_them_later(void **state)
{
	static char early[FRAMES][256], late[FRAMES][256];
	struct sim *s = *state;
	struct client a, b;

	sim_start(s, "--listen", "a=0", "--listen", "b=0,delay=200,jitter=30", "--rate", "1000",
	    NULL);
	client_open(&b, s, 1, "/ws/btcusdt@trade");
	client_open(&a, s, 0, "/ws/btcusdt@trade");
	collect(&a, NULL, early);
	collect(&b, early[0], late);
	for (int i = 0; i < FRAMES; i++)
		assert_string_equal(early[i], late[i]);
	client_hang_up(&a);
	client_hang_up(&b);
	sim_stop(s, SIGTERM);
}

static int64_t
number_in(const struct client *c, const char *key)
{
	const char *at = strstr(c->payload, key);

	assert_non_null(at);
	return strtoll(at + strlen(key), NULL, 10);
}

static void
futures_diffs_continue_by_pu_and_have_their_own_field_order(void **state)
{
	struct sim *s = *state;
	struct client c;
	int64_t last = 0;

	sim_start(s, "--product", "coinm", "--symbols", "btcusd_perp", "--rate", "500", NULL);
	client_open(&c, s, 0, "/ws/btcusd_perp@trade");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_memory_equal(c.payload, "{\"e\":\"trade\",\"E\":", 17);
	assert_non_null(strstr(c.payload, ",\"X\":\"MARKET\",\"m\":"));
	client_hang_up(&c);
	client_open(&c, s, 0, "/ws/btcusd_perp@bookTicker");
	assert_int_equal(client_frame(&c, SOON), 1);
	assert_non_null(strstr(c.payload, ",\"e\":\"bookTicker\",\"s\":\"BTCUSD_PERP\","
					  "\"ps\":\"BTCUSD\",\"b\":"));
	client_hang_up(&c);
	client_open(&c, s, 0, "/ws/btcusd_perp@depth@100ms");
	for (int i = 0; i < 8; i++) {
		assert_int_equal(client_frame(&c, SOON), 1);
		if (i > 0)
			assert_int_equal(number_in(&c, "\"pu\":"), last);
		assert_true(number_in(&c, "\"U\":") > number_in(&c, "\"pu\":"));
		last = number_in(&c, "\"u\":");
	}
	client_hang_up(&c);
	assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
	client_say(&c, "/dapi/v1/depth?symbol=BTCUSD_PERP");
	client_hear(&c, "{\"lastUpdateId\":");
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
who_connects_too_often_is_refused_then_banned(void **state)
{
	struct sim *s = *state;
	struct client c;

	sim_start(s, "--strict", "--max-connects", "3", "--ban", "1", "--control-port", "0",
	    "--control-port-file", s->control_file, NULL);
	for (int i = 0; i < 3; i++) {
		client_open(&c, s, 0, "/ws");
		client_hang_up(&c);
	}
	for (int i = 0; i < 11; i++) {
		assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
		client_say(&c, "/ws");
		client_hear(&c, i < 10 ? "HTTP/1.1 429 " : "HTTP/1.1 418 ");
		client_hear(&c, "\r\nRetry-After: ");
		client_hang_up(&c);
	}
	assert_true(sim_state_has(s, "\"bans\":1,"));
	assert_true(sim_state_has(s, "\"peak_connects_per_5_minutes\":4,"));
	assert_true(sim_state_has(s, "\"refused\":{\"429\":10,\"418\":1}"));
	sim_stop(s, SIGTERM);
}

static void
the_state_counts_what_a_client_sends(void **state)
{
	static const char list[] = "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":1}";
	struct sim *s = *state;
	struct client c;

	sim_start(s, "--strict", "--control-port", "0", "--control-port-file", s->control_file,
	    NULL);
	client_open(&c, s, 0, "/ws/btcusdt@depth5");
	for (int i = 0; i < 4; i++) {
		client_send(&c, list);
		client_hear(&c, "[\"btcusdt@depth5\"]");
	}
	assert_true(sim_state_has(s, "\"state\":\"open\""));
	assert_non_null(strstr(s->answer, "\"id\":1,\"endpoint\":\"1\",\"peer\":\"127.0.0.1\""));
	assert_non_null(strstr(s->answer, "\"subscriptions\":[\"btcusdt@depth5\"]"));
	assert_non_null(strstr(s->answer, "\"closed_over_rate\":0,"));
	assert_int_equal(sim_control(s, "GET /state?streams=0", ""), 200);
	assert_null(strstr(s->answer, "subscriptions"));
	/* Within one second, as far as the machine keeps up: the sixth is one too many. */
	for (int i = 0; i < 8; i++)
		client_send(&c, list);
	client_hear(&c, "Too many requests");
	client_hang_up(&c);
	assert_true(sim_state_has(s, "\"closed_over_rate\":1,"));
	assert_true(sim_state_has(s, "\"peak_messages_per_second\":6,"));
	assert_true(sim_state_has(s, "\"closed\":{\"1008\":1}"));
	sim_stop(s, SIGTERM);
}

static void
a_script_acts_at_its_time(void **state)
{
	struct sim *s = *state;
	struct client c;

	write_script(s, "# one of two\n\n0 http status=451 count=1\n0 reject reason='not now'\n");
	sim_start(s, "--faults", s->file, NULL);
	assert_int_equal(client_dial(&c, s, 0), X509_V_OK);
	client_say(&c, "/ws");
	client_hear(&c, "HTTP/1.1 451 Unavailable For Legal Reasons\r\n");
	client_hang_up(&c);
	client_open(&c, s, 0, "/ws");
	client_send(&c, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":1}");
	client_hear(&c, "{\"code\":2,\"msg\":\"not now\",\"id\":1}");
	client_hang_up(&c);
	sim_stop(s, SIGTERM);
}

static void
a_wrong_script_is_refused_with_its_file_and_line(void **state)
{
	struct sim *s = *state;
	char expected[256];

	write_script(s, "0 rst\n\n1 stall conn=x\n");
	assert_int_equal(sim_run(s, "--faults", s->file, NULL), 2);
	snprintf(expected, sizeof(expected), "%s:3: conn: invalid value \"x\"", s->file);
	assert_non_null(strstr(s->answer, expected));
	write_script(s, "0 down endpoint=nowhere\n");
	assert_int_equal(sim_run(s, "--listen", "a=0", "--faults", s->file, NULL), 2);
	assert_non_null(strstr(s->answer, ":1: endpoint: there is no \"nowhere\""));
	assert_int_equal(sim_run(s, "--faults", "/nonexistent/script", NULL), 2);
	assert_non_null(strstr(s->answer, "/nonexistent/script: No such file"));
	assert_int_equal(sim_run(s, "--listen", "a=0", "--listen", "a=0", NULL), 2);
	assert_non_null(strstr(s->answer, "--listen a=0: not a value of that option"));
}

static void
a_wrong_request_to_the_control_port_changes_nothing(void **state)
{
	struct sim *s = *state;

	sim_start(s, "--control-port", "0", "--control-port-file", s->control_file, NULL);
	assert_int_equal(sim_control(s, "POST /fault", "9 rst\n9 explode\n"), 400);
	assert_non_null(strstr(s->answer, "{\"error\":\"request:2: \\\"explode\\\""));
	assert_true(sim_state_has(s, "\"faults\":[]"));
	assert_int_equal(sim_control(s, "POST /fault", "\n"), 400);
	assert_int_equal(sim_control(s, "GET /fault", ""), 404);
	assert_int_equal(sim_control(s, "POST /nothing", ""), 404);
	assert_int_equal(sim_control(s, "POST /fault", "9 rst\n9 fin\n"), 200);
	assert_string_equal(s->answer, "{\"ids\":[1,2]}\n");
	assert_int_equal(sim_control(s, "POST /clear?id=1", ""), 200);
	assert_int_equal(sim_control(s, "POST /clear?id=1", ""), 404);
	assert_false(sim_state_has(s, "\"name\":\"rst\""));
	assert_true(sim_state_has(s, "\"name\":\"fin\",\"in_force\":false"));
	sim_stop(s, SIGTERM);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, sim_set_up, sim_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_endpoints_send_the_same_messages_one_of_them_later),
		TEST(futures_diffs_continue_by_pu_and_have_their_own_field_order),
		TEST(who_connects_too_often_is_refused_then_banned),
		TEST(the_state_counts_what_a_client_sends),
		TEST(a_script_acts_at_its_time),
		TEST(a_wrong_script_is_refused_with_its_file_and_line),
		TEST(a_wrong_request_to_the_control_port_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
