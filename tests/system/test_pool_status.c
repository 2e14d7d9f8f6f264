/*
 * pool-status against a feedd that is fed by exchange-sim: while it runs,
 * after the exchange went away, and after the feed was killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/system/daemon.h"

#define WORDS_MAX 16

struct world {
	struct daemon sim, feedd, tool;
	uint16_t port;
};

static struct world world;

static int
setup(void **state)
{
	memset(&world, 0, sizeof(world));
	*state = &world;
	return 0;
}

/* Starts pool-status with such words and the feed's name. */
static void
start_tool(struct world *w, const char *words)
{
	const char *arguments[WORDS_MAX + 2] = {NULL};
	static char text[256];
	char *rest = text, *word;
	size_t n = 0;

	assert_true(strlen(words) < sizeof(text));
	memcpy(text, words, strlen(words) + 1);
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0') {
			assert_true(n < WORDS_MAX);
			arguments[n++] = word;
		}
	arguments[n] = daemon_feed();
	daemon_start(&w->tool, "pool-status", arguments);
}

/* Runs it to its end; its output stays in the tool's log. Returns the exit code. */
static int
run_tool(struct world *w, const char *words)
{
	start_tool(w, words);
	return daemon_wait(&w->tool);
}

static void
assert_says(struct world *w, const char *text)
{
	if (strstr(daemon_log(&w->tool), text) == NULL)
		fail_msg("no \"%s\" in:\n%s", text, daemon_log(&w->tool));
}

static void
wait_until_all_is_well(struct world *w)
{
	mono_t deadline = daemon_deadline();

	while (run_tool(w, "--check") != 0)
		daemon_pause(deadline, "a pool whose lines are all live");
}

static void
start_feedd(struct world *w, const char *transport)
{
	const char *const settings[] = {"pool.initial_connections=2", "pool.max_connections=2",
	    "streams=btcusdt@trade,btcusdt@bookTicker,ethusdt@trade,ethusdt@bookTicker", transport,
	    NULL};

	daemon_start_feedd(&w->feedd, w->port, settings);
}

static void
start_feed(struct world *w, const char *transport)
{
	const char *const none[] = {NULL};

	w->port = daemon_start_sim(&w->sim, none);
	start_feedd(w, transport);
	wait_until_all_is_well(w);
}

/*
 * Kills feedd at a moment at which its status is whole: one that dies while
 * it writes leaves none.
 */
static void
kill_feedd(struct world *w)
{
	mono_t deadline = daemon_deadline();

	while (kill(w->feedd.pid, SIGSTOP) == 0 && run_tool(w, "--budgets") != 0) {
		kill(w->feedd.pid, SIGCONT);
		daemon_pause(deadline, "a status that is whole");
	}
	assert_int_equal(daemon_end(&w->feedd, SIGKILL), -SIGKILL);
}

/* The first object of that kind, to be deleted. Every line of the output must be JSON. */
static cJSON *
object_of(struct world *w, const char *kind)
{
	char *text = strdup(daemon_log(&w->tool)), *rest = text, *line;
	cJSON *found = NULL;

	assert_non_null(text);
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		cJSON *object = cJSON_Parse(line);
		const char *of = cJSON_GetStringValue(cJSON_GetObjectItem(object, "kind"));

		if (of == NULL)
			fail_msg("no object: %s", line);
		if (found == NULL && strcmp(of, kind) == 0)
			found = object;
		else
			cJSON_Delete(object);
	}
	free(text);
	if (found == NULL)
		fail_msg("no object of kind %s in:\n%s", kind, daemon_log(&w->tool));
	return found;
}

static double
number_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(object, name);

	if (!cJSON_IsNumber(item))
		fail_msg("%s is no number", name);
	return item->valuedouble;
}

