/*
 * One client's connection, from the first byte after TLS to the last: HTTP
 * requests, then WebSocket messages, pings, age and the closing handshake.
 * Sans-I/O: bytes come in by session_on_bytes(), bytes to be sent wait in `out`
 * for whoever owns the socket. One thread; the time is always an argument.
 */
#ifndef TOOLS_EXCHANGE_SIM_SESSION_H
#define TOOLS_EXCHANGE_SIM_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/mono.h"
#include "feed/base/wall.h"
#include "tools/exchange-sim/http.h"
#include "tools/exchange-sim/hub.h"
#include "tools/exchange-sim/limiter.h"
#include "tools/exchange-sim/message.h"
#include "tools/exchange-sim/outq.h"
#include "tools/exchange-sim/wire.h"

#define SESSION_PINGS 4 /* payloads remembered for their pongs */

struct session_cfg {
	span_t life;          /* age at which the exchange hangs up */
	span_t ping_interval;
	span_t pong_timeout;
	uint32_t streams_max;
	uint32_t messages_per_s_max;
	size_t queue_max;     /* bytes that may wait for the client */
};

/* What all sessions share. */
struct session_desk {
	struct session_cfg cfg;
	struct hub *hub;
	/* Answers a REST request into `reply` (a whole HTTP response). */
	void (*rest)(void *ctx, const struct http_request *r, wall_t now, struct text *reply);
	/* The set of streams or of open sessions changed. */
	void (*changed)(void *ctx);
	void *ctx;
	struct text scratch; /* room for the largest reply */
};

enum session_state {
	SESSION_HTTP,    /* requests */
	SESSION_OPEN,    /* WebSocket */
	SESSION_CLOSING, /* our close frame is on its way; waits for the client's */
	SESSION_OVER,    /* disconnect when `out` is empty */
};

struct session {
	enum session_state state;
	struct session_desk *desk;
	uint64_t number;           /* counts connections, for the log */
	struct outq out;
	size_t unframed;           /* bytes at the front of `out` before the next frame */
	struct outq head;          /* bytes of an unfinished HTTP request */
	struct wire wire;
	struct limiter limiter;
	bool combined;             /* payloads in the envelope with the stream's name */
	enum time_unit unit;
	struct stream **stream;    /* subscriptions, in order */
	uint32_t nstreams;
	mono_t ends;               /* age limit */
	mono_t ping_at;            /* next ping */
	mono_t pong_by;            /* deadline of the oldest unanswered ping */
	mono_t close_by;           /* of the closing handshake */
	char ping[SESSION_PINGS][20]; /* payloads, the last one at npings - 1 */
	mono_t pinged[SESSION_PINGS];
	uint32_t npings;           /* sent so far */
	uint32_t answered;         /* of those */
	uint64_t sent;             /* messages queued for the client */
	bool wants_write;          /* something is in `out` that the owner knows nothing of */
	bool too_slow;             /* a market message did not fit; to be closed */
	void *owner;               /* the socket's */
	struct session *next, *prev;
};

/* Begins. False without memory. */
bool session_init(struct session *s, struct session_desk *desk, uint64_t number, mono_t now);

/* Ends: unsubscribes from everything, frees. */
void session_fini(struct session *s);

void session_on_bytes(struct session *s, struct bytes in, mono_t now, wall_t wall);

/* Does what is due: ping, timeouts. */
void session_on_time(struct session *s, mono_t now, wall_t wall);

/* When session_on_time() has something to do. */
mono_t session_deadline(const struct session *s);

/* Queues a text message. False when the queue is full; nothing is queued then. */
bool session_send(struct session *s, struct bytes message);

/* Queues a frame that is complete with its header. False when the queue is full. */
bool session_send_frame(struct session *s, struct bytes frame);

/* Starts the closing handshake with a close code. */
void session_close(struct session *s, int code, const char *reason, mono_t now);

/* Is it subscribed to the stream? */
bool session_has(const struct session *s, struct bytes name);

/* Subscribes once; false without memory. The caller has checked the limit. */
bool session_subscribe(struct session *s, struct bytes name);

void session_unsubscribe(struct session *s, struct bytes name);

/* May the owner disconnect now? */
static inline bool
session_done(const struct session *s)
{
	return s->state == SESSION_OVER && outq_used(&s->out) == 0;
}

#endif
