/*
 * feedd and the binary streams, through TLS, WebSocket and shared memory: the
 * same values as from the text streams of the same market, with a key that
 * nobody gets to see; what happens without one; captures of binary messages.
 */
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <tickring/status.h>

#include "tests/system/daemon.h"
#include "tests/system/ring_content.h"

#define KEY "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
#define MESSAGES 2000

struct rig {
	struct daemon sim, sbe, text;
	uint16_t text_port, sbe_port;
	char key_file[96], key_setting[128], text_feed[96];
};

static struct rig rig;

/* ---- start and end ------------------------------------------------------------ */

static void
write_key(const char *key)
{
	FILE *out;

	snprintf(rig.key_file, sizeof(rig.key_file), "%s/key", daemon_folder());
	snprintf(rig.key_setting, sizeof(rig.key_setting), "endpoint.api_key_file=%s",
	    rig.key_file);
	out = fopen(rig.key_file, "we");
	assert_non_null(out);
	fprintf(out, "%s\n", key);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(rig.key_file, 0600), 0);
}

/* One market, at a text endpoint and at a binary one that asks for the key. */
static void
start_exchange(void)
{
	static const char *const arguments[] = {"--symbols", "btcusdt,ethusdt", "--rate", "1000",
	    "--listen", "sbe=0,sbe", "--api-key", KEY, NULL};
	unsigned first = 0, second = 0;
	char path[96];
	FILE *in;

	rig.text_port = daemon_start_sim(&rig.sim, arguments);
	snprintf(path, sizeof(path), "%s/port", daemon_folder());
	in = fopen(path, "re");
	assert_non_null(in);
	assert_int_equal(fscanf(in, "%u 1 %u sbe", &first, &second), 2);
	fclose(in);
	assert_int_equal(first, rig.text_port);
	rig.sbe_port = (uint16_t)second;
}

static int
set_up(void **state)
{
	(void)state;
	rig = (struct rig){.text_port = 0};
	snprintf(rig.text_feed, sizeof(rig.text_feed), "feed=%s-text", daemon_feed());
	unsetenv("TICKRING_API_KEY");
	write_key(KEY);
	start_exchange();
	return 0;
}

#define SBE_STREAMS \
	"streams=btcusdt@trade,btcusdt@bestBidAsk,btcusdt@depth,ethusdt@depth20,ethusdt@bestBidAsk"
#define TEXT_STREAMS \
	"streams=btcusdt@trade,btcusdt@bookTicker,btcusdt@depth@100ms,ethusdt@depth20@100ms," \
	"ethusdt@bookTicker"
#define COMMON "ring.slots=262144"

/* Waits until a feed has had so many messages; *out: its status then. */
static void
wait_for_messages(const char *feed, uint64_t wanted, struct tick_status *out)
{
	struct tick_status_reader *reader = NULL;
	mono_t deadline = daemon_deadline();

	while (tick_status_open(&reader, feed) != 0)
		daemon_pause(deadline, "the status segment");
	while (tick_status_read(reader, out) != 0 ||
	    out->counter[TICK_COUNTER_MESSAGES] < wanted)
		daemon_pause(deadline, "messages");
	tick_status_close(&reader);
}

static void
expect_sound(const struct tick_status *status)
{
	assert_int_equal(status->counter[TICK_COUNTER_MALFORMED], 0);
	assert_int_equal(status->counter[TICK_COUNTER_BINARY], 0); /* where none is expected */
	assert_int_equal(status->counter[TICK_COUNTER_FOREIGN], 0);
	assert_int_equal(status->counter[TICK_COUNTER_GAPS], 0);
}

/* ---- the key --------------------------------------------------------------------- */

static void
expect_no_key_in(const char *path)
{
	static char content[1 << 20];
	FILE *in = fopen(path, "re");
	size_t n, kept = 0, total = 0;

	assert_non_null(in);
	while ((n = fread(content + kept, 1, sizeof(content) - kept, in)) > 0) {
		total += n;
		n += kept;
		if (memmem(content, n, KEY, strlen(KEY)) != NULL)
			fail_msg("%s holds the key", path);
		/* It may lie across two pieces. */
		kept = n < strlen(KEY) ? n : strlen(KEY);
		memmove(content, content + n - kept, kept);
	}
	assert_true(total > 0);
	fclose(in);
}

static void
expect_no_key_in_print_config(void)
{
	struct daemon d = {0};
	const char *arguments[] = {"--print-config", "--set", "product=spot-sbe", "--set",
	    rig.key_setting, "--set", SBE_STREAMS, NULL};

	daemon_start(&d, "feedd", arguments);
	assert_int_equal(daemon_wait(&d), 0);
	assert_non_null(strstr(daemon_log(&d), rig.key_file));
	expect_no_key_in(d.log);
	/* Nor one of the environment. */
	setenv("TICKRING_API_KEY", KEY, 1);
	arguments[4] = "feed=other";
	daemon_start(&d, "feedd", arguments);
	assert_int_equal(daemon_wait(&d), 0);
	expect_no_key_in(d.log);
	unsetenv("TICKRING_API_KEY");
}

/* ---- tests ----------------------------------------------------------------------- */

