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
#include "tools/exchange-sim/endpoint.h"
#include "tools/exchange-sim/faults.h"
#include "tools/exchange-sim/hold.h"
#include "tools/exchange-sim/http.h"
#include "tools/exchange-sim/hub.h"
#include "tools/exchange-sim/limiter.h"
#include "tools/exchange-sim/message.h"
#include "tools/exchange-sim/outq.h"
#include "tools/exchange-sim/served.h"
#include "tools/exchange-sim/tally.h"
#include "tools/exchange-sim/visitor.h"
#include "tools/exchange-sim/wire.h"

#define SESSION_PINGS 4 /* payloads remembered for their pongs */

struct session_cfg {
	span_t life;          /* age at which the exchange hangs up */
	span_t ping_interval;
	span_t pong_timeout;
	uint32_t streams_max;
	uint32_t messages_per_s_max;
	size_t queue_max;     /* bytes that may wait for the client */
	const char *api_key;  /* that binary endpoints ask for; NULL: none */
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
	struct faults *faults;     /* or NULL: none */
	struct visitors *visitors; /* or NULL: everybody is welcome */
	struct tally tally;
	struct random dice;        /* of the jitter */
	mono_t now;                /* the owner's last time stamp */
	mono_t due;                /* not later than a deadline that arose since */
};

enum session_state {
	SESSION_HTTP,    /* requests */
	SESSION_OPEN,    /* WebSocket */
	SESSION_CLOSING, /* our close frame is on its way; waits for the client's */
	SESSION_OVER,    /* disconnect when `out` is empty */
};

/* How the owner is to end the connection, without waiting for `out`. */
enum session_cut { SESSION_CUT_NOT, SESSION_CUT_RST, SESSION_CUT_FIN };

/* A reply that comes late. */
struct late {
	struct late *next;
	mono_t at;
	size_t n;
	char p[];
};

struct session {
	enum session_state state;
	struct session_desk *desk;
	uint64_t number;           /* counts connections: its id */
	const struct endpoint *endpoint; /* where it came in, or NULL */
	char peer[VISITOR_ADDRESS_MAX];  /* the client's address */
	mono_t born;
	struct outq out;
	struct hold hold;          /* what of `out` must wait */
	size_t unframed;           /* bytes at the front of `out` before the next frame */
	struct outq head;          /* bytes of an unfinished HTTP request */
	struct wire wire;
	struct limiter limiter;
	bool combined;             /* payloads in the envelope with the stream's name */
	enum served_route route;   /* its path: what is served there */
	enum time_unit unit;
	struct stream **stream;    /* subscriptions, in order */
	bool *mute;                /* which of them yield nothing, by a fault */
	uint32_t nstreams, nmute;
	struct {
		const struct stream *stream; /* NULL: nothing is kept */
		char *p;                     /* a frame */
		size_t n;
	} kept;                    /* by a fault, until the next one of its stream */
	struct late *late;         /* replies, in no order */
	mono_t ends;               /* age limit */
	mono_t shut_at;            /* serverShutdown was sent: closes then */
	mono_t ping_at;            /* next ping */
	mono_t pong_by;            /* deadline of the oldest unanswered ping */
	mono_t close_by;           /* of the closing handshake */
	char ping[SESSION_PINGS][20]; /* payloads, the last one at npings - 1 */
	mono_t pinged[SESSION_PINGS];
	uint32_t npings;           /* sent so far */
	uint32_t answered;         /* of those */
	uint64_t sent;             /* messages queued for the client */
	uint64_t requests, got_pings, got_pongs; /* came from the client */
	uint32_t peak_messages;    /* of those, within any second */
	enum session_cut cut;
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

/*
 * Queues a frame, its header and its payload (either may be empty when the
 * other is complete), as faults allow. False when the queue is full.
 */
bool session_queue(struct session *s, struct bytes head, struct bytes payload);

/* Queues bytes that are no frame: the answer to an HTTP request, to go at `at`. */
void session_answer(struct session *s, struct bytes bytes, mono_t at);

/* Sends a text message at a later time; lost when there is no memory. */
void session_send_later(struct session *s, struct bytes message, mono_t at);

/* Ends it at once, as the owner is told by `cut`. */
void session_cut(struct session *s, enum session_cut how);

/* Whom a fault would concern. */
struct fault_target session_target(const struct session *s);

/* Starts the closing handshake with a close code. */
void session_close(struct session *s, int code, const char *reason, mono_t now);

/* Is it subscribed to the stream? */
bool session_has(const struct session *s, struct bytes name);

/* Subscribes once; false without memory. The caller has checked the limit. */
bool session_subscribe(struct session *s, struct bytes name);

void session_unsubscribe(struct session *s, struct bytes name);

void session_unsubscribe_all(struct session *s);

/* A fault: a subscription yields nothing any more, until it is made anew. */
void session_mute(struct session *s, struct bytes name);

/* Is the subscription to the stream mute? */
bool session_is_mute(const struct session *s, const struct stream *stream);

/* Lowers `desk->due`. */
static inline void
session_due(struct session *s, mono_t at)
{
	s->desk->due = mono_min(s->desk->due, at);
}

/* Does it get binary messages? */
static inline bool
session_is_binary(const struct session *s)
{
	return s->endpoint != NULL && s->endpoint->binary;
}

/* May the owner disconnect now? */
static inline bool
session_done(const struct session *s)
{
	return s->state == SESSION_OVER && outq_used(&s->out) == 0;
}

#endif
