/* What the decoder does with messages that are not as they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "feed/venue/binance/json.h"
#include "tests/decode_oracle.h"
#include "tests/json_examples.h"

static struct event event;

static enum decode_result
decode(const char *text)
{
	return json_example_decode_text(text, &event);
}

/* Decodes; what is accepted must be what cJSON reads. */
static enum decode_result
decode_checked(struct bytes text)
{
	char why[ORACLE_WHY_MAX] = "";
	enum decode_result result = json_example_decode(text, &event);

	if (result == DECODE_OK && !oracle_agrees(text, &event, why))
		fail_msg("%s: %.*s", why, (int)text.n, text.p);
	return result;
}

static void
a_message_cut_off_anywhere_is_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; json_examples[i].text != NULL; i++) {
		struct bytes text = bytes_of(json_examples[i].text);

		for (size_t n = 0; n < text.n; n++)
			assert_int_equal(
			    decode_checked((struct bytes){text.p, n}), DECODE_MALFORMED);
	}
}

static void
anything_behind_a_message_makes_it_malformed(void **state)
{
	static const char *const tails[] = {"x", "}", "]", ",", "{}", "\"", "\\n", "1", "\x01",
		"/"};

	(void)state;
	for (size_t i = 0; json_examples[i].text != NULL; i++) {
		char text[1024];

		for (size_t k = 0; k < sizeof(tails) / sizeof(tails[0]); k++) {
			snprintf(text, sizeof(text), "%s%s", json_examples[i].text, tails[k]);
			assert_int_equal(decode(text), DECODE_MALFORMED);
		}
		snprintf(text, sizeof(text), "%s%c", json_examples[i].text, 0);
		assert_int_equal(json_example_decode(
		    (struct bytes){text, strlen(text) + 1}, &event), DECODE_MALFORMED);
	}
}

static void
any_byte_may_be_any_other_and_cjson_agrees(void **state)
{
	static const char bytes[] = "\"\\{}[]:,.-+eE0159 \n\t\x01\x7f\x80\xff" "abtnuXM";

	(void)state;
	for (size_t i = 0; json_examples[i].text != NULL; i++) {
		char text[1024];
		size_t n = strlen(json_examples[i].text);

		memcpy(text, json_examples[i].text, n);
		for (size_t at = 0; at < n; at++) {
			for (size_t k = 0; k < sizeof(bytes); k++) { /* with the NUL */
				text[at] = bytes[k];
				decode_checked((struct bytes){text, n});
			}
			text[at] = json_examples[i].text[at];
		}
	}
}

static void
any_byte_may_be_missing_or_twice_and_cjson_agrees(void **state)
{
	(void)state;
	for (size_t i = 0; json_examples[i].text != NULL; i++) {
		const char *whole = json_examples[i].text;
		size_t n = strlen(whole);
		char text[1024];

		for (size_t at = 0; at < n; at++) {
			memcpy(text, whole, at);
			memcpy(text + at, whole + at + 1, n - at - 1);
			decode_checked((struct bytes){text, n - 1});
			memcpy(text, whole, at + 1);
			memcpy(text + at + 1, whole + at, n - at);
			decode_checked((struct bytes){text, n + 1});
		}
	}
}

/* Decodes {first, then the members in the order of `order`}. */
static void
decode_in_order(const char *const *member, const size_t *order, size_t n, struct event *out)
{
	char text[512] = "{";

	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
		    i == 0 ? "" : ",", member[order[i]]);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
	assert_int_equal(json_example_decode_text(text, out), DECODE_OK);
	assert_true(decode_checked(bytes_of(text)) == DECODE_OK);
	*out = event;
}

/* Calls decode_in_order() for every order (Heap's way). Returns how many there were. */
static size_t
every_order(const char *const *member, size_t n, enum event_kind kind)
{
	size_t order[8] = {0}, at[8] = {0}, orders = 1, i = 1;
	struct event out;

	for (size_t k = 0; k < n; k++)
		order[k] = k;
	decode_in_order(member, order, n, &out);
	assert_int_equal(out.kind, kind);
	while (i < n) {
		size_t other, swap;

		if (at[i] >= i) {
			at[i++] = 0;
			continue;
		}
		other = i % 2 == 0 ? 0 : at[i];
		swap = order[other];
		order[other] = order[i];
		order[i] = swap;
		decode_in_order(member, order, n, &out);
		assert_int_equal(out.kind, kind);
		orders++;
		at[i]++;
		i = 1;
	}
	return orders;
}

