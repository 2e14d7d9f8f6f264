/*
 * From the streams that are wanted to those that a new configuration, or a new
 * list of instruments, means: step by step, so that whoever takes the steps can
 * do something else in between. A step looks at one stream, or at one
 * instrument of the list; all of them together cost as much as there are.
 *
 * What is not meant any more goes before anything comes: there may not be room
 * for both. Feed thread; nothing is allocated.
 */
#ifndef FEED_PLAN_CHANGE_H
#define FEED_PLAN_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/plan/patterns.h"
#include "feed/plan/plan.h"

enum change_phase {
	CHANGE_NONE,
	CHANGE_MARK, /* who is meant */
	CHANGE_SHED, /* who is not */
	CHANGE_GAIN,
};

/* A zeroed one has nothing to do. */
struct change {
	enum change_phase phase;
	const struct config_strings *streams;
	const struct listing *listing;
	const struct listing *before; /* only_new: who was meant by it stays as he is; NULL: none */
	bool only_new;                /* nothing goes */
	struct pattern_walk walk;
	uint32_t at;                  /* CHANGE_SHED: number of a stream */
	uint64_t added, removed;
};

/* `streams` are wanted, and no others. All is borrowed until the end. */
void change_begin(struct change *change, struct plan *plan, const struct config_strings *streams,
    const struct listing *listing);

/* What patterns mean by a list, and did not mean by the one before, is wanted, too. */
void change_follow(struct change *change, const struct config_strings *streams,
    const struct listing *listing, const struct listing *before);

enum change_step {
	CHANGE_NOTHING, /* at this step */
	CHANGE_DROP,    /* *number is not wanted any more: wanted[] is the caller's to clear */
	CHANGE_ADD,     /* *name is wanted, valid until the next step: plan_add() is the caller's */
	CHANGE_END,     /* nothing is left; the figures stay until the next change begins */
};

enum change_step change_next(struct change *change, const struct plan *plan, uint32_t *number,
    const char **name);

static inline bool
change_goes_on(const struct change *change)
{
	return change->phase != CHANGE_NONE;
}

#endif
