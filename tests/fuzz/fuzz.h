/*
 * What the fuzz targets share. A rule that is broken says so on stderr and
 * aborts, which libFuzzer takes for a finding.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/bytes.h"

/* Each target defines it; libFuzzer calls it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing when `fine`. */
static inline void
must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* The same for a condition that says by itself what is wrong. */
#define require(condition) must((condition), #condition)

/*
 * A copy of the input in memory of just its size and `padding` bytes of `pad`
 * behind it, so that a read beyond is a finding. Freed by fuzz_free().
 */
static inline struct bytes
fuzz_copy(const void *data, size_t size, int pad, size_t padding)
{
	char *copy = malloc(size + padding > 0 ? size + padding : 1);

	must(copy != NULL, "out of memory");
	if (size > 0)
		memcpy(copy, data, size);
	memset(copy + size, pad, padding);
	return (struct bytes){copy, size};
}

static inline void
fuzz_free(struct bytes copy)
{
	free((char *)copy.p);
}

/* Takes from the front of *in what it can; false: it has come to its end. */
typedef bool fuzz_take_fn(void *context, struct bytes *in);

/*
 * Gives the input to `take` in pieces of `step` bytes (0: at once), each a
 * copy of its own. Returns how many bytes were left when it came to its end.
 */
static inline size_t
fuzz_in_pieces(const void *data, size_t n, size_t step, fuzz_take_fn *take, void *context)
{
	bool more = true;
	size_t at = 0;

	while (at < n && more) {
		size_t piece = step == 0 || step > n - at ? n - at : step;
		struct bytes copy = fuzz_copy((const char *)data + at, piece, 0, 0), in = copy;

		more = take(context, &in);
		must(in.n <= piece && in.p == copy.p + (piece - in.n), "the input went astray");
		must(!more || in.n == 0, "more is wanted, with bytes left");
		at += piece - in.n;
		fuzz_free(copy);
	}
	return n - at;
}

#endif
