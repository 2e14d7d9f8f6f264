/*
 * What the last writer left in the slots of a ring: where the count goes on,
 * and whether the slots agree with each other. Pure; used by ring.c.
 */
#ifndef SHM_SURVEY_H
#define SHM_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/tick.h>

struct survey {
	uint64_t next;  /* number that the next tick gets */
	uint64_t bad;   /* slots whose sequence word cannot be; ~0: the header's hint cannot be */
	bool torn;      /* the newest slot is half written; its number is used again */
	bool recovered; /* `next` is beyond any number that a reader can have seen */
};

/*
 * `nslots` is a power of two. `first` is the number of the first tick ever
 * written here, `hint` the header's. In a sound ring (bad == 0) `next` is
 * exact; in a damaged one it leaves a ring's length of room above the newest
 * number that most slots agree on.
 */
struct survey survey_slots(
    const struct tick *slots, uint64_t nslots, uint64_t first, uint64_t hint);

#endif