static void
keys_may_come_in_any_order(void **state)
{
	static const char *const quote[] = {"\"u\":400", "\"s\":\"ABC\"", "\"b\":\"1.1\"",
		"\"B\":\"2\"", "\"a\":\"1.2\"", "\"A\":\"3\"", "\"zz\":{\"u\":[1,{}]}"};
	static const char *const depth[] = {"\"e\":\"depthUpdate\"", "\"E\":1700000000123",
		"\"s\":\"ABC\"", "\"U\":5", "\"u\":9", "\"b\":[[\"1\",\"2\"]]",
		"\"a\":[[\"3\",\"4\"],[\"5\",\"6\"]]"};
	static const char *const envelope[] = {"\"stream\":\"abc@depth5\"",
		"\"data\":{\"lastUpdateId\":1,\"bids\":[[\"1\",\"2\"]],\"asks\":[]}", "\"x\":null"};

	(void)state;
	assert_int_equal(every_order(quote, 7, EVENT_QUOTE), 5040);
	assert_int_equal(every_order(depth, 7, EVENT_DEPTH), 5040);
	assert_int_equal(every_order(envelope, 3, EVENT_PARTIAL_DEPTH), 6);
}

static void
white_space_may_stand_wherever_json_allows_it(void **state)
{
	static const char spaces[] = " \t\r\n";

	(void)state;
	for (size_t i = 0; json_examples[i].text != NULL; i++) {
		struct event tight, wide;
		char text[4096];
		size_t n = 0;
		bool quoted = false;

		for (const char *p = json_examples[i].text; *p != '\0'; p++) {
			bool structural = !quoted && strchr("{}[]:,", *p) != NULL;

			if (structural)
				text[n++] = spaces[(size_t)(p - json_examples[i].text) % 4];
			text[n++] = *p;
			if (structural)
				text[n++] = spaces[(size_t)(p - json_examples[i].text) % 4];
			quoted ^= *p == '"';
		}
		assert_int_equal(decode_checked((struct bytes){text, n}), DECODE_OK);
		wide = event;
		assert_int_equal(decode(json_examples[i].text), DECODE_OK);
		tight = event;
		assert_int_equal(wide.kind, tight.kind);
		assert_int_equal(wide.id, tight.id);
		assert_int_equal(wide.exch_ns, tight.exch_ns);
	}
}

static void
keys_and_texts_may_be_written_with_escapes(void **state)
{
	(void)state;
	assert_int_equal(decode_checked(BYTES_LIT("{\"\\u0065\":\"tr\\u0061de\","
	    "\"E\":1700000000123,\"s\":\"\\u5e01\\ud83d\\ude00X\\/\",\"t\":1,"
	    "\"p\":\"\\u0031.5\",\"q\":\"2\","
	    "\"T\":1700000000123,\"m\":true}")), DECODE_OK);
	assert_int_equal(event.kind, EVENT_TRADE);
	assert_true(bytes_equal(event.symbol, BYTES_LIT("\xe5\xb8\x81\xf0\x9f\x98\x80X/")));
	assert_int_equal(event.u.trade.price.mantissa, 15);
	assert_int_equal(decode_checked(BYTES_LIT("{\"\\u0073tream\":\"a\\u0040depth5\",\"data\":{"
	    "\"lastUpdateId\":1,\"bids\":[[\"\\u0031\",\"2\"]],\"asks\":[]}}")), DECODE_OK);
	assert_int_equal(event.kind, EVENT_PARTIAL_DEPTH);
	assert_true(bytes_equal(event.stream, BYTES_LIT("a@depth5")));
	assert_int_equal(event.u.depth.bids[0].price.mantissa, 1);
}

static void
what_is_not_json_is_malformed(void **state)
{
	static const char *const rows[] = {
		"", " ", "x", "{", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}",
		"{\"a\" 1}", "{a:1}", "{'a':1}", "[1,]", "[,1]", "[1 2]", "01", "-", "1.",
		".5", "1e", "+1", "{\"a\":01}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":+1}",
		"{\"a\":NaN}", "{\"a\":tru}", "{\"a\":nul}", "{\"a\":True}", "\"\\x\"",
		"\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"",
		"{\"a\nb\":1}", "{\"a\":\"\t\"}", "\xef\xbb\xbf{}", "{\"a\":1}//", "{\"\":\"}",
		"{\"\\\":1}", "{\"s\":\"\\\"}"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(decode(rows[i]), DECODE_MALFORMED);
}

