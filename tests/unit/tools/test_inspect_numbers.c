/* What the tools share: numbers and text for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <tickring/tick.h>

#include "tools/common/cli.h"
#include "tools/common/feed.h"
#include "tools/common/num.h"
#include "tools/common/pace.h"
#include "tools/common/quantile.h"
#include "tools/common/text.h"

static void
zeros_are_cut_down_to_the_step_and_no_digit_that_counts(void **state)
{
	static const struct {
		int64_t mantissa, step;
		int exponent;
		const char *text;
	} rows[] = {
		{6434895000000, 1000000, -8, "64348.95"},
		{6434800000000, 1000000, -8, "64348.00"},
		{6434895100000, 1000000, -8, "64348.951"}, /* off the step: shown all the same */
		{6434800000000, 100000000, -8, "64348"},
		{6434800000000, 0, -8, "64348.00000000"}, /* no step known: nothing is cut */
		{-120000, 10000, -8, "-0.0012"},
		{25, 25, -2, "0.25"},
		{100, 5, 2, "10000"},
		{7, 0, 25, "7e25"},
		{TICK_ABSENT, 1, -8, "-"},
		{TICK_ABSENT, 1, 25, "-"},
	};
	char out[NUM_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    num_decimal(rows[i].mantissa, rows[i].exponent, rows[i].step, out),
		    rows[i].text);
}

static void
times_and_counts_are_short(void **state)
{
	char out[NUM_MAX];

	(void)state;
	assert_string_equal(num_span(999, out), "999 ns");
	assert_string_equal(num_span(12345, out), "12.3 us");
	assert_string_equal(num_span(-1250000000, out), "-1.25 s");
	assert_string_equal(num_span(INT64_C(12000) * 1000000000, out), "3 h 20 min");
	assert_string_equal(num_span(TICK_ABSENT, out), "-");
	assert_string_equal(num_short(99999, out), "99999");
	assert_string_equal(num_short(4567890, out), "4.56M");
	assert_string_equal(num_rate(12340, out), "12.3");
	assert_string_equal(num_rate(1234567, out), "1234");
	assert_string_equal(num_rate(56789000, out), "56.7k");
	assert_string_equal(num_time(INT64_C(1700000000123456789), out),
	    "2023-11-14T22:13:20.123456789Z");
	assert_string_equal(num_time_of_day(-1, out), "23:59:59.999999");
}

static void
names_from_outside_cannot_steer_a_terminal(void **state)
{
	char out[TICK_LEVELS * 16];

	(void)state;
	text_clean("A\033[2JB\x80\xff\n", 16, out, sizeof(out));
	assert_string_equal(out, "A?[2JB???");
	text_clean("\xe5\xb8\x81USDT", 7, out, sizeof(out));
	assert_string_equal(out, "\xe5\xb8\x81USDT");
	text_clean("\xe5\xb8\x81USDT", 2, out, sizeof(out)); /* cut in a character */
	assert_string_equal(out, "??");
	text_clean("\xc0\xaf\xed\xa0\x80", 5, out, sizeof(out)); /* overlong, surrogate */
	assert_string_equal(out, "?????");
}

static void
wide_and_combining_characters_are_counted_in_columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns("\xe5\xb8\x81\xe5\xae\x89USDT"), 8);
	assert_int_equal(text_columns("e\xcc\x81"), 1);
	assert_int_equal(text_fit("\xe5\xb8\x81\xe5\xae\x89", 3), 3);
	assert_int_equal(text_fit("abc", 2), 2);
}

static void
percentiles_are_at_most_a_sixteenth_too_high(void **state)
{
	static struct quantile q;

	(void)state;
	quantile_clear(&q);
	assert_true(quantile_at(&q, 500) == TICK_ABSENT);
	for (int64_t i = 1; i <= 10000; i++)
		quantile_add(&q, i * 100);
	quantile_add(&q, -5);
	for (unsigned p = 10; p < 1000; p += 10) {
		int64_t exact = INT64_C(1000) * p;

		assert_in_range(quantile_at(&q, p), exact - 100, exact + exact / 16 + 200);
	}
	assert_int_equal(quantile_at(&q, 1000), 1000000);
	assert_int_equal(q.min, 0);
	quantile_clear(&q);
	quantile_add(&q, INT64_MAX);
	assert_true(quantile_at(&q, 500) == INT64_MAX);
}

static void
seconds_and_counts_are_read_exactly_or_refused(void **state)
{
	static const char *const wrong[] = {"", ".", "1.", ".5", "-1", "1e3", "1s", " 1",
	    "0.1234567891", "1000000001"};
	int64_t ns;
	uint64_t n;

	(void)state;
	assert_true(cli_seconds("0.25", &ns));
	assert_int_equal(ns, 250000000);
	assert_true(cli_seconds("1.000000001", &ns));
	assert_int_equal(ns, 1000000001);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(cli_seconds(wrong[i], &ns));
	assert_true(cli_count("18446744073709551615", &n));
	assert_true(n == UINT64_MAX);
	assert_false(cli_count("18446744073709551616", &n));
	assert_false(cli_count("-1", &n));
	assert_false(cli_count("", &n));
}

static void
waiting_grows_to_ten_milliseconds_and_starts_again_after_work(void **state)
{
	struct pace pace = {0};
	int64_t last = 0;

	(void)state;
	assert_int_equal(pace_on_idle(&pace), 1000000);
	for (int i = 0; i < 50; i++) {
		int64_t ns = pace_on_idle(&pace);

		assert_true(ns >= last && ns <= 10000000);
		last = ns;
	}
	assert_int_equal(last, 10000000);
	pace_on_work(&pace);
	assert_int_equal(pace_on_idle(&pace), 1000000);
}

static void
who_names_a_feed_that_is_not_there_is_told_the_others(void **state)
{
	static const char *const files[] = {"b.ring", "a.ring", "a.board", ".ring", "e\033.ring",
	    "c.ring", "d.ring", "f.1.ring"};
	char folder[] = "/tmp/tickring-feeds-XXXXXX", path[64], out[256];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_string_equal(feed_others(folder, "ring", out, sizeof(out)), "");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		f = fopen(path, "w");
		assert_non_null(f);
		fclose(f);
	}
	assert_string_equal(feed_others(folder, "board", out, sizeof(out)), "; feeds here: a");
	assert_string_equal(feed_others(folder, "ring", out, sizeof(out)),
	    "; feeds here: a, b, c, d, and 1 more");
	assert_string_equal(feed_others(folder, "ring", out, 20), "; feeds here: a, b,");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
	assert_string_equal(feed_others(folder, "ring", out, sizeof(out)), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_are_cut_down_to_the_step_and_no_digit_that_counts),
		cmocka_unit_test(times_and_counts_are_short),
		cmocka_unit_test(names_from_outside_cannot_steer_a_terminal),
		cmocka_unit_test(wide_and_combining_characters_are_counted_in_columns),
		cmocka_unit_test(percentiles_are_at_most_a_sixteenth_too_high),
		cmocka_unit_test(seconds_and_counts_are_read_exactly_or_refused),
		cmocka_unit_test(who_names_a_feed_that_is_not_there_is_told_the_others),
		cmocka_unit_test(waiting_grows_to_ten_milliseconds_and_starts_again_after_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
