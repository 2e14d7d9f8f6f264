/*
 * SIGINT, SIGTERM and SIGHUP as questions to ask. One thread, the feed thread,
 * asks; the handlers only note and wake it.
 */
#ifndef FEED_IO_SIGNALS_H
#define FEED_IO_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "feed/io/transport.h"

/* Takes the handling over; SIGPIPE is ignored. */
void signals_catch(void);

/* The transport to wake when a signal comes; NULL: none (any more). */
void signals_wake(struct transport *transport);

/* Was SIGINT or SIGTERM sent? */
bool signals_stop_asked(void);

/* The same as a flag, for those who wait by themselves. */
const volatile sig_atomic_t *signals_stop_flag(void);

/* Was SIGHUP sent since the last call? */
bool signals_take_reload(void);

#endif
