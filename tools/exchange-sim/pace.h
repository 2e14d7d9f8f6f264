/*
 * Paces an exact rate: message n is due at start + n / rate, whatever happened
 * before. Late wake-ups are caught up, but never more than PACE_DEBT_MAX: a
 * process that was stopped does not flood its clients. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_PACE_H
#define TOOLS_EXCHANGE_SIM_PACE_H

#include <stdint.h>

#include "feed/base/mono.h"

#define PACE_DEBT_MAX span_ms(100)
/* What was sent too much is made up for by silence, but not by more than this. */
#define PACE_SURPLUS_MAX span_s(1)
/* Fast streams come in batches, so that waking up does not cost more than sending. */
#define PACE_BATCH span_us(100)

struct pace {
	int64_t per_second;
	mono_t start;
	int64_t sent; /* since start */
};

/* Starts at `now`; nothing is due before. */
void pace_start(struct pace *p, int64_t per_second, mono_t now);

/* How many messages are due. */
int64_t pace_due(struct pace *p, mono_t now);

/* `n` were sent; more than due is owed to the next time. */
void pace_sent(struct pace *p, int64_t n);

/* When to ask again: MONO_NEVER at rate 0. */
mono_t pace_deadline(const struct pace *p, mono_t now);

#endif
