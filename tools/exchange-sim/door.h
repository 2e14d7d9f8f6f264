/*
 * What the exchange answers to an HTTP request: a WebSocket handshake on the
 * stream paths, REST below /api, 404 elsewhere.
 */
#ifndef TOOLS_EXCHANGE_SIM_DOOR_H
#define TOOLS_EXCHANGE_SIM_DOOR_H

#include "tools/exchange-sim/session.h"

/*
 * Looks at the bytes at the front of a connection. Returns how many belong to
 * the request that was answered, 0 when it is not complete. The session's state
 * tells what it has become.
 */
size_t door_knock(struct session *s, struct bytes in, wall_t now);

#endif
