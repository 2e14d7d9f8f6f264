/* Assertions that several tests make, and a question to a text. Uses cmocka's. */
#ifndef TESTS_ASSERTS_H
#define TESTS_ASSERTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"

static inline void
assert_bytes(struct bytes ours, const char *expected)
{
	assert_int_equal(ours.n, strlen(expected));
	if (ours.n > 0)
		assert_memory_equal(ours.p, expected, ours.n);
}

static inline void
assert_fixed(struct fixed ours, int64_t mantissa, int exponent)
{
	assert_int_equal(ours.mantissa, mantissa);
	assert_int_equal(ours.exponent, exponent);
}

/* How often does `what` stand in the text? */
static inline size_t
occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

#endif
