#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/vigil.h"
#include "shm/claim.h"

#define LOOK_MS 25

static struct vigil vigil;

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){1000000000 + ms * 1000000};
}

static bool
is_over(int64_t own_ms, int64_t ours_ms)
{
	return vigil_is_over(&vigil, span_ms(own_ms), span_ms(ours_ms));
}

static int
begin(void **state)
{
	(void)state;
	vigil_init(&vigil, span_ms(LOOK_MS), 7, at_ms(0));
	return 0;
}

static void
a_writer_that_beats_is_never_given_up(void **state)
{
	(void)state;
	for (int64_t ms = LOOK_MS; ms < 10000; ms += LOOK_MS) {
		vigil_look(&vigil, 7 + ms / 100, at_ms(ms));
		assert_false(is_over(0, 100));
	}
}

static void
silence_counts_from_the_last_change_and_must_exceed_both_limits(void **state)
{
	(void)state;
	for (int64_t ms = LOOK_MS; ms <= 500; ms += LOOK_MS)
		vigil_look(&vigil, 7, at_ms(ms));
	assert_false(is_over(400, 500));
	vigil_look(&vigil, 7, at_ms(525));
	assert_true(is_over(400, 500));
	assert_false(is_over(600, 500)); /* it is starting, and said so */
	vigil_look(&vigil, 6, at_ms(550)); /* any other number is life */
	assert_false(is_over(0, 0));
}

static void
a_machine_that_stood_still_is_not_the_writers_silence(void **state)
{
	(void)state;
	vigil_look(&vigil, 7, at_ms(60000));
	assert_false(is_over(0, 50));
	assert_true(is_over(0, 49));
}

static void
only_the_process_that_holds_the_claim_and_stayed_silent_is_ended(void **state)
{
	static const struct claim_sign seen = {100, 5}, moved = {101, 5}, promised = {100, 6};
	static const struct {
		pid_t suspect, holder;
		const struct claim_sign *now;
		bool may;
	} rows[] = {
		{4711, 4711, &seen, true},
		{4711, 4712, &seen, false},     /* it ended; another took over */
		{4711, 0, &seen, false},        /* it ended; its number may be an innocent's now */
		{4711, -1, &seen, false},       /* its successor has not signed yet */
		{4711, 4711, &moved, false},    /* it woke up */
		{4711, 4711, &promised, false}, /* it asked for time */
		{-1, -1, &seen, false},         /* never "every process" */
		{0, 0, &seen, false},           /* never "my group" */
		{1, 1, &seen, false},           /* never init */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(claim_may_end(rows[i].suspect, &seen, rows[i].holder, rows[i].now),
		    rows[i].may);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_writer_that_beats_is_never_given_up, begin),
		cmocka_unit_test_setup(
		    silence_counts_from_the_last_change_and_must_exceed_both_limits, begin),
		cmocka_unit_test_setup(
		    a_machine_that_stood_still_is_not_the_writers_silence, begin),
		cmocka_unit_test(only_the_process_that_holds_the_claim_and_stayed_silent_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
