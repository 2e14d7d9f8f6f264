#include "feed/venue/binance/levels_run.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#include "feed/venue/binance/pair.h"

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2")))

/* `],["` and `]]`, the first byte lowest. */
#define NEXT_LEVEL 0x225b2c5du
#define END_OF_LEVELS 0x5d5du

/*
 * The stops of two levels: all characters that are no digits, from the quote
 * before the first price. With both decimals dotted ten belong to a level:
 *
 *	" 61831 . 99000000 " , " 2 . 45017000 " ] , [
 *	0       1          2 3 4   5          6 7 8 9
 *
 * Where a number has no point, "dot" below is the quote behind it.
 */
struct shape {
	uint8_t text[64];      /* the stops themselves */
	uint8_t near[64];      /* how far the next one is at least */
	uint8_t slack[64];     /* and how much further it may be */
	uint8_t upto[64];      /* for each digit of the result: which stop is behind it */
	uint8_t after[64];     /* and which one before it */
	uint32_t stops;        /* of a level */
};

/* For the sixteen digits of a number: eight before the point, eight before its end. */
#define DIGITS(dot, end) \
	dot, dot, dot, dot, dot, dot, dot, dot, end, end, end, end, end, end, end, end

/* Of both numbers of both levels; the second level's are `n` stops further. */
#define FOUR(n, dot, end, dot2, end2) \
	{DIGITS(dot, end), DIGITS(dot2, end2), DIGITS(n + dot, n + end), \
	    DIGITS(n + dot2, n + end2)}

/* By whether the price (2) and the quantity (1) have a point. */
static const struct shape shapes[4] = {
	{"\"\",\"\"],[\"\",\"\"],[", {2, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1},
	    {7, 0, 0, 7, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 0, 0},
	    FOUR(8, 1, 1, 4, 4), FOUR(8, 0, 1, 3, 4), 8},
	{"\"\",\".\"],[\"\",\".\"],[", {2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 1, 1, 2, 2, 1, 1, 1, 1},
	    {7, 0, 0, 7, 7, 0, 0, 0, 0, 7, 0, 0, 7, 7, 0, 0, 0, 0},
	    FOUR(9, 1, 1, 4, 5), FOUR(9, 0, 1, 3, 4), 9},
	{"\".\",\"\"],[\".\",\"\"],[", {2, 2, 1, 1, 2, 1, 1, 1, 1, 2, 2, 1, 1, 2, 1, 1, 1, 1},
	    {7, 7, 0, 0, 7, 0, 0, 0, 0, 7, 7, 0, 0, 7, 0, 0, 0, 0},
	    FOUR(9, 1, 2, 5, 5), FOUR(9, 0, 1, 4, 5), 9},
	{"\".\",\".\"],[\".\",\".\"],[",
	    {2, 2, 1, 1, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 1, 1},
	    {7, 7, 0, 0, 7, 7, 0, 0, 0, 0, 7, 7, 0, 0, 7, 7, 0, 0, 0, 0},
	    FOUR(10, 1, 2, 5, 6), FOUR(10, 0, 1, 4, 5), 10},
};

/* By the distance from the point to the quote behind it, 0: there is no point. */
static const uint32_t scales[16] = {
	1, 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};
static const int32_t exponents[16] = {0, 0, -1, -2, -3, -4, -5, -6, -7, -8};

static const uint8_t iota[64] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
	48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

/* What is written of a level is exactly this. */
_Static_assert(sizeof(struct fixed) == 16 && offsetof(struct fixed, mantissa) == 0 &&
    offsetof(struct fixed, exponent) == 8, "a decimal is a lane");
_Static_assert(sizeof(struct event_level) == 32 && offsetof(struct event_level, qty) == 16,
    "two levels are a register");

/* 64 bytes and where the stops among them are. */
struct block {
	__m512i text, places;
	uint64_t stops;
};

static inline WIDE struct block
block_of(const char *p)
{
	struct block b = {.text = _mm512_loadu_si512(p)};
	__m512i digits = _mm512_sub_epi8(b.text, _mm512_set1_epi8('0'));

	b.stops = _mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9));
	b.places = _mm512_maskz_compress_epi8(b.stops, _mm512_loadu_si512(iota));
	return b;
}

