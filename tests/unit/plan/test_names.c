#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>
#include <tickring/status.h>

static void
decimals_are_written_exactly(void **state)
{
	static const struct {
		int64_t mantissa;
		int exponent;
		const char *text;
	} rows[] = {
		{0, 0, "0"},
		{0, -8, "0.00000000"},
		{0, 3, "0"},
		{-120000, -8, "-0.00120000"},
		{6434895000000, -8, "64348.95000000"},
		{5, 3, "5000"},
		{-5, 18, "-5000000000000000000"},
		{7, -1, "0.7"},
		{INT64_MAX, -18, "9.223372036854775807"},
		{INT64_MIN + 1, -8, "-92233720368.54775807"},
		{INT64_MAX, 18, "9223372036854775807000000000000000000"},
		{TICK_ABSENT, -8, "-"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(tick_format(rows[i].mantissa, rows[i].exponent, out, sizeof(out)),
		    strlen(rows[i].text));
		assert_string_equal(out, rows[i].text);
	}
}

static void
a_number_that_has_no_room_is_not_cut(void **state)
{
	char out[5] = "";

	(void)state;
	assert_int_equal(tick_format(1234, 0, out, 5), 4);
	assert_int_equal(tick_format(12345, 0, out, 5), 0);
	assert_int_equal(tick_format(1, 19, out, 5), 0);
	assert_int_equal(tick_format(1, -19, out, 5), 0);
}

static void
every_name_is_there_and_found_again(void **state)
{
	(void)state;
	for (int type = 1; type < TICK_TYPE_COUNT; type++)
		assert_int_equal(tick_type_from_name(tick_type_name((unsigned)type)), type);
	assert_int_equal(tick_type_from_name("nothing"), -1);
	assert_string_equal(tick_type_name(99), "unknown");
	for (int64_t s = 0; s < TICK_LINE_STATE_COUNT; s++)
		assert_string_not_equal(tick_line_state_name(s), "unknown");
	for (int r = 0; r < TICK_REASON_COUNT; r++)
		assert_string_not_equal(tick_reason_label(r), "unknown");
	assert_string_equal(tick_reason_label(-1), "unknown");
	for (int o = TICK_E_SYSTEM; o <= TICK_MORE; o++)
		assert_string_not_equal(tick_outcome_text(o), "unknown outcome");
	assert_non_null(tick_counter_name(TICK_COUNTER_COUNT - 1));
	assert_null(tick_counter_name(TICK_COUNTER_COUNT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_written_exactly),
		cmocka_unit_test(a_number_that_has_no_room_is_not_cut),
		cmocka_unit_test(every_name_is_there_and_found_again),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
