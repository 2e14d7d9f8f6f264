/*
 * Borrowed memory: valid during the call that passes it, never stored.
 * Pure; any thread.
 */
#ifndef FEED_BASE_BYTES_H
#define FEED_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
	const char *p; /* not NUL-terminated */
	size_t n;      /* length in bytes */
};

#define BYTES_LIT(s) ((struct bytes){(s), sizeof(s) - 1})
#define BYTES_NONE ((struct bytes){NULL, 0})

static inline struct bytes
bytes_of(const char *s)
{
	return (struct bytes){s, strlen(s)};
}

static inline bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
