/* docs/HTTP.md against the JSON that the HTTP interface sends: every field, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ops/status_json.h"

#define PAGE_MAX 65536
#define KEYS_MAX 768

static char page[PAGE_MAX];
static const char *keys[KEYS_MAX]; /* that were sent */
static size_t nkeys;
static cJSON *health, *status;

/* A page over a status in which everything occurs once. */
static cJSON *
rendered(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	cJSON *json;

	assert_non_null(out);
	print(out);
	assert_int_equal(fclose(out), 0);
	json = cJSON_Parse(text);
	assert_non_null(json);
	free(text);
	return json;
}

static struct tick_status st;

static void
print_health(FILE *out)
{
	static struct tick_health h;

	h.reasons = 2;
	h.reason[0] = (struct tick_health_reason){.what = TICK_HEALTH_STALE_STREAMS, .value = 5};
	h.reason[1] = (struct tick_health_reason){.what = TICK_HEALTH_LINE_DOWN, .of = 0};
	status_json_health(out, "test", &st, &h);
}

static void
print_status(FILE *out)
{
	static struct alarm_view alarm;

	for (unsigned i = 0; i < ALERT_COUNT; i++)
		alarm.alerts.alert[i].state = ALERT_FIRING;
	status_json_status(out, "test", &st, &alarm);
}

/* Objects whose names are rows of a table: only the table's name is documented. */
static bool
is_table(const char *name)
{
	return strcmp(name, "counters") == 0 || strcmp(name, "ended") == 0;
}

static void
collect(const cJSON *json)
{
	for (const cJSON *item = json->child; item != NULL; item = item->next) {
		if (item->string != NULL) {
			assert_true(nkeys < KEYS_MAX);
			keys[nkeys++] = item->string;
		}
		if (item->string == NULL || !is_table(item->string))
			collect(item);
	}
}

static int
setup(void **state)
{
	const char *root = getenv("TICKRING_ROOT");
	char path[512];
	FILE *file;
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/HTTP.md", root != NULL ? root : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(page, 1, sizeof(page) - 1, file);
	assert_true(n > 0 && n < sizeof(page) - 1);
	fclose(file);
	st.lines = 1;
	st.control.endpoints = 1;
	st.control.transitions = 1;
	st.ended[TICK_REASON_STOP] = 1;
	health = rendered(print_health);
	status = rendered(print_status);
	collect(health);
	collect(status);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cJSON_Delete(health);
	cJSON_Delete(status);
	return 0;
}

static void
every_field_that_is_sent_is_documented(void **state)
{
	char wanted[96];

	(void)state;
	assert_true(nkeys > 120);
	for (size_t i = 0; i < nkeys; i++) {
		snprintf(wanted, sizeof(wanted), "`%s`", keys[i]);
		if (strstr(page, wanted) == NULL)
			fail_msg("docs/HTTP.md lacks %s", wanted);
	}
}

static bool
is_sent(const char *name, size_t n)
{
	for (size_t i = 0; i < nkeys; i++)
		if (strlen(keys[i]) == n && memcmp(keys[i], name, n) == 0)
			return true;
	return false;
}

/* The first column of the tables under "## GET /health" and "## GET /status". */
static void
every_field_that_is_documented_is_sent(void **state)
{
	const char *at = strstr(page, "## GET /health"), *end = strstr(page, "## GET /stale");
	unsigned fields = 0;

	(void)state;
	assert_non_null(at);
	assert_non_null(end);
	while ((at = strstr(at, "\n| `")) != NULL && at < end) {
		const char *column_end = strchr(at + 3, '|');

		for (at += 3; at < column_end; fields++) {
			const char *name = memchr(at, '`', (size_t)(column_end - at));
			const char *close = name == NULL ? NULL : strchr(name + 1, '`');

			if (name == NULL)
				break;
			if (!is_sent(name + 1, (size_t)(close - name - 1)))
				fail_msg("nobody sends %.*s", (int)(close - name - 1), name + 1);
			at = close + 1;
		}
		at = column_end - 1;
	}
	assert_true(fields > 120);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_that_is_sent_is_documented),
		cmocka_unit_test(every_field_that_is_documented_is_sent),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
