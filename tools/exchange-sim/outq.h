/*
 * Bytes that wait for a socket: whole frames, in order. Grows up to a limit,
 * but always takes one message into an empty queue, so that nothing is too
 * large to be sent.
 */
#ifndef TOOLS_EXCHANGE_SIM_OUTQ_H
#define TOOLS_EXCHANGE_SIM_OUTQ_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"

struct outq {
	unsigned char *p;
	size_t head, tail, cap; /* the bytes waiting are p[head] to p[tail - 1] */
	size_t max;             /* limit of what may wait */
};

static inline size_t
outq_used(const struct outq *q)
{
	return q->tail - q->head;
}

/* May n more bytes wait? */
static inline bool
outq_has_room(const struct outq *q, size_t n)
{
	return outq_used(q) == 0 || outq_used(q) + n <= q->max;
}

void outq_init(struct outq *q, size_t max);

void outq_fini(struct outq *q);

/* Appends; false, and nothing appended, beyond the limit or without memory. */
bool outq_add(struct outq *q, struct bytes a, struct bytes b);

/* The first n bytes have been sent. */
void outq_drop(struct outq *q, size_t n);

#endif
