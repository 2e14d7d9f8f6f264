/*
 * Two quoted decimals at once, as they come everywhere: price and quantity.
 * Without branches on how many digits they have, for that is what a branch
 * predictor cannot know. Pure.
 *
 * Two ways with the same results: pair_read() is the one for this machine,
 * SSE2 where there is some (every x86-64 has it), portable C elsewhere.
 */
#ifndef FEED_VENUE_BINANCE_PAIR_H
#define FEED_VENUE_BINANCE_PAIR_H

#include <stdbool.h>
#include <stdint.h>
#ifdef __x86_64__
#include <emmintrin.h>
#endif

#include "feed/base/fixed.h"
#include "feed/venue/binance/scan.h"

/*
 * The 8 bytes before a decimal must be readable; they never decide anything.
 *
 * A decimal's place: its first digit, how many digits until the point or the
 * quote, and how many bytes from there to the quote: 0, or the point and digits.
 */
struct pair_place {
	const char *p;
	unsigned whole, rest;
};

/* Not 0 when there are more digits than usual: 8 before the point and 8 behind it. */
static inline unsigned
pair_place_long(struct pair_place place)
{
	return ((place.whole + 7) | (place.rest + 6)) & ~15u;
}

/*
 * By `whole`, and by `rest`: which of eight bytes are digits, the last ones.
 * All of them where there is no digit: the quote before the number, or the
 * point, is then among them and makes it wrong.
 */
static const struct {
	uint64_t whole[9], rest[10], scale[10];
	int32_t exponent[10];
} pair_by = {
	{UINT64_MAX, 0xff00000000000000, 0xffff000000000000, 0xffffff0000000000,
	    0xffffffff00000000, 0xffffffffff000000, 0xffffffffffff0000, 0xffffffffffffff00,
	    UINT64_MAX},
	{0, UINT64_MAX, 0xff00000000000000, 0xffff000000000000, 0xffffff0000000000,
	    0xffffffff00000000, 0xffffffffff000000, 0xffffffffffff0000, 0xffffffffffffff00,
	    UINT64_MAX},
	{1, 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000},
	{0, 0, -1, -2, -3, -4, -5, -6, -7, -8},
};

static inline void
pair_store(struct pair_place place, int64_t mantissa, struct fixed *out)
{
	out->mantissa = mantissa;
	out->exponent = pair_by.exponent[place.rest];
}

/* One decimal in portable C. False: not a usual one. */
static inline bool
pair_one(struct pair_place place, struct fixed *out)
{
	uint64_t high, low;

	if (pair_place_long(place))
		return false;
	high = (scan_load(place.p + place.whole - 8) ^ SCAN_EACH('0')) & pair_by.whole[place.whole];
	low = (scan_load(place.p + place.whole + place.rest - 8) ^ SCAN_EACH('0')) &
	    pair_by.rest[place.rest];
	if ((scan_wrong(high) | scan_wrong(low)) != 0)
		return false;
	pair_store(place,
	    (int64_t)(scan_eight(high) * pair_by.scale[place.rest] + scan_eight(low)), out);
	return true;
}

/* Where the decimal at p is, of at most 17 bytes with its quote; wrong if it is longer. */
static inline struct pair_place
pair_find_portable(const char *p)
{
	uint64_t stop = scan_stops(scan_load(p));
	struct pair_place place = {p, stop == 0 ? 8 : scan_before(stop), 0};

	if (p[place.whole] == '.') {
		stop = scan_stops(scan_load(p + place.whole + 1));
		place.rest = 1 + (stop == 0 ? 8 : scan_before(stop));
	}
	return place;
}

/*
 * Where both decimals of a level are, the first at p: price","quantity". False:
 * elsewhere.
 */
static inline bool
pair_find_both_portable(const char *p, struct pair_place *price, struct pair_place *qty)
{
	*price = pair_find_portable(p);
	p += price->whole + price->rest;
	if (memcmp(p, "\",\"", 3) != 0)
		return false;
	*qty = pair_find_portable(p + 3);
	return true;
}

/*
 * Reads both. False when one is not a usual decimal: *a and *b then hold
 * nothing. That a point stands between the digits and a quote behind them was
 * seen by who made the places.
 */
static inline bool
pair_read_portable(
    struct pair_place first, struct pair_place second, struct fixed *a, struct fixed *b)
{
	return pair_one(first, a) && pair_one(second, b);
}

#ifdef __x86_64__

