#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/wsframe.h"

#define STREAM_MAX 4096
#define EVENTS_MAX 64
#define MESSAGE_MAX 300 /* bytes_max in most tests */

/* What a peer sends. */
struct stream {
	char bytes[STREAM_MAX + WSFRAME_PADDING];
	size_t n;
};

/* What came of it. */
struct event {
	enum wsframe_result result;
	char text[STREAM_MAX];
	size_t n;
	int code;
};

struct events {
	struct event event[EVENTS_MAX];
	size_t n;
	enum wsframe_fault fault;
};

static struct events *whole, *split;

static void
put(struct stream *s, const void *bytes, size_t n)
{
	assert_true(s->n + n <= STREAM_MAX);
	memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
}

/* A frame of a server: first byte as given, length in its shortest form, no mask. */
static void
put_frame(struct stream *s, unsigned first, const char *payload, size_t n)
{
	unsigned char header[4] = {(unsigned char)first, (unsigned char)n};

	if (n < 126) {
		put(s, header, 2);
	} else {
		header[1] = 126;
		header[2] = (unsigned char)(n >> 8);
		header[3] = (unsigned char)n;
		put(s, header, 4);
	}
	put(s, payload, n);
}

static void
put_text(struct stream *s, unsigned first, const char *text)
{
	put_frame(s, first, text, strlen(text));
}

static bool
is_over(enum wsframe_result result)
{
	return result == WSFRAME_BROKEN || result == WSFRAME_CLOSE;
}

/* Feeds [p, p + n) from memory of just that size: sanitizers see every byte too many. */
static bool
feed_piece(struct wsframe *f, const char *p, size_t n, struct events *out)
{
	char *piece = malloc(n + WSFRAME_PADDING);
	struct bytes in = {piece, n}, message;
	enum wsframe_result result;

	memcpy(piece, p, n);
	memset(piece + n, 'x', WSFRAME_PADDING);
	do {
		message = BYTES_NONE;
		result = wsframe_next(f, &in, &message);
		if (result != WSFRAME_MORE) {
			struct event *e = &out->event[out->n++];

			assert_true(out->n < EVENTS_MAX);
			*e =
			    (struct event){.result = result, .n = message.n, .code = f->close_code};
			if (message.n > 0)
				memcpy(e->text, message.p, message.n);
		}
	} while (result != WSFRAME_MORE && !is_over(result));
	free(piece);
	return !is_over(result);
}

/* Feeds the stream in pieces that end at `cut1` and `cut2`. */
static void
feed(const struct stream *s, size_t cut1, size_t cut2, struct events *out)
{
	const size_t end[] = {cut1, cut2, s->n};
	struct wsframe f;
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	assert_int_equal(wsframe_init(&f, MESSAGE_MAX), 0);
	for (size_t i = 0; i < 3; i++) {
		if (end[i] <= at)
			continue;
		if (!feed_piece(&f, s->bytes + at, end[i] - at, out))
			break;
		at = end[i];
	}
	out->fault = f.fault;
	wsframe_fini(&f);
}

static void
assert_same(const struct events *a, const struct events *b, size_t cut)
{
	if (a->n != b->n || a->fault != b->fault)
		fail_msg("cut at %zu: %zu events instead of %zu", cut, b->n, a->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->event[i].result, b->event[i].result);
		assert_int_equal(a->event[i].n, b->event[i].n);
		assert_memory_equal(a->event[i].text, b->event[i].text, a->event[i].n);
	}
}

/* The whole stream, and split at every byte, and into three at every byte: all the same. */
static const struct events *
events_of(const struct stream *s)
{
	feed(s, 0, 0, whole);
	for (size_t cut = 1; cut < s->n; cut++) {
		feed(s, cut, 0, split);
		assert_same(whole, split, cut);
		feed(s, cut, cut + 1, split);
		assert_same(whole, split, cut);
	}
	return whole;
}

static void
assert_event(const struct events *e, size_t i, enum wsframe_result result, const char *text)
{
	assert_true(i < e->n);
	assert_int_equal(e->event[i].result, result);
	assert_int_equal(e->event[i].n, strlen(text));
	assert_memory_equal(e->event[i].text, text, strlen(text));
}

