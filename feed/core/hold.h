/*
 * The messages that wait for ids before them (ARBITER_HOLD): which, in which
 * order, until when. The bytes are the caller's, in as many slots as there are
 * entries here.
 *
 * One per pipeline; feed thread. Owns no clock. Nearly always empty: then
 * hold_is_empty() is all that it costs. Bounded: when it is full, what comes is
 * shown at once (ARBITER_AT_ONCE), after what hold_take_below() has of its key.
 *
 * After ARBITER_HOLD (and its hold_add()), NEW, GAP or RESET of a key: hold_take()
 * until it returns false, each message shown to the arbiter again. When that
 * says HOLD again, put it back and stop: what is higher waits with it. When
 * hold_deadline() came: hold_take_due(), and after each the same with hold_take()
 * of its key, until hold_take_due() returns false.
 */
#ifndef FEED_CORE_HOLD_H
#define FEED_CORE_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define HOLD_MAX 64

/* instrument and class in one number. */
static inline uint64_t
hold_key(uint32_t instrument, unsigned class)
{
	return (uint64_t)instrument << 8 | class;
}

struct held {
	uint64_t key;
	int64_t id;
	mono_t arrived;
	unsigned leg;
	unsigned slot; /* of the caller's bytes, 0 to HOLD_MAX - 1 */
};

struct hold {
	span_t wait_max;          /* as the arbiter's */
	struct held held[HOLD_MAX]; /* ordered by key, then id, then arrival */
	unsigned n;
	uint64_t slots;           /* bit: in use */
	uint64_t total, refused;  /* added so far; not, because it was full */
};

void hold_init(struct hold *hold, span_t wait_max);

/*
 * Keeps a message. Returns its slot, where the caller copies the bytes to, or
 * -1 when all are in use. A slot is free again once its message was taken:
 * read the bytes before the next hold_add().
 */
int hold_add(struct hold *hold, uint64_t key, int64_t id, unsigned leg, mono_t arrived);

/* Takes the lowest id of that key out; false when nothing of it is held. */
bool hold_take(struct hold *hold, uint64_t key, struct held *out);

/* The same, but only of those below that id. */
bool hold_take_below(struct hold *hold, uint64_t key, int64_t id, struct held *out);

/*
 * Takes out the lowest id of a key that holds a message which has waited long
 * enough; false: none has. Order goes first, so it may itself be younger: it
 * gets the `arrived` of the one that is due, so that it is judged now.
 */
bool hold_take_due(struct hold *hold, mono_t now, struct held *out);

/* When hold_take_due() has something; MONO_NEVER: nothing is held. */
mono_t hold_deadline(const struct hold *hold);

static inline bool
hold_is_empty(const struct hold *hold)
{
	return hold->n == 0;
}

#endif
