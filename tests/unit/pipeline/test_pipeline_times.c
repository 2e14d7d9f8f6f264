/*
 * Times of a message: what they say in a tick, and what is measured of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "tests/pipeline_rig.h"

#define MS INT64_C(1000000)
#define WHOLE (TICK_FLAG_FIRST | TICK_FLAG_LAST)

static void
stamps_show_in_the_flags(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	rig->stamps.kernel = true;
	pipeline_rig_trade(rig, 1);
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.flags, WHOLE | TICK_FLAG_SIDE | TICK_FLAG_KERNEL_STAMP);
	/* The exchange's time lies 1 s ahead of our clock: that may be; more is doubtful. */
	rig->stamps = (struct transport_stamps){.recv.ns = 1700000000123 * MS - 1000 * MS};
	pipeline_rig_trade(rig, 2);
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.flags, WHOLE | TICK_FLAG_SIDE);
	rig->stamps.recv.ns--;
	pipeline_rig_trade(rig, 3);
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.flags, WHOLE | TICK_FLAG_SIDE | TICK_FLAG_CLOCK_DOUBT);
}

/* The trade's stamp is 1700000000123 ms; ours is three seconds behind that, and so is our clock. */
static void
a_known_difference_of_clocks_is_taken_off(void **state)
{
	static struct tick_histogram publish, arrival;
	struct pipeline_rig *rig = *state;

	rig->stamps = (struct transport_stamps){.recv.ns = 1700000000123 * MS - 2990 * MS};
	pipeline_on_clock(rig->pipeline, (struct clock_estimate){3000 * MS, 20 * MS});
	pipeline_rig_trade(rig, 1);
	assert_int_equal(pipeline_rig_tick(rig).flags, WHOLE | TICK_FLAG_SIDE);
	assert_in_range(pipeline_take_latencies(rig->pipeline, &publish, &arrival).arrival.max,
	    10 * MS, 11 * MS);
	/* Ahead of the exchange's clock, too, as far as that is known. */
	rig->stamps.recv.ns -= 131 * MS;
	pipeline_rig_trade(rig, 2);
	assert_int_equal(
	    pipeline_rig_tick(rig).flags, WHOLE | TICK_FLAG_SIDE | TICK_FLAG_CLOCK_DOUBT);
	pipeline_take_latencies(rig->pipeline, &publish, &arrival);
	/* What may as well be nothing is not taken off. */
	rig->stamps.recv.ns = 1700000000123 * MS + 7 * MS;
	pipeline_on_clock(rig->pipeline, (struct clock_estimate){15 * MS, 20 * MS});
	pipeline_rig_trade(rig, 3);
	assert_in_range(pipeline_take_latencies(rig->pipeline, &publish, &arrival).arrival.max,
	    7 * MS, 8 * MS);
}

static void
latencies_are_taken_once_and_histograms_go_on(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_histogram publish = {0}, arrival = {0};
	struct pipeline_latencies taken;
	int64_t in_buckets = 0;

	pipeline_take_latencies(rig->pipeline, &publish, &arrival);
	memset(&publish, 0, sizeof(publish));
	for (int64_t id = 1; id <= 5; id++)
		pipeline_rig_trade(rig, id);
	taken = pipeline_take_latencies(rig->pipeline, &publish, &arrival);
	assert_int_equal(taken.publish.count, 5);
	assert_int_equal(publish.count, 5);
	taken = pipeline_take_latencies(rig->pipeline, &publish, &arrival);
	assert_int_equal(taken.publish.count, 0);
	assert_int_equal(publish.count, 5);
	for (unsigned i = 0; i < TICK_HISTOGRAM_BUCKETS; i++)
		in_buckets += publish.bucket[i];
	assert_int_equal(in_buckets, 5);
	assert_int_equal(tick_histogram_bound(0), 1024);
	assert_int_equal(tick_histogram_bound(TICK_HISTOGRAM_BUCKETS - 1), INT64_MAX);
}

static void
ages_are_counted_per_line_whether_equal_or_not(void **state)
{
	static const char quote[] = "{\"stream\":\"abcusdt@bookTicker\",\"data\":{\"u\":7,"
	    "\"s\":\"ABCUSDT\",\"b\":\"12.30\",\"B\":\"1\",\"a\":\"12.40\",\"A\":\"2\"}}";
	struct pipeline_rig *rig = *state;
	struct tick_histogram publish = {0}, arrival = {0};
	struct pipeline_latencies taken;
	int64_t older_ns = 0;

	for (int64_t id = 1; id <= 7; id++) {
		/* The first four alike, then each older than the one before. */
		older_ns = id > 4 ? (id - 4) * 5000000 : 0;
		rig->stamps.recv.ns = PIPELINE_RIG_RECV_NS + older_ns;
		pipeline_rig_trade_on(rig, id < 3 ? 1 : 2, id);
	}
	pipeline_rig_feed_on(rig, 2, quote); /* spot's quotes have no time */
	taken = pipeline_take_latencies(rig->pipeline, &publish, &arrival);
	assert_int_equal(taken.publish.count, 8);
	assert_int_equal(taken.arrival.count, 7);
	assert_int_equal(arrival.sum_ns, 7 * (taken.arrival.max - older_ns) + 6 * 5000000);
	assert_int_equal(pipeline_line_latency(rig->pipeline, 1).count, 2);
	assert_int_equal(pipeline_line_latency(rig->pipeline, 2).count, 5);
	assert_int_equal(pipeline_line_latency(rig->pipeline, 2).count, 0);
}

/* When the last of so many trades in one receive was published; a trade has over 100 bytes. */
static int64_t
published_after(struct pipeline_rig *rig, unsigned trades)
{
	static int64_t id = 100;
	int64_t mono_ns = 0;

	while (trades-- > 0) {
		pipeline_rig_trade(rig, id++);
		mono_ns = pipeline_rig_tick(rig).mono_ns;
	}
	return mono_ns;
}

static void
the_time_of_publishing_is_read_with_each_receive_and_each_kilobyte(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t first, now;

	rig->stamps.recv_mono = clock_mono();
	first = published_after(rig, 1);
	assert_true(first >= rig->stamps.recv_mono.ns && first <= clock_mono().ns);
	now = clock_mono().ns;
	assert_true(published_after(rig, 12) >= now);
	now = clock_mono().ns;
	rig->stamps.recv_mono.ns++;
	assert_true(published_after(rig, 1) >= now);
	assert_true(published_after(rig, 1) <= clock_mono().ns);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, pipeline_rig_setup, pipeline_rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stamps_show_in_the_flags),
		TEST(a_known_difference_of_clocks_is_taken_off),
		TEST(the_time_of_publishing_is_read_with_each_receive_and_each_kilobyte),
		TEST(latencies_are_taken_once_and_histograms_go_on),
		TEST(ages_are_counted_per_line_whether_equal_or_not),
	};

	return cmocka_run_group_tests_name("times of messages", tests, NULL, NULL);
}
