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

/* Eight bytes, the first one lowest. */
static inline uint64_t
scan_load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* Marks (bit 7) every byte that is not '0' to '9'; `word` is XORed with '0' already. */
static inline uint64_t
scan_nondigits(uint64_t word)
{
	return (((word & SCAN_EACH(0x7f)) + SCAN_EACH(0x76)) | word) & SCAN_EACH(0x80);
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

/* The number of the first n digits of eight bytes, 1 <= n <= 8. */
static inline uint64_t
scan_digits(uint64_t word, unsigned n)
{
	return scan_eight(word << (64 - 8 * n));
}

extern const uint64_t scan_power10[9];

/*
 * Reads the usual decimal: 1 to 7 digits, perhaps a point and 1 to 8 digits,
 * then a quote. Returns the position of that quote; NULL means "not usual".
 */
static inline const char *
scan_decimal(const char *p, struct fixed *out)
{
	uint64_t word = scan_load(p) ^ SCAN_EACH('0');
	uint64_t stop = scan_nondigits(word);
	uint64_t whole;
	unsigned n;

	if (stop == 0 || (n = scan_before(stop)) == 0)
		return NULL;
	whole = scan_digits(word, n);
	p += n;
	if (*p != '.') {
		*out = (struct fixed){(int64_t)whole, 0};
		return *p == '"' ? p : NULL;
	}
	word = scan_load(++p) ^ SCAN_EACH('0');
	stop = scan_nondigits(word);
	n = stop == 0 ? 8 : scan_before(stop);
	if (n == 0)
		return NULL;
	p += n;
	*out = (struct fixed){(int64_t)(whole * scan_power10[n] + scan_digits(word, n)), -(int32_t)n};
	return *p == '"' ? p : NULL;
}

/*
 * Reads an integer of at most 16 digits. NULL: it is longer, has a fraction or
 * an exponent, or is malformed.
 */
static inline const char *
scan_integer(const char *p, int64_t *out)
{
	bool negative = *p == '-';
	uint64_t word, stop, value;
	unsigned n, more;

	p += negative;
	word = scan_load(p) ^ SCAN_EACH('0');
	stop = scan_nondigits(word);
	n = stop == 0 ? 8 : scan_before(stop);
	if (n == 0 || (*p == '0' && n > 1))
		return NULL;
	value = scan_digits(word, n);
	p += n;
	if (n == 8) {
		word = scan_load(p) ^ SCAN_EACH('0');
		stop = scan_nondigits(word);
		more = stop == 0 ? 8 : scan_before(stop);
		if (more > 0)
			value = value * scan_power10[more] + scan_digits(word, more);
		p += more;
	}
	if (*p == '.' || (*p | 0x20) == 'e' || (unsigned)(*p - '0') <= 9)
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
