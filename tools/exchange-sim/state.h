/*
 * What GET /state of the control port tells: connections, faults, totals.
 */
#ifndef TOOLS_EXCHANGE_SIM_STATE_H
#define TOOLS_EXCHANGE_SIM_STATE_H

#include "tools/exchange-sim/exchange.h"

/* Appends the JSON text; with the names of all subscriptions, or their number only. */
void state_put(struct text *t, const struct exchange *x, bool names, mono_t now);

#endif
