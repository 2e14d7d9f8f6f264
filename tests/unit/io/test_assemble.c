#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/io/assemble.h"

#define ROOM 16

static int
setup(void **state)
{
	static struct assemble assemble;

	*state = &assemble;
	return assemble_init(&assemble, ROOM);
}

static int
teardown(void **state)
{
	assemble_fini(*state);
	return 0;
}

static enum assemble_result
add(struct assemble *a, const char *text, bool first, bool final, struct bytes *whole)
{
	return assemble_add(a, bytes_of(text), first, final, false, whole);
}

static void
three_fragments_become_one_message_with_padding(void **state)
{
	struct bytes whole;
	unsigned sum = 0;

	assert_int_equal(add(*state, "abc", true, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(add(*state, "", false, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(add(*state, "de", false, true, &whole), ASSEMBLE_WHOLE);
	assert_int_equal(whole.n, 5);
	assert_memory_equal(whole.p, "abcde", 5);
	for (size_t i = 0; i < ASSEMBLE_PADDING; i++)
		sum += (unsigned char)whole.p[whole.n + i]; /* ASan: readable */
	assert_int_equal(sum, 0);
}

static void
a_single_fragment_is_passed_through_only_when_it_is_padded(void **state)
{
	static const char text[8 + ASSEMBLE_PADDING] = "message";
	struct bytes fragment = {text, 7}, whole;

	assert_int_equal(
	    assemble_add(*state, fragment, true, true, true, &whole), ASSEMBLE_WHOLE);
	assert_ptr_equal(whole.p, text);
	assert_int_equal(
	    assemble_add(*state, fragment, true, true, false, &whole), ASSEMBLE_WHOLE);
	assert_ptr_not_equal(whole.p, text);
	assert_true(bytes_equal(whole, fragment));
}

static void
an_empty_message_is_a_message(void **state)
{
	struct bytes whole = BYTES_LIT("x");

	assert_int_equal(add(*state, "", true, true, &whole), ASSEMBLE_WHOLE);
	assert_int_equal(whole.n, 0);
	assert_non_null(whole.p);
}

static void
a_message_of_the_limit_fits_and_one_byte_more_does_not(void **state)
{
	struct assemble *a = *state;
	struct bytes whole;

	assert_int_equal(add(a, "0123456789abcdef", true, true, &whole), ASSEMBLE_WHOLE);
	assert_int_equal(add(a, "0123456789abcdefg", true, true, &whole), ASSEMBLE_OVERSIZE);
	assert_int_equal(a->oversize, 1);
	assert_int_equal(add(a, "next", true, true, &whole), ASSEMBLE_WHOLE);
	assert_memory_equal(whole.p, "next", 4);
}

static void
a_padded_message_over_the_limit_is_not_passed_through(void **state)
{
	static const char text[17 + ASSEMBLE_PADDING] = "0123456789abcdefg";
	struct assemble *a = *state;
	struct bytes whole;

	assert_int_equal(assemble_add(a, (struct bytes){text, 17}, true, true, true, &whole),
	    ASSEMBLE_OVERSIZE);
	assert_int_equal(a->oversize, 1);
}

static void
the_rest_of_a_message_that_is_too_long_is_dropped_once(void **state)
{
	struct assemble *a = *state;
	struct bytes whole;

	assert_int_equal(add(a, "0123456789", true, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(add(a, "0123456789", false, false, &whole), ASSEMBLE_OVERSIZE);
	assert_int_equal(add(a, "0", false, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(add(a, "1", false, true, &whole), ASSEMBLE_MORE);
	assert_int_equal(a->oversize, 1);
	assert_int_equal(a->broken, 0);
	assert_int_equal(add(a, "ok", true, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(add(a, "ay", false, true, &whole), ASSEMBLE_WHOLE);
	assert_int_equal(whole.n, 4);
	assert_memory_equal(whole.p, "okay", 4);
}

static void
a_first_fragment_within_a_message_begins_anew(void **state)
{
	struct assemble *a = *state;
	struct bytes whole;

	assert_int_equal(add(a, "lost", true, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(add(a, "new", true, true, &whole), ASSEMBLE_WHOLE);
	assert_int_equal(whole.n, 3);
	assert_memory_equal(whole.p, "new", 3);
	assert_int_equal(a->broken, 1);
}

static void
a_later_fragment_without_a_first_one_is_dropped(void **state)
{
	struct assemble *a = *state;
	struct bytes whole;

	assert_int_equal(add(a, "tail", false, true, &whole), ASSEMBLE_MORE);
	assert_int_equal(a->broken, 1);
	assert_int_equal(add(a, "fine", true, true, &whole), ASSEMBLE_WHOLE);
	assert_int_equal(a->broken, 1);
}

static void
a_reset_forgets_what_has_begun(void **state)
{
	struct assemble *a = *state;
	struct bytes whole;

	assert_int_equal(add(a, "old", true, false, &whole), ASSEMBLE_MORE);
	assemble_reset(a);
	assert_int_equal(add(a, "new", true, true, &whole), ASSEMBLE_WHOLE);
	assert_memory_equal(whole.p, "new", 3);
	assert_int_equal(a->broken, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_fragments_become_one_message_with_padding),
		TEST(a_single_fragment_is_passed_through_only_when_it_is_padded),
		TEST(an_empty_message_is_a_message),
		TEST(a_message_of_the_limit_fits_and_one_byte_more_does_not),
		TEST(a_padded_message_over_the_limit_is_not_passed_through),
		TEST(the_rest_of_a_message_that_is_too_long_is_dropped_once),
		TEST(a_first_fragment_within_a_message_begins_anew),
		TEST(a_later_fragment_without_a_first_one_is_dropped),
		TEST(a_reset_forgets_what_has_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
