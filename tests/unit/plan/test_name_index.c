/* The index of names: against a table that is searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/plan/names.h"

#define NAMES 300
#define ROOM 200

static char text[NAMES][24];
static char *name[NAMES];

static void
spell_all(void)
{
	for (int i = 0; i < NAMES; i++) {
		snprintf(text[i], sizeof(text[i]), "s%dusdt@trade", i);
		name[i] = text[i];
	}
}

static void
names_are_found_by_what_they_are_whatever_came_and_went(void **state)
{
	bool is_there[NAMES] = {false};
	struct names names;
	struct rng rng;
	uint32_t n = 0;

	(void)state;
	spell_all();
	rng_seed(&rng, 11);
	assert_int_equal(names_init(&names, ROOM), 0);
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t i = (uint32_t)rng_below(&rng, NAMES);

		if (is_there[i]) {
			names_remove(&names, name, i);
			n--;
		} else if (n < ROOM) {
			names_add(&names, name, i);
			n++;
		} else {
			continue;
		}
		is_there[i] = !is_there[i];
		for (uint32_t k = turn % 97; k < NAMES; k += 97)
			assert_int_equal(names_find(&names, name, bytes_of(text[k])),
			    is_there[k] ? k : NAMES_NONE);
	}
	for (uint32_t k = 0; k < NAMES; k++)
		assert_int_equal(
		    names_find(&names, name, bytes_of(text[k])), is_there[k] ? k : NAMES_NONE);
	names_free(&names);
}

static void
nothing_is_found_where_nothing_is(void **state)
{
	struct names names = {0};

	(void)state;
	spell_all();
	assert_int_equal(names_find(&names, name, BYTES_LIT("s1usdt@trade")), NAMES_NONE);
	assert_int_equal(names_init(&names, 0), 0);
	assert_int_equal(names_find(&names, name, BYTES_LIT("s1usdt@trade")), NAMES_NONE);
	assert_int_equal(names_find(&names, name, BYTES_LIT("")), NAMES_NONE);
	names_add(&names, name, 1);
	assert_int_equal(names_find(&names, name, BYTES_LIT("s1usdt@trad")), NAMES_NONE);
	assert_int_equal(names_find(&names, name, BYTES_LIT("s1usdt@trade")), 1);
	names_free(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_by_what_they_are_whatever_came_and_went),
		cmocka_unit_test(nothing_is_found_where_nothing_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
