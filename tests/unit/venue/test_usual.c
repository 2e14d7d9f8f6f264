/* The readers of usual values: the portable ones and those of this machine read the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/venue/binance/usual.h"

/* A value with enough before and behind it: it begins at `p`. */
struct value {
	char before[32], p[96];
};

static struct value
value_of(const char *text, const char *behind)
{
	struct value v;

	memset(&v, '8', sizeof(v));
	v.before[31] = '"';
	v.p[snprintf(v.p, 64, "%s%s", text, behind)] = '8';
	return v;
}

/* ---- decimals --------------------------------------------------------------- */

/* Both kinds read `text` as fixed_parse() does, or neither does. */
static void
assert_decimal(const char *text, bool usual)
{
	struct value v = value_of(text, "\",\"1\"]");
	struct fixed a, b, expected = {0, 0};
	size_t n = strlen(text);
	struct pair_place place = pair_find_portable(v.p);
	bool read = place.whole + place.rest == n &&
	    pair_read_portable(place, place, &a, &b);

	if (usual) {
		assert_true(read);
		assert_int_equal(fixed_parse((struct bytes){text, n}, &expected), FIXED_OK);
		assert_int_equal(a.mantissa, expected.mantissa);
		assert_int_equal(a.exponent, expected.exponent);
		assert_int_equal(b.mantissa, expected.mantissa);
	}
#ifdef __x86_64__
	{
		struct fixed c, d;
		struct pair_place same = pair_find_sse2(v.p);
		bool also = same.whole + same.rest == n && pair_read_sse2(same, same, &c, &d);

		/* 17 bytes with the quote are looked at, the portable one takes one more. */
		if (n <= 16)
			assert_int_equal(also, read);
		if (also) {
			assert_int_equal(c.mantissa, a.mantissa);
			assert_int_equal(c.exponent, a.exponent);
			assert_int_equal(d.mantissa, b.mantissa);
			assert_int_equal(d.exponent, b.exponent);
		}
	}
#endif
}

static void
decimals_of_every_width_are_read_exactly(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int round = 0; round < 50; round++)
		for (size_t whole = 1; whole <= 8; whole++)
			for (size_t fraction = 0; fraction <= 8; fraction++) {
				char text[32];
				size_t n = whole + fraction + (fraction > 0);

				for (size_t i = 0; i < n; i++)
					text[i] = round == 0 ? '0' : round == 1 ? '9' :
					    (char)('0' + rng_below(&rng, 10));
				if (fraction > 0)
					text[whole] = '.';
				text[n] = '\0';
				assert_decimal(text, true);
			}
}

static void
what_is_no_usual_decimal_is_not_read(void **state)
{
	static const char *const rows[] = {"", ".", ".5", "1.", "-1", "1e5", "1.2.3", "1,5", "+1",
		"1 ", " 1", "123456789", "1.123456789", "123456789.1", "1.5e1", "0x1", "1.-5",
		"1\\u0030", "1/", "1:", "\xb1", "1.\xb1"};
	struct fixed a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct value v = value_of(rows[i], "\",");
		struct pair_place place = pair_find_portable(v.p);

		assert_false(place.whole + place.rest == strlen(rows[i]) &&
		    pair_read_portable(place, place, &a, &b));
		assert_decimal(rows[i], false);
	}
}

static void
any_other_byte_in_a_decimal_is_noticed(void **state)
{
	static const char text[] = "61831.99000000";

	(void)state;
	for (size_t at = 0; at < sizeof(text) - 1; at++)
		for (int byte = 1; byte < 256; byte++) {
			char other[sizeof(text)];

			memcpy(other, text, sizeof(text));
			other[at] = (char)byte;
			assert_decimal(other, at != 5 && byte >= '0' && byte <= '9');
		}
}

/* ---- integers, times, texts --------------------------------------------------- */

typedef const char *integer_fn(const char *p, int64_t *out);

