/*
 * The simulator's faults: how a line of a script is read, and when a fault is in
 * force, on a clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "tools/exchange-sim/ca.h"
#include "tools/exchange-sim/faults.h"

static struct faults faults;

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){1000 * 1000000000LL + ms * 1000000};
}

static struct fault
read(const char *line)
{
	struct fault f;
	char error[256] = "";

	if (fault_parse(bytes_of(line), &f, error, sizeof(error)) != 1)
		fail_msg("%s: %s", line, error);
	return f;
}

static void
refused(const char *line, const char *why)
{
	struct fault f;
	char error[256] = "";

	assert_int_equal(fault_parse(bytes_of(line), &f, error, sizeof(error)), -1);
	if (strstr(error, why) == NULL)
		fail_msg("%s: %s", line, error);
}

static uint32_t
plan(const char *line)
{
	struct fault f = read(line);

	return faults_add(&faults, &f, at_ms(0));
}

/* Lets time pass; how many faults acted. */
static int
acted(int64_t ms)
{
	struct fault f;
	int n = 0;

	while (faults_advance(&faults, at_ms(ms), &f))
		n++;
	return n;
}

static bool
hit(enum fault_kind kind, uint64_t conn, const char *endpoint, const char *stream)
{
	struct fault_target t = {conn, endpoint, bytes_of(stream)};

	return faults_hit(&faults, kind, &t) != NULL;
}

static int
set_up(void **state)
{
	(void)state;
	faults_init(&faults, 1);
	return 0;
}

static void
a_line_is_read_with_all_its_keys(void **state)
{
	struct fault f = read("1.5 close conn=7 endpoint=a count=3 every=0.25 code=1008 "
			      "reason=\"Too many requests\" probability=0.5 # not this");

	(void)state;
	assert_int_equal(f.kind, FAULT_CLOSE);
	assert_int_equal(f.in.ns, 1500000000);
	assert_int_equal(f.conn, 7);
	assert_string_equal(f.endpoint, "a");
	assert_int_equal(f.count, 3);
	assert_int_equal(f.every.ns, 250000000);
	assert_int_equal(f.code, 1008);
	assert_string_equal(f.text, "Too many requests");
	assert_int_equal(f.per_million, 500000);
	f = read("0\thttp status=429 retry-after=30 on=both for=2\r");
	assert_int_equal(f.status, 429);
	assert_int_equal(f.retry_after_s, 30);
	assert_int_equal(f.on, FAULT_ON_BOTH);
	assert_int_equal(f.lasts.ns, 2000000000);
	f = read("0 inject kind=text text='{\"e\":\"x y\"}'");
	assert_int_equal(f.choice, INJECT_TEXT);
	assert_string_equal(f.text, "{\"e\":\"x y\"}");
	assert_int_equal(read("0 cert kind=expired").choice, CERT_EXPIRED);
	assert_int_equal(read("0 shutdown kind=api after=0").choice, ENVELOPE_API);
	assert_int_equal(read("0 clock ms=-1500").ms.ns, -1500000000);
	assert_int_equal(read("0 burst factor=2.5").factor_milli, 2500);
}

static void
what_is_not_said_has_a_default(void **state)
{
	(void)state;
	assert_int_equal(read("0 gap").count, 1);
	assert_int_equal(read("0 stall").count, 0);
	assert_int_equal(read("0 stall").lasts.ns, 0);
	assert_int_equal(read("0 stall").per_million, 1000000);
	assert_int_equal(read("0 rst every=1").count, 0);
	assert_int_equal(read("0 close").code, 1001);
	assert_int_equal(read("0 cert").choice, CERT_WRONG_HOST);
	assert_true(read("0 inject kind=oversize").bytes > 1 << 20);
}

