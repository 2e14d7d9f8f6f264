#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <tickring/reader.h>

#include "feed/base/fixed.h"

static void
decimals_keep_the_exponent_that_was_written(void **state)
{
	static const struct {
		const char *text;
		int64_t mantissa;
		int exponent;
	} rows[] = {
		{"0", 0, 0},
		{"0.00000000", 0, -8},
		{"-0.0", 0, -1},
		{"1", 1, 0},
		{"100", 100, 0},
		{"007.50", 750, -2},
		{"-12.340", -12340, -3},
		{"86620.48000000", 8662048000000, -8},
		{"0.000000000000000001", 1, -18},
		{"9223372036854775807", INT64_MAX, 0},
		{"-9223372036854775807", -INT64_MAX, 0},
		{"9.223372036854775807", INT64_MAX, -18},
		{"92233720368547758.07", INT64_MAX, -2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixed value;

		assert_int_equal(fixed_parse(bytes_of(rows[i].text), &value), FIXED_OK);
		assert_int_equal(value.mantissa, rows[i].mantissa);
		assert_int_equal(value.exponent, rows[i].exponent);
	}
}

static void
only_as_many_trailing_zeros_go_as_must(void **state)
{
	static const struct {
		const char *text;
		int64_t mantissa;
		int exponent;
	} rows[] = {
		{"1.0000000000000000000", 1000000000000000000, -18},
		{"92233720368547758.0700000", INT64_MAX, -2},
		{"92233720368547758.1000000", 922337203685477581, -1},
		{"100000000000000000000", 1000000000000000000, 2},
		{"1000000000000000000000000000000000000", 1000000000000000000, 18},
		{"0.00000000000000000100", 1, -18},
		{"0.0000000000000000000000000", 0, -18},
		{"3.00000000000000000000000", 3000000000000000000, -18},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixed value;

		assert_int_equal(fixed_parse(bytes_of(rows[i].text), &value), FIXED_OK);
		assert_int_equal(value.mantissa, rows[i].mantissa);
		assert_int_equal(value.exponent, rows[i].exponent);
	}
}

static void
what_does_not_fit_is_refused(void **state)
{
	static const char *const rows[] = {
		"9223372036854775808",
		"-9223372036854775808",
		"92233720368547758.08",
		"18446744073709551616",
		"18446744073709551617",
		"340282366920938463463374607431768211456",
		"0.0000000000000000001",
		"10000000000000000000000000000000000000",
		"123456789012.1234567890123",
		"1000000000000000000000000000000000000001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixed value = {42, 42};

		assert_int_equal(fixed_parse(bytes_of(rows[i]), &value), FIXED_UNFIT);
		assert_int_equal(value.mantissa, 42);
		assert_int_equal(value.exponent, 42);
	}
}

static void
what_is_no_plain_decimal_is_malformed(void **state)
{
	static const char *const rows[] = {"", "-", ".", "1.", ".5", "+1", "1e5", "1E5", "--1",
		"1.2.3", " 1", "1 ", "0x10", "1,5", "inf", "nan", "-.5", "1.-5", "12a", "\xd9\xa1"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixed value = {42, 42};

		assert_int_equal(fixed_parse(bytes_of(rows[i]), &value), FIXED_MALFORMED);
		assert_int_equal(value.mantissa, 42);
	}
}

static void
rescaling_is_exact_or_refused(void **state)
{
	static const struct {
		struct fixed value;
		int exponent;
		enum fixed_result result;
		int64_t mantissa;
	} rows[] = {
		{{123, -2}, -2, FIXED_OK, 123},
		{{123, -2}, -8, FIXED_OK, 123000000},
		{{-12300, -4}, -2, FIXED_OK, -123},
		{{12301, -4}, -2, FIXED_UNFIT, 0},
		{{0, 18}, -18, FIXED_OK, 0},
		{{0, -18}, 18, FIXED_OK, 0},
		{{9, 0}, -18, FIXED_OK, 9000000000000000000},
		{{10, 0}, -18, FIXED_UNFIT, 0},
		{{-9, 0}, -18, FIXED_OK, -9000000000000000000},
		{{1, 1}, -18, FIXED_UNFIT, 0},
		{{1, 18}, -18, FIXED_UNFIT, 0},
		{{INT64_MAX, -18}, 18, FIXED_UNFIT, 0},
		{{1000000000000000000, -18}, 0, FIXED_OK, 1},
		{{-4611686018427387904, 0}, -1, FIXED_UNFIT, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t mantissa = 77;

		assert_int_equal(
		    fixed_rescale(rows[i].value, rows[i].exponent, &mantissa), rows[i].result);
		assert_int_equal(mantissa, rows[i].result == FIXED_OK ? rows[i].mantissa : 77);
	}
}

static void
what_is_written_reads_back_the_same(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct fixed value, again;
		char text[48];

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		value.mantissa = (int64_t)(seed >> 1) >> (seed % 60);
		value.mantissa = (seed & 1) != 0 ? value.mantissa : -value.mantissa;
		value.exponent = -(int32_t)(seed % 19);
		tick_format(value.mantissa, value.exponent, text, sizeof(text));
		assert_int_equal(fixed_parse(bytes_of(text), &again), FIXED_OK);
		assert_int_equal(again.mantissa, value.mantissa);
		assert_int_equal(again.exponent, value.exponent);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_keep_the_exponent_that_was_written),
		cmocka_unit_test(only_as_many_trailing_zeros_go_as_must),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(what_is_no_plain_decimal_is_malformed),
		cmocka_unit_test(rescaling_is_exact_or_refused),
		cmocka_unit_test(what_is_written_reads_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
