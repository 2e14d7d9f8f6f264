/*
 * Every recorded message against two oracles: cJSON's tree of the same
 * message, and the rows that an independent program derived from it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "feed/io/assemble.h"
#include "feed/io/wsframe.h"
#include "feed/venue/binance/json.h"
#include "feed/venue/binance/json_market.h"
#include "tests/captures.h"
#include "tests/decode_oracle.h"

#define MESSAGE_MAX (1 << 20)

/*
 * Cutting every message at every byte takes many minutes with sanitizers: all
 * of it with gcc and without them, else every 61st cut, beginning elsewhere in
 * each message.
 */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPLIT_STRIDE 61
#else
#define SPLIT_STRIDE 1
#endif

static struct captures captures;
static bool found;
static struct event_scratch scratch, scratch_split;
static size_t kinds[EVENT_KINDS]; /* how many there are */

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

/* Each element of an array is a message of its own. Returns how many there are. */
static size_t
list_agrees(const char *name, unsigned line, struct bytes items)
{
	struct bytes element;
	size_t count = 0;

	while (json_market_next(&items, &element)) {
		char why[ORACLE_WHY_MAX] = "refused", *copy;
		struct event event;

		if (decode_exact(element, &event, &copy) != DECODE_OK ||
		    !oracle_agrees(element, &event, why))
			fail_msg("%s:%u: element %zu: %s", name, line, count, why);
		free(copy);
		kinds[event.kind]++;
		count++;
	}
	return count;
}

static void
print_kinds(void)
{
	static const char *const names[EVENT_KINDS] = {"trade", "aggTrade", "bookTicker",
		"depth", "partial depth", "kline", "blockTrade", "miniTicker", "ticker",
		"avgPrice", "referencePrice", "markPrice", "forceOrder", "contractInfo", "reply",
		"error reply", "serverShutdown", "array", "unknown"};

	for (int kind = 0; kind < EVENT_KINDS; kind++)
		printf("%10zu %s\n", kinds[kind], names[kind]);
}

static void
each_message_agrees_with_cjson(void **state)
{
	size_t messages = 0, elements = 0;

	(void)state;
	if (!found)
		skip();
	for (size_t i = 0; i < captures.count; i++) {
		struct capture capture;
		struct capture_message message;

		captures_open(&capture, &captures, i);
		while (captures_next(&capture, &message)) {
			char why[ORACLE_WHY_MAX] = "refused", *copy;
			struct event event;
			enum decode_result result = decode_exact(message.text, &event, &copy);

			if (result != DECODE_OK || !oracle_agrees(message.text, &event, why))
				fail_msg("%s:%u: %s", captures.name[i], message.line, why);
			kinds[event.kind]++;
			if (event.kind == EVENT_LIST)
				elements += list_agrees(
				    captures.name[i], message.line, event.u.list.items);
			free(copy);
			messages++;
		}
		captures_close(&capture);
	}
	assert_true(messages > 0);
	print_kinds();
	printf("%zu messages and %zu elements of arrays agree with cJSON\n", messages, elements);
	assert_int_equal(kinds[EVENT_UNKNOWN], 0);
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

		captures_open(&capture, &captures, i);
		while (captures_next(&capture, &message)) {
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
		captures_close(&capture);
		if (expected)
			captures_close(&norm);
	}
	assert_true(rows > 0);
	printf("%zu expected rows are equal\n", rows);
}

/* ---- the message in pieces ---------------------------------------------------- */

/* The ways in which a message comes in two pieces. */
enum way {
	LWS_FRAGMENTS,  /* libwebsockets hands out two pieces, cut at any byte */
	URING_FRAME,    /* one frame, its bytes cut anywhere, header included */
	URING_FRAGMENTS, /* a message of two frames, their bytes cut anywhere */
	WAYS
};

/* A message as a server's bytes: at most two frames. */
struct wire {
	size_t n;
	char bytes[MESSAGE_MAX + 64];
};

static struct assemble assemble;
static struct wsframe frames;
static struct wire wire[WAYS];

static void
add_frame(struct wire *w, unsigned char first, const char *p, size_t n)
{
	unsigned char *to = (unsigned char *)w->bytes + w->n;
	unsigned more = n < 126 ? 0 : n < 65536 ? 2 : 8;

	to[0] = first;
	to[1] = (unsigned char)(more == 0 ? n : more == 2 ? 126 : 127);
	for (unsigned i = 0; i < more; i++)
		to[2 + i] = (unsigned char)((uint64_t)n >> 8 * (more - 1 - i));
	memcpy(to + 2 + more, p, n);
	w->n += 2 + more + n;
}