/* 16 digits of a decimal, 8 before and 8 behind the point, filled up with zeros. */
static inline __m128i
pair_digits(struct pair_place place)
{
	const char *point = place.p + place.whole - 8;
	__m128i text = _mm_loadl_epi64((const __m128i *)(const void *)point);
	__m128i keep =
	    _mm_loadl_epi64((const __m128i *)(const void *)&pair_by.whole[place.whole]);

	text = _mm_castps_si128(_mm_loadh_pi(
	    _mm_castsi128_ps(text), (const __m64 *)(const void *)(point + place.rest)));
	keep = _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(keep),
	    (const __m64 *)(const void *)&pair_by.rest[place.rest]));
	return _mm_and_si128(_mm_xor_si128(text, _mm_set1_epi8('0')), keep);
}

/* 16 digits to four numbers of four digits each. */
static inline __m128i
pair_fours(__m128i digits)
{
	/* Bytes a, b of a lane: (a + 256 b) x (1 + 256 x 10) has 10 a + b in its high byte. */
	__m128i factor = _mm_set1_epi16(2561), twos;

	/* One multiplication; the compiler would make five additions and shifts of it. */
	__asm__("" : "+x"(factor));
	twos = _mm_srli_epi16(_mm_mullo_epi16(digits, factor), 8);
	return _mm_madd_epi16(twos, _mm_set1_epi32(1 << 16 | 100));
}

static inline __attribute__((always_inline)) bool
pair_read_sse2(
    struct pair_place first, struct pair_place second, struct fixed *a, struct fixed *b)
{
	const __m128i nine = _mm_set1_epi8(9), zero = _mm_setzero_si128();
	__m128i x, y, wrong, eights, scale, sum;

	if ((pair_place_long(first) | pair_place_long(second)) != 0)
		return false;
	x = pair_digits(first);
	y = pair_digits(second);
	wrong = _mm_or_si128(_mm_subs_epu8(x, nine), _mm_subs_epu8(y, nine));
	if (_mm_movemask_epi8(_mm_cmpeq_epi8(wrong, zero)) != 0xffff)
		return false;
	eights = _mm_madd_epi16(
	    _mm_packs_epi32(pair_fours(x), pair_fours(y)), _mm_set1_epi32(1 << 16 | 10000));
	scale = _mm_set_epi64x(
	    (int64_t)pair_by.scale[second.rest], (int64_t)pair_by.scale[first.rest]);
	sum = _mm_add_epi64(_mm_mul_epu32(eights, scale), _mm_srli_epi64(eights, 32));
	pair_store(first, _mm_cvtsi128_si64(sum), a);
	pair_store(second, _mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum)), b);
	return true;
}

/* One bit for each of 16 bytes that is `c`. */
static inline uint32_t
pair_bytes_equal(const char *p, char c)
{
	__m128i text = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8(c)));
}

static inline __attribute__((always_inline)) struct pair_place
pair_find_sse2(const char *p)
{
	uint32_t quotes = pair_bytes_equal(p, '"') | 1u << 16;
	uint32_t stops = pair_bytes_equal(p, '.') | quotes;
	unsigned whole = (unsigned)__builtin_ctz(stops);

	return (struct pair_place){p, whole, (unsigned)__builtin_ctz(quotes) - whole};
}

static inline bool
pair_find_both_sse2(const char *p, struct pair_place *price, struct pair_place *qty)
{
	const uint64_t beyond = UINT64_C(0xffffffff00000000);
	uint64_t quotes = beyond | pair_bytes_equal(p, '"') | pair_bytes_equal(p + 16, '"') << 16;
	uint64_t stops = quotes | pair_bytes_equal(p, '.') | pair_bytes_equal(p + 16, '.') << 16;
	unsigned end = (unsigned)__builtin_ctzll(quotes), whole = (unsigned)__builtin_ctzll(stops);

	*price = (struct pair_place){p, whole, end - whole};
	if (((uint32_t)scan_load(p + end) & 0xffffff) != ('"' | ',' << 8 | '"' << 16))
		return false;
	end += 3;
	whole = (unsigned)__builtin_ctzll(stops >> end);
	*qty = (struct pair_place){p + end, whole, 0};
	qty->rest = (unsigned)__builtin_ctzll(quotes >> end) - whole;
	return true;
}

#define pair_find pair_find_sse2
#define pair_find_both pair_find_both_sse2
#define pair_read pair_read_sse2
#else
#define pair_find pair_find_portable
#define pair_find_both pair_find_both_portable
#define pair_read pair_read_portable
#endif

#endif
