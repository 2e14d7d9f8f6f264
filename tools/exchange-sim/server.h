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

/*
 * Listens, and writes the real ports into the options' endpoints. NULL, with a
 * line in the log, when it cannot. Borrows its arguments; `certs` has one
 * for each enum cert_fault.
 */
struct server *server_open(struct exchange *x, struct options *o, const struct cert *certs);

/* The clock that it lives by. */
mono_t server_now(void);

/* The control port; -1: there is none. */
int server_control_port(const struct server *s);

/* Serves until *stop is set (by a signal), the duration is over or all is done. */
void server_run(struct server *s, const volatile sig_atomic_t *stop);

/* Wakes server_run() up; may be called by a signal handler. */
void server_interrupt(struct server *s);

/* Disconnects everybody. *s becomes NULL. */
void server_close(struct server **s);

#endif
