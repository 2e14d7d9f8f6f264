/*
 * Which number a name has: an index over an array of names that is the
 * caller's, by hash. Looking up costs the same however many there are.
 * One thread.
 */
#ifndef FEED_PLAN_NAMES_H
#define FEED_PLAN_NAMES_H

#include <stdint.h>

#include "feed/base/bytes.h"

#define NAMES_NONE UINT32_MAX

/* A zeroed one has room for nothing. */
struct names {
	uint32_t *slot; /* number + 1, 0: free */
	uint32_t mask, n;
};

/* Empty, with room for so many. Returns 0 or -ENOMEM. names_free() after that. */
int names_init(struct names *names, uint32_t room);
void names_free(struct names *names);

/* The number of that name in `name`, NAMES_NONE: it has none. */
uint32_t names_find(const struct names *names, char *const *name, struct bytes what);

/* name[number] is there from now on; it was not, and there is room. */
void names_add(struct names *names, char *const *name, uint32_t number);

/* It will not be any more; it is there still. */
void names_remove(struct names *names, char *const *name, uint32_t number);

#endif
