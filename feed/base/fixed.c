#include "feed/base/fixed.h"

/* 10^18 is the largest power of ten below 2^63. */
#define POWERS 19

static const int64_t power10[POWERS] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
};

/* The digits of a decimal, before they are weighed. */
struct digits {
	int64_t value;   /* the digits up to the last that is not 0 */
	size_t zeros;    /* zeros written after them */
	size_t decimals; /* digits written after the point, zeros included */
	bool overflow;   /* value does not fit 63 bits */
};

/* Takes one more digit; zeros wait until a digit that is not 0 follows. */
static void
digits_add(struct digits *d, int digit)
{
	if (digit == 0) {
		d->zeros++;
		return;
	}
	if (d->value == 0)
		d->zeros = 0; /* they were leading zeros */
	if (d->zeros + 1 >= POWERS ||
	    __builtin_mul_overflow(d->value, power10[d->zeros + 1], &d->value) ||
	    __builtin_add_overflow(d->value, digit, &d->value))
		d->overflow = true;
	d->zeros = 0;
}

/* Reads digits[.digits] of text from `at`; false when it is anything else. */
static bool
digits_read(struct digits *d, struct bytes text, size_t at)
{
	size_t whole = 0;
	bool point = false;

	for (; at < text.n; at++) {
		unsigned digit = (unsigned char)text.p[at] - (unsigned)'0';

		if (digit <= 9) {
			digits_add(d, (int)digit);
			if (point)
				d->decimals++;
			else
				whole++;
		} else if (text.p[at] == '.' && !point) {
			point = true;
		} else {
			return false;
		}
	}
	return whole > 0 && (!point || d->decimals > 0);
}

enum fixed_result
fixed_parse(struct bytes text, struct fixed *out)
{
	struct digits d = {0, 0, 0, false};
	bool negative = text.n > 0 && text.p[0] == '-';
	size_t room = 0;

	if (!digits_read(&d, text, negative))
		return FIXED_MALFORMED;
	if (d.overflow)
		return FIXED_UNFIT;
	if (d.value == 0) {
		size_t most = (size_t)-FIXED_EXPONENT_MIN;

		*out = (struct fixed){0, -(int32_t)(d.decimals < most ? d.decimals : most)};
		return FIXED_OK;
	}

	/* Put back the zeros for which there is room, above the smallest exponent. */
	if (d.decimals > d.zeros + (size_t)-FIXED_EXPONENT_MIN)
		return FIXED_UNFIT;
	while (room < d.zeros && d.value <= INT64_MAX / 10 &&
	    (int64_t)d.zeros - (int64_t)d.decimals - (int64_t)room > FIXED_EXPONENT_MIN) {
		d.value *= 10;
		room++;
	}
	if (d.zeros - room > d.decimals + FIXED_EXPONENT_MAX)
		return FIXED_UNFIT;
	out->mantissa = negative ? -d.value : d.value;
	out->exponent = (int32_t)((int64_t)(d.zeros - room) - (int64_t)d.decimals);
	return FIXED_OK;
}

enum fixed_result
fixed_rescale(struct fixed value, int exponent, int64_t *mantissa)
{
	int64_t shift = (int64_t)value.exponent - exponent;
	int64_t scaled;

	if (shift == 0 || value.mantissa == 0) {
		*mantissa = value.mantissa;
		return FIXED_OK;
	}
	if (shift >= POWERS || shift <= -POWERS)
		return FIXED_UNFIT;
	if (shift > 0) {
		if (__builtin_mul_overflow(value.mantissa, power10[shift], &scaled))
			return FIXED_UNFIT;
	} else {
		if (value.mantissa % power10[-shift] != 0)
			return FIXED_UNFIT;
		scaled = value.mantissa / power10[-shift];
	}
	*mantissa = scaled;
	return FIXED_OK;
}
