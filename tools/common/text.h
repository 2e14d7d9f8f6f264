/*
 * Text of a terminal: UTF-8 by columns. Knows wide and combining characters
 * by a short table, whatever the locale. Pure.
 */
#ifndef TOOLS_COMMON_TEXT_H
#define TOOLS_COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Copies up to `n` bytes (an earlier NUL ends them) into `out`, NUL-terminated.
 * Control characters and what is no UTF-8 become '?', so that a name from
 * outside can neither steer a terminal nor break JSON. `size` must be at
 * least n + 1. Returns the length.
 */
size_t text_clean(const char *s, size_t n, char *out, size_t size);

/* Columns that a clean string takes. */
int text_columns(const char *s);

/* Bytes of the longest beginning of a clean string that takes at most `columns`. */
size_t text_fit(const char *s, int columns);

/* Prints a clean string in `columns`: blanks on its left, or on its right when negative. */
void text_pad(FILE *out, const char *s, int columns);

/* Prints a clean string as a JSON string with its quotes. */
void text_json(FILE *out, const char *s);

/* What a noun ends with that stands behind the number: "" or "s". */
static inline const char *
text_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
