/*
 * Values as they are usually written, for predict.c: each reader takes the
 * position of a value and returns the one behind it, or NULL when the value is
 * anything but usual. What stands behind it is for the caller to look at. They
 * look up to USUAL_AHEAD bytes behind the value and before it, which must be readable. Pure.
 *
 * Each in portable C and for SSE2, with the same results where the value is
 * followed by what the caller wants to see there.
 */
#ifndef FEED_VENUE_BINANCE_USUAL_H
#define FEED_VENUE_BINANCE_USUAL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"
#include "feed/venue/binance/pair.h"
#include "feed/venue/binance/scan.h"

/* Does this string literal of 4 to 24 bytes stand at p? */
#define USUAL_SAYS(p, literal) usual_says(p, literal, sizeof(literal) - 1)

/* Integers up to so many digits are usual. */
#define USUAL_DIGITS 16

/* The readers look so far behind their value, and before it. */
#define USUAL_AHEAD 16

static inline __attribute__((always_inline)) bool
usual_same8(const char *p, const char *q)
{
	return scan_load(p) == scan_load(q);
}

static inline __attribute__((always_inline)) bool
usual_same4(const char *p, const char *q)
{
	uint32_t a, b;

	memcpy(&a, p, sizeof(a));
	memcpy(&b, q, sizeof(b));
	return a == b;
}

/* Compares words that overlap: memcmp() would be called for long texts, and go by bytes else. */
static inline __attribute__((always_inline)) bool
usual_says(const char *p, const char *text, size_t n)
{
	if (n < 8)
		return usual_same4(p, text) && (n == 4 || usual_same4(p + n - 4, text + n - 4));
	return usual_same8(p, text) && (n <= 16 || usual_same8(p + 8, text + 8)) &&
	    (n == 8 || usual_same8(p + n - 8, text + n - 8));
}

/* Two decimals with a key in between that begins with a quote; ends at a quote. */
static inline __attribute__((always_inline)) const char *
usual_decimals(const char *p, const char *key, size_t n, struct fixed *a, struct fixed *b)
{
	struct pair_place first = pair_find(p), second;

	p += first.whole + first.rest;
	if (!usual_says(p, key, n))
		return NULL;
	second = pair_find(p + n);
	p = second.p + second.whole + second.rest;
	return *p == '"' && pair_read(first, second, a, b) ? p : NULL;
}

/* true or false, without a branch on which: nobody can predict the side of a trade. */
static inline const char *
usual_flag(const char *p, bool *out)
{
	static const struct {
		uint64_t keep, word;
	} words[2] = {
		{0xffffffffff, 0x65736c6166}, /* "false", the first byte lowest */
		{0xffffffff, 0x65757274},     /* "true" */
	};
	bool yes = *p == 't';

	*out = yes;
	return (scan_load(p) & words[yes].keep) == words[yes].word ? p + 5 - yes : NULL;
}

/* The nanoseconds of a stamp of that unit, which has as many digits as it ought to. */
static inline bool
usual_stamp(uint64_t stamp, uint64_t unit, int64_t *ns)
{
	*ns = (int64_t)(stamp * unit);
	return stamp <= (uint64_t)INT64_MAX / unit;
}

/* An integer without a sign. */
static inline const char *
usual_integer_portable(const char *p, int64_t *out)
{
	return *p == '-' ? NULL : scan_integer(p, out);
}

/* Binance: milliseconds, or microseconds where timeUnit=MICROSECOND asked for them (2026-08) */
static inline const char *
usual_time_portable(const char *p, int64_t *ns)
{
	int64_t stamp;
	const char *next = usual_integer_portable(p, &stamp);
	bool ms = next == p + 13;

	if (next == NULL || (!ms && next != p + 16))
		return NULL;
	return usual_stamp((uint64_t)stamp, ms ? 1000000 : 1000, ns) ? next : NULL;
}

/* A text without escapes from behind its quote; ends at the closing quote, before `end`. */
static inline const char *
usual_text_portable(const char *p, const char *end, struct bytes *out)
{
	out->p = p;
	p = scan_plain(p, end);
	out->n = (size_t)(p - out->p);
	return p < end && *p == '"' ? p : NULL;
}

/* Is there such a text of n bytes, below 16, and its closing quote behind it? */
static inline bool
usual_text_ends_portable(const char *p, size_t n)
{
	return scan_plain(p, p + n + 1) == p + n && p[n] == '"';
}

