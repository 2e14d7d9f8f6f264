/*
 * Compressed messages become what they were; what is no deflated data, and
 * what is too long, is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "feed/io/inflate.h"

#define MESSAGE_MAX 4096

static struct inflate *inflate_it;
static z_stream sender;
static unsigned char wire[4 * MESSAGE_MAX];

static int
setup(void **state)
{
	(void)state;
	sender = (z_stream){0};
	if (deflateInit2(&sender, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	if (inflate_open(&inflate_it, MESSAGE_MAX) != 0)
		return -1;
	inflate_begin(inflate_it, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	deflateEnd(&sender);
	inflate_close(&inflate_it);
	return 0;
}

/* As RFC 7692 7.2.1 has it: without the four bytes that a flush ends with. */
static struct bytes
deflated(const char *text, size_t n)
{
	sender.next_in = (Bytef *)(uintptr_t)text;
	sender.avail_in = (uInt)n;
	sender.next_out = wire;
	sender.avail_out = sizeof(wire);
	assert_int_equal(deflate(&sender, Z_SYNC_FLUSH), Z_OK);
	assert_true(sender.avail_out > 0 && sender.avail_out < sizeof(wire) - 4);
	return (struct bytes){(const char *)wire, sizeof(wire) - sender.avail_out - 4};
}

/* From memory of just that size: sanitizers see every byte too many. */
static enum inflate_result
inflated(struct bytes payload, struct bytes *message)
{
	char *piece = malloc(payload.n + 1);
	enum inflate_result result;

	assert_non_null(piece);
	memcpy(piece, payload.p, payload.n);
	result = inflate_message(inflate_it, (struct bytes){piece, payload.n}, message);
	free(piece);
	return result;
}

static void
assert_comes_out(struct bytes payload, const char *text, size_t n)
{
	struct bytes message;

	assert_int_equal(inflated(payload, &message), INFLATE_OK);
	assert_int_equal(message.n, n);
	assert_memory_equal(message.p, text, n);
}

static size_t
trade_of(char *text, int id)
{
	return (size_t)snprintf(text, 256, "{\"e\":\"trade\",\"s\":\"BTCUSDT\",\"t\":%d,"
	    "\"p\":\"%d.25\",\"q\":\"0.5\"}", id, id * 7919 % 100000);
}

static void
the_examples_of_the_rfc_say_hello(void **state)
{
	static const struct {
		size_t n;
		const char *bytes;
	} rows[] = {
		{7, "\xf2\x48\xcd\xc9\xc9\x07"},                 /* 7.2.3.1 */
		{5, "\xf2\x00\x11\x00"},                         /* 7.2.3.2: the same again */
		{11, "\x00\x05\x00\xfa\xff" "Hello"},            /* 7.2.3.3: not compressed */
		{8, "\xf3\x48\xcd\xc9\xc9\x07\x00"},             /* 7.2.3.4: a final block */
		{13, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07"}, /* 7.2.3.5 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_comes_out((struct bytes){rows[i].bytes, rows[i].n}, "Hello", 5);
}

static void
messages_refer_to_those_before_them(void **state)
{
	char text[256];
	size_t n, first = 0, last = 0;

	(void)state;
	for (int id = 0; id < 2000; id++) {
		struct bytes payload;

		n = trade_of(text, id);
		payload = deflated(text, n);
		assert_comes_out(payload, text, n);
		if (id == 0)
			first = payload.n;
		last = payload.n;
	}
	assert_true(last < first / 2);
}

static void
messages_stand_alone_where_the_server_says_so(void **state)
{
	struct bytes message, payload;
	char text[256];
	size_t n;

	(void)state;
	inflate_begin(inflate_it, true);
	for (int id = 0; id < 100; id++) {
		n = trade_of(text, id);
		assert_int_equal(deflateReset(&sender), Z_OK);
		assert_comes_out(deflated(text, n), text, n);
	}
	/* One that does not: what it refers to is forgotten. */
	payload = deflated(text, n);
	assert_int_equal(inflated(payload, &message), INFLATE_BROKEN);
}

static void
a_new_connection_knows_nothing_of_the_old_one(void **state)
{
	struct bytes message;
	char text[256];
	size_t n = trade_of(text, 1);

	(void)state;
	assert_comes_out(deflated(text, n), text, n);
	inflate_begin(inflate_it, false);
	assert_int_equal(inflated(deflated(text, n), &message), INFLATE_BROKEN);
	inflate_begin(inflate_it, false);
	deflateReset(&sender);
	assert_comes_out(deflated(text, n), text, n);
}

static void
too_long_a_message_is_dropped_and_the_next_one_read(void **state)
{
	static char text[8 * MESSAGE_MAX];
	struct bytes message;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = 'a';
	assert_comes_out(deflated(text, MESSAGE_MAX), text, MESSAGE_MAX);
	assert_int_equal(inflated(deflated(text, MESSAGE_MAX + 1), &message), INFLATE_OVERSIZE);
	assert_int_equal(inflated(deflated(text, sizeof(text)), &message), INFLATE_OVERSIZE);
	assert_comes_out(deflated(text, 100), text, 100);
	assert_comes_out((struct bytes){"\0", 1}, "", 0); /* 7.2.3.6: an empty one */
}

static void
bombs_and_nonsense_are_told(void **state)
{
	static char zeros[(INFLATE_BOMB + 2) * MESSAGE_MAX];
	struct bytes message;

	(void)state;
	assert_int_equal(inflated(deflated(zeros, sizeof(zeros)), &message), INFLATE_BROKEN);
	inflate_begin(inflate_it, false);
	assert_int_equal(inflated(BYTES_LIT("\xff\xff\xff\xff"), &message), INFLATE_BROKEN);
	inflate_begin(inflate_it, false);
	/* A match before the beginning (7.2.3.2 without what it refers to). */
	assert_int_equal(inflated(BYTES_LIT("\xf2\x00\x11\x00"), &message), INFLATE_BROKEN);
	assert_int_equal(message.n, 0);
}

/* Two bytes each, and the whole window is copied for them: a megabyte took seconds. */
static void
a_message_of_nothing_but_final_blocks_is_broken(void **state)
{
	static const char end[] = {3, 0};
	char payload[2 * (INFLATE_ENDS_MAX + 1)];
	struct bytes message;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = end[i % 2];
	assert_int_equal(inflated((struct bytes){payload, 2 * INFLATE_ENDS_MAX}, &message),
	    INFLATE_OK);
	assert_int_equal(inflated((struct bytes){payload, sizeof(payload)}, &message),
	    INFLATE_BROKEN);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_examples_of_the_rfc_say_hello),
		TEST(messages_refer_to_those_before_them),
		TEST(messages_stand_alone_where_the_server_says_so),
		TEST(a_new_connection_knows_nothing_of_the_old_one),
		TEST(too_long_a_message_is_dropped_and_the_next_one_read),
		TEST(bombs_and_nonsense_are_told),
		TEST(a_message_of_nothing_but_final_blocks_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
