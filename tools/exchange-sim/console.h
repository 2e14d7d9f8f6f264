/*
 * The control port's HTTP: POST /fault, POST /clear, GET /state. Without
 * sockets.
 */
#ifndef TOOLS_EXCHANGE_SIM_CONSOLE_H
#define TOOLS_EXCHANGE_SIM_CONSOLE_H

#include "tools/exchange-sim/exchange.h"

#define CONSOLE_REQUEST_MAX (1 << 20)
#define CONSOLE_REPLY_MAX (5 << 20)

/*
 * Looks at the bytes of a connection. Returns how many belong to the request
 * that was answered into `reply`, a whole response; 0 when it is not complete.
 * *closes: the connection is to end after the reply.
 */
size_t console_answer(struct exchange *x, struct bytes in, mono_t now, struct text *reply,
    bool *closes);

#endif
