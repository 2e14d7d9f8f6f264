/*
 * Which bytes at the tail of an outgoing queue must wait, and until when: how a
 * line is made slow without losing its order. Owns its marks. Pure but for the
 * memory.
 */
#ifndef TOOLS_EXCHANGE_SIM_HOLD_H
#define TOOLS_EXCHANGE_SIM_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/mono.h"

struct hold_mark {
	size_t bytes;
	mono_t at;
};

/* Zeroed is empty. */
struct hold {
	struct hold_mark *mark; /* a ring */
	uint32_t head, n, cap;
	size_t bytes;           /* that wait; all at the tail of the queue */
};

/*
 * The last `bytes` of the queue may go at `at`, but not before what was held
 * earlier. False without memory: then they go at once.
 */
bool hold_add(struct hold *h, size_t bytes, mono_t at);

/* Lets go what is due. True when something was. */
bool hold_release(struct hold *h, mono_t now);

/* When something will be due; MONO_NEVER when nothing waits. */
mono_t hold_deadline(const struct hold *h);

/* Lets everything go: the queue was emptied, or the fault is over. */
void hold_clear(struct hold *h);

void hold_fini(struct hold *h);

#endif