/* Where the message is parted into two frames differs from message to message. */
static void
write_wires(const struct capture_message *message)
{
	const char *p = message->text.p;
	size_t n = message->text.n, part = message->line * 31 % (n + 1);

	for (int i = 0; i < WAYS; i++)
		wire[i].n = 0;
	wire[LWS_FRAGMENTS].n = n;
	add_frame(&wire[URING_FRAME], 0x81, p, n);
	add_frame(&wire[URING_FRAGMENTS], 0x01, p, part);
	add_frame(&wire[URING_FRAGMENTS], 0x80, p + part, n - part);
}

static bool
joined_by_lws(struct bytes text, size_t at, struct bytes *whole)
{
	struct bytes head = {text.p, at}, tail = {text.p + at, text.n - at};

	return assemble_add(&assemble, head, true, false, false, whole) == ASSEMBLE_MORE &&
	    assemble_add(&assemble, tail, false, true, false, whole) == ASSEMBLE_WHOLE;
}

static bool
joined_by_frames(const struct wire *w, size_t at, struct bytes *whole)
{
	struct bytes head = {w->bytes, at}, tail = {w->bytes + at, w->n - at};
	enum wsframe_result result = wsframe_next(&frames, &head, whole);

	if (at < w->n && result == WSFRAME_MORE)
		result = wsframe_next(&frames, &tail, whole);
	return result == WSFRAME_TEXT && head.n == 0 && (at == w->n || tail.n == 0);
}

static bool
joined(enum way way, struct bytes text, size_t at, struct bytes *whole)
{
	return way == LWS_FRAGMENTS ? joined_by_lws(text, at, whole)
				    : joined_by_frames(&wire[way], at, whole);
}

/*
 * What the decoder read last of this message. It is pure (tests/lint/pure.sh):
 * the same bytes with the same padding behind them are the same event, so only
 * other ones are decoded. All of them, with $TICKRING_DECODE_ALL, take minutes.
 */
struct read_last {
	bool valid;
	char padding[JSON_PADDING];
	struct event event;
};

static size_t decoded;
static bool decode_all;

static const char *
difference_of(struct bytes whole, struct bytes text, struct read_last *last)
{
	struct event event;

	if (!bytes_equal(whole, text))
		return "has other bytes";
	if (!decode_all && last->valid &&
	    memcmp(last->padding, whole.p + whole.n, JSON_PADDING) == 0)
		return NULL;
	decoded++;
	if (json_decode(whole, &scratch_split, &event) != DECODE_OK ||
	    !events_equal(&last->event, &event))
		return "decodes to something else";
	memcpy(last->padding, whole.p + whole.n, JSON_PADDING);
	last->valid = true;
	return NULL;
}

static size_t
cut_everywhere(const char *name, const struct capture_message *message, size_t first)
{
	struct read_last last[WAYS] = {0};
	size_t cuts = 0;

	write_wires(message);
	for (int way = 0; way < WAYS; way++) {
		struct bytes whole;

		assert_int_equal(json_decode(message->text, &scratch, &last[way].event), DECODE_OK);
		for (size_t at = first; at <= wire[way].n; at += SPLIT_STRIDE, cuts++) {
			const char *what = "does not come whole";

			if (joined((enum way)way, message->text, at, &whole))
				what = difference_of(whole, message->text, &last[way]);
			if (what != NULL)
				fail_msg("%s:%u way %d cut at %zu %s", name, message->line, way, at,
				    what);
		}
	}
	return cuts;
}

static void
each_message_cut_at_each_byte_decodes_the_same(void **state)
{
	clock_t started = clock();
	size_t cuts = 0;

	(void)state;
	if (!found)
		skip();
	assert_int_equal(assemble_init(&assemble, MESSAGE_MAX), 0);
	assert_int_equal(wsframe_init(&frames, MESSAGE_MAX), 0);
	for (size_t i = 0; i < captures.count; i++) {
		struct capture capture;
		struct capture_message message;

		captures_open(&capture, &captures, i);
		while (captures_next(&capture, &message))
			cuts += cut_everywhere(captures.name[i], &message, cuts % SPLIT_STRIDE);
		captures_close(&capture);
	}
	assert_true(cuts >= decoded && decoded > 0);
	printf("%zu cuts (every %d. byte, %d ways): the same bytes, %.1f s\n", cuts, SPLIT_STRIDE,
	    WAYS, (double)(clock() - started) / CLOCKS_PER_SEC);
	printf("%zu of them decoded: the same event; the others are equal to one of these, "
	       "padding included\n", decoded);
	assemble_fini(&assemble);
	wsframe_fini(&frames);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_agrees_with_cjson),
		cmocka_unit_test(each_trade_and_quote_is_the_expected_row),
		cmocka_unit_test(each_message_cut_at_each_byte_decodes_the_same),
	};

	decode_all = getenv("TICKRING_DECODE_ALL") != NULL;
	found = captures_find(&captures);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
