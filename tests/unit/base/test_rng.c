#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/base/rng.h"

static void
the_sequence_is_that_of_the_published_generators(void **state)
{
	struct rng rng;

	(void)state;
	/* splitmix64 from seed 0 fills the state (vectors of its authors). */
	rng_seed(&rng, 0);
	assert_true(rng.s[0] == 0xe220a8397b1dcdaf);
	assert_true(rng.s[1] == 0x6e789e6aa1b965f4);
	assert_true(rng.s[2] == 0x06c45d188009454f);
	assert_true(rng.s[3] == 0xf88bb8a8724c81ec);
	/* xoshiro256** from the state 1, 2, 3, 4. */
	rng = (struct rng){{1, 2, 3, 4}};
	assert_true(rng_next(&rng) == 11520);
	assert_true(rng_next(&rng) == 0);
	assert_true(rng_next(&rng) == 1509978240);
	assert_true(rng_next(&rng) == 1215971899390074240);
}

static void
the_same_seed_gives_the_same_sequence_and_another_seed_another(void **state)
{
	struct rng a, b, c;
	int same = 0;

	(void)state;
	rng_seed(&a, 42);
	rng_seed(&b, 42);
	rng_seed(&c, 43);
	for (int i = 0; i < 1000; i++) {
		uint64_t x = rng_next(&a);

		assert_true(x == rng_next(&b));
		same += x == rng_next(&c);
	}
	assert_int_equal(same, 0);
}

static void
numbers_below_a_bound_fill_it_evenly(void **state)
{
	uint32_t seen[10] = {0};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 100000; i++)
		seen[rng_below(&rng, 10)]++;
	/* 10000 expected of each; the seed is fixed, so that this cannot vary. */
	for (int i = 0; i < 10; i++)
		assert_in_range(seen[i], 9600, 10400);
	assert_int_equal(rng_below(&rng, 1), 0);
}

static void
a_bound_beyond_half_the_range_is_kept(void **state)
{
	const uint64_t n = (UINT64_C(1) << 63) + 1;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (int i = 0; i < 1000; i++)
		assert_true(rng_below(&rng, n) < n);
}

static void
numbers_between_two_bounds_reach_both(void **state)
{
	int low = 0, high = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	for (int i = 0; i < 1000; i++) {
		int64_t x = rng_between(&rng, -2, 2);

		assert_true(x >= -2 && x <= 2);
		low += x == -2;
		high += x == 2;
	}
	assert_true(low > 0 && high > 0);
	assert_int_equal(rng_between(&rng, 5, 5), 5);
	rng_between(&rng, INT64_MIN, INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_sequence_is_that_of_the_published_generators),
	    cmocka_unit_test(the_same_seed_gives_the_same_sequence_and_another_seed_another),
	    cmocka_unit_test(numbers_below_a_bound_fill_it_evenly),
	    cmocka_unit_test(a_bound_beyond_half_the_range_is_kept),
	    cmocka_unit_test(numbers_between_two_bounds_reach_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
