#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/upgrade.h"

/* The example of RFC 6455 section 1.3: "the sample nonce". */
static const unsigned char nonce[UPGRADE_NONCE] = "the sample nonce";

#define EXTENSIONS "Sec-WebSocket-Extensions: "
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define START "HTTP/1.1 101 Switching Protocols\r\n"
#define FIELDS "Upgrade: websocket\r\nConnection: Upgrade\r\n"

static char request[UPGRADE_REQUEST_MAX];

/* What comes of an answer that arrives in two pieces. */
static enum upgrade_result
answer_in_two(struct upgrade *u, const char *answer, size_t n, size_t cut, size_t *rest)
{
	struct bytes first = {answer, cut}, second = {answer + cut, n - cut};
	enum upgrade_result result;

	assert_true(upgrade_begin(u, request, "localhost", 9443, "/stream", nonce) > 0);
	result = upgrade_next(u, &first);
	*rest = first.n + second.n;
	if (result != UPGRADE_MORE)
		return result;
	result = upgrade_next(u, &second);
	*rest = second.n;
	return result;
}

/* The same whatever the cut. */
static enum upgrade_result
answer(struct upgrade *u, const char *text, size_t n, size_t *rest)
{
	enum upgrade_result whole = answer_in_two(u, text, n, n, rest);
	size_t rest_cut;

	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(answer_in_two(u, text, n, cut, &rest_cut), whole);
		assert_int_equal(rest_cut, *rest);
	}
	return whole;
}

static void
the_request_is_that_of_the_rfc(void **state)
{
	struct upgrade u;

	(void)state;
	upgrade_begin(
	    &u, request, "stream.binance.com", 9443, "/stream?timeUnit=MICROSECOND", nonce);
	assert_string_equal(request,
	    "GET /stream?timeUnit=MICROSECOND HTTP/1.1\r\n"
	    "Host: stream.binance.com:9443\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "\r\n");
	upgrade_begin(&u, request, "::1", 443, "/ws", nonce);
	assert_non_null(strstr(request, "Host: [::1]\r\n"));
}

static void
a_request_that_has_no_room_is_not_cut(void **state)
{
	char path[UPGRADE_REQUEST_MAX];
	struct upgrade u;

	(void)state;
	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(upgrade_begin(&u, request, "h", 443, path, nonce), 0);
}

static void
a_proper_answer_is_accepted_and_frames_behind_it_are_left(void **state)
{
	static const char *const good[] = {
	    START FIELDS ACCEPT "\r\n",
	    START "connection: keep-alive, UPGRADE\r\nUPGRADE: WebSocket\r\nX: y\r\n" ACCEPT "\r\n",
	    "HTTP/1.1 101\n" FIELDS ACCEPT "\n",
	};
	struct upgrade u;
	char text[512];
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int n = snprintf(text, sizeof(text), "%s\x81\x02hi", good[i]);

		assert_int_equal(answer(&u, text, (size_t)n, &rest), UPGRADE_ACCEPTED);
		assert_int_equal(rest, 4);
	}
}

static void
another_status_is_a_refusal_with_its_retry_after(void **state)
{
	static const struct {
		const char *text;
		int status;
		int32_t retry_after_s;
		const char *detail;
	} rows[] = {
		{"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\n\r\n", 429, 17,
		    "the server answered: 429 Too Many Requests"},
		{"HTTP/1.1 418 I'm a teapot\r\nretry-after:  120 \r\n\r\n", 418, 120, "418"},
		{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, -1, "403 Forbidden"},
		{"HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n\r\n", 503, -1,
		    "503"},
		{"HTTP/1.1 429 x\r\nRetry-After: 99999999999999999999\r\n\r\n", 429, -1, "429"},
		{"HTTP/1.1 429 x\r\nRetry-After: 4294967297\r\n\r\n", 429, -1, "429"},
		{"HTTP/1.1 429 x\r\nRetry-After: 999999999\r\n\r\n", 429, 999999999, "429"},
		{"HTTP/1.1 429 x\r\nRetry-After: 17s\r\n\r\n", 429, -1, "429"},
		{"HTTP/1.1 301 Moved\r\nLocation: https://other/\r\n\r\n", 301, -1,
		    "redirects are not followed, this one leads to: https://other/"},
		{"HTTP/1.1 200 OK\r\n\r\n", 200, -1, "the server answered: 200 OK"},
	};
	struct upgrade u;
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    answer(&u, rows[i].text, strlen(rows[i].text), &rest), UPGRADE_REFUSED);
		assert_int_equal(u.status, rows[i].status);
		assert_int_equal(u.retry_after_s, rows[i].retry_after_s);
		assert_non_null(strstr(u.detail, rows[i].detail));
	}
}

static void
an_improper_answer_is_named(void **state)
{
	static const struct {
		const char *text, *detail;
	} rows[] = {
		{"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP/1.1: SSH-2.0"},
		{"HTTP/1.0 101 Switching Protocols\r\n\r\n", "no HTTP/1.1"},
		{"HTTP/1.1 1x1\r\n\r\n", "no status"},
		{"HTTP/1.1 1011\r\n\r\n", "no status"},
		{START "Connection: Upgrade\r\n" ACCEPT "\r\n", "no \"Upgrade: websocket\""},
		{START "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT "\r\n",
		    "no \"Upgrade: websocket\""},
		{START "Upgrade: websocket\r\n" ACCEPT "\r\n", "no \"Connection: Upgrade\""},
		{START FIELDS "\r\n", "Sec-WebSocket-Accept is missing or wrong"},
		{START FIELDS "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n\r\n",
		    "Sec-WebSocket-Accept is missing or wrong"},
		{START FIELDS ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		    "an extension that was not offered: permessage-deflate"},
		{START FIELDS ACCEPT "Sec-WebSocket-Protocol: chat\r\n\r\n", "subprotocol"},
		{START "no colon here\r\n", "a header field is malformed"},
		{START "Upgrade : websocket\r\n", "a header field is malformed"},
		{START " folded: x\r\n", "a header field is malformed"},
		{START ": x\r\n", "a header field is malformed"},
	};
	struct upgrade u;
	size_t rest;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    answer(&u, rows[i].text, strlen(rows[i].text), &rest), UPGRADE_BROKEN);
		assert_non_null(strstr(u.detail, rows[i].detail));
	}
}

