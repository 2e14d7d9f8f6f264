/*
 * The sockets: libwebsockets listens, does TLS, waits and writes. Its callback
 * only translates; what happens is decided by the exchange.
 */
#ifndef TOOLS_EXCHANGE_SIM_SERVER_H
#define TOOLS_EXCHANGE_SIM_SERVER_H

#include <signal.h>

#include "tools/exchange-sim/ca.h"
#include "tools/exchange-sim/exchange.h"
#include "tools/exchange-sim/options.h"

struct server;

/* Listens. NULL, with a line in the log, when it cannot. Borrows its arguments. */
struct server *server_open(struct exchange *x, const struct options *o, const struct cert *cert);

/* The port it listens on. */
int server_port(const struct server *s);

/* Serves until *stop is set (by a signal), the duration is over or all is done. */
void server_run(struct server *s, const volatile sig_atomic_t *stop);

/* Wakes server_run() up; may be called by a signal handler. */
void server_interrupt(struct server *s);

/* Disconnects everybody. *s becomes NULL. */
void server_close(struct server **s);

#endif