static void
whole_messages_come_out_in_order(void **state)
{
	char longer[200], longest[MESSAGE_MAX];
	struct stream s = {.n = 0};
	const struct events *e;

	(void)state;
	memset(longer, 'l', sizeof(longer));
	memset(longest, 'm', sizeof(longest));
	put_text(&s, 0x81, "hello");
	put_text(&s, 0x81, "");
	put_frame(&s, 0x82, longer, sizeof(longer));
	put_frame(&s, 0x81, longest, sizeof(longest));
	e = events_of(&s);
	assert_int_equal(e->n, 4);
	assert_event(e, 0, WSFRAME_TEXT, "hello");
	assert_event(e, 1, WSFRAME_TEXT, "");
	assert_int_equal(e->event[2].result, WSFRAME_BINARY);
	assert_int_equal(e->event[2].n, 200);
	assert_int_equal(e->event[3].n, MESSAGE_MAX);
}

static void
fragments_are_joined_and_control_frames_come_between(void **state)
{
	struct stream s = {.n = 0};
	const struct events *e;

	(void)state;
	put_text(&s, 0x01, "one ");
	put_text(&s, 0x89, "1700000000");
	put_text(&s, 0x00, "two ");
	put_text(&s, 0x8a, "");
	put_text(&s, 0x80, "three");
	put_text(&s, 0x02, "");
	put_text(&s, 0x80, "");
	e = events_of(&s);
	assert_int_equal(e->n, 4);
	assert_event(e, 0, WSFRAME_PING, "1700000000");
	assert_event(e, 1, WSFRAME_PONG, "");
	assert_event(e, 2, WSFRAME_TEXT, "one two three");
	assert_event(e, 3, WSFRAME_BINARY, "");
}

static void
an_oversize_message_is_dropped_and_the_next_one_stands(void **state)
{
	char much[MESSAGE_MAX + 1], half[200];
	struct stream s = {.n = 0};
	const struct events *e;

	(void)state;
	memset(much, 'x', sizeof(much));
	memset(half, 'h', sizeof(half));
	put_frame(&s, 0x81, much, sizeof(much));
	put_text(&s, 0x81, "fine");
	put_frame(&s, 0x01, half, sizeof(half));
	put_frame(&s, 0x00, half, sizeof(half));
	put_text(&s, 0x89, "p");
	put_frame(&s, 0x80, half, sizeof(half));
	put_text(&s, 0x81, "fine again");
	e = events_of(&s);
	assert_int_equal(e->n, 5);
	assert_event(e, 0, WSFRAME_OVERSIZE, "");
	assert_event(e, 1, WSFRAME_TEXT, "fine");
	assert_event(e, 2, WSFRAME_OVERSIZE, "");
	assert_event(e, 3, WSFRAME_PING, "p");
	assert_event(e, 4, WSFRAME_TEXT, "fine again");
}