static void
a_running_pool_is_shown_with_its_rates(void **state)
{
	struct world *w = *state;
	cJSON *feed, *line;

	start_feed(w, "transport=auto");
	assert_int_equal(run_tool(w, "--interval 0.3 -o json"), 0);
	feed = object_of(w, "feed");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(feed, "writer")), "alive");
	assert_true(number_of(feed, "lines") == 2 && number_of(feed, "lines_live") == 2);
	assert_true(number_of(feed, "streams") == 4);
	assert_true(number_of(feed, "streams_acknowledged") == 4);
	assert_true(number_of(feed, "messages_per_s") > 0);
	cJSON_Delete(feed);
	line = object_of(w, "line");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(line, "state")), "live");
	assert_true(number_of(line, "messages") > 0);
	assert_true(number_of(line, "connects") == 1);
	cJSON_Delete(line);
	assert_int_equal(run_tool(w, "--interval 0.1 -o prom"), 0);
	assert_says(w, "tickring_line_up{feed=");
	assert_says(w, "line=\"1\"} 1\n");
	assert_int_equal(run_tool(w, "--budgets"), 0);
	assert_says(w, "connects       pool     2    300   298");
	assert_int_equal(run_tool(w, "--streams --interval 0.1"), 0);
	assert_says(w, "btcusdt@bookTicker  ");
	assert_says(w, ":producing");
	assert_int_equal(run_tool(w, "--settings"), 0);
	assert_says(w, "\n*    endpoint.host  ");
	assert_int_equal(run_tool(w, "--settings -o json"), 0);
	assert_says(w, "\"key\":\"pool.max_connections\",\"value\":\"2\"");
	assert_int_equal(run_tool(w, "--why 1"), 0);
	assert_says(w, "live");
	assert_int_equal(run_tool(w, "--why 40"), 1);
	assert_says(w, "no line 40");
}

static void
pings_that_the_transport_hides_are_said_to_be_hidden(void **state)
{
	struct world *w = *state;

	start_feed(w, "transport=lws");
	assert_int_equal(run_tool(w, "--interval 0.05"), 0);
	assert_says(w, "lws");
	assert_says(w, "hidden");
}

static void
a_killed_feed_leaves_its_last_figures(void **state)
{
	struct world *w = *state;

	start_feed(w, "transport=auto");
	kill_feedd(w);
	assert_int_equal(run_tool(w, ""), 0);
	assert_says(w, "-- there is no writer: these are its last figures, ");
	assert_says(w, "writer     dead");
	assert_int_equal(run_tool(w, "--check"), 1);
	assert_says(w, "dead       0      2  there is no writer");
	assert_int_equal(run_tool(w, "-o json"), 0);
	cJSON_Delete(object_of(w, "note"));
	assert_int_equal(run_tool(w, "-o prom"), 0);
	assert_says(w, "tickring_feed_up{");
	assert_int_equal(run_tool(w, "--why 0"), 0);
	assert_int_equal(run_tool(w, "--budgets"), 0);
}

static void
the_reasons_of_a_lost_exchange_are_told(void **state)
{
	struct world *w = *state;
	mono_t deadline = daemon_deadline();

	start_feed(w, "transport=auto");
	daemon_end(&w->sim, SIGKILL);
	do {
		daemon_pause(deadline, "a refused connection");
		assert_int_equal(run_tool(w, "--why 0"), 0);
	} while (strstr(daemon_log(&w->tool), "connection refused") == NULL);
	assert_int_equal(run_tool(w, "--check"), 1);
	assert_says(w, "alive      0      2  no line is live");
}

static void
following_waits_for_a_feed_and_outlives_it(void **state)
{
	struct world *w = *state;
	const char *const none[] = {NULL};

	start_tool(w, "-w -f --interval 0.1 -o json");
	daemon_expect_log(&w->tool, "waiting for feed");
	w->port = daemon_start_sim(&w->sim, none);
	start_feedd(w, "transport=auto");
	daemon_expect_log(&w->tool, "\"lines_live\":2,");
	assert_int_equal(daemon_end(&w->tool, SIGTERM), 0);
	kill_feedd(w);
	/* Another one sees the successor, from the dead status on. */
	start_tool(w, "-f --interval 0.1 -o json");
	daemon_expect_log(&w->tool, "\"writer\":\"dead\"");
	start_feedd(w, "transport=auto");
	daemon_expect_log(&w->tool, "\"lines_live\":2,");
	assert_int_equal(daemon_end(&w->tool, SIGTERM), 0);
	start_tool(w, "-f --interval 0.1 -o json");
	daemon_expect_log(&w->tool, "\"writer\":\"alive\"");
	assert_int_equal(daemon_end(&w->feedd, SIGKILL), -SIGKILL);
	daemon_expect_log(&w->tool, "these are its last figures");
	assert_int_equal(daemon_end(&w->tool, SIGTERM), 0);
	start_feedd(w, "transport=auto");
	wait_until_all_is_well(w);
	assert_int_equal(run_tool(w, "-f -n 2 --interval 0.05 -o json"), 0);
	cJSON_Delete(object_of(w, "line"));
}

