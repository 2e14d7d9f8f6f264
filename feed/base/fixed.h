/*
 * Exact decimals: value = mantissa x 10^exponent. No floating point anywhere;
 * what does not fit is refused, never rounded. Pure; any thread.
 */
#ifndef FEED_BASE_FIXED_H
#define FEED_BASE_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define FIXED_EXPONENT_MIN (-18)
#define FIXED_EXPONENT_MAX 18

struct fixed {
	int64_t mantissa;
	int32_t exponent;
};

enum fixed_result {
	FIXED_OK,
	FIXED_MALFORMED, /* not a plain decimal: [-]digits[.digits] */
	FIXED_UNFIT,     /* does not fit 64 bits, or not exactly at that exponent */
};

/*
 * Reads a plain decimal; the exponent is minus the number of decimals written,
 * unless trailing zeros must go for the mantissa to fit (only as many go as
 * must). The mantissa is never INT64_MIN, which stands for "none" elsewhere.
 * FIXED_MALFORMED or FIXED_UNFIT leave *out alone.
 */
enum fixed_result fixed_parse(struct bytes text, struct fixed *out);

/*
 * The mantissa of `value` at another exponent. FIXED_OK, or FIXED_UNFIT when
 * that is not exact or does not fit; *mantissa is then left alone.
 */
enum fixed_result fixed_rescale(struct fixed value, int exponent, int64_t *mantissa);

/*
 * The same, quick where nothing is to be done. Returns whether it fits. Where
 * the value lies it stays: a copy of what was stored just now, the padding
 * included, would wait until those stores have reached the cache.
 */
static inline bool
fixed_fits(const struct fixed *value, int exponent, int64_t *mantissa)
{
	if (__builtin_expect(value->exponent != exponent, 0))
		return fixed_rescale(*value, exponent, mantissa) == FIXED_OK;
	*mantissa = value->mantissa;
	return true;
}

#endif
