/*
 * A start that cannot succeed leaves shared memory alone: no epoch begins, no
 * new segment appears, and the words name the key, the value and the reason.
 * What --check-config opens, and what it prints when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>

#include <tickring/health.h>
#include <tickring/reader.h>
#include <tickring/status.h>

#include "tests/system/daemon.h"

static struct daemon feedd;

/* Nobody listens at that port: the feed runs without an exchange. */
static void
start(const char *setting)
{
	const char *const settings[] = {
	    "streams=btcusdt@trade", "endpoint.ca_file=", setting, NULL};

	daemon_start_feedd(&feedd, 9, settings);
}

static uint64_t
epoch(void)
{
	struct tick_reader *reader;
	uint64_t n;

	assert_int_equal(tick_reader_open(&reader, daemon_feed(), TICK_FROM_OLDEST), 0);
	n = tick_reader_header(reader)->epoch;
	tick_reader_close(&reader);
	return n;
}

/* Must end with that status and these words. */
static void
expect_refusal(const char *setting, int status, const char *key, const char *why)
{
	start(setting);
	assert_int_equal(daemon_wait(&feedd), status);
	if (!strstr(daemon_log(&feedd), key) || !strstr(daemon_log(&feedd), why))
		fail_msg("%s: no %s and \"%s\" in: %s", setting, key, why, daemon_log(&feedd));
}

/* A setting that names something that is not there, below the test's folder. */
static const char *
setting_of(const char *key, const char *name)
{
	static char text[2][256];
	static unsigned turn;
	char *out = text[turn++ % 2];

	snprintf(out, sizeof(text[0]), "%s=%s/%s", key, daemon_folder(), name);
	return out;
}

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", daemon_folder(), name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A port that is taken, and the descriptor that takes it. */
static int
take_port(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static const struct refusal {
	const char *key, *name, *why;
} refusals[] = {
	{"endpoint.ca_file", "nothing.pem", "No such file or directory"},
	{"endpoint.ca_file", "text", "no certificate in it"},
	{"alerts.ca_file", "text", "no certificate in it"},
	{"tracing.ca_file", "nothing.pem", "No such file or directory"},
	{"capture.dir", "no/such", "No such file or directory"},
	{"capture.dir", "text", "Not a directory"},
	{"log.file", "no/such", "No such file or directory"},
	{"ops.token_file", "nothing", "No such file or directory"},
	{"ops.token_file", "text", "it holds no token"},
	{"alerts.pagerduty_key_file", "nothing", "No such file or directory"},
	{"alerts.command", "nothing", "No such file or directory"},
};

enum { REFUSALS = sizeof(refusals) / sizeof(refusals[0]) };

static void
refuse_all(void)
{
	uint16_t port;
	char listen_at[64];
	int fd = take_port(&port);

	write_file("text", "short\n");
	for (int i = 0; i < REFUSALS; i++) {
		const struct refusal *r = &refusals[i];
		char key[80];

		snprintf(key, sizeof(key), "key \"%s\": value \"%s/%s\"", r->key, daemon_folder(),
		    r->name);
		expect_refusal(setting_of(r->key, r->name), 2, key, r->why);
	}
	snprintf(listen_at, sizeof(listen_at), "ops.listen=127.0.0.1:%u", port);
	expect_refusal(listen_at, 1, "ops.listen", "Address already in use");
	close(fd);
}

static void
a_refused_start_begins_no_epoch_in_the_ring_that_is_there(void **state)
{
	uint64_t before;

	(void)state;
	start("ring.unlink_at_exit=false");
	daemon_expect_log(&feedd, "event=started ");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	before = epoch();
	refuse_all();
	assert_int_equal(epoch(), before);
	start("ring.unlink_at_exit=false");
	daemon_expect_log(&feedd, "event=started ");
	assert_int_equal(epoch(), before + 1);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

static void
a_refused_start_leaves_no_segment_where_there_was_none(void **state)
{
	(void)state;
	refuse_all();
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
	assert_int_equal(access(daemon_segment("board"), F_OK), -1);
	assert_int_equal(access(daemon_segment("status"), F_OK), -1);
}

static void
remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
	closedir(folder);
	assert_int_equal(rmdir(path), 0);
}

static void
the_capture_folder_is_made_but_not_its_parents(void **state)
{
	char path[256];
	struct stat st;
	mode_t old = umask(022);

	(void)state;
	snprintf(path, sizeof(path), "%s/tape", daemon_folder());
	start(setting_of("capture.dir", "tape"));
	daemon_expect_log(&feedd, "event=started ");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0750);
	umask(old);
	remove_folder(path);
}

