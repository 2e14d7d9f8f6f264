/*
 * One line's state machine: connect, subscribe, live, back off, again.
 *
 * The pool owns the sessions and is the only caller; feed thread. A session
 * owns the line's times (connect, acknowledge, drain, retry), its send quota
 * and its part of the stream list. It does nothing itself: it adds actions.
 */
#ifndef FEED_CORE_SESSION_H
#define FEED_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"
#include "feed/core/heartbeat.h"
#include "feed/core/quota.h"
#include "feed/core/retry.h"
#include "feed/core/route.h"
#include "feed/core/stall.h"

#define SESSION_REQUESTS_MAX 32 /* most requests without an answer, per line */

/* What happened to a line. */
enum session_event_kind {
	SESSION_START,       /* connect asked (the pool asks) */
	SESSION_WENT_UP,     /* upgrade accepted; attempt */
	SESSION_FAILED,      /* no connection; attempt reason http_status retry_after_s */
	SESSION_WENT_DOWN,   /* connection ended; attempt reason close_code */
	SESSION_ACKED,       /* reply: request_id was accepted */
	SESSION_REFUSED,     /* reply: request_id was refused; error_code */
	SESSION_LISTED,      /* reply: what is subscribed; request_id listed */
	SESSION_PINGED,      /* the server's PING came and is being answered; attempt at */
	SESSION_ANSWERED,    /* the socket took the PONGs to all of them; attempt at */
	SESSION_PONGED,      /* the answer to our PING; attempt */
	SESSION_HEARD,       /* a message was received; once per line and wake-up is enough */
	SESSION_SHUTDOWN,    /* the server announced its shutdown */
	SESSION_RECYCLE,     /* hang up and connect anew; reason (the pool asks) */
	SESSION_TIMER,       /* the deadline came (the pool asks) */
	SESSION_STOP,        /* hang up and stay down (the pool asks) */
};

struct session_event {
	enum session_event_kind kind;
	uint32_t attempt;        /* as given by ACT_CONNECT: late events are told apart */
	enum tick_reason reason; /* FAILED, WENT_DOWN */
	int http_status;         /* FAILED: status of the refused upgrade, 0 when none came */
	int32_t retry_after_s;   /* FAILED: seconds, -1 (or 0) when none came */
	int close_code;          /* WENT_DOWN: WebSocket close code, 0 when none came */
	mono_t at;               /* PINGED, ANSWERED: when that was, now or before */
	uint64_t messages, faults; /* HEARD: market messages on the line so far; of them bad ones */
	int64_t request_id;      /* ACKED, REFUSED */
	int error_code;          /* REFUSED */
	const uint64_t *listed;  /* LISTED: bit per stream number; borrowed for the step */
};

struct session_cfg {
	span_t connect_within;  /* DNS + TCP + TLS + upgrade, > 0; then HANG_UP */
	span_t ack_within;      /* a request's answer, > 0; then HANG_UP and reconnect */
	span_t data_within;     /* a stream's first message after that, > 0; then an alarm */
	span_t drain_within;    /* the end after HANG_UP, > 0; then it is taken as ended */
	span_t list_every;      /* LIVE: the exchange's list is compared so often, > 0 */
	span_t stable_after;    /* LIVE this long forgets all failures, > 0 */
	unsigned sends_max;     /* messages per send_window that the exchange allows, at most
	                           SESSION_SENDS_MAX */
	unsigned sends_reserved; /* of these kept for PONGs; less than all */
	span_t send_window;     /* > 0; a margin over the exchange's 1 s absorbs network jitter */
	bool reconnect;         /* false: a line that is lost stays down until it is started */
	struct heartbeat_cfg heartbeat;
	unsigned request_bytes_max;      /* longest SUBSCRIBE request */
	unsigned request_bytes_overhead; /* of it without any stream */
	struct retry_cfg retry;
};

enum stream_state {
	STREAM_WANTED,  /* not sent on this connection */
	STREAM_SENT,    /* sent, no answer yet */
	STREAM_ACKED,   /* the exchange accepted it (that does not prove that data flows) */
	STREAM_REFUSED, /* refused by itself; asked for again later */
	STREAM_LEAVING, /* not wanted here any more, UNSUBSCRIBE not sent */
	STREAM_LEFT,    /* UNSUBSCRIBE sent, no answer yet */
	STREAM_FREE,    /* no stream: this place is free */
	STREAM_STATES
};