/* How many of the stops, from the first, are as the shape has them and as far apart. */
static inline WIDE unsigned
stops_as_expected(const struct block *b, const struct shape *shape)
{
	__m512i text = _mm512_maskz_compress_epi8(b->stops, b->text);
	__m512i next = _mm512_permutexvar_epi8(
	    _mm512_add_epi8(_mm512_loadu_si512(iota), _mm512_set1_epi8(1)), b->places);
	__m512i over = _mm512_sub_epi8(
	    _mm512_sub_epi8(next, b->places), _mm512_loadu_si512(shape->near));
	uint64_t same = _mm512_cmpeq_epi8_mask(text, _mm512_loadu_si512(shape->text));
	uint64_t apart = _mm512_cmple_epu8_mask(over, _mm512_loadu_si512(shape->slack));

	return (unsigned)__builtin_ctzll(~(same & (apart << 1 | 1)));
}

/* Writes the four numbers of two levels. */
static inline WIDE void
levels_write(const struct block *b, const struct shape *shape, struct event_level *out)
{
	const __m512i back = _mm512_set1_epi64(INT64_C(-0x0001020304050608));
	__m512i upto = _mm512_permutexvar_epi8(_mm512_loadu_si512(shape->upto), b->places);
	__m512i after = _mm512_permutexvar_epi8(_mm512_loadu_si512(shape->after), b->places);
	__m512i from = _mm512_add_epi8(upto, back);
	__m512i digits = _mm512_maskz_permutexvar_epi8(_mm512_cmpgt_epi8_mask(from, after), from,
	    _mm512_sub_epi8(b->text, _mm512_set1_epi8('0')));
	__m512i twos = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(1 << 8 | 10));
	__m512i fours = _mm512_madd_epi16(twos, _mm512_set1_epi32(1 << 16 | 100));
	__m512i eights = _mm512_madd_epi16(
	    _mm512_packus_epi32(fours, fours), _mm512_set1_epi32(1 << 16 | 10000));
	/* In the low half of each lane: how far the quote is behind the point. */
	__m512i decimals = _mm512_maskz_and_epi64(0x55, _mm512_set1_epi64(0xff),
	    _mm512_sub_epi8(_mm512_unpackhi_epi64(upto, upto), upto));
	__m512i scale = _mm512_permutexvar_epi32(decimals, _mm512_loadu_si512(scales));
	__m512i exponent = _mm512_permutexvar_epi32(decimals, _mm512_loadu_si512(exponents));
	__m512i mantissa = _mm512_add_epi64(
	    _mm512_mul_epu32(eights, scale), _mm512_srli_epi64(eights, 32));

	_mm512_storeu_si512(out, _mm512_unpacklo_epi64(mantissa, exponent));
}

/* The bracket that ends the level whose stop it is. */
static inline WIDE const char *
bracket_of(const char *p, const struct block *b, uint64_t stop)
{
	return p + 1 + _tzcnt_u64(_pdep_u64(stop, b->stops));
}

/* What stands from a level's bracket before the end on, the first byte lowest. */
static inline uint32_t
behind(const char *bracket)
{
	uint32_t word;

	memcpy(&word, bracket, sizeof(word));
	return word;
}

/*
 * Two levels a round as long as they come, else one. The branches are foreseen,
 * so that the next round begins before it is known that this one's levels are
 * usual: where they end takes a third of the time.
 */
WIDE const char *
levels_run_avx512(struct levels *levels, const char *p, const char *end)
{
	struct event_level *level = levels->level + levels->count;
	struct event_level *last = levels->level + levels->room;
	const struct shape *shape;
	struct pair_place price, qty;
	uint64_t first, second;

	if (p[0] != '[' || p[1] != '"' || !pair_find_both_sse2(p + 2, &price, &qty))
		return p;
	shape = &shapes[2 * (price.rest != 0) + (qty.rest != 0)];
	first = UINT64_C(1) << (shape->stops - 3);
	second = first << shape->stops;
	while (p < end && last - level >= 2) {
		struct block b = block_of(p + 1);
		unsigned good = stops_as_expected(&b, shape);
		const char *bracket = bracket_of(p, &b, second);
		bool two = good >= 2 * shape->stops - 2;

		if (good < shape->stops - 2)
			break;
		levels_write(&b, shape, level);
		if (__builtin_expect(
		    two && bracket < end && behind(bracket) == NEXT_LEVEL, 1)) {
			level += 2;
			p = bracket + 2;
			continue;
		}
		bracket = bracket_of(p, &b, two ? second : first);
		if (bracket >= end)
			break;
		if (__builtin_expect((behind(bracket) & 0xffff) == END_OF_LEVELS, 1)) {
			level += 1 + two;
			p = bracket + 1;
			break;
		}
		if (behind(bracket) != NEXT_LEVEL)
			break;
		level += 1 + two;
		p = bracket + 2;
	}
	levels->count = (uint32_t)(level - levels->level);
	return p;
}

#endif