/* What comes of these words of the server's on extensions, after the offer. */
static enum upgrade_result
answer_offer(struct upgrade *u, const char *extensions)
{
	char text[512];
	struct bytes in = {text, 0};
	size_t n = upgrade_begin(u, request, "localhost", 9443, "/stream", nonce);

	assert_true(upgrade_offer_deflate(u, request, n) > n);
	in.n = (size_t)snprintf(text, sizeof(text), START FIELDS ACCEPT "%s\r\n", extensions);
	return upgrade_next(u, &in);
}

static void
compression_is_agreed_on_as_the_server_says(void **state)
{
	static const struct {
		const char *extensions;
		bool deflates, fresh_each;
	} rows[] = {
		{"", false, false},
		{EXTENSIONS "permessage-deflate\r\n", true, false},
		{EXTENSIONS "permessage-deflate; server_no_context_takeover\r\n", true, true},
		{EXTENSIONS "permessage-deflate; server_no_context_takeover; "
		    "client_max_window_bits=15\r\n", true, true},
		{EXTENSIONS "permessage-deflate ;server_max_window_bits=\"9\" ; "
		    "client_no_context_takeover\r\n", true, false},
	};
	struct upgrade u;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(answer_offer(&u, rows[i].extensions), UPGRADE_ACCEPTED);
		assert_int_equal(u.deflates, rows[i].deflates);
		assert_int_equal(u.fresh_each, rows[i].fresh_each);
	}
	assert_non_null(strstr(request, EXTENSIONS "permessage-deflate;client_max_window_bits\r\n"
	    "\r\n"));
}

static void
what_was_not_offered_breaks_the_upgrade(void **state)
{
	static const char *const rows[] = {
		EXTENSIONS "\r\n",
		EXTENSIONS "permessage-bzip2\r\n",
		EXTENSIONS "permessage-deflate, permessage-deflate\r\n",
		EXTENSIONS "permessage-deflate\r\n" EXTENSIONS "permessage-deflate\r\n",
		EXTENSIONS "permessage-deflate;\r\n",
		EXTENSIONS "permessage-deflate; unheard_of\r\n",
		EXTENSIONS "permessage-deflate; server_no_context_takeover=1\r\n",
		EXTENSIONS "permessage-deflate; server_max_window_bits\r\n",
		EXTENSIONS "permessage-deflate; server_max_window_bits=7\r\n",
		EXTENSIONS "permessage-deflate; server_max_window_bits=16\r\n",
		EXTENSIONS "permessage-deflate; server_max_window_bits=9; "
		    "server_max_window_bits=9\r\n",
	};
	struct upgrade u;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(answer_offer(&u, rows[i]), UPGRADE_BROKEN);
}

static void
zero_bytes_long_lines_and_endless_headers_are_refused(void **state)
{
	char field[64];
	struct upgrade u;
	struct bytes in = {"HTTP/1.1 101\0\r\n", 15};

	(void)state;
	upgrade_begin(&u, request, "h", 443, "/", nonce);
	assert_int_equal(upgrade_next(&u, &in), UPGRADE_BROKEN);
	assert_non_null(strstr(u.detail, "zero byte"));

	upgrade_begin(&u, request, "h", 443, "/", nonce);
	in = BYTES_LIT(START);
	assert_int_equal(upgrade_next(&u, &in), UPGRADE_MORE);
	for (int i = 0; i < 1023; i++) {
		in = BYTES_LIT("x");
		assert_int_equal(upgrade_next(&u, &in), UPGRADE_MORE);
	}
	in = BYTES_LIT("x");
	assert_int_equal(upgrade_next(&u, &in), UPGRADE_BROKEN);
	assert_non_null(strstr(u.detail, "too long"));

	upgrade_begin(&u, request, "h", 443, "/", nonce);
	in = BYTES_LIT(START);
	for (int i = 0; upgrade_next(&u, &in) == UPGRADE_MORE; i++) {
		assert_in_range(i, 0, UPGRADE_ANSWER_MAX);
		snprintf(field, sizeof(field), "X-%d: y\r\n", i);
		in = bytes_of(field);
	}
	assert_non_null(strstr(u.detail, "endless"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_that_of_the_rfc),
		cmocka_unit_test(a_request_that_has_no_room_is_not_cut),
		cmocka_unit_test(a_proper_answer_is_accepted_and_frames_behind_it_are_left),
		cmocka_unit_test(another_status_is_a_refusal_with_its_retry_after),
		cmocka_unit_test(an_improper_answer_is_named),
		cmocka_unit_test(compression_is_agreed_on_as_the_server_says),
		cmocka_unit_test(what_was_not_offered_breaks_the_upgrade),
		cmocka_unit_test(zero_bytes_long_lines_and_endless_headers_are_refused),
	};

	return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