static void
blank_lines_and_comments_are_no_faults(void **state)
{
	static const char *const lines[] = {"", "   \t", "# 0 rst", "\r"};
	struct fault f;
	char error[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(fault_parse(bytes_of(lines[i]), &f, error, sizeof(error)), 0);
}

static void
a_wrong_line_is_refused_for_its_reason(void **state)
{
	char line[1024] = "0 inject kind=text text=";

	(void)state;
	refused("rst", "time in seconds");
	refused("-1 rst", "time in seconds");
	refused("1.2345 rst", "time in seconds");
	refused("0", "name is missing");
	refused("0 explode", "\"explode\": no such fault");
	refused("0 rst speed=1", "\"speed=1\"");
	refused("0 rst conn", "KEY=VALUE");
	refused("0 rst stream=a@trade", "stream: a \"rst\" has no such key");
	refused("0 rst conn=1 conn=2", "conn: given twice");
	refused("0 rst conn=0", "conn: invalid value \"0\"");
	refused("0 rst conn=99999999999999999999", "conn: invalid value");
	refused("0 close code=999", "code: 1000 to 4999");
	refused("0 http status=200", "status: invalid value");
	refused("0 stall probability=1.5", "probability: invalid value");
	refused("0 freeze", "for: a \"freeze\" needs an end");
	refused("0 mute", "stream: is missing");
	refused("0 slow-tls ms=-1", "ms: must not be negative");
	refused("0 inject kind=text", "text: belongs to");
	refused("0 inject kind=unknown text=x", "text: belongs to");
	refused("0 inject kind=nothing", "kind: invalid value");
	refused("0 rst count=2", "count: more than one needs every=");
	refused("0 close reason=\"open", "quotation mark");
	memset(line + strlen(line), 'x', 600);
	refused(line, "too long");
}

static void
a_fault_is_in_force_for_its_time_only(void **state)
{
	(void)state;
	plan("1 stall for=2");
	assert_int_equal(faults_deadline(&faults).ns, at_ms(1000).ns);
	assert_int_equal(acted(999), 0);
	assert_false(hit(FAULT_STALL, 1, "a", ""));
	acted(1000);
	assert_true(hit(FAULT_STALL, 1, "a", ""));
	assert_false(hit(FAULT_HALF_OPEN, 1, "a", ""));
	assert_int_equal(faults_deadline(&faults).ns, at_ms(3000).ns);
	acted(2999);
	assert_true(hit(FAULT_STALL, 1, "a", ""));
	acted(3000);
	assert_false(hit(FAULT_STALL, 1, "a", ""));
	assert_int_equal(faults.n, 0);
	assert_true(mono_is_never(faults_deadline(&faults)));
}

static void
a_fault_concerns_its_connection_endpoint_and_stream_only(void **state)
{
	(void)state;
	plan("0 stall-stream conn=2 endpoint=b stream=btc*@trade");
	acted(0);
	assert_true(hit(FAULT_STALL_STREAM, 2, "b", "btcusdt@trade"));
	assert_false(hit(FAULT_STALL_STREAM, 2, "b", "btcusdt@depth"));
	assert_false(hit(FAULT_STALL_STREAM, 2, "a", "btcusdt@trade"));
	assert_false(hit(FAULT_STALL_STREAM, 2, NULL, "btcusdt@trade"));
	assert_false(hit(FAULT_STALL_STREAM, 3, "b", "btcusdt@trade"));
}

static void
a_count_limits_the_occasions(void **state)
{
	(void)state;
	plan("0 gap count=2 stream=x");
	acted(0);
	assert_true(hit(FAULT_GAP, 1, NULL, "x"));
	assert_false(hit(FAULT_GAP, 1, NULL, "y"));
	assert_true(hit(FAULT_GAP, 2, NULL, "x"));
	assert_false(hit(FAULT_GAP, 1, NULL, "x"));
	assert_int_equal(faults.hits[FAULT_GAP], 2);
	acted(1);
	assert_int_equal(faults.n, 0);
}

static void
what_acts_acts_once_or_as_often_as_it_says(void **state)
{
	(void)state;
	plan("1 rst");
	plan("1 fin every=0.5 count=3");
	assert_int_equal(acted(999), 0);
	assert_int_equal(acted(1000), 2);
	assert_int_equal(acted(1000), 0);
	assert_int_equal(faults.n, 1);
	assert_int_equal(faults_deadline(&faults).ns, at_ms(1500).ns);
	assert_int_equal(acted(1500), 1);
	/* Late: it acts all the same. */
	assert_int_equal(acted(9000), 1);
	assert_int_equal(faults.n, 0);
}

static void
probability_is_drawn_per_occasion_or_per_connection(void **state)
{
	int gaps = 0, lines = 0;

	(void)state;
	plan("0 gap probability=0.25 count=0");
	plan("0 stall probability=0.25");
	acted(0);
	for (uint64_t i = 1; i <= 4000; i++) {
		bool stalled = hit(FAULT_STALL, i, NULL, "");

		gaps += hit(FAULT_GAP, 1, NULL, "x");
		lines += stalled;
		assert_int_equal(hit(FAULT_STALL, i, NULL, ""), stalled);
	}
	assert_in_range(gaps, 850, 1150);
	assert_in_range(lines, 850, 1150);
}

static void
the_same_seed_throws_the_same_dice(void **state)
{
	bool seen[2][200];

	(void)state;
	for (int run = 0; run < 2; run++) {
		faults_init(&faults, 42);
		plan("0 gap probability=0.5 count=0");
		acted(0);
		for (int i = 0; i < 200; i++)
			seen[run][i] = hit(FAULT_GAP, 1, NULL, "x");
	}
	assert_memory_equal(seen[0], seen[1], sizeof(seen[0]));
}

static void
one_is_cleared_by_its_id_and_all_at_once(void **state)
{
	uint32_t one = plan("0 stall"), two = plan("0 stall-data");

	(void)state;
	acted(0);
	assert_true(faults_remove(&faults, one));
	assert_false(faults_remove(&faults, one));
	assert_false(hit(FAULT_STALL, 1, NULL, ""));
	assert_true(hit(FAULT_STALL_DATA, 1, NULL, ""));
	faults_clear(&faults);
	assert_false(hit(FAULT_STALL_DATA, 1, NULL, ""));
	assert_false(faults_remove(&faults, two));
}

static void
there_is_room_for_so_many_and_no_more(void **state)
{
	(void)state;
	for (int i = 0; i < FAULTS_MAX; i++)
		assert_int_not_equal(plan("5 stall"), 0);
	assert_int_equal(plan("5 stall"), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_read_with_all_its_keys),
		TEST(what_is_not_said_has_a_default),
		TEST(blank_lines_and_comments_are_no_faults),
		TEST(a_wrong_line_is_refused_for_its_reason),
		TEST(a_fault_is_in_force_for_its_time_only),
		TEST(a_fault_concerns_its_connection_endpoint_and_stream_only),
		TEST(a_count_limits_the_occasions),
		TEST(what_acts_acts_once_or_as_often_as_it_says),
		TEST(probability_is_drawn_per_occasion_or_per_connection),
		TEST(the_same_seed_throws_the_same_dice),
		TEST(one_is_cleared_by_its_id_and_all_at_once),
		TEST(there_is_room_for_so_many_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
