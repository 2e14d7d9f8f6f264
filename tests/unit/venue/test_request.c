#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "feed/venue/binance/request.h"

static size_t
subscribe(char *out, size_t cap, int64_t id, const struct bytes *names, size_t n)
{
	return request_format(out, cap, REQUEST_METHOD_SUBSCRIBE, id, names, n);
}

/* The longest of them. */
static size_t
unsubscribe(char *out, size_t cap, int64_t id, const struct bytes *names, size_t n)
{
	return request_format(out, cap, REQUEST_METHOD_UNSUBSCRIBE, id, names, n);
}

static void
assert_text(const char *out, size_t n, const char *expected)
{
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(out, expected, n);
}

static void
one_and_two_streams_are_written_exactly(void **state)
{
	const struct bytes names[] = {BYTES_LIT("btcusdt@trade"), BYTES_LIT("ethusdt@depth@100ms")};
	char out[REQUEST_BYTES_MAX];

	(void)state;
	assert_text(out, subscribe(out, sizeof(out), 1, names, 1),
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@trade\"],\"id\":1}");
	assert_text(out, subscribe(out, sizeof(out), 1203, names, 2),
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@trade\","
	    "\"ethusdt@depth@100ms\"],\"id\":1203}");
}

static void
the_extreme_ids_are_written_exactly(void **state)
{
	const struct bytes name = BYTES_LIT("a");
	char out[128];

	(void)state;
	assert_text(out, subscribe(out, sizeof(out), 0, &name, 1),
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":0}");
	assert_text(out, subscribe(out, sizeof(out), INT64_MAX, &name, 1),
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":9223372036854775807}");
	assert_text(out, subscribe(out, sizeof(out), INT64_MIN, &name, 1),
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":-9223372036854775808}");
}

/* cJSON reads back every byte that may stand in a C string. */
static void
every_byte_of_a_name_survives_a_json_parser(void **state)
{
	static const char utf8[] = "\xe5\xb8\x81\xf0\x9f\x9a\x80@trade";
	char name[256], out[REQUEST_BYTES_MAX];
	struct bytes names;
	cJSON *root, *params;
	size_t n;

	(void)state;
	for (int c = 1; c < 0x80; c++)
		name[c - 1] = (char)c;
	memcpy(&name[0x7f], utf8, sizeof(utf8));
	names = bytes_of(name);
	n = subscribe(out, sizeof(out), 9, &names, 1);
	assert_int_not_equal(n, 0);
	for (size_t i = 0; i < n; i++)
		assert_true((unsigned char)out[i] >= 0x20);
	root = cJSON_ParseWithLength(out, n);
	assert_non_null(root);
	params = cJSON_GetObjectItem(root, "params");
	assert_int_equal(cJSON_GetArraySize(params), 1);
	assert_string_equal(cJSON_GetArrayItem(params, 0)->valuestring, name);
	cJSON_Delete(root);
}

static void
a_nul_byte_is_escaped(void **state)
{
	const struct bytes name = {"a\0b", 3};
	char out[128];

	(void)state;
	assert_text(out, subscribe(out, sizeof(out), 1, &name, 1),
	    "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\\u0000b\"],\"id\":1}");
}

static void
nothing_is_written_past_the_buffer(void **state)
{
	const struct bytes names[] = {BYTES_LIT("btcusdt@trade"), BYTES_LIT("\"\\\x01")};
	char whole[256], out[256];
	size_t n = subscribe(whole, sizeof(whole), 42, names, 2);

	(void)state;
	assert_int_not_equal(n, 0);
	for (size_t cap = 0; cap < n; cap++) {
		memset(out, '#', sizeof(out));
		assert_int_equal(subscribe(out, cap, 42, names, 2), 0);
		for (size_t i = cap; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
	}
	assert_int_equal(subscribe(out, n, 42, names, 2), n);
	assert_memory_equal(out, whole, n);
}

static void
no_names_make_no_request(void **state)
{
	char out[128];

	(void)state;
	assert_int_equal(subscribe(out, sizeof(out), 1, NULL, 0), 0);
}

/* As the pool counts. */
static bool
fits(struct bytes name)
{
	return REQUEST_BYTES_OVERHEAD + request_stream_bytes(name) <= REQUEST_BYTES_MAX;
}

/* A name of (4000 - overhead - 3) bytes is the longest: with the longest id, exactly 3999. */
static void
what_fits_is_never_longer_than_four_thousand_bytes(void **state)
{
	enum { LONGEST = REQUEST_BYTES_MAX - REQUEST_BYTES_OVERHEAD - 3 };
	static char name[LONGEST + 1];
	struct bytes names = {name, LONGEST};
	char out[2 * REQUEST_BYTES_MAX];

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_true(fits(names));
	assert_int_equal(unsubscribe(out, sizeof(out), INT64_MIN, &names, 1),
	    REQUEST_BYTES_MAX - 1);
	names.n++;
	assert_false(fits(names));
	name[0] = '"';
	names.n--;
	assert_false(fits(names));
	names.n = LONGEST + 1;
	name[0] = 'x';
	assert_int_equal(unsubscribe(out, sizeof(out), INT64_MIN, &names, 1),
	    REQUEST_BYTES_MAX);
	name[0] = '\\';
	assert_int_equal(unsubscribe(out, sizeof(out), INT64_MIN, &names, 1), 0);
}

static void
the_size_told_is_the_size_written(void **state)
{
	const struct bytes names[] = {BYTES_LIT("btcusdt@trade"), BYTES_LIT("q\"q"),
	    BYTES_LIT("b\\b"), BYTES_LIT("c\x1f"), BYTES_LIT("\xe5\xb8\x81")};
	size_t told = REQUEST_BYTES_OVERHEAD;
	char out[REQUEST_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		told += request_stream_bytes(names[i]);
	/* The comma of the last one is not written. */
	assert_int_equal(unsubscribe(out, sizeof(out), INT64_MIN, names, 5), told - 1);
}

static void
a_list_request_has_no_names(void **state)
{
	const struct bytes name = BYTES_LIT("btcusdt@trade");
	char out[REQUEST_BYTES_MAX];
	size_t n = request_format(out, sizeof(out), REQUEST_METHOD_LIST, 7, NULL, 0);

	(void)state;
	assert_int_equal(n, strlen("{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":7}"));
	assert_memory_equal(out, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":7}", n);
	assert_int_equal(request_format(out, sizeof(out), REQUEST_METHOD_LIST, 7, &name, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_and_two_streams_are_written_exactly),
		cmocka_unit_test(the_extreme_ids_are_written_exactly),
		cmocka_unit_test(every_byte_of_a_name_survives_a_json_parser),
		cmocka_unit_test(a_nul_byte_is_escaped),
		cmocka_unit_test(nothing_is_written_past_the_buffer),
		cmocka_unit_test(no_names_make_no_request),
		cmocka_unit_test(what_fits_is_never_longer_than_four_thousand_bytes),
		cmocka_unit_test(the_size_told_is_the_size_written),
		cmocka_unit_test(a_list_request_has_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
