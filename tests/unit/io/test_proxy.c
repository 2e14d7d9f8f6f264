#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/proxy.h"

static char request[PROXY_REQUEST_MAX];

static enum proxy_result
answer_in_two(struct proxy *p, const char *text, size_t n, size_t cut, size_t *rest)
{
	struct bytes first = {text, cut}, second = {text + cut, n - cut};
	enum proxy_result result;

	assert_true(proxy_begin(p, request, "exchange.test", 9443, "") > 0);
	result = proxy_next(p, &first);
	*rest = first.n + second.n;
	if (result != PROXY_MORE)
		return result;
	result = proxy_next(p, &second);
	*rest = second.n;
	return result;
}

/* The same whatever the cut. */
static enum proxy_result
answer(struct proxy *p, const char *text, size_t *rest)
{
	size_t n = strlen(text), rest_cut;
	enum proxy_result whole = answer_in_two(p, text, n, n, rest);

	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(answer_in_two(p, text, n, cut, &rest_cut), whole);
		assert_int_equal(rest_cut, *rest);
	}
	return whole;
}

static void
the_request_names_the_exchange_and_carries_credentials_if_there_are_any(void **state)
{
	struct proxy p;
	size_t n = proxy_begin(&p, request, "stream.binance.com", 9443, "");

	(void)state;
	assert_int_equal(n, strlen(request));
	assert_string_equal(request,
	    "CONNECT stream.binance.com:9443 HTTP/1.1\r\nHost: stream.binance.com:9443\r\n\r\n");
	/* RFC 7617 section 2. */
	proxy_begin(&p, request, "::1", 443, "Aladdin:open sesame");
	assert_string_equal(request,
	    "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n"
	    "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

static void
the_longest_name_and_credentials_have_room_and_longer_ones_are_refused(void **state)
{
	char host[600], credentials[PROXY_CREDENTIALS_MAX + 2];
	struct proxy p;
	size_t n;

	(void)state;
	memset(host, 'h', sizeof(host));
	host[253] = '\0';
	memset(credentials, 'c', sizeof(credentials));
	credentials[PROXY_CREDENTIALS_MAX] = '\0';
	n = proxy_begin(&p, request, host, 65535, credentials);
	assert_int_equal(n, strlen(request));
	credentials[PROXY_CREDENTIALS_MAX] = 'c';
	credentials[PROXY_CREDENTIALS_MAX + 1] = '\0';
	assert_int_equal(proxy_begin(&p, request, host, 65535, credentials), 0);
	host[253] = 'h';
	host[599] = '\0';
	assert_int_equal(proxy_begin(&p, request, host, 443, ""), 0);
}

static void
any_2xx_opens_the_way_and_what_follows_is_left(void **state)
{
	static const char *const open[] = {
		"HTTP/1.1 200 Connection established\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 7\r\nProxy-Agent: old\r\n\r\n",
		"HTTP/1.1 299\n\n",
	};
	struct proxy p;
	char text[200];
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		assert_int_equal(answer(&p, open[i], &rest), PROXY_OPEN);
		assert_int_equal(rest, 0);
		snprintf(text, sizeof(text), "%s\x16\x03\x03", open[i]);
		assert_int_equal(answer(&p, text, &rest), PROXY_OPEN);
		assert_int_equal(rest, 3);
	}
	assert_int_equal(answer(&p, "HTTP/1.1 200 fine\r\nVia: x\r\n", &rest), PROXY_MORE);
}

static void
another_status_is_a_refusal_in_the_proxys_words(void **state)
{
	struct proxy p;
	size_t rest;

	(void)state;
	assert_int_equal(answer(&p, "HTTP/1.1 403 Not \x07 there\r\n\r\n", &rest), PROXY_REFUSED);
	assert_int_equal(p.status, 403);
	assert_string_equal(p.detail, "the proxy answered: HTTP/1.1 403 Not ? there");
	assert_int_equal(answer(&p, "HTTP/1.1 101 Switching\r\n\r\n", &rest), PROXY_REFUSED);
}

static void
what_is_no_answer_is_broken(void **state)
{
	static const char *const broken[] = {"\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20\r\n",
	    "HTTP/1.1 2000\r\n", "HTTP/1.1 000 x\r\n", "220 smtp.test ESMTP\r\n"};
	static char endless[PROXY_ANSWER_MAX + 100];
	struct proxy p;
	struct bytes in = {endless, sizeof(endless)};
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(answer(&p, broken[i], &rest), PROXY_BROKEN);
	memset(endless, 'x', sizeof(endless));
	memcpy(endless, "HTTP/1.1 200 ok\r\n", 17);
	proxy_begin(&p, request, "exchange.test", 9443, "");
	assert_int_equal(proxy_next(&p, &in), PROXY_BROKEN);
	assert_string_equal(p.detail, "the proxy's answer is too long: "
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        the_request_names_the_exchange_and_carries_credentials_if_there_are_any),
	    cmocka_unit_test(
	        the_longest_name_and_credentials_have_room_and_longer_ones_are_refused),
	    cmocka_unit_test(any_2xx_opens_the_way_and_what_follows_is_left),
	    cmocka_unit_test(another_status_is_a_refusal_in_the_proxys_words),
	    cmocka_unit_test(what_is_no_answer_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
