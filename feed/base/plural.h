/*
 * "1 line", "2 lines". Pure.
 */
#ifndef FEED_BASE_PLURAL_H
#define FEED_BASE_PLURAL_H

#include <stdint.h>

/* What a noun ends with that stands behind the number: "" or "s". */
static inline const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
