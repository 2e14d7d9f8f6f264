#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/hold.h"

static struct hold hold;
static struct held held;

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){ms * 1000000};
}

static int
new_hold(void **state)
{
	(void)state;
	hold_init(&hold, span_ms(20));
	return 0;
}

static void
it_gives_out_the_lowest_id_of_a_key_first(void **state)
{
	static const int64_t ids[] = {30, 10, 20, 10};

	(void)state;
	assert_true(hold_is_empty(&hold));
	for (int i = 0; i < 4; i++)
		assert_int_equal(hold_add(&hold, 7, ids[i], (unsigned)i, at_ms(i)), i);
	hold_add(&hold, 6, 1, 0, at_ms(9));
	assert_false(hold_take(&hold, 5, &held));
	assert_true(hold_take(&hold, 7, &held));
	assert_int_equal(held.id, 10);
	assert_int_equal(held.leg, 1);
	assert_int_equal(held.slot, 1);
	assert_true(hold_take(&hold, 7, &held));
	assert_int_equal(held.leg, 3);
	assert_true(hold_take(&hold, 7, &held));
	assert_int_equal(held.id, 20);
	assert_true(hold_take(&hold, 7, &held));
	assert_int_equal(held.id, 30);
	assert_false(hold_take(&hold, 7, &held));
	assert_int_equal(hold.n, 1);
	assert_int_equal(hold.total, 5);
}

static void
it_gives_out_only_what_is_below_an_id(void **state)
{
	(void)state;
	hold_add(&hold, 7, 20, 0, at_ms(0));
	hold_add(&hold, 7, 10, 0, at_ms(1));
	hold_add(&hold, 7, 15, 0, at_ms(2));
	hold_add(&hold, 6, 1, 0, at_ms(3));
	assert_true(hold_take_below(&hold, 7, 20, &held));
	assert_int_equal(held.id, 10);
	assert_true(hold_take_below(&hold, 7, 20, &held));
	assert_int_equal(held.id, 15);
	assert_false(hold_take_below(&hold, 7, 20, &held));
	assert_int_equal(hold.n, 2);
}

static void
what_is_due_takes_what_is_lower_with_it(void **state)
{
	(void)state;
	assert_true(mono_is_never(hold_deadline(&hold)));
	hold_add(&hold, 1, 20, 0, at_ms(0));
	hold_add(&hold, 1, 10, 1, at_ms(5));
	hold_add(&hold, 2, 1, 0, at_ms(5));
	assert_int_equal(hold_deadline(&hold).ns, at_ms(20).ns);
	assert_false(hold_take_due(&hold, (mono_t){at_ms(20).ns - 1}, &held));
	assert_true(hold_take_due(&hold, at_ms(20), &held));
	assert_int_equal(held.id, 10);
	assert_int_equal(held.arrived.ns, at_ms(0).ns);
	assert_true(hold_take_due(&hold, at_ms(20), &held));
	assert_int_equal(held.id, 20);
	assert_false(hold_take_due(&hold, at_ms(24), &held));
	assert_true(hold_take_due(&hold, at_ms(25), &held));
	assert_int_equal(held.key, 2);
	assert_true(hold_is_empty(&hold));
}

static void
a_full_one_refuses_and_slots_come_back(void **state)
{
	uint64_t used = 0;
	int slot;

	(void)state;
	for (int i = 0; i < HOLD_MAX; i++) {
		slot = hold_add(&hold, 1, 1000 - i, 0, at_ms(0));
		assert_in_range(slot, 0, HOLD_MAX - 1);
		assert_int_equal(used >> slot & 1, 0);
		used |= UINT64_C(1) << slot;
	}
	assert_int_equal(hold_add(&hold, 1, 1, 0, at_ms(0)), -1);
	assert_int_equal(hold.refused, 1);
	assert_true(hold_take(&hold, 1, &held));
	assert_int_equal(held.id, 937);
	assert_int_equal(hold_add(&hold, 1, 1, 0, at_ms(0)), held.slot);
	assert_int_equal(hold_add(&hold, 1, 1, 0, at_ms(0)), -1);
}

static void
keys_tell_instruments_and_classes_apart(void **state)
{
	(void)state;
	assert_int_not_equal(hold_key(1, 0), hold_key(0, 1));
	assert_int_equal(hold_key(UINT32_MAX, 3), UINT64_C(0xffffffff03));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_gives_out_the_lowest_id_of_a_key_first, new_hold),
		cmocka_unit_test_setup(it_gives_out_only_what_is_below_an_id, new_hold),
		cmocka_unit_test_setup(what_is_due_takes_what_is_lower_with_it, new_hold),
		cmocka_unit_test_setup(a_full_one_refuses_and_slots_come_back, new_hold),
		cmocka_unit_test_setup(keys_tell_instruments_and_classes_apart, new_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
