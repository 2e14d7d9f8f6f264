/*
 * A sliding window over incoming messages. Binance: 5 messages per second and
 * connection; PING, PONG and JSON requests each count (2026-08). A token bucket
 * would let nearly twice as many into one second.
 */
#ifndef TOOLS_EXCHANGE_SIM_LIMITER_H
#define TOOLS_EXCHANGE_SIM_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define LIMITER_MAX 1000

struct limiter {
	uint32_t max;  /* messages within any second, up to LIMITER_MAX */
	uint32_t next; /* slot of the oldest stamp */
	mono_t stamp[LIMITER_MAX];
};

static inline void
limiter_init(struct limiter *l, uint32_t max)
{
	l->max = max;
	l->next = 0;
	for (uint32_t i = 0; i < max; i++)
		l->stamp[i] = MONO_NEVER;
}

/* Counts a message that came at `now`. False when it was one too many. */
static inline bool
limiter_admits(struct limiter *l, mono_t now)
{
	mono_t *oldest = &l->stamp[l->next];
	mono_t free_at = mono_add(*oldest, span_s(1));

	if (!mono_is_never(*oldest) && mono_before(now, free_at))
		return false;
	*oldest = now;
	l->next = (l->next + 1) % l->max;
	return true;
}

#endif
