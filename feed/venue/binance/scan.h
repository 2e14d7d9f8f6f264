/*
 * Scanner primitives: each takes a position inside a JSON text and returns the
 * position behind what it read, or NULL when that is not there. Pure.
 *
 * The inline ones read eight bytes at a time and may look at up to SCAN_AHEAD
 * bytes behind the end of the text, which must be readable. What they find
 * there never decides anything: the caller refuses every position that is not
 * before the end, because a JSON object ends with a brace that is still to come.
 * The others stop at `end` by themselves.
 */
#ifndef FEED_VENUE_BINANCE_SCAN_H
#define FEED_VENUE_BINANCE_SCAN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"

#define SCAN_AHEAD 64
#define SCAN_DEPTH_MAX 32 /* nested arrays and objects; the exchange uses 4 */

/* Every byte of a word the same. */
#define SCAN_EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

/* Skips white space up to `end`. */
const char *scan_space(const char *p, const char *end);

/* Checks and skips any value; `depth` is how many arrays and objects surround it. */
const char *scan_value(const char *p, const char *end, int depth);

/*
 * Checks the rest of a string from `p`, which is behind the opening quote or
 * at any later character of it. Returns the position of the closing quote.
 */
const char *scan_string_rest(const char *p, const char *end);

/* Checks and skips a number of any form. */
const char *scan_number(const char *p, const char *end);

/*
 * Writes a checked string's text without its escapes, as UTF-8, into
 * out[room]. Returns false when it does not fit or holds U+0000.
 */
bool scan_unescape(struct bytes raw, char *out, size_t room, size_t *length);

/* Skips white space where there is usually none. */
static inline const char *
scan_gap(const char *p, const char *end)
{
	return p < end && (unsigned char)*p <= ' ' ? scan_space(p, end) : p;
}

/* Eight bytes, the first one lowest. */
static inline uint64_t
scan_load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/*
 * Marks the bytes outside '0' to '?', so all that may follow a number. Two
 * operations on the way to the next position; whether the bytes before the
 * mark are digits is for scan_wrong() to say, meanwhile.
 */
static inline uint64_t
scan_stops(uint64_t word)
{
	return (word ^ SCAN_EACH('0')) & SCAN_EACH(0xf0);
}

/* Not 0 when one of eight bytes, XORed with '0', is no digit. Carries only add to what is wrong. */
static inline uint64_t
scan_wrong(uint64_t word)
{
	return ((word + SCAN_EACH(0x76)) | word) & SCAN_EACH(0x80);
}

/* How many bytes lie before the first marked one; `marks` is not 0. */
static inline unsigned
scan_before(uint64_t marks)
{
	return (unsigned)__builtin_ctzll(marks) / 8;
}

/* The number of eight digits, the first one lowest, XORed with '0'. */
static inline uint64_t
scan_eight(uint64_t word)
{
	word = word * 10 + (word >> 8);
	return ((word & 0x000000ff000000ff) * 0x000f424000000064 +
	    ((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
}

/* The first n bytes of a word, 1 <= n <= 8, as eight digits: zeros lead, XORed with '0'. */
static inline uint64_t
scan_leading(uint64_t word, unsigned n)
{
	return (word ^ SCAN_EACH('0')) << (64 - 8 * n);
}

static const uint64_t scan_power10[9] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

/*
 * Reads a decimal of `whole` digits, 1 to 7, a point and `fraction` digits,
 * 1 to 8, then a quote. Returns the position of that quote, or NULL. Where the
 * widths are known beforehand, the next position does not wait for the bytes.
 */
static inline const char *
scan_decimal_of(const char *p, unsigned whole, unsigned fraction, struct fixed *out)
{
	uint64_t high = scan_leading(scan_load(p), whole);
	uint64_t low = scan_leading(scan_load(p + whole + 1), fraction);

	if (p[whole] != '.' || p[whole + 1 + fraction] != '"' ||
	    (scan_wrong(high) | scan_wrong(low)) != 0)
		return NULL;
	out->mantissa = (int64_t)(scan_eight(high) * scan_power10[fraction] + scan_eight(low));
	out->exponent = -(int32_t)fraction;
	return p + whole + 1 + fraction;
}

/*
 * Reads the usual decimal: 1 to 7 digits, perhaps a point and 1 to 8 digits,
 * then a quote. Returns the position of that quote; NULL means "not usual".
 */
static inline const char *
scan_decimal(const char *p, struct fixed *out)
{
	uint64_t word = scan_load(p), stop = scan_stops(word);
	unsigned whole, fraction;

	if (stop == 0 || (whole = scan_before(stop)) == 0)
		return NULL;
	if (p[whole] != '.') {
		word = scan_leading(word, whole);
		*out = (struct fixed){(int64_t)scan_eight(word), 0};
		return p[whole] == '"' && scan_wrong(word) == 0 ? p + whole : NULL;
	}
	stop = scan_stops(scan_load(p + whole + 1));
	fraction = stop == 0 ? 8 : scan_before(stop);
	return fraction == 0 ? NULL : scan_decimal_of(p, whole, fraction, out);
}

/*
 * Reads an integer of at most 16 digits. NULL: it is longer, has a fraction or
 * an exponent, or is malformed.
 */
static inline const char *
scan_integer(const char *p, int64_t *out)
{
	bool negative = *p == '-';
	uint64_t word, more, stop, value;
	unsigned n;

	p += negative;
	word = scan_load(p);
	stop = scan_stops(word);
	n = stop == 0 ? 8 : scan_before(stop);
	if (n == 0 || (*p == '0' && n > 1))
		return NULL;
	more = scan_load(p + 8);
	word = scan_leading(word, n);
	value = scan_eight(word);
	p += n;
	if (scan_wrong(word) != 0)
		return NULL;
	if (n == 8 && (unsigned)(*p - '0') <= 9) {
		stop = scan_stops(more);
		n = stop == 0 ? 8 : scan_before(stop);
		more = scan_leading(more, n);
		value = value * scan_power10[n] + scan_eight(more);
		p += n;
		if (scan_wrong(more) != 0)
			return NULL;
	}
	/* What else continues a number, or is none of JSON: the slow way tells. */
	if (*p != ',' && *p != '}')
		return NULL;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return p;
}

/*
 * Finds the quote that ends a string without escapes, or the first character
 * that needs scan_string_rest(): a backslash, a control character, or any at
 * or behind `end`.
 */
static inline const char *
scan_plain(const char *p, const char *end)
{
	for (; p < end; p += 8) {
		uint64_t word = scan_load(p);
		uint64_t quote = word ^ SCAN_EACH('"');
		uint64_t slash = word ^ SCAN_EACH('\\');
		uint64_t marks = ((quote - SCAN_EACH(1)) & ~quote) |
		    ((slash - SCAN_EACH(1)) & ~slash) | ((word - SCAN_EACH(0x20)) & ~word);

		marks &= SCAN_EACH(0x80);
		if (marks != 0)
			return p + scan_before(marks);
	}
	return p;
}

#endif