/* ---- --check-config --------------------------------------------------------------- */

static const char *
words(int status, const char *one, const char *other)
{
	const char *arguments[] = {"--check-config", "--set", "streams=btcusdt@trade", "--set",
	    one, "--set", other, NULL};

	daemon_start(&feedd, "feedd", arguments);
	assert_int_equal(daemon_wait(&feedd), status);
	return daemon_log(&feedd);
}

static void
the_check_opens_what_is_named_and_creates_nothing(void **state)
{
	char path[256], expected[512];

	(void)state;
	write_file("text", "short\n");
	for (int i = 0; i < REFUSALS; i++) {
		const struct refusal *r = &refusals[i];

		snprintf(expected, sizeof(expected),
		    "--set %s: key \"%s\": value \"%s/%s\" cannot be used: %s", r->key, r->key,
		    daemon_folder(), r->name, r->why);
		assert_non_null(
		    strstr(words(2, setting_of(r->key, r->name), "cpu=-1"), expected));
	}
	words(0, setting_of("capture.dir", "later"), setting_of("log.file", "later.log"));
	snprintf(path, sizeof(path), "%s/later", daemon_folder());
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/later.log", daemon_folder());
	assert_int_equal(access(path, F_OK), -1);
}

static void
problems_stand_alone_and_a_plan_only_where_there_are_none(void **state)
{
	const char *said;

	(void)state;
	said = words(2, "cpu=-9", setting_of("endpoint.ca_file", "nothing.pem"));
	assert_int_equal(strncmp(said, "--set cpu: ", 11), 0);
	assert_null(strstr(said, "\"preset\""));
	assert_null(strstr(said, "plan:"));
	said = words(2, "cpu=-1", setting_of("endpoint.ca_file", "nothing.pem"));
	assert_int_equal(strncmp(said, "--set endpoint.ca_file: ", 24), 0);
	assert_null(strstr(said, "\"preset\""));
	assert_null(strstr(said, "plan:"));
	said = words(0, "cpu=-1", "feed=x");
	assert_non_null(strstr(said, "\"preset\""));
	assert_non_null(strstr(strstr(said, "\"preset\""), "plan:"));
}

static void
a_host_of_another_product_is_warned_of_after_the_plan(void **state)
{
	const char *said, *plan;

	(void)state;
	said = words(0, "product=coinm", "endpoint.host=stream.binance.com");
	plan = strstr(said, "plan:");
	assert_non_null(plan);
	assert_non_null(strstr(plan, "warning: --set endpoint.host: key \"endpoint.host\": host "
	    "\"stream.binance.com\" serves streams of spot, but \"product\" is \"coinm\"\n"));
	said = words(0, "endpoints=localhost:1,fstream.binance.com:443",
	    "rest.host=dapi.binance.com");
	assert_non_null(strstr(said, "warning: --set endpoints: key \"endpoints\": host "
	    "\"fstream.binance.com\" serves streams of usdm and options"));
	assert_non_null(strstr(said, "warning: --set rest.host: "));
	assert_null(strstr(said, "localhost\" serves"));
	said = words(0, "product=usdm", "endpoint.host=proxy.example");
	assert_null(strstr(said, "warning: "));
}