static void
a_close_frame_ends_it_and_tells_code_and_reason(void **state)
{
	static const struct {
		const char *payload;
		size_t n;
		int code;
		const char *reason;
	} rows[] = {
		{"", 0, 1005, ""},
		{"\x03\xe8", 2, 1000, ""},
		{"\x03\xf0Pong timeout", 14, 1008, "Pong timeout"},
		{"\x03\xf4", 2, 1012, ""},
		{"\x13\x87\xe5\xb8\x81", 5, 4999, "\xe5\xb8\x81"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream s = {.n = 0};
		const struct events *e;

		put_frame(&s, 0x88, rows[i].payload, rows[i].n);
		put_text(&s, 0x81, "too late");
		e = events_of(&s);
		assert_int_equal(e->n, 1);
		assert_event(e, 0, WSFRAME_CLOSE, rows[i].reason);
		assert_int_equal(e->event[0].code, rows[i].code);
	}
}

static void
every_violation_is_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum wsframe_fault fault;
	} rows[] = {
		{"\xc1\x00", 2, WSFRAME_RESERVED_BITS},
		{"\xa1\x00", 2, WSFRAME_RESERVED_BITS},
		{"\x91\x00", 2, WSFRAME_RESERVED_BITS},
		{"\x83\x00", 2, WSFRAME_BAD_OPCODE},
		{"\x87\x00", 2, WSFRAME_BAD_OPCODE},
		{"\x8b\x00", 2, WSFRAME_BAD_OPCODE},
		{"\x8f\x00", 2, WSFRAME_BAD_OPCODE},
		{"\x81\x80\x01\x02\x03\x04", 6, WSFRAME_MASKED},
		{"\x81\x7e\x00\x7d", 4, WSFRAME_LENGTH_NOT_MINIMAL},
		{"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10, WSFRAME_LENGTH_NOT_MINIMAL},
		{"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10, WSFRAME_LENGTH_TOO_BIG},
		{"\x09\x00", 2, WSFRAME_CONTROL_FRAGMENTED},
		{"\x89\x7e\x00\x7e", 4, WSFRAME_CONTROL_TOO_LONG},
		{"\x80\x00", 2, WSFRAME_NOT_BEGUN},
		{"\x01\x00\x81\x00", 4, WSFRAME_NOT_ENDED},
		{"\x88\x01\x03", 3, WSFRAME_BAD_CLOSE_CODE},
		{"\x88\x02\x03\xe7", 4, WSFRAME_BAD_CLOSE_CODE},
		{"\x88\x02\x03\xec", 4, WSFRAME_BAD_CLOSE_CODE},
		{"\x88\x02\x03\xed", 4, WSFRAME_BAD_CLOSE_CODE},
		{"\x88\x02\x03\xf7", 4, WSFRAME_BAD_CLOSE_CODE},
		{"\x88\x02\x13\x88", 4, WSFRAME_BAD_CLOSE_CODE},
		{"\x88\x04\x03\xe8\xc3\x28", 6, WSFRAME_BAD_UTF8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream s = {.n = 0};
		const struct events *e;

		put_text(&s, 0x81, "before");
		put(&s, rows[i].bytes, rows[i].n);
		e = events_of(&s);
		assert_int_equal(e->n, 2);
		assert_event(e, 0, WSFRAME_TEXT, "before");
		assert_int_equal(e->event[1].result, WSFRAME_BROKEN);
		assert_int_equal(e->fault, rows[i].fault);
		assert_string_not_equal(wsframe_fault_text(rows[i].fault), "unknown fault");
	}
}

static void
a_whole_frame_is_handed_out_where_it_lies(void **state)
{
	char bytes[7 + WSFRAME_PADDING] = "\x81\x05hello";
	struct bytes in = {bytes, 7}, message;
	struct wsframe f;

	(void)state;
	assert_int_equal(wsframe_init(&f, MESSAGE_MAX), 0);
	assert_int_equal(wsframe_next(&f, &in, &message), WSFRAME_TEXT);
	assert_ptr_equal(message.p, bytes + 2);
	assert_int_equal(in.n, 0);
	wsframe_fini(&f);
}

static void
a_reset_forgets_what_was_begun(void **state)
{
	char bytes[8 + WSFRAME_PADDING] = "\x01\x05he", next[4 + WSFRAME_PADDING] = "\x81\x02ok";
	struct bytes in = {bytes, 4}, message;
	struct wsframe f;

	(void)state;
	assert_int_equal(wsframe_init(&f, MESSAGE_MAX), 0);
	assert_int_equal(wsframe_next(&f, &in, &message), WSFRAME_MORE);
	wsframe_reset(&f);
	in = (struct bytes){next, 4};
	assert_int_equal(wsframe_next(&f, &in, &message), WSFRAME_TEXT);
	assert_memory_equal(message.p, "ok", 2);
	wsframe_fini(&f);
}

/* What comes of these frames where permessage-deflate was agreed on, in pieces of `step` bytes. */
static enum wsframe_result
next_deflated(const char *bytes, size_t n, size_t step, bool *compressed)
{
	char padded[64 + WSFRAME_PADDING] = {0};
	enum wsframe_result result = WSFRAME_MORE;
	struct bytes message;
	struct wsframe f;

	assert_true(n <= 64);
	memcpy(padded, bytes, n);
	assert_int_equal(wsframe_init(&f, MESSAGE_MAX), 0);
	wsframe_reset(&f);
	f.deflates = true;
	for (size_t at = 0; at < n && result == WSFRAME_MORE; at += step) {
		struct bytes in = {padded + at, n - at < step ? n - at : step};

		result = wsframe_next(&f, &in, &message);
	}
	*compressed = f.compressed;
	if (result == WSFRAME_BROKEN)
		assert_int_equal(f.fault, WSFRAME_RESERVED_BITS);
	wsframe_fini(&f);
	return result;
}

static void
the_first_frame_of_a_message_may_say_that_it_is_compressed(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum wsframe_result result;
		bool compressed;
	} rows[] = {
		{"\xc1\x02xy", 4, WSFRAME_TEXT, true},
		{"\x81\x02xy", 4, WSFRAME_TEXT, false},
		{"\xc2\x02xy", 4, WSFRAME_BINARY, true},
		{"\x41\x01x\x80\x01y", 6, WSFRAME_TEXT, true},
		{"\x01\x01x\x80\x01y", 6, WSFRAME_TEXT, false},
		{"\x41\x01x\xc0\x01y", 6, WSFRAME_BROKEN, true},
		{"\xc9\x01x", 3, WSFRAME_BROKEN, false},
		{"\xe1\x01x", 3, WSFRAME_BROKEN, false},
		{"\x91\x01x", 3, WSFRAME_BROKEN, false},
	};
	bool compressed;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t step = 1; step <= rows[i].n; step++) {
			assert_int_equal(next_deflated(rows[i].bytes, rows[i].n, step, &compressed),
			    rows[i].result);
			assert_int_equal(compressed, rows[i].compressed);
		}
}