static void
without_a_feed_there_is_nothing_to_show(void **state)
{
	struct world *w = *state;

	assert_int_equal(run_tool(w, ""), 1);
	assert_says(w, "there is no such segment (--wait waits for it)");
	assert_int_equal(run_tool(w, "--wait=0.05"), 1);
	assert_int_equal(run_tool(w, "--nonsense"), 2);
	assert_says(w, "try --help");
	assert_int_equal(run_tool(w, "--help"), 0);
	assert_says(w, "Exit codes");
	assert_int_equal(run_tool(w, "--version"), 0);
}

/*
 * Does feed-health say what the output of pool-status says: level as exit code
 * and word, the first reasons in the same order? Values may differ by the time
 * between the two.
 */
static bool
feed_health_agrees(const char *pool)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	const char *const arguments[] = {daemon_feed(), NULL};
	struct daemon tool = {0};
	const char *at, *row = pool;
	char reason[200], word[32];
	int level, told = 0;

	assert_int_equal(sscanf(strstr(pool, "\"severity\":"), "\"severity\":%d", &level), 1);
	daemon_start(&tool, "feed-health", arguments);
	if (daemon_wait(&tool) != level)
		return false;
	snprintf(word, sizeof(word), "FEED %s: ", words[level]);
	at = strstr(daemon_log(&tool), word);
	while (at != NULL && told < 3 && (row = strstr(row, "\"kind\":\"reason\"")) != NULL) {
		row = strstr(row, "\"text\":\"");
		assert_int_equal(sscanf(row, "\"text\":\"%199[^:\"]", reason), 1);
		/* Notes are told where nothing is wrong. */
		if (level == 0 || strstr(pool, "\"level\":\"ok\"") == NULL ||
		    row < strstr(pool, "\"level\":\"ok\"")) {
			at = strstr(at, reason);
			told++;
		}
	}
	return at != NULL;
}

static void
wait_for_reason(struct world *w, const char *reason)
{
	mono_t deadline = daemon_deadline();
	char words[64];

	snprintf(words, sizeof(words), "\"reason\":\"%s\"", reason);
	while (run_tool(w, "--output=json") != 0 || strstr(daemon_log(&w->tool), words) == NULL)
		daemon_pause(deadline, words);
}

static void
assert_agreement(struct world *w)
{
	mono_t deadline = daemon_deadline();
	char *pool = NULL;

	for (;;) {
		assert_int_equal(run_tool(w, "--output=json"), 0);
		pool = strdup(daemon_log(&w->tool));
		assert_non_null(pool);
		if (feed_health_agrees(pool))
			break;
		free(pool);
		daemon_pause(deadline, "one verdict of both tools");
	}
	free(pool);
}

static void
the_verdict_is_that_of_feed_health_with_its_reasons(void **state)
{
	struct world *w = *state;

	start_feed(w, "transport=auto");
	assert_agreement(w); /* two streams a line bring few messages, at most */
	run_tool(w, "");
	assert_memory_equal(daemon_log(&w->tool), "health", 6);
	daemon_end(&w->sim, SIGKILL);
	wait_for_reason(w, "starting"); /* in the first minute no line is no alarm yet */
	assert_agreement(w);
	kill_feedd(w);
	assert_int_equal(run_tool(w, "--output=json"), 0);
	assert_says(w, "\"level\":\"critical\",\"severity\":2");
	assert_says(w, "\"reason\":\"writer_dead\"");
	assert_agreement(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_running_pool_is_shown_with_its_rates, setup,
	        daemon_teardown),
	    cmocka_unit_test_setup_teardown(pings_that_the_transport_hides_are_said_to_be_hidden,
	        setup, daemon_teardown),
	    cmocka_unit_test_setup_teardown(a_killed_feed_leaves_its_last_figures, setup,
	        daemon_teardown),
	    cmocka_unit_test_setup_teardown(the_reasons_of_a_lost_exchange_are_told, setup,
	        daemon_teardown),
	    cmocka_unit_test_setup_teardown(
	        the_verdict_is_that_of_feed_health_with_its_reasons, setup, daemon_teardown),
	    cmocka_unit_test_setup_teardown(following_waits_for_a_feed_and_outlives_it, setup,
	        daemon_teardown),
	    cmocka_unit_test_setup_teardown(without_a_feed_there_is_nothing_to_show, setup,
	        daemon_teardown),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