static void
integers_of_up_to_16_digits_are_read_and_no_others(void **state)
{
	static const char *const wrong[] = {"", "-1", "01", "00", "x", "\"1\"", "+1", ".5"};
	integer_fn *readers[] = {usual_integer_portable, usual_integer};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		int64_t expected = 0, got;

		for (size_t n = 1; n <= 16; n++) {
			struct value v;
			char text[32];

			expected = expected * 10 + (int64_t)(n * 7 % 10);
			snprintf(text, sizeof(text), "%lld", (long long)expected);
			v = value_of(text, ",\"x\"");
			assert_ptr_equal(readers[k](v.p, &got), v.p + n);
			assert_int_equal(got, expected);
		}
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			struct value v = value_of(wrong[i], ",");

			assert_null(readers[k](v.p, &got));
		}
		{
			struct value v = value_of("0", "}");

			assert_ptr_equal(readers[k](v.p, &got), v.p + 1);
			assert_int_equal(got, 0);
		}
	}
}

static void
times_have_13_or_16_digits_and_fit(void **state)
{
	static const struct {
		const char *text;
		int64_t ns; /* 0: no time */
	} rows[] = {
		{"1700000000123", 1700000000123000000},
		{"1700000000123456", 1700000000123456000},
		{"9223372036854", 9223372036854000000},
		{"9223372036855", 0},
		{"9223372036854775", 9223372036854775000},
		{"9223372036854776", 0},
		{"0700000000123", 0},
		{"170000000012", 0},
		{"17000000001234", 0},
		{"170000000012345", 0},
		{"17000000001a3", 0},
		{"-170000000012", 0},
	};
	integer_fn *readers[] = {usual_time_portable, usual_time};

	(void)state;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct value v = value_of(rows[i].text, ",\"s\":\"");
			const char *next;
			int64_t ns;

			next = readers[k](v.p, &ns);
			if (rows[i].ns == 0) {
				assert_true(next != v.p + strlen(rows[i].text));
				continue;
			}
			assert_ptr_equal(next, v.p + strlen(rows[i].text));
			assert_int_equal(ns, rows[i].ns);
		}
}

static void
texts_end_at_their_quote_and_have_no_escapes(void **state)
{
	char text[64];
	struct bytes a, b;

	(void)state;
	for (size_t n = 0; n <= 40; n++)
		for (int byte = 1; byte < 256; byte++) {
			struct value v;
			const char *end, *next;

			memset(text, 'a', n);
			if (n > 0)
				text[n - 1 - n / 3] = (char)byte;
			text[n] = '\0';
			v = value_of(text, "\",");
			end = v.p + 64;
			next = usual_text(v.p, end, &a);
			assert_ptr_equal(next, usual_text_portable(v.p, end, &b));
			if (n > 0 && (byte < ' ' || byte == '\\')) {
				assert_null(next);
			} else if (n == 0 || byte != '"') {
				assert_ptr_equal(next, v.p + n);
				assert_int_equal(a.n, n);
				assert_int_equal(b.n, n);
			}
			if (n < 16) {
				bool ends = next == v.p + n;

				assert_int_equal(usual_text_ends(v.p, n), ends);
				assert_int_equal(usual_text_ends_portable(v.p, n), ends);
				assert_false(usual_text_ends(v.p, n == 0 ? 1 : n - 1) && ends);
			}
			/* The quote has to be before the end. */
			assert_null(usual_text(v.p, next == NULL ? v.p : next, &a));
		}
}

static void
flags_are_true_and_false_and_nothing_else(void **state)
{
	static const char *const wrong[] = {"tru", "trux", "fals", "falsx", "null", "1", "TRUE"};
	struct value yes = value_of("true", ",\"M\""), no = value_of("false", "}}");
	bool flag;

	(void)state;
	assert_ptr_equal(usual_flag(yes.p, &flag), yes.p + 4);
	assert_true(flag);
	assert_ptr_equal(usual_flag(no.p, &flag), no.p + 5);
	assert_false(flag);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct value v = value_of(wrong[i], ",");

		assert_null(usual_flag(v.p, &flag));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_of_every_width_are_read_exactly),
		cmocka_unit_test(what_is_no_usual_decimal_is_not_read),
		cmocka_unit_test(any_other_byte_in_a_decimal_is_noticed),
		cmocka_unit_test(integers_of_up_to_16_digits_are_read_and_no_others),
		cmocka_unit_test(times_have_13_or_16_digits_and_fit),
		cmocka_unit_test(texts_end_at_their_quote_and_have_no_escapes),
		cmocka_unit_test(flags_are_true_and_false_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
