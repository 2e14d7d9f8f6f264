/* URLs of those who get alerts and traces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "feed/conf/config_url.h"

static void
expect(const char *text, const char *host, uint16_t port, bool plain, const char *path)
{
	struct config_url url;
	const char *why = config_url_parse(text, &url);

	if (why != NULL)
		fail_msg("%s %s", text, why);
	assert_string_equal(url.host, host);
	assert_int_equal(url.port, port);
	assert_int_equal(url.plain, plain);
	assert_string_equal(url.path, path);
}

static void
a_url_has_a_host_and_may_have_port_path_and_query(void **state)
{
	(void)state;
	expect("https://a.test", "a.test", 443, false, "/");
	expect("https://a.test:8443", "a.test", 8443, false, "/");
	expect("https://a.test/x/y?z=1", "a.test", 443, false, "/x/y?z=1");
	expect("https://a.test?z=:1", "a.test", 443, false, "/?z=:1");
	expect("http://127.0.0.1:4318/v1/traces", "127.0.0.1", 4318, true, "/v1/traces");
	expect("http://localhost", "localhost", 80, true, "/");
}

static void
what_is_no_url_is_refused(void **state)
{
	static const char *const wrong[] = {"", "a.test", "ftp://a.test", "https://",
	    "https:///x", "https://:1/", "https://a.test:/", "https://a.test:0/",
	    "https://a.test:65536/", "https://a.test:1x/", "https://u@a.test/",
	    "https://a.test/#x", "https://a.test/ x", "https://a.test/\xc3\xa4",
	    "https://[::1]/", "http://a.test/", "http://127.0.0.1.a.test/", "http://10.0.0.1/"};
	struct config_url url;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (config_url_parse(wrong[i], &url) == NULL)
			fail_msg("\"%s\" was taken", wrong[i]);
}

static void
lengths_are_bounded(void **state)
{
	char text[1200];
	struct config_url url;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://", 8);
	text[8 + 99] = '\0';
	assert_null(config_url_parse(text, &url));
	text[8 + 99] = 'a';
	text[8 + 100] = '\0';
	assert_non_null(config_url_parse(text, &url));
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://b/", 10);
	text[9 + 999] = '\0';
	assert_null(config_url_parse(text, &url));
	assert_int_equal(strlen(url.path), 999);
	text[9 + 999] = 'a';
	text[9 + 1000] = '\0';
	assert_non_null(config_url_parse(text, &url));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_url_has_a_host_and_may_have_port_path_and_query),
	    cmocka_unit_test(what_is_no_url_is_refused),
	    cmocka_unit_test(lengths_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
