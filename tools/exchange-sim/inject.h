/*
 * Messages and frames that the market did not make: what the fault "inject"
 * sends, and serverShutdown in its three envelopes.
 */
#ifndef TOOLS_EXCHANGE_SIM_INJECT_H
#define TOOLS_EXCHANGE_SIM_INJECT_H

#include "tools/exchange-sim/session.h"

/* Queues what the fault, an "inject", describes; nothing when the queue is full. */
void inject(struct session *s, const struct fault *f);

/* Queues the event; `now` is the exchange's time. */
void inject_shutdown(struct session *s, enum fault_envelope envelope, wall_t now);

#endif