/* One stream of a line. */
struct session_stream {
	uint32_t index;     /* the caller's number of this stream */
	uint16_t bytes;     /* what it adds to a request */
	uint16_t batch_max; /* most streams in a request with it; halved when one is refused */
	enum stream_state state;
	uint8_t moving_to;  /* the line that shall carry it instead; UINT8_MAX: none */
	uint16_t slot;      /* request on the way that carries it, counting from 1; 0: none */
	bool doomed;        /* SENT: leaves as soon as it is answered */
	bool again;         /* LEAVING, LEFT: asked for anew afterwards */
	bool produced;      /* a message came on this connection */
	bool silent;        /* that no message came after the acknowledgement was told */
	bool listed;        /* the exchange named it in its list, on this connection */
	bool healing;       /* asked for anew because it was silent, and not heard since */
	uint8_t refusals;   /* in a row, over connections */
	int refused_code;   /* the exchange's last one, 0: none */
	mono_t retry_at;    /* REFUSED: when it is asked for again */
	mono_t acked;       /* on this connection, or expected since; MONO_NEVER: not */
	mono_t heard;       /* last message on this connection, MONO_NEVER: none */
};

enum session_request_kind { REQUEST_SUBSCRIBE, REQUEST_UNSUBSCRIBE, REQUEST_LIST };

struct session_request {
	int64_t id; /* 0: slot is free */
	enum session_request_kind kind;
	unsigned first, count;
	mono_t sent, due; /* due: its answer */
};

/* What the sessions of a pool have in common. */
struct session_shared {
	struct session_cfg cfg;
	struct route route;
	struct quota connects;   /* connection attempts per IP */
	struct stall *stall;     /* by position; NULL: nobody watches */
	mono_t data_due;         /* when to look for acknowledged but silent streams: ledger.h */
	int64_t last_request_id; /* unique per pool, counting from 1 */
};

struct session_counts {
	uint64_t connects;      /* CONNECT ordered */
	uint64_t reconnects;    /* times it came up again after having been up */
	uint64_t failures;      /* attempts that failed, connections that ended unasked */
	uint64_t shutdowns;     /* shutdowns announced */
	uint64_t requests;      /* requests sent */
	uint64_t ack_timeouts;  /* connections given up for a missing answer */
	uint64_t ack_errors;    /* requests refused */
	uint64_t lists;         /* lists compared */
	uint64_t missing;       /* acknowledged streams that the list did not name */
	uint64_t silences;      /* times it was found dead */
	uint64_t strays;        /* events of earlier attempts, or that fit no state */
	uint64_t replies_unknown; /* answers to no request of ours */
};

struct session {
	unsigned line, leg, path;      /* leg and path are the pool's to change while IDLE */
	enum session_state state;
	mono_t since;                  /* when the state was entered */
	struct session_shared *shared;
	struct session_stream *stream; /* the whole pool's list */
	unsigned first, room;          /* this line's part of it */
	unsigned nstreams;             /* places in use at its begin, free ones among them */
	unsigned count[STREAM_STATES]; /* of them by state; FREE is not counted */
	uint32_t attempt;              /* number of the current or last connection attempt */
	unsigned endpoint;
	mono_t dialed;                 /* when that attempt began */
	enum tick_reason reason;       /* why the last connection or attempt ended, or START */
	enum tick_reason ended_why;    /* why its last connection ended; attempts do not count */
	int close_code;                /* of that end, 0: none came */
	mono_t ended_at;               /* when; MONO_NEVER: none ended yet */
	mono_t refused_due;            /* when to ask for a refused stream again */
	int http_status;               /* of that end, 0: no refused upgrade */
	mono_t up;                     /* when this connection came up, MONO_NEVER: it has not */
	mono_t heard;                  /* last message on any connection, MONO_NEVER: none */
	uint64_t messages, faults;     /* on all of them, as was told */
	mono_t list_at;                /* when to ask for the exchange's list */
	bool list_wanted;
	enum tick_reason sick;         /* why it wants to be replaced; NONE: it is well */
	bool stopping;                 /* goes to IDLE after DRAINING */
	bool shutdown;                 /* announced on this connection */
	bool hurried;                  /* a try skipped the delay; nothing stable since */
	bool stable;                   /* this connection was LIVE for stable_after */
	bool was_up;                   /* came up at least once */
	struct heartbeat heartbeat;
	struct retry retry;
	struct quota sends;
	mono_t send_stamps[SESSION_SENDS_MAX];
	struct session_request request[SESSION_REQUESTS_MAX];
	struct session_counts counts;
};

/*
 * Starts in IDLE without streams. `stream` is the pool's list, of which
 * [first, first + room) are this line's; both it and `shared` outlive the
 * session.
 */
void session_init(struct session *session, unsigned line, struct session_shared *shared,
    struct session_stream *stream, unsigned first, unsigned room, uint64_t seed);

/* The only entry: takes the event in, adds at most SESSION_ACTIONS_MAX actions. */
void session_step(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions);

/* Is there a connection that takes subscriptions? */
static inline bool
session_is_up(const struct session *session)
{
	return session->state == SESSION_SUBSCRIBING || session->state == SESSION_LIVE;
}

/* When SESSION_TIMER is due; MONO_NEVER: not. */
mono_t session_deadline(const struct session *session);

#endif
