/*
 * Writes text into memory of a fixed size: JSON messages, replies, headers.
 * What does not fit is left out and remembered in `full`; nothing is ever
 * written beyond the capacity. Not NUL-terminated. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_TEXT_H
#define TOOLS_EXCHANGE_SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

/* Prices and quantities are integers in units of 1e-8, as spot writes them. */
#define UNITS_PER_ONE INT64_C(100000000)

struct text {
	char *p;
	size_t n;   /* bytes written */
	size_t cap; /* bytes of room */
	bool full;  /* something did not fit */
};

/* Appends n bytes. */
void text_add(struct text *t, const char *p, size_t n);

/* Appends a string literal. */
#define text_lit(t, s) text_add((t), (s), sizeof(s) - 1)

/* Appends an integer in decimal. */
void text_int(struct text *t, int64_t value);

/* Appends units of 1e-8 as a quoted decimal with 8 places: "0.00120000". */
void text_decimal(struct text *t, int64_t units);

/* Appends a JSON string with its quotes, escaping what JSON asks for. */
void text_json(struct text *t, struct bytes s);

static inline struct bytes
text_bytes(const struct text *t)
{
	return (struct bytes){t->p, t->n};
}

#endif
