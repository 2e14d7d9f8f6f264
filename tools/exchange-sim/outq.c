#include "tools/exchange-sim/outq.h"

#include <stdlib.h>
#include <string.h>

void
outq_init(struct outq *q, size_t max)
{
	*q = (struct outq){.max = max};
}

void
outq_fini(struct outq *q)
{
	free(q->p);
	*q = (struct outq){0};
}

/* Room for n bytes at the tail: by moving to the front, else by growing. */
static bool
make_room(struct outq *q, size_t n)
{
	size_t used = outq_used(q), cap = q->cap ? q->cap : 16384;
	unsigned char *p;

	if (q->cap - q->tail >= n)
		return true;
	if (q->head > 0) {
		memmove(q->p, q->p + q->head, used);
		q->head = 0;
		q->tail = used;
	}
	/* Half of it stays free, so that moving stays rare. */
	while (cap < 2 * (used + n))
		cap *= 2;
	if (cap == q->cap)
		return true;
	p = realloc(q->p, cap);
	if (p == NULL)
		return false;
	q->p = p;
	q->cap = cap;
	return true;
}

bool
outq_add(struct outq *q, struct bytes a, struct bytes b)
{
	if (!outq_has_room(q, a.n + b.n) || !make_room(q, a.n + b.n))
		return false;
	if (a.n > 0)
		memcpy(q->p + q->tail, a.p, a.n);
	if (b.n > 0)
		memcpy(q->p + q->tail + a.n, b.p, b.n);
	q->tail += a.n + b.n;
	return true;
}

void
outq_drop(struct outq *q, size_t n)
{
	q->head += n;
	if (q->head == q->tail)
		q->head = q->tail = 0;
}