static void
compare_with_text(const char *transport)
{
	const char *sbe[] = {"product=spot-sbe", rig.key_setting, SBE_STREAMS, COMMON,
	    "log.level=debug", transport, NULL};
	const char *text[] = {"product=spot", rig.text_feed, TEXT_STREAMS, COMMON,
	    "endpoint.time_unit=microsecond", NULL};
	const char *text_name = rig.text_feed + strlen("feed=");
	static struct tick_status status;

	daemon_start_feedd(&rig.sbe, rig.sbe_port, sbe);
	daemon_start_feedd(&rig.text, rig.text_port, text);
	wait_for_messages(text_name, MESSAGES, &status);
	expect_sound(&status);
	wait_for_messages(daemon_feed(), MESSAGES, &status);
	expect_sound(&status);
	expect_no_key_in(daemon_segment("status"));
	expect_no_key_in(daemon_segment("ring"));
	expect_no_key_in(daemon_segment("board"));
	assert_int_equal(daemon_end(&rig.sbe, SIGTERM), 0);
	assert_int_equal(daemon_end(&rig.text, SIGTERM), 0);
	ring_content_expect_same(daemon_feed(), text_name);
	expect_no_key_in(rig.sbe.log);
}

static void
binary_streams_give_the_values_of_text_and_the_key_stays_secret(void **state)
{
	(void)state;
	compare_with_text("transport=auto");
	expect_no_key_in_print_config();
}

static void
the_same_through_the_library(void **state)
{
	(void)state;
	compare_with_text("transport=lws");
}

static void
without_a_key_text_is_spoken_and_the_log_says_so(void **state)
{
	static const char *const settings[] = {"product=spot-sbe", SBE_STREAMS, COMMON, NULL};
	static struct tick_status status;

	(void)state;
	daemon_start_feedd(&rig.sbe, rig.text_port, settings);
	wait_for_messages(daemon_feed(), MESSAGES / 4, &status);
	expect_sound(&status);
	assert_true(status.counter[TICK_COUNTER_TRADES] > 0);
	assert_true(status.counter[TICK_COUNTER_QUOTES] > 0);
	assert_true(status.counter[TICK_COUNTER_DEPTHS] > 0);
	assert_true(status.counter[TICK_COUNTER_PARTIAL_DEPTHS] > 0);
	daemon_expect_log(&rig.sbe, "event=no_api_key");
	daemon_expect_log(&rig.sbe, "messages come as text, which takes longer");
	assert_int_equal(daemon_end(&rig.sbe, SIGTERM), 0);
}

static void
a_wrong_key_is_refused_by_the_exchange_and_not_told_either(void **state)
{
	const char *settings[] = {"product=spot-sbe", rig.key_setting, SBE_STREAMS, NULL};

	(void)state;
	write_key(KEY "x");
	daemon_start_feedd(&rig.sbe, rig.sbe_port, settings);
	daemon_expect_log(&rig.sbe, "401");
	assert_int_equal(daemon_end(&rig.sbe, SIGTERM), 0);
	expect_no_key_in(rig.sbe.log);
}

/* ---- captures -------------------------------------------------------------------- */

/* The capture's files have no key in them, and say again what was published. */
static void
replay_and_compare(void)
{
	const char *replay[DAEMON_ARGUMENTS_MAX] = {"--replay", "--speed", "max"};
	char pattern[192], other[96];
	const char *diff[] = {daemon_feed(), other, NULL};
	struct daemon d = {0};
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/%s-*.trc", daemon_folder(), daemon_feed());
	snprintf(other, sizeof(other), "%s.replay", daemon_feed());
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	assert_in_range(files.gl_pathc, 1, 16);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		expect_no_key_in(files.gl_pathv[i]);
		replay[3 + i] = files.gl_pathv[i];
	}
	daemon_start(&d, "feedd", replay);
	if (daemon_wait(&d) != 0)
		fail_msg("the replay failed: %s", daemon_log(&d));
	daemon_start(&d, "tick-diff", diff);
	if (daemon_wait(&d) != 0)
		fail_msg("the ticks differ: %s", daemon_log(&d));
	print_message("%s", daemon_log(&d));
	for (size_t i = 0; i < files.gl_pathc; i++)
		remove(files.gl_pathv[i]);
	globfree(&files);
}

static void
capture(uint16_t port, const char *key_setting)
{
	const char *settings[] = {"product=spot-sbe", SBE_STREAMS, COMMON, "capture.compress=false",
	    NULL, key_setting, NULL};
	static struct tick_status status;
	char dir[96];

	snprintf(dir, sizeof(dir), "capture.dir=%s", daemon_folder());
	settings[4] = dir;
	daemon_start_feedd(&rig.sbe, port, settings);
	wait_for_messages(daemon_feed(), MESSAGES, &status);
	expect_sound(&status);
	assert_int_equal(daemon_end(&rig.sbe, SIGTERM), 0);
	replay_and_compare();
}

static void
a_capture_of_binary_messages_replays_to_the_same_ticks(void **state)
{
	(void)state;
	capture(rig.sbe_port, rig.key_setting);
}

static void
so_does_one_of_text_that_came_for_want_of_a_key(void **state)
{
	(void)state;
	capture(rig.text_port, NULL);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, daemon_teardown)
	const struct CMUnitTest tests[] = {
		TEST(binary_streams_give_the_values_of_text_and_the_key_stays_secret),
		TEST(the_same_through_the_library),
		TEST(without_a_key_text_is_spoken_and_the_log_says_so),
		TEST(a_wrong_key_is_refused_by_the_exchange_and_not_told_either),
		TEST(a_capture_of_binary_messages_replays_to_the_same_ticks),
		TEST(so_does_one_of_text_that_came_for_want_of_a_key),
	};

	return cmocka_run_group_tests(tests, daemon_setup_all, daemon_teardown_all);
}
