/*
 * The recorded binary messages against the rows that an independent program
 * derived from them, and beginnings of others against what must be in them.
 */
#include <endian.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/sbe.h"
#include "tests/captures.h"

static struct captures captures;
static bool found;
static struct event_scratch scratch;

static int64_t
e8(struct fixed value)
{
	int64_t mantissa;

	assert_int_equal(fixed_rescale(value, -8, &mantissa), FIXED_OK);
	return mantissa;
}

/* The next line that is no comment; false at the end. */
static bool
line_next(char **text, char **line)
{
	do
		*line = strsep(text, "\n");
	while (*line != NULL && **line == '#');
	return *line != NULL && **line != '\0';
}

static void
expect_row(char **expected, const char *ours)
{
	char *line;

	assert_true(line_next(expected, &line));
	assert_string_equal(ours, line);
}

static unsigned
compare_levels(char **expected, const char *head, char side, const struct event_level *level,
    uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		char row[512];

		snprintf(row, sizeof(row), "%s\t%c\t%u\t-\t%" PRId64 "\t%" PRId64 "\t-", head, side,
		    i, e8(level[i].price), e8(level[i].qty));
		expect_row(expected, row);
	}
	return n;
}

/* One frame's rows; returns how many. */
static unsigned
compare_frame(char **expected, unsigned number, struct bytes frame)
{
	int64_t first, price_exponent, qty_exponent;
	struct sbe_header header;
	struct event e;
	char head[256];
	uint32_t count;

	assert_true(sbe_header_read(frame, &header));
	assert_int_equal(sbe_decode(frame, 0, &scratch, &e, &count), DECODE_OK);
	assert_true(e.kind == EVENT_DEPTH || e.kind == EVENT_PARTIAL_DEPTH);
	first = e.kind == EVENT_DEPTH ? e.first_id : e.id;
	price_exponent = e.u.depth.bids[0].price.exponent;
	qty_exponent = e.u.depth.bids[0].qty.exponent;
	snprintf(head, sizeof(head),
	    "%u\t%zu\t%u\t%.*s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64,
	    number, frame.n, header.template_id, (int)e.symbol.n, e.symbol.p, e.exch_ns / 1000,
	    first, e.id, price_exponent, qty_exponent);
	return compare_levels(expected, head, 'b', e.u.depth.bids, e.u.depth.nbids) +
	    compare_levels(expected, head, 'a', e.u.depth.asks, e.u.depth.nasks);
}

static void
every_recorded_frame_is_the_expected_rows(void **state)
{
	char *frames, *expected, *rest, *line;
	unsigned number = 0, rows = 0;
	size_t size, at = 0, ignored;

	(void)state;
	if (!found)
		skip();
	frames = captures_file(&captures, "sbe/sbe_stream_frames_202504.bin", &size);
	expected = rest =
	    captures_file(&captures, "expected/sbe_stream_frames_202504.tsv", &ignored);
	assert_non_null(frames);
	assert_non_null(expected);
	while (at + 12 <= size) {
		uint32_t n;

		memcpy(&n, frames + at, sizeof(n));
		n = le32toh(n);
		at += 12;
		assert_true(n <= size - at);
		rows += compare_frame(&rest, number++, (struct bytes){frames + at, n});
		at += n;
	}
	assert_int_equal(at, size);
	assert_false(line_next(&rest, &line));
	assert_true(number > 0);
	printf("%u frames, %u rows\n", number, rows);
	free(frames);
	free(expected);
}

/* The bytes of a line of hexadecimal digits. */
static size_t
unhex(const char *line, char *out, size_t room)
{
	size_t n = 0;

	for (; n < room && line[2 * n] != '\0' && line[2 * n + 1] != '\0'; n++) {
		char digits[3] = {line[2 * n], line[2 * n + 1], '\0'};

		out[n] = (char)strtoul(digits, NULL, 16);
	}
	return n;
}

/* Recordings that their author cut: never taken for whole ones. */
static void
the_beginnings_of_frames_are_malformed_and_have_their_header(void **state)
{
	char *text, *rest, *line, bytes[512];
	unsigned quotes = 0, depths = 0;
	size_t size;

	(void)state;
	if (!found)
		skip();
	text = rest = captures_file(&captures, "sbe/sbe_partial_frames_202510.hex", &size);
	assert_non_null(text);
	while (line_next(&rest, &line)) {
		struct bytes frame = {bytes, unhex(line, bytes, sizeof(bytes))};
		struct sbe_header header;
		struct event e;
		uint32_t count;

		assert_true(sbe_header_read(frame, &header));
		if (header.schema_id != SBE_SCHEMA_ID || header.template_id < 10000)
			continue; /* without its header */
		quotes += header.template_id == 10001;
		depths += header.template_id == 10003;
		assert_int_equal(sbe_decode(frame, 0, &scratch, &e, &count), DECODE_MALFORMED);
	}
	assert_int_equal(quotes, 1);
	assert_int_equal(depths, 1);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_frame_is_the_expected_rows),
		cmocka_unit_test(the_beginnings_of_frames_are_malformed_and_have_their_header),
	};

	found = captures_find(&captures);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
