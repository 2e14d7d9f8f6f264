/*
 * Writes SBE messages for tests, field by field, little endian.
 */
#ifndef TESTS_SBE_FRAME_H
#define TESTS_SBE_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "feed/base/bytes.h"

#define SBE_FRAME_MAX 4096

struct sbe_frame {
	size_t n;
	char bytes[SBE_FRAME_MAX + 64];
};

/* The lowest `size` bytes of a value. */
static inline void
sbe_put(struct sbe_frame *f, unsigned size, int64_t value)
{
	for (unsigned i = 0; i < size; i++)
		f->bytes[f->n++] = (char)((uint64_t)value >> 8 * i);
}

static inline void
sbe_begin(struct sbe_frame *f, unsigned block, unsigned template_id, unsigned schema,
    unsigned version)
{
	memset(f, 0, sizeof(*f));
	sbe_put(f, 2, block);
	sbe_put(f, 2, template_id);
	sbe_put(f, 2, schema);
	sbe_put(f, 2, version);
}

static inline void
sbe_text(struct sbe_frame *f, const char *text)
{
	sbe_put(f, 1, (int64_t)strlen(text));
	memcpy(f->bytes + f->n, text, strlen(text));
	f->n += strlen(text);
}

static inline struct bytes
sbe_bytes(const struct sbe_frame *f)
{
	return (struct bytes){f->bytes, f->n};
}

/*
 * A message of `trades` trades of ABCUSDT, ids from `id` on, price 12.34,
 * quantity 0.5; `more` bytes that we do not know behind each block, element
 * and the symbol.
 */
static inline void
sbe_trades(struct sbe_frame *f, int64_t id, unsigned trades, unsigned more)
{
	sbe_begin(f, 18 + more, 10000, 1, more > 0);
	sbe_put(f, 8, 1700000000123456);
	sbe_put(f, 8, 1700000000120000);
	sbe_put(f, 1, -8);
	sbe_put(f, 1, -2);
	f->n += more;
	sbe_put(f, 2, 25 + more);
	sbe_put(f, 4, trades);
	for (unsigned i = 0; i < trades; i++) {
		sbe_put(f, 8, id + i);
		sbe_put(f, 8, 1234000000);
		sbe_put(f, 8, 50);
		sbe_put(f, 1, i % 2 == 0);
		f->n += more;
	}
	sbe_text(f, "ABCUSDT");
	f->n += more;
}

static inline void
sbe_quote(struct sbe_frame *f, int64_t id)
{
	sbe_begin(f, 50, 10001, 1, 0);
	sbe_put(f, 8, 1700000000123456);
	sbe_put(f, 8, id);
	sbe_put(f, 1, -2);
	sbe_put(f, 1, -1);
	sbe_put(f, 8, 1234);
	sbe_put(f, 8, 5);
	sbe_put(f, 8, 1235);
	sbe_put(f, 8, 7);
	sbe_text(f, "ABCUSDT");
}

/* A depth message (10002: of one id, `first` is ignored) of so many bids and asks. */
static inline void
sbe_depth(struct sbe_frame *f, unsigned template_id, int64_t first, int64_t last, unsigned bids,
    unsigned asks)
{
	sbe_begin(f, template_id == 10003 ? 26 : 18, template_id, 1, 0);
	sbe_put(f, 8, 1700000000123456);
	if (template_id == 10003)
		sbe_put(f, 8, first);
	sbe_put(f, 8, last);
	sbe_put(f, 1, -1);
	sbe_put(f, 1, 0);
	for (unsigned side = 0; side < 2; side++) {
		unsigned n = side == 0 ? bids : asks;

		sbe_put(f, 2, 16);
		sbe_put(f, 2, n);
		for (unsigned i = 0; i < n; i++) {
			sbe_put(f, 8, side == 0 ? 1000 - (int64_t)i : 1001 + (int64_t)i);
			sbe_put(f, 8, i);
		}
	}
	sbe_text(f, "ABCUSDT");
}

#endif