static void
other_json_is_unknown(void **state)
{
	static const char *const rows[] = {"{}", "null", "true", " false ", "0", "-0.5e+10",
		"\"text\"", "{\"\":1}", "{\"e\":5}", "{\"data\":1}", "{\"stream\":\"x\"}",
		"{\"stream\":\"x\",\"data\":5}", "{\"id\":1}", "{\"code\":1}", "{\"event\":1}",
		"{\"u\":1,\"s\":\"A\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\"}", "{\"e\":\"trades\"}",
		"{\"b\":[1,[\"2\"]],\"a\":[[]]}", "{\"M\":1,\"M\":2}",
		"{\"x\":123456789012345678901234567890}", "{\"x\":\"\\u0000\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(decode_checked(bytes_of(rows[i])), DECODE_OK);
		assert_int_equal(event.kind, EVENT_UNKNOWN);
	}
}

static void
a_known_event_with_a_field_missing_twice_or_wrong_is_malformed(void **state)
{
	static const char *const rows[] = {
		"{\"e\":\"serverShutdown\",\"e\":\"x\"}",
		"{\"e\":\"trade\"}",
		"{\"u\":1,\"u\":1,\"s\":\"A\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":\"1\",\"s\":\"A\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1.0,\"s\":\"A\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":7,\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":\"A\",\"b\":1,\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":\"A\",\"b\":[],\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":\"A\",\"b\":\"\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":\"A\",\"b\":\"1e5\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":\"A\",\"b\":\"1.\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"u\":1,\"s\":\"\\u0000\",\"b\":\"1\",\"B\":\"1\",\"a\":\"1\",\"A\":\"1\"}",
		"{\"lastUpdateId\":1,\"bids\":[]}",
		"{\"lastUpdateId\":1,\"bids\":[],\"asks\":{}}",
		"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"1\"]]}",
		"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"1\",2]]}",
		"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"1\",\"x\"]]}",
		"{\"lastUpdateId\":1,\"bids\":[],\"asks\":[[\"1\",\"2\"],5]}",
		"{\"stream\":5,\"data\":{}}",
		"{\"stream\":\"a\",\"stream\":\"b\",\"data\":{}}",
		"{\"event\":{},\"event\":{\"e\":\"serverShutdown\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (decode(rows[i]) != DECODE_MALFORMED)
			fail_msg("not malformed: %s", rows[i]);
}

static void
decimals_of_more_than_64_bits_are_unfit(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"u\":1,\"s\":\"A\",\"b\":\"9223372036854775808\",\"B\":\"1\","
	    "\"a\":\"1\",\"A\":\"1\"}"), DECODE_UNFIT);
	assert_int_equal(decode("{\"lastUpdateId\":1,\"bids\":[[\"1\",\"92233720368.54775808\"]],"
	    "\"asks\":[]}"), DECODE_UNFIT);
	assert_int_equal(decode("{\"lastUpdateId\":1,\"bids\":[[\"1\",\"92233720368.54775807\"]],"
	    "\"asks\":[]}"), DECODE_OK);
	assert_int_equal(event.u.depth.bids[0].qty.mantissa, INT64_MAX);
	/* Malformed weighs more than unfit. */
	assert_int_equal(decode("{\"u\":1,\"s\":1,\"b\":\"9223372036854775808\",\"B\":\"1\","
	    "\"a\":\"1\",\"A\":\"1\"}"), DECODE_MALFORMED);
}

#define ENVELOPE(rest) "{\"stream\":\"abcusdt@x\",\"data\":{" rest "}}"
#define LONG "\"0.0000000000000000001\""