static void
a_host_of_another_product_is_in_the_log_of_a_start(void **state)
{
	/* Nobody is asked for that name: the address is this machine's, and nobody listens. */
	const char *const settings[] = {"streams=btcusdt@trade", "endpoint.ca_file=",
	    "rest.host=fapi.binance.com", "rest.address=127.0.0.1", "rest.port=9",
	    "instruments.refresh_ms=0", NULL};

	(void)state;
	daemon_start_feedd(&feedd, 9, settings);
	daemon_expect_log(&feedd, "event=host_of_other_product ");
	daemon_expect_log(&feedd, "fapi.binance.com");
	daemon_expect_log(&feedd, "event=started ");
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

static void
streams_that_are_never_decoded_are_told_by_log_and_health(void **state)
{
	const char *const settings[] = {"product=usdm", "endpoint.ca_file=",
	    "streams=btcusdt@rpiDepth@500ms,btcusdt@depth@100ms", NULL};
	static struct tick_status status;
	static struct tick_health health;
	struct tick_status_reader *reader;
	bool told = false;

	(void)state;
	daemon_start_feedd(&feedd, 9, settings);
	daemon_expect_log(&feedd, "event=stream_not_decoded stream=btcusdt@rpiDepth@500ms");
	daemon_expect_log(&feedd, "event=started ");
	assert_int_equal(tick_status_open(&reader, daemon_feed()), 0);
	assert_int_equal(tick_status_read(reader, &status), 0);
	assert_int_equal(status.streams_undecoded, 1);
	tick_health_judge(
	    &health, &status, TICK_END, status.at_ns, status.at_mono_ns, NULL);
	for (int64_t i = 0; i < health.reasons; i++)
		told = told || (health.reason[i].what == TICK_HEALTH_STREAMS_UNDECODED &&
		    health.reason[i].level == TICK_HEALTH_WARNING);
	assert_true(told);
	tick_status_close(&reader);
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

/* The exchange would acknowledge it and stay silent. */
static void
a_stream_that_does_not_exist_is_refused_at_start_and_reload(void **state)
{
	char setting[] = "streams=btcusdt@bookticker";
	const char *arguments[] = {"--config", NULL, "--set", NULL, NULL};
	static char path[256], feed[96];

	(void)state;
	expect_refusal(setting, 2, "key \"streams\": value \"btcusdt@bookticker\"",
	    "did you mean \"btcusdt@bookTicker\"?");
	assert_int_equal(access(daemon_segment("ring"), F_OK), -1);
	snprintf(path, sizeof(path), "%s/feed.json", daemon_folder());
	snprintf(feed, sizeof(feed), "feed=%s", daemon_feed());
	arguments[1] = path;
	arguments[3] = feed;
	write_file("feed.json", "{\"streams\": [\"btcusdt@bookTicker\"],\n"
	    "\"endpoint\": {\"host\": \"localhost\", \"port\": 9}}\n");
	daemon_start(&feedd, "feedd", arguments);
	daemon_expect_log(&feedd, "event=started ");
	write_file("feed.json", "{\"streams\": [\"btcusdt@bookticker\"],\n"
	    "\"endpoint\": {\"host\": \"localhost\", \"port\": 9}}\n");
	assert_int_equal(kill(feedd.pid, SIGHUP), 0);
	daemon_expect_log(&feedd, "event=reload_refused");
	daemon_expect_log(&feedd, "feed.json:1: key \\\"streams\\\": value");
	assert_null(strstr(daemon_log(&feedd), "event=reloaded"));
	assert_int_equal(daemon_end(&feedd, SIGTERM), 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, daemon_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refused_start_begins_no_epoch_in_the_ring_that_is_there),
		TEST(a_refused_start_leaves_no_segment_where_there_was_none),
		TEST(the_capture_folder_is_made_but_not_its_parents),
		TEST(the_check_opens_what_is_named_and_creates_nothing),
		TEST(problems_stand_alone_and_a_plan_only_where_there_are_none),
		TEST(a_host_of_another_product_is_warned_of_after_the_plan),
		TEST(a_host_of_another_product_is_in_the_log_of_a_start),
		TEST(streams_that_are_never_decoded_are_told_by_log_and_health),
		TEST(a_stream_that_does_not_exist_is_refused_at_start_and_reload),
	};

	return cmocka_run_group_tests_name("start refused", tests, daemon_setup_all,
	    daemon_teardown_all);
}
