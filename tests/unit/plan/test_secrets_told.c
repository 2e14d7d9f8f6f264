/* URLs may carry tokens: what is logged of them, as a change or as a mistake, is their host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "feed/base/log.h"
#include "feed/conf/config_key.h"
#include "feed/conf/config_url.h"
#include "feed/plan/reload.h"
#include "tests/config_text.h"

static void
set(struct config *cfg, const char *path, const char *text)
{
	char **field = config_key_text(config_key_find(path), cfg);

	free(*field);
	*field = strdup(text);
	assert_non_null(*field);
}

static void
a_changed_url_is_logged_without_its_path(void **state)
{
	struct config cfg, next;
	char told[4096];
	ssize_t n;
	int fd = memfd_create("log", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	log_set_format(LOG_FORMAT_LOGFMT);
	log_set_fd(fd);
	config_defaults(&cfg);
	config_defaults(&next);
	set(&next, "alerts.pagerduty_url", "https://events.example/v2/SECRET");
	set(&next, "tracing.endpoint", "https://traces.example?token=SECRET");
	set(&next, "endpoint.ca_file", "/etc/ca.pem");
	assert_int_equal(reload_tell(&cfg, &next), 3);
	log_set_fd(STDERR_FILENO);
	n = pread(fd, told, sizeof(told) - 1, 0);
	close(fd);
	assert_true(n > 0);
	told[n] = '\0';
	assert_non_null(strstr(told, "to=https://events.example/..."));
	assert_non_null(strstr(told, "to=https://traces.example/..."));
	assert_non_null(strstr(told, "to=/etc/ca.pem"));
	assert_null(strstr(told, "SECRET"));
	config_free(&cfg);
	config_free(&next);
}

static void
a_refused_url_is_reported_without_its_path(void **state)
{
#define S "{\"streams\": [\"a@trade\"], "
	static const char *const wrong[] = {
		S "\"alerts.webhooks\": [\"http://h.example/SECRET\"]}",
		S "\"alerts.webhooks\": [\"https://h.example/SECRET#x\"]}",
		S "\"tracing.endpoint\": \"https://u:SECRET@h.example/\"}",
		S "\"tracing.endpoint\": \"h.example/SECRET\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct config cfg;
		char *problems = config_of_text(wrong[i], NULL, 0, &cfg);

		assert_non_null(strstr(problems, "/...\""));
		assert_null(strstr(problems, "SECRET"));
		free(problems);
		config_free(&cfg);
	}
}

static void
what_is_told_of_a_url_ends_before_path_query_and_user(void **state)
{
	static const struct {
		const char *url;
		size_t told;
	} rows[] = {
		{"https://a.example", 17}, {"https://a.example/x", 17},
		{"https://a.example?x", 17}, {"https://a.example:1/x", 19},
		{"https://u:p@a.example/x", 8}, {"https://a.example/x@y", 17},
		{"a.example/x", 9}, {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(config_url_told(rows[i].url), rows[i].told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_url_is_logged_without_its_path),
		cmocka_unit_test(a_refused_url_is_reported_without_its_path),
		cmocka_unit_test(what_is_told_of_a_url_ends_before_path_query_and_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
