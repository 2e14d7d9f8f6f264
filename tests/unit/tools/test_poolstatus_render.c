/* Every format of pool-status, word for word: the files of tests/golden/pool-status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reader.h>

#include "tests/config_text.h"
#include "tests/pool_example.h"
#include "tools/pool-status/render.h"

static struct tick_status now, before;
static struct figures figures;

typedef void render_fn(FILE *out, const struct report *report);

static char *
rendered(render_fn *render, enum mode mode, int health)
{
	struct reading reading;
	struct report report;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	pool_example(&now, &before);
	reading = pool_example_reading(&now, &before, health);
	figures_take(&figures, &reading);
	if (mode == MODE_WHY)
		assert_true(figures_why(&figures, &reading, 1));
	report_compose(&report, &figures, "demo", mode);
	render(out, &report);
	fclose(out);
	return text;
}

/* The file has what was printed, to the letter. */
static void
assert_golden(const char *name, char *text)
{
	char path[128];
	char *expected;

	snprintf(path, sizeof(path), "tests/golden/pool-status/%s", name);
	expected = text_of_file(path);
	assert_non_null(expected);
	assert_string_equal(text, expected);
	free(expected);
	free(text);
}

static void
a_pool_is_shown_in_every_format(void **state)
{
	(void)state;
	assert_golden("pool.txt", rendered(render_text, MODE_POOL, TICK_END));
	assert_golden("pool.json", rendered(render_json, MODE_POOL, TICK_END));
	assert_golden("pool.prom", rendered(render_prom, MODE_POOL, TICK_END));
}

static void
the_last_figures_of_a_dead_feed_are_said_to_be_that(void **state)
{
	(void)state;
	assert_golden("dead.txt", rendered(render_text, MODE_POOL, TICK_E_DEAD));
	assert_golden("dead.json", rendered(render_json, MODE_POOL, TICK_E_DEAD));
	assert_golden("dead.prom", rendered(render_prom, MODE_POOL, TICK_E_DEAD));
}

static void
streams_are_counted_by_line_in_every_format(void **state)
{
	(void)state;
	assert_golden("streams.txt", rendered(render_text, MODE_STREAMS, TICK_END));
	assert_golden("streams.json", rendered(render_json, MODE_STREAMS, TICK_END));
	assert_golden("streams.prom", rendered(render_prom, MODE_STREAMS, TICK_END));
}

static void
budgets_are_gauges_in_every_format(void **state)
{
	(void)state;
	assert_golden("budgets.txt", rendered(render_text, MODE_BUDGETS, TICK_END));
	assert_golden("budgets.json", rendered(render_json, MODE_BUDGETS, TICK_END));
	assert_golden("budgets.prom", rendered(render_prom, MODE_BUDGETS, TICK_END));
}

static void
the_configuration_in_force_is_shown_with_what_was_set(void **state)
{
	(void)state;
	assert_golden("settings.txt", rendered(render_text, MODE_SETTINGS, TICK_END));
	assert_golden("settings.json", rendered(render_json, MODE_SETTINGS, TICK_END));
}

static void
the_transitions_of_a_line_are_shown_with_their_reasons(void **state)
{
	(void)state;
	assert_golden("why.txt", rendered(render_text, MODE_WHY, TICK_END));
	assert_golden("why.json", rendered(render_json, MODE_WHY, TICK_END));
}

static void
a_check_is_one_row_in_every_format(void **state)
{
	(void)state;
	assert_golden("check.txt", rendered(render_text, MODE_CHECK, TICK_END));
	assert_golden("check.json", rendered(render_json, MODE_CHECK, TICK_E_STALE));
	assert_golden("check.prom", rendered(render_prom, MODE_CHECK, TICK_E_DEAD));
}

/* The name of a sample: up to the brace. */
static size_t
name_of(const char *line)
{
	return strcspn(line, "{");
}

static void
every_sample_stands_below_the_type_of_its_metric(void **state)
{
	static const enum mode modes[] = {MODE_POOL, MODE_STREAMS, MODE_BUDGETS, MODE_CHECK};
	char type[128] = "";
	unsigned samples = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char *text = rendered(render_prom, modes[i], TICK_END), *rest = text, *line;

		while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
			if (strncmp(line, "# TYPE ", 7) == 0)
				snprintf(type, sizeof(type), "%.*s", (int)strcspn(line + 7, " "),
				    line + 7);
			if (line[0] == '#')
				continue;
			assert_int_equal(name_of(line), strlen(type));
			assert_memory_equal(line, type, strlen(type));
			samples++;
		}
		free(text);
	}
	assert_true(samples > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_is_shown_in_every_format),
		cmocka_unit_test(the_last_figures_of_a_dead_feed_are_said_to_be_that),
		cmocka_unit_test(streams_are_counted_by_line_in_every_format),
		cmocka_unit_test(budgets_are_gauges_in_every_format),
		cmocka_unit_test(the_configuration_in_force_is_shown_with_what_was_set),
		cmocka_unit_test(the_transitions_of_a_line_are_shown_with_their_reasons),
		cmocka_unit_test(a_check_is_one_row_in_every_format),
		cmocka_unit_test(every_sample_stands_below_the_type_of_its_metric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