static void
of_an_unfit_message_kind_symbol_and_ids_are_known(void **state)
{
	static const struct {
		const char *text;
		enum event_kind kind;
		const char *symbol;
		int64_t id, first_id;
	} rows[] = {
		{ENVELOPE("\"e\":\"trade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"t\":12,"
		    "\"p\":" LONG ",\"q\":\"1\",\"T\":1700000000120,\"m\":true"),
		    EVENT_TRADE, "ABCUSDT", 12, VENUE_NO_ID},
		{ENVELOPE("\"e\":\"aggTrade\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"a\":13,"
		    "\"p\":\"1\",\"q\":" LONG ",\"f\":5,\"l\":6,\"T\":1700000000120,\"m\":true"),
		    EVENT_AGG_TRADE, "ABCUSDT", 13, 5},
		{ENVELOPE("\"u\":14,\"s\":\"ABCUSDT\",\"b\":\"1\",\"B\":\"1\","
		    "\"a\":\"1\",\"A\":" LONG),
		    EVENT_QUOTE, "ABCUSDT", 14, VENUE_NO_ID},
		{ENVELOPE("\"e\":\"depthUpdate\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"U\":7,"
		    "\"u\":15,\"b\":[[\"1\"," LONG "]],\"a\":[[\"2\",\"1\"]]"),
		    EVENT_DEPTH, "ABCUSDT", 15, 7},
		{ENVELOPE("\"lastUpdateId\":16,\"bids\":[],\"asks\":[[" LONG ",\"1\"]]"),
		    EVENT_PARTIAL_DEPTH, "", 16, VENUE_NO_ID},
		{ENVELOPE("\"e\":\"kline\",\"E\":1700000000123,\"s\":\"ABCUSDT\",\"k\":{"
		    "\"t\":1700000000000,\"T\":1700000059999,\"i\":\"1m\",\"f\":8,\"L\":17,"
		    "\"o\":\"1\",\"c\":\"1\",\"h\":\"1\",\"l\":\"1\",\"v\":" LONG ",\"n\":2,"
		    "\"x\":false,\"V\":\"1\"}"),
		    EVENT_KLINE, "ABCUSDT", 17, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&event, 0xa5, sizeof(event));
		assert_int_equal(decode(rows[i].text), DECODE_UNFIT);
		assert_int_equal(event.kind, rows[i].kind);
		assert_true(bytes_equal(event.stream, BYTES_LIT("abcusdt@x")));
		assert_true(bytes_equal(event.symbol, bytes_of(rows[i].symbol)));
		assert_int_equal(event.id, rows[i].id);
		assert_int_equal(event.first_id, rows[i].first_id);
	}
}

static void
nesting_is_allowed_32_deep_and_no_deeper(void **state)
{
	char text[128];

	(void)state;
	for (int depth = 31; depth <= 33; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = '\0';
		assert_int_equal(decode(text), depth <= 32 ? DECODE_OK : DECODE_MALFORMED);
		/* As a side of a book, one object around it. */
		snprintf(text, sizeof(text), "{\"b\":%.*s%.*s}",
		    depth - 1, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		    depth - 1, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
		assert_int_equal(decode(text), depth <= 32 ? DECODE_OK : DECODE_MALFORMED);
	}
}

static void
as_many_levels_as_there_is_room_for_and_not_one_more(void **state)
{
	static const char head[] = "{\"lastUpdateId\":1,\"asks\":[],\"bids\":[";
	char *text = malloc(VENUE_LEVELS_MAX * 10 + 100);

	(void)state;
	for (size_t levels = VENUE_LEVELS_MAX; levels <= VENUE_LEVELS_MAX + 1; levels++) {
		size_t n = strlen(head);

		memcpy(text, head, n);
		for (size_t i = 0; i < levels; i++, n += 10)
			memcpy(text + n, "[\"1\",\"2\"],", 10);
		memcpy(text + n - 1, "]}", 2);
		assert_int_equal(json_example_decode((struct bytes){text, n + 1}, &event),
		    levels <= VENUE_LEVELS_MAX ? DECODE_OK : DECODE_MALFORMED);
		if (levels <= VENUE_LEVELS_MAX)
			assert_int_equal(event.u.depth.nbids, VENUE_LEVELS_MAX);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_cut_off_anywhere_is_malformed),
		cmocka_unit_test(anything_behind_a_message_makes_it_malformed),
		cmocka_unit_test(any_byte_may_be_any_other_and_cjson_agrees),
		cmocka_unit_test(any_byte_may_be_missing_or_twice_and_cjson_agrees),
		cmocka_unit_test(keys_may_come_in_any_order),
		cmocka_unit_test(white_space_may_stand_wherever_json_allows_it),
		cmocka_unit_test(keys_and_texts_may_be_written_with_escapes),
		cmocka_unit_test(what_is_not_json_is_malformed),
		cmocka_unit_test(other_json_is_unknown),
		cmocka_unit_test(a_known_event_with_a_field_missing_twice_or_wrong_is_malformed),
		cmocka_unit_test(decimals_of_more_than_64_bits_are_unfit),
		cmocka_unit_test(of_an_unfit_message_kind_symbol_and_ids_are_known),
		cmocka_unit_test(nesting_is_allowed_32_deep_and_no_deeper),
		cmocka_unit_test(as_many_levels_as_there_is_room_for_and_not_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
