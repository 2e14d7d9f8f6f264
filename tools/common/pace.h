/*
 * How long to sleep when there is nothing to read: 1 ms, growing to 10 ms, so
 * that a tool that waits burns no core and one that reads is soon back.
 */
#ifndef TOOLS_COMMON_PACE_H
#define TOOLS_COMMON_PACE_H

#include <stdint.h>

#define PACE_NS_MIN INT64_C(1000000)
#define PACE_NS_MAX INT64_C(10000000)

struct pace {
	int64_t next_ns; /* 0: the last look found something */
};

/* There was something to read. */
static inline void
pace_on_work(struct pace *p)
{
	p->next_ns = 0;
}

/* There was nothing: how long to sleep now, ns. */
static inline int64_t
pace_on_idle(struct pace *p)
{
	int64_t grown = p->next_ns + p->next_ns / 4;

	p->next_ns = grown < PACE_NS_MIN ? PACE_NS_MIN : grown;
	if (p->next_ns > PACE_NS_MAX)
		p->next_ns = PACE_NS_MAX;
	return p->next_ns;
}

#endif
