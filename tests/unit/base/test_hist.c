#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "feed/base/hist.h"

static struct hist h;

static int
empty(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	return 0;
}

static void
every_value_lies_in_its_bucket_and_no_bucket_is_wider_than_a_32nd(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		uint64_t top = hist_bucket_top(i);
		uint64_t low = i == 0 ? 0 : hist_bucket_top(i - 1) + 1;

		assert_int_equal(hist_index(top), i);
		assert_int_equal(hist_index(low), i);
		assert_true((top - low) * HIST_SUB <= low);
	}
	assert_int_equal(hist_bucket_top(HIST_BUCKETS - 1), (UINT64_C(1) << HIST_VALUE_BITS) - 1);
	assert_int_equal(hist_index(UINT64_C(1) << HIST_VALUE_BITS), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(UINT64_MAX), HIST_BUCKETS - 1);
}

static void
an_empty_histogram_has_percentile_zero(void **state)
{
	(void)state;
	assert_int_equal(hist_percentile(&h, 500000).ns, 0);
	assert_int_equal(hist_percentile(&h, 1000000).ns, 0);
}

static void
percentiles_of_small_values_are_exact(void **state)
{
	(void)state;
	for (int i = 1; i <= 50; i++)
		hist_record(&h, span_ns(i));
	assert_int_equal(h.count, 50);
	assert_int_equal(h.sum_ns, 1275);
	assert_int_equal(hist_percentile(&h, 0).ns, 1);
	assert_int_equal(hist_percentile(&h, 20000).ns, 1);
	assert_int_equal(hist_percentile(&h, 20001).ns, 2);
	assert_int_equal(hist_percentile(&h, 500000).ns, 25);
	assert_int_equal(hist_percentile(&h, 980000).ns, 49);
	assert_int_equal(hist_percentile(&h, 990000).ns, 50);
	assert_int_equal(hist_percentile(&h, 1000000).ns, 50);
	assert_int_equal(hist_percentile(&h, 4000000000u).ns, 50);
}

static void
percentiles_are_never_too_small_and_at_most_a_32nd_too_large(void **state)
{
	(void)state;
	for (int64_t i = 1; i <= 100000; i++)
		hist_record(&h, span_ns(i * 37));
	for (uint32_t ppm = 10; ppm <= 1000000; ppm += 9990) {
		int64_t exact = (int64_t)((100000ull * ppm + 999999) / 1000000) * 37;
		int64_t got = hist_percentile(&h, ppm).ns;

		assert_true(got >= exact);
		assert_true(got - exact <= exact / 32);
	}
}

static void
negative_spans_are_counted_and_recorded_as_zero(void **state)
{
	(void)state;
	hist_record(&h, span_ns(-5));
	hist_record(&h, span_ns(7));
	assert_int_equal(h.count, 2);
	assert_int_equal(h.negative, 1);
	assert_int_equal(h.sum_ns, 7);
	assert_int_equal(hist_percentile(&h, 500000).ns, 0);
}

static void
very_long_spans_share_the_last_bucket_and_the_longest_is_exact(void **state)
{
	(void)state;
	hist_record(&h, span_ns(1));
	hist_record(&h, span_s(4000));
	hist_record(&h, span_ns(INT64_MAX));
	assert_int_equal(h.bucket[HIST_BUCKETS - 1], 2);
	assert_int_equal(hist_percentile(&h, 1000000).ns, INT64_MAX);
}

static void
what_is_merged_counts_as_if_it_had_been_recorded(void **state)
{
	static struct hist other;

	(void)state;
	memset(&other, 0, sizeof(other));
	hist_record_many(&h, span_ns(10), 60);
	hist_record(&other, span_ns(-1));
	hist_record_many(&other, span_ns(700), 39);
	hist_merge(&h, &other);
	assert_int_equal(h.count, 100);
	assert_int_equal(h.negative, 1);
	assert_int_equal(h.sum_ns, 60 * 10 + 39 * 700);
	assert_int_equal(h.max_ns, 700);
	assert_int_equal(hist_percentile(&h, 600000).ns, 10);
	assert_int_equal(hist_percentile(&h, 620000).ns, 700);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
	        every_value_lies_in_its_bucket_and_no_bucket_is_wider_than_a_32nd, empty),
	    cmocka_unit_test_setup(an_empty_histogram_has_percentile_zero, empty),
	    cmocka_unit_test_setup(percentiles_of_small_values_are_exact, empty),
	    cmocka_unit_test_setup(
	        percentiles_are_never_too_small_and_at_most_a_32nd_too_large, empty),
	    cmocka_unit_test_setup(negative_spans_are_counted_and_recorded_as_zero, empty),
	    cmocka_unit_test_setup(
	        very_long_spans_share_the_last_bucket_and_the_longest_is_exact, empty),
	    cmocka_unit_test_setup(what_is_merged_counts_as_if_it_had_been_recorded, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
