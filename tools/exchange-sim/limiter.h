/*
 * A sliding window over what a client does. Binance: 5 messages per second and
 * connection; PING, PONG and JSON requests each count; 300 connections per five
 * minutes and address (2026-08). A token bucket would let nearly twice as many
 * through.
 */
#ifndef TOOLS_EXCHANGE_SIM_LIMITER_H
#define TOOLS_EXCHANGE_SIM_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define LIMITER_MAX 1000

struct limiter {
	uint32_t max;  /* within any window, up to LIMITER_MAX */
	uint32_t next; /* slot of the oldest stamp */
	span_t window;
	mono_t stamp[LIMITER_MAX];
};

static inline void
limiter_init(struct limiter *l, uint32_t max, span_t window)
{
	l->max = max;
	l->next = 0;
	l->window = window;
	for (uint32_t i = 0; i < max; i++)
		l->stamp[i] = MONO_NEVER;
}

/* When there is room for one more; MONO_ZERO: always was. */
static inline mono_t
limiter_free_at(const struct limiter *l)
{
	mono_t oldest = l->stamp[l->next];

	return mono_is_never(oldest) ? MONO_ZERO : mono_add(oldest, l->window);
}

/* Counts one that came at `now`. False when it was one too many. */
static inline bool
limiter_admits(struct limiter *l, mono_t now)
{
	if (mono_before(now, limiter_free_at(l)))
		return false;
	l->stamp[l->next] = now;
	l->next = (l->next + 1) % l->max;
	return true;
}

/* How many were admitted within the window that ends at `now`. */
static inline uint32_t
limiter_count(const struct limiter *l, mono_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->max; i++)
		if (!mono_is_never(l->stamp[i]) &&
		    mono_before(now, mono_add(l->stamp[i], l->window)))
			n++;
	return n;
}

#endif
