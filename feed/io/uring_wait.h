/*
 * How the io_uring transport waits: asleep in the kernel, or asking it again
 * and again. Feed thread.
 *
 * One timeout stands in the ring for many sleeps. Deadlines mostly move on, so
 * it comes too early at times, and then only wakes. A timeout that went along
 * with each sleep would be started before and cancelled behind it, when there
 * is a message to be published.
 */
#ifndef FEED_IO_URING_WAIT_H
#define FEED_IO_URING_WAIT_H

#include "feed/io/uring_line.h"

/*
 * Submits, and sleeps until something completes; at the latest at the deadline,
 * but for what the timeout's own completion takes. Does not sleep when `now` is
 * past it. Returns 0 or -errno; interrupted is 0.
 */
int uring_wait_asleep(struct transport_uring *t, mono_t deadline, mono_t now);

/* The same without sleeping. */
int uring_wait_awake(struct transport_uring *t, mono_t deadline);

/* The timeout came: the next sleep needs another one. */
void uring_wait_on_timeout(struct transport_uring *t);

#endif
