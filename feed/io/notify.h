/*
 * Tells a service manager how the feed does, as systemd's Type=notify wants
 * it (sd_notify(3), systemd 252): READY=1, WATCHDOG=1, STOPPING=1, each with a
 * STATUS= text, one datagram each. Nothing is told where nobody asked.
 *
 * Feed thread. The sign of life comes from the loop's own turns, so a loop
 * that hangs gives none, and is ended and started again. No call waits: what
 * the manager's socket has no room for is dropped.
 */
#ifndef FEED_IO_NOTIFY_H
#define FEED_IO_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <tickring/status.h>

#include "feed/base/mono.h"

struct notify {
	int fd;                /* -1: nobody asked */
	struct sockaddr_un to;
	socklen_t to_bytes;
	span_t every;          /* between signs of life; 0: none wanted */
	mono_t due;            /* the next one; MONO_NEVER */
	uint64_t told, dropped; /* datagrams */
};

/*
 * `address` is $NOTIFY_SOCKET: a path, or "@name" of an abstract socket; NULL
 * when nobody asked. `watchdog_us` and `watchdog_pid` are $WATCHDOG_USEC and
 * $WATCHDOG_PID, NULL when not set: signs of life come at a third of the
 * first, if the second is this process or not set. What makes no sense counts
 * as not set.
 */
void notify_open(struct notify *n, const char *address, const char *watchdog_us,
    const char *watchdog_pid);

/* Closes the socket. Harmless when nothing is open. */
void notify_close(struct notify *n);

/* The segments are there and the loop begins. */
void notify_ready(struct notify *n, mono_t now);

/* A turn of the loop: a sign of life, when one is due. */
void notify_on_turn(struct notify *n, const struct tick_status *status, mono_t now);

/* The feed ends on request. */
void notify_stopping(struct notify *n);

/* When notify_on_turn() has something to tell; MONO_NEVER: it has not. */
mono_t notify_deadline(const struct notify *n);

#endif