/* The first `c` among the first 16 bytes of a text, or NULL. */
static inline const char *
usual_find_portable(struct bytes text, char c)
{
	return memchr(text.p, c, text.n < 16 ? text.n : 16);
}

#ifdef __x86_64__

/* The last n of 16 bytes: what is read from &usual_keep[n]. */
static const uint8_t usual_keep[32] = {
	[16] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

static inline __m128i
usual_load(const void *p)
{
	return _mm_loadu_si128(p);
}

/* One bit for each byte that is a digit XORed with '0'. */
static inline uint32_t
usual_digits(__m128i digits)
{
	__m128i over = _mm_subs_epu8(digits, _mm_set1_epi8(9));

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(over, _mm_setzero_si128()));
}

/* The number of 16 digits, XORed with '0'. */
static inline uint64_t
usual_number(__m128i digits)
{
	__m128i fours = pair_fours(digits);
	__m128i eights = _mm_madd_epi16(
	    _mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10000));
	uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);

	return (both & 0xffffffff) * 100000000 + (both >> 32);
}

static inline const char *
usual_integer_sse2(const char *p, int64_t *out)
{
	const __m128i zeros = _mm_set1_epi8('0');
	unsigned n = (unsigned)__builtin_ctz(
	    ~usual_digits(_mm_xor_si128(usual_load(p), zeros)));
	__m128i digits = _mm_xor_si128(usual_load(p + n - USUAL_DIGITS), zeros);

	*out = (int64_t)usual_number(_mm_and_si128(digits, usual_load(usual_keep + n)));
	/* Nothing, a leading zero; that more digits follow, the caller sees. */
	return n == 0 || (*p == '0' && n > 1) ? NULL : p + n;
}

/* A stamp of n digits, the last n of these 16 and zeros before them. */
static inline __attribute__((always_inline)) const char *
usual_time_of(__m128i digits, const char *p, unsigned n, uint64_t unit, int64_t *ns)
{
	if (usual_digits(digits) != 0xffff || *p == '0')
		return NULL;
	return usual_stamp(usual_number(digits), unit, ns) ? p + n : NULL;
}

/* A branch on which unit, for the next one has the same: what is behind need not wait for it. */
static inline const char *
usual_time_sse2(const char *p, int64_t *ns)
{
	__m128i digits = _mm_xor_si128(usual_load(p), _mm_set1_epi8('0'));

	if ((unsigned)(p[13] - '0') > 9)
		return usual_time_of(_mm_slli_si128(digits, 3), p, 13, 1000000, ns);
	return usual_time_of(digits, p, 16, 1000, ns);
}

/* One bit for each of 16 bytes that no text without escapes has: quotes and what is escaped. */
static inline uint32_t
usual_marks(const char *p)
{
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);
	__m128i text = usual_load(p);
	__m128i marks = _mm_or_si128(
	    _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
	    _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));

	return (uint32_t)_mm_movemask_epi8(marks);
}

static inline const char *
usual_text_sse2(const char *p, const char *end, struct bytes *out)
{
	for (out->p = p; p < end; p += 16) {
		uint32_t bits = usual_marks(p);

		if (bits == 0)
			continue;
		p += __builtin_ctz(bits);
		out->n = (size_t)(p - out->p);
		return p < end && *p == '"' ? p : NULL;
	}
	return NULL;
}

static inline bool
usual_text_ends_sse2(const char *p, size_t n)
{
	return (usual_marks(p) & ((2u << n) - 1)) == 1u << n && p[n] == '"';
}

static inline const char *
usual_find_sse2(struct bytes text, char c)
{
	unsigned at = (unsigned)__builtin_ctz(pair_bytes_equal(text.p, c) | 1u << 16);

	return at < 16 && at < text.n ? text.p + at : NULL;
}

#define usual_integer usual_integer_sse2
#define usual_time usual_time_sse2
#define usual_text usual_text_sse2
#define usual_text_ends usual_text_ends_sse2
#define usual_find usual_find_sse2
#else
#define usual_integer usual_integer_portable
#define usual_time usual_time_portable
#define usual_text usual_text_portable
#define usual_text_ends usual_text_ends_portable
#define usual_find usual_find_portable
#endif

#endif
