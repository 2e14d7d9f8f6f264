/*
 * What an implementation of transport.h looks like from transport.c, and the
 * event queue that all of them post to. Only transport*.c and their parts
 * include this. Feed thread only, but for wake.
 */
#ifndef FEED_IO_TRANSPORT_IMPL_H
#define FEED_IO_TRANSPORT_IMPL_H

#include "feed/io/transport.h"

#define TRANSPORT_SEND_MAX 4000
#define TRANSPORT_PING_MAX 125
#define TRANSPORT_PATH_MAX 1000
#define TRANSPORT_EVENTS_MAX 256 /* power of two, > 2 per line */

/* The calls of transport.h, arguments checked as far as they are common to all. */
struct transport_ops {
	const char *name;
	bool has_pings;
	size_t host_max; /* characters of a target's host */
	int (*open)(struct transport **out, const struct transport_cfg *cfg, char *why);
	void (*close)(struct transport *transport);
	int (*connect)(struct transport *transport, unsigned line, uint32_t attempt,
	    const struct transport_target *target);
	int (*send)(struct transport *transport, unsigned line, struct bytes text);
	int (*ping)(struct transport *transport, unsigned line, struct bytes payload);
	void (*hang_up)(struct transport *transport, unsigned line, int close_code);
	int (*wait)(struct transport *transport, mono_t deadline);
	void (*wake)(struct transport *transport);
};

/* First member of every implementation. */
struct transport {
	const struct transport_ops *ops;
	struct transport_cfg cfg; /* strings not kept */
	struct transport_counts counts[TRANSPORT_LINES_MAX];
	unsigned owed[TRANSPORT_LINES_MAX]; /* state events of a line not yet taken */
	struct transport_event events[TRANSPORT_EVENTS_MAX];
	struct transport_progress progress[TRANSPORT_LINES_MAX];
	unsigned head, tail; /* next to take, next to post; free-running */
};

extern const struct transport_ops transport_uring_ops, transport_lws_ops;

/*
 * Queues an event. Per line and attempt there are at most two of UP, FAILED,
 * DOWN, and the next attempt waits until they were taken, so these always have
 * room; PING and PONG are dropped when the queue is half full (they stay in
 * the counts).
 */
void transport_post(struct transport *transport, const struct transport_event *event);

/* Are there events to take? */
static inline bool
transport_has_events(const struct transport *transport)
{
	return transport->head != transport->tail;
}

#endif
