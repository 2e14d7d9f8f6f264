/* Who gets OpenMetrics, and who the text format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/ops/accept.h"

struct header {
	const char *accept;
	bool open;
};

static void
check(const struct header *header, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (accept_wants_openmetrics(header[i].accept) != header[i].open)
			fail_msg("\"%s\" %s OpenMetrics", header[i].accept,
			    header[i].open ? "gets no" : "gets");
}

#define CHECK(headers) check(headers, sizeof(headers) / sizeof((headers)[0]))

static void
prometheus_gets_openmetrics(void **state)
{
	/* As Prometheus sends it: 2.42 (Debian 12), and 3 without protobuf. */
	static const struct header headers[] = {
		{"application/openmetrics-text;version=1.0.0,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		    true},
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		 "application/openmetrics-text;version=0.0.1;q=0.4,"
		 "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
		 "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		    true},
		{"application/openmetrics-text; version=1.0.0", true},
		{"application/openmetrics-text", true},
	};

	(void)state;
	CHECK(headers);
}

static void
who_does_not_name_it_or_wants_it_less_gets_the_text_format(void **state)
{
	static const struct header headers[] = {
		{"", false},
		{"*/*", false},
		{"text/html,application/xhtml+xml,*/*;q=0.8", false},
		{"text/plain;version=0.0.4", false},
		{"text/plain;q=0.9, application/openmetrics-text;q=0.1", false},
		{"text/plain, application/openmetrics-text;q=0.999", false},
		{"application/openmetrics-text;q=0", false},
		{"application/openmetrics-text;q=0.000", false},
		{"application/openmetrics-text;version=0.0.1", false},
		{"application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		    false},
		{"xapplication/openmetrics-text", false},
		{"application/openmetrics-textual", false},
	};

	(void)state;
	CHECK(headers);
}

static void
blanks_letter_case_and_nonsense_are_borne(void **state)
{
	static const struct header headers[] = {
		{" \t Application/OpenMetrics-Text \t; Q=0.5 , text/plain ; q=0.5", true},
		{",,;;, application/openmetrics-text;;q=1.0;,", true},
		{"application/openmetrics-text;q=", false},
		{"application/openmetrics-text;q=abc", false},
		{"application/openmetrics-text;q=9", false},
		{"application/openmetrics-text;q=-1", false},
		{";", false},
		{",", false},
	};

	(void)state;
	CHECK(headers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prometheus_gets_openmetrics),
		cmocka_unit_test(who_does_not_name_it_or_wants_it_less_gets_the_text_format),
		cmocka_unit_test(blanks_letter_case_and_nonsense_are_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
