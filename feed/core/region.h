/*
 * The way back to the preferred region of endpoints, between rotations: one
 * line tries it now and then; when it has been good for long enough, the lines
 * that are elsewhere return, one after the other.
 *
 * A part of a pool (pool.h). The hysteresis is in endpoints.h: return_after.
 * Pure; feed thread.
 */
#ifndef FEED_CORE_REGION_H
#define FEED_CORE_REGION_H

#include "feed/base/mono.h"

struct pool;

/* Looks, when it is time; asks for replacements (rotate.h). */
void region_look(struct pool *pool, mono_t now);

/* When region_look() has something to do; MONO_NEVER: everybody is at home. */
mono_t region_deadline(const struct pool *pool);

#endif
