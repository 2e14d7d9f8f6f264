/* The command line of pool-status. What is wrong is said on standard error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/words.h"
#include "tools/common/exits.h"
#include "tools/pool-status/options.h"

static struct options o;

static int
read_words(const char *text)
{
	static struct words words;

	words_cut(&words, text);
	return options_read(&o, words.argc, words.argv);
}

static void
the_pool_of_the_default_feed_is_shown_once(void **state)
{
	(void)state;
	assert_int_equal(read_words(""), -1);
	assert_string_equal(o.feed, "feed");
	assert_int_equal(o.mode, MODE_POOL);
	assert_int_equal(o.output, OUTPUT_TEXT);
	assert_int_equal(o.interval_ns, 1000000000);
	assert_false(o.follow);
	assert_false(o.wait);
}

static void
options_and_the_feed_come_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(read_words("-f binance -o json -n 3 --interval 0.25 -w"), -1);
	assert_string_equal(o.feed, "binance");
	assert_true(o.follow && o.wait);
	assert_int_equal(o.wait_ns, 0);
	assert_int_equal(o.count, 3);
	assert_int_equal(o.interval_ns, 250000000);
	assert_int_equal(o.output, OUTPUT_JSON);
	assert_int_equal(read_words("--why 7 --wait=1.5 --duration 2 --plain"), -1);
	assert_int_equal(o.mode, MODE_WHY);
	assert_int_equal(o.line, 7);
	assert_int_equal(o.wait_ns, 1500000000);
	assert_int_equal(o.duration_ns, 2000000000);
	assert_true(o.plain);
}

static void
of_what_to_show_the_last_one_counts(void **state)
{
	(void)state;
	assert_int_equal(read_words("--budgets --streams"), -1);
	assert_int_equal(o.mode, MODE_STREAMS);
	assert_false(o.all);
	assert_int_equal(read_words("--all --streams"), -1);
	assert_true(o.all);
	assert_int_equal(read_words("--streams --check"), -1);
	assert_int_equal(o.mode, MODE_CHECK);
}

static void
what_is_wrong_ends_with_the_exit_code_for_usage(void **state)
{
	static const char *const wrong[] = {
		"--nope", "-x", "a b", "-o xml", "-o", "-n 0", "-n x", "--why", "--why x",
		"--why 64", "--why -1", "--interval 0.001", "--interval x", "--duration 0",
		"--wait=x", "--streams=1", "-f --check", "--check -f", "-f -o prom",
		"--why 0 -o prom", "--all", "--all --budgets",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (read_words(wrong[i]) != EXIT_USAGE)
			fail_msg("accepted: %s", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pool_of_the_default_feed_is_shown_once),
		cmocka_unit_test(options_and_the_feed_come_in_any_order),
		cmocka_unit_test(of_what_to_show_the_last_one_counts),
		cmocka_unit_test(what_is_wrong_ends_with_the_exit_code_for_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
