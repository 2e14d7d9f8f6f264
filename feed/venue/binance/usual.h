/*
 * Values as they are usually written, for predict.c: each reader takes the
 * position of a value and returns the one behind it, or NULL when the value is
 * anything but usual. What stands behind it is for the caller to look at. They
 * read up to 16 bytes behind the value and before it, which must be readable. Pure.
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

/* Do these bytes stand at p? `literal` is a string literal of at most 32 bytes. */
#define USUAL_SAYS(p, literal) (memcmp(p, literal, sizeof(literal) - 1) == 0)

/* Two decimals with `key`, a literal that begins with a quote, in between; ends at a quote. */
#define usual_decimals(p, key, a, b) usual_decimals_of(p, key, sizeof(key) - 1, a, b)

/* Integers up to so many digits are usual. */
#define USUAL_DIGITS 16

static inline __attribute__((always_inline)) const char *
usual_decimals_of(const char *p, const char *key, size_t n, struct fixed *a, struct fixed *b)
{
	struct pair_place first = pair_find(p), second;

	p += first.whole + first.rest;
	if (memcmp(p, key, n) != 0)
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

/* An integer without a sign. */
static inline const char *
usual_integer(const char *p, int64_t *out)
{
	const __m128i zeros = _mm_set1_epi8('0');
	unsigned n = (unsigned)__builtin_ctz(
	    ~usual_digits(_mm_xor_si128(usual_load(p), zeros)));
	__m128i digits = _mm_xor_si128(usual_load(p + n - USUAL_DIGITS), zeros);

	*out = (int64_t)usual_number(_mm_and_si128(digits, usual_load(usual_keep + n)));
	/* Nothing, a leading zero; that more digits follow, the caller sees. */
	return n == 0 || (*p == '0' && n > 1) ? NULL : p + n;
}

/* Binance: milliseconds, or microseconds where timeUnit=MICROSECOND asked for them (2026-08) */
static inline const char *
usual_time(const char *p, int64_t *ns)
{
	__m128i digits = _mm_xor_si128(usual_load(p), _mm_set1_epi8('0'));
	bool ms = (unsigned)(p[13] - '0') > 9;

	if (ms)
		digits = _mm_slli_si128(digits, 3);
	if (usual_digits(digits) != 0xffff || *p == '0')
		return NULL;
	if (!usual_stamp(usual_number(digits), ms ? 1000000 : 1000, ns))
		return NULL;
	return p + (ms ? 13 : 16);
}

/* A text without escapes from behind its quote; ends at the closing quote, before `end`. */
static inline const char *
usual_text(const char *p, const char *end, struct bytes *out)
{
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (out->p = p; p < end; p += 16) {
		__m128i text = usual_load(p);
		__m128i marks = _mm_or_si128(
		    _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, slash)),
		    _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));
		uint32_t bits = (uint32_t)_mm_movemask_epi8(marks);

		if (bits == 0)
			continue;
		p += __builtin_ctz(bits);
		out->n = (size_t)(p - out->p);
		return p < end && *p == '"' ? p : NULL;
	}
	return NULL;
}

/* The first `c` among the first 16 bytes of a text, or NULL. */
static inline const char *
usual_find(struct bytes text, char c)
{
	unsigned at = (unsigned)__builtin_ctz(pair_bytes_equal(text.p, c) | 1u << 16);

	return at < 16 && at < text.n ? text.p + at : NULL;
}

#else

static inline const char *
usual_integer(const char *p, int64_t *out)
{
	return *p == '-' ? NULL : scan_integer(p, out);
}

static inline const char *
usual_time(const char *p, int64_t *ns)
{
	int64_t stamp;
	const char *next = usual_integer(p, &stamp);
	bool ms = next == p + 13;

	if (next == NULL || (!ms && next != p + 16))
		return NULL;
	return usual_stamp((uint64_t)stamp, ms ? 1000000 : 1000, ns) ? next : NULL;
}

static inline const char *
usual_text(const char *p, const char *end, struct bytes *out)
{
	out->p = p;
	p = scan_plain(p, end);
	out->n = (size_t)(p - out->p);
	return p < end && *p == '"' ? p : NULL;
}

static inline const char *
usual_find(struct bytes text, char c)
{
	return memchr(text.p, c, text.n < 16 ? text.n : 16);
}

#endif

#endif
