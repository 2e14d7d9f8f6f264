/*
 * The exchange's requests over WebSocket: SUBSCRIBE, UNSUBSCRIBE,
 * LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY, with the documented replies.
 */
#ifndef TOOLS_EXCHANGE_SIM_CONTROL_H
#define TOOLS_EXCHANGE_SIM_CONTROL_H

#include "tools/exchange-sim/session.h"

/* Obeys a request's text, and queues the answer. */
void control_request(struct session *s, struct bytes request, mono_t now);

#endif
