/*
 * The symbols that messages named last and whose they are: in front of the
 * ring's index, which has to look at a symbol byte by byte. A symbol has one
 * place; who comes there next takes it. Ids never change their meaning, so
 * nothing in here gets old. Owned by the pipeline; zeroed is empty.
 */
#ifndef FEED_PIPELINE_KNOWN_H
#define FEED_PIPELINE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "feed/base/bytes.h"

#define KNOWN_PLACES 1024 /* power of two */
#define KNOWN_BYTES 16    /* of the longest symbol */

struct known_symbol {
	uint64_t word[2]; /* its bytes, then zeros */
	uint32_t bytes;   /* 0: nobody is here */
	uint32_t id;
};

struct known {
	struct known_symbol place[KNOWN_PLACES];
};

/* The first n of 16 bytes: what is read from &known_keep[16 - n]. */
static const uint8_t known_keep[2 * KNOWN_BYTES] = {
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

static inline uint64_t
known_word(const void *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The place of a symbol of 1 to KNOWN_BYTES bytes; so many are readable. *as becomes its entry. */
static inline struct known_symbol *
known_place(struct known *known, struct bytes symbol, struct known_symbol *as)
{
	const uint8_t *keep = &known_keep[KNOWN_BYTES - symbol.n];
	uint64_t a = known_word(symbol.p) & known_word(keep);
	uint64_t b = known_word(symbol.p + 8) & known_word(keep + 8);
	uint64_t hash = (a ^ b << 7 ^ b >> 9) * UINT64_C(0x9e3779b97f4a7c15);

	*as = (struct known_symbol){{a, b}, (uint32_t)symbol.n, 0};
	return &known->place[hash >> 32 & (KNOWN_PLACES - 1)];
}

static inline bool
known_is(const struct known_symbol *place, const struct known_symbol *as)
{
	return place->word[0] == as->word[0] && place->word[1] == as->word[1] &&
	    place->bytes == as->bytes;
}

#endif
