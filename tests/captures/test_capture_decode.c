/*
 * Every recorded message against two oracles: cJSON's tree of the same
 * message, and the rows that an independent program derived from it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "feed/io/assemble.h"
#include "feed/venue/binance/json.h"
#include "tests/captures.h"
#include "tests/decode_oracle.h"

#define MESSAGE_MAX (1 << 20)

/* Sanitizers make every split of every message take minutes: take every 61st split there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPLIT_STRIDE 61
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SPLIT_STRIDE 61
#endif
#endif
#ifndef SPLIT_STRIDE
#define SPLIT_STRIDE 1
#endif

static struct captures captures;
static bool found;
static struct event_scratch scratch, scratch_split;

/* What make_expected.py writes for an absent time is 0, ours is VENUE_NO_TIME. */
static int64_t
us_or_zero(int64_t ns)
{
	return ns == VENUE_NO_TIME ? 0 : ns / 1000;
}

#define CELL_MAX 32

static void
print_e8(char out[CELL_MAX], struct fixed value)
{
	int64_t e8;

	assert_int_equal(fixed_rescale(value, -8, &e8), FIXED_OK);
	snprintf(out, CELL_MAX, "\t%" PRId64, e8);
}

/* The row that the event makes, in the format of norm.tsv. False: it makes none. */
static bool
row_of(const struct event *e, unsigned line, char *out, size_t room)
{
	static const char *const names[] = {"trade", "aggTrade", "bookTicker"};
	char px[CELL_MAX], qty[CELL_MAX], apx[CELL_MAX] = "\t-", aqty[CELL_MAX] = "\t-";
	char first[CELL_MAX] = "-", last[CELL_MAX] = "-";
	const char *maker = "-";

	if (e->kind > EVENT_QUOTE)
		return false;
	if (e->kind == EVENT_QUOTE) {
		print_e8(px, e->u.quote.bid_px);
		print_e8(qty, e->u.quote.bid_qty);
		print_e8(apx, e->u.quote.ask_px);
		print_e8(aqty, e->u.quote.ask_qty);
	} else {
		print_e8(px, e->u.trade.price);
		print_e8(qty, e->u.trade.qty);
		maker = e->u.trade.buyer_maker ? "1" : "0";
	}
	if (e->kind == EVENT_AGG_TRADE) {
		snprintf(first, CELL_MAX, "%" PRId64, e->first_id);
		snprintf(last, CELL_MAX, "%" PRId64, e->last_id);
	}
	snprintf(out, room, "%u\t%s\t%.*s\t%" PRId64 "\t%s\t%s%s%s%s%s\t%s\t%" PRId64 "\t%" PRId64,
	    line, names[e->kind], (int)e->symbol.n, e->symbol.p, e->id, first, last, px, qty, apx,
	    aqty, maker, us_or_zero(e->exch_ns), us_or_zero(e->trade_ns));
	return true;
}

/* Decodes from memory of exactly the size that the decoder may touch. */
static enum decode_result
decode_exact(struct bytes text, struct event *out, char **copy)
{
	*copy = malloc(text.n + JSON_PADDING);
	memcpy(*copy, text.p, text.n);
	memset(*copy + text.n, '7', JSON_PADDING);
	return json_decode((struct bytes){*copy, text.n}, &scratch, out);
}

static void
each_message_agrees_with_cjson(void **state)
{
	size_t messages = 0;

	(void)state;
	if (!found)
		skip();
	for (size_t i = 0; i < captures.count; i++) {
		struct capture capture;
		struct capture_message message;

		capture_open(&capture, &captures, i);
		while (capture_next(&capture, &message)) {
			char why[ORACLE_WHY_MAX] = "refused", *copy;
			struct event event;
			enum decode_result result = decode_exact(message.text, &event, &copy);

			if (result != DECODE_OK || !oracle_agrees(message.text, &event, why))
				fail_msg("%s:%u: %s", captures.name[i], message.line, why);
			free(copy);
			messages++;
		}
		capture_close(&capture);
	}
	assert_true(messages > 0);
	printf("%zu messages agree with cJSON\n", messages);
}

static void
each_trade_and_quote_is_the_expected_row(void **state)
{
	size_t rows = 0;

	(void)state;
	if (!found)
		skip();
	for (size_t i = 0; i < captures.count; i++) {
		struct capture capture, norm;
		struct capture_message message;
		struct bytes columns[NORM_COLUMNS];
		bool expected = norm_open(&norm, &captures, i);

		capture_open(&capture, &captures, i);
		while (capture_next(&capture, &message)) {
			char row[512];
			struct event event;

			assert_int_equal(json_decode(message.text, &scratch, &event), DECODE_OK);
			if (!row_of(&event, message.line, row, sizeof(row)))
				continue;
			assert_true(expected && norm_next(&norm, columns));
			columns[0].n = (size_t)(columns[NORM_COLUMNS - 1].p +
			    columns[NORM_COLUMNS - 1].n - columns[0].p);
			if (!bytes_equal(columns[0], bytes_of(row)))
				fail_msg("%s: ours %s, expected %.*s", captures.name[i], row,
				    (int)columns[0].n, columns[0].p);
			rows++;
		}
		assert_false(expected && norm_next(&norm, columns));
		capture_close(&capture);
		if (expected)
			capture_close(&norm);
	}
	assert_true(rows > 0);
	printf("%zu expected rows are equal\n", rows);
}

/* Joins the message from two pieces, of which each is in memory of its own size. */
static struct bytes
joined(struct assemble *assemble, struct bytes text, size_t at)
{
	struct bytes whole = BYTES_NONE, head = {text.p, at};
	struct bytes tail = {text.p + at, text.n - at};

	assert_int_equal(assemble_add(assemble, head, true, false, false, &whole), ASSEMBLE_MORE);
	assert_int_equal(assemble_add(assemble, tail, false, true, false, &whole), ASSEMBLE_WHOLE);
	return whole;
}

static void
each_message_in_two_fragments_decodes_the_same(void **state)
{
	struct assemble assemble;
	size_t splits = 0;
	clock_t started = clock();

	(void)state;
	if (!found)
		skip();
	assert_int_equal(assemble_init(&assemble, MESSAGE_MAX), 0);
	for (size_t i = 0; i < captures.count; i++) {
		struct capture capture;
		struct capture_message message;

		capture_open(&capture, &captures, i);
		while (capture_next(&capture, &message)) {
			struct event event, split;

			assert_int_equal(json_decode(message.text, &scratch, &event), DECODE_OK);
			for (size_t at = splits % SPLIT_STRIDE; at <= message.text.n;
			    at += SPLIT_STRIDE, splits++) {
				struct bytes whole = joined(&assemble, message.text, at);

				if (json_decode(whole, &scratch_split, &split) != DECODE_OK ||
				    !events_equal(&event, &split))
					fail_msg("%s:%u split at %zu", captures.name[i],
					    message.line, at);
			}
		}
		capture_close(&capture);
	}
	assert_true(splits > 0);
	printf("%zu splits decode the same (every %d. byte), %.1f s\n", splits, SPLIT_STRIDE,
	    (double)(clock() - started) / CLOCKS_PER_SEC);
	assemble_fini(&assemble);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_agrees_with_cjson),
		cmocka_unit_test(each_trade_and_quote_is_the_expected_row),
		cmocka_unit_test(each_message_in_two_fragments_decodes_the_same),
	};

	found = captures_find(&captures);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