static void
our_frames_are_masked_and_as_long_as_they_must_be(void **state)
{
	static const size_t length[] = {0, 1, 125, 126, 65535, 65536};
	static const size_t header[] = {6, 6, 6, 8, 8, 14};
	static char payload[65536], out[65536 + WSFRAME_HEADER_MAX];
	const unsigned char key[4] = {0x12, 0x34, 0x56, 0x78};
	uint32_t mask;

	(void)state;
	memcpy(&mask, key, sizeof(mask));
	memset(payload, 'p', sizeof(payload));
	for (size_t i = 0; i < sizeof(length) / sizeof(length[0]); i++) {
		struct bytes p = {payload, length[i]};
		size_t n = wsframe_write(out, sizeof(out), WSFRAME_OP_TEXT, p, mask);

		assert_int_equal(n, header[i] + length[i]);
		assert_int_equal((unsigned char)out[0], 0x81);
		assert_true((unsigned char)out[1] & 0x80);
		assert_memory_equal(out + header[i] - 4, key, 4);
		for (size_t k = 0; k < length[i]; k++)
			assert_int_equal((unsigned char)out[header[i] + k], 'p' ^ key[k % 4]);
		assert_int_equal(wsframe_write(out, n - 1, WSFRAME_OP_TEXT, p, mask), 0);
	}
	assert_int_equal(wsframe_write(out, sizeof(out), WSFRAME_OP_PONG,
	    (struct bytes){payload, 126}, mask), 0);
	assert_int_equal(wsframe_close_payload(out, 1000), 2);
	assert_memory_equal(out, "\x03\xe8", 2);
}

static int
allocate(void **state)
{
	(void)state;
	whole = malloc(sizeof(*whole));
	split = malloc(sizeof(*split));
	return whole == NULL || split == NULL;
}

static int
release(void **state)
{
	(void)state;
	free(whole);
	free(split);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages_come_out_in_order),
		cmocka_unit_test(fragments_are_joined_and_control_frames_come_between),
		cmocka_unit_test(an_oversize_message_is_dropped_and_the_next_one_stands),
		cmocka_unit_test(a_close_frame_ends_it_and_tells_code_and_reason),
		cmocka_unit_test(every_violation_is_named),
		cmocka_unit_test(a_whole_frame_is_handed_out_where_it_lies),
		cmocka_unit_test(a_reset_forgets_what_was_begun),
		cmocka_unit_test(the_first_frame_of_a_message_may_say_that_it_is_compressed),
		cmocka_unit_test(our_frames_are_masked_and_as_long_as_they_must_be),
	};

	return cmocka_run_group_tests_name("wsframe", tests, allocate, release);
}
