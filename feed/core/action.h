/*
 * What the core wants done. The core fills the list, the executor (app.c, or
 * the simulator) carries it out in order and reports what became of it as
 * events. Transitions are actions too, so that they are logged in one place.
 * Pure; feed thread.
 */
#ifndef FEED_CORE_ACTION_H
#define FEED_CORE_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"

/* The states of a session: one WebSocket connection's life. */
enum session_state {
	SESSION_IDLE,         /* not wanted, or stopped */
	SESSION_CONNECTING,   /* CONNECT was ordered, no outcome yet */
	SESSION_HANDSHAKE,    /* for a transport that reports its handshakes; not entered yet */
	SESSION_SUBSCRIBING,  /* connected; not every stream has its answer */
	SESSION_LIVE,         /* every stream is acknowledged or refused */
	SESSION_DRAINING,     /* HANG_UP was ordered, the end is not reported yet */
	SESSION_BACKOFF,      /* waiting to connect (again), or for the connect quota */
	SESSION_OPEN_CIRCUIT, /* no endpoint may be tried (breaker.h) */
	SESSION_STATES
};

enum pool_action_kind {
	ACT_CONNECT,        /* connect `line` to `endpoint`; hand `attempt` back in its events */
	ACT_SEND_SUBSCRIBE, /* subscribe the streams of `request_id`: pool_request_streams() */
	ACT_SEND_UNSUBSCRIBE, /* the same, the other way */
	ACT_SEND_LIST,      /* ask what is subscribed, id `request_id` */
	ACT_PING,           /* send a PING with the 8 bytes of `request_id` as payload */
	ACT_HANG_UP,        /* close `line` with `close_code`; DOWN or FAILED must follow */
	ACT_STREAM_STALE,   /* no line carries or delivers `stream` any more, `why` */
	ACT_STREAM_LIVE,    /* messages of `stream` came again */
	ACT_STREAM_SILENT,  /* `line` acknowledged `stream`, and brought nothing; `elsewhere` */
	ACT_TRANSITION,     /* nothing to do but to tell: `line` went `from` -> `to`, `why` */
	ACT_STREAM_REFUSED, /* `stream` was refused: is to be told; `no_room`: and is given up */
	ACT_ROTATION,       /* nothing to do but to tell: `peer` replaces `line`; `step`, `why` */
	ACT_STREAMS_MOVED,  /* nothing to do but to tell: `count` left `line`: it is down, `why` */
};

/* How far the replacement of a line is. */
enum pool_rotation { ROTATION_BEGUN, ROTATION_DONE, ROTATION_ABANDONED, ROTATION_TOOK_OVER };

/* Fields that a kind does not name are zero. */
struct pool_action {
	enum pool_action_kind kind;
	unsigned line;
	uint32_t attempt;        /* CONNECT, HANG_UP: number of the connection attempt */
	unsigned endpoint;       /* CONNECT: index into the configured endpoints */
	unsigned path;           /* CONNECT: at which path of it */
	int64_t request_id;      /* SEND_..., PING */
	unsigned first;          /* SEND_SUBSCRIBE: position of the first one */
	unsigned count;          /* SEND_SUBSCRIBE, SEND_UNSUBSCRIBE, STREAMS_MOVED: how many */
	uint32_t stream;         /* STREAM_...: the caller's number */
	bool elsewhere;          /* STREAM_SILENT: another line delivers it */
	unsigned peer;           /* ROTATION: the line that takes over */
	enum pool_rotation step; /* ROTATION */
	int close_code;          /* HANG_UP: WebSocket close code to send */
	int error_code;          /* STREAM_REFUSED: the exchange's code, any number */
	bool no_room;            /* STREAM_REFUSED by us: no line has room, none may be opened */
	enum session_state from; /* TRANSITION */
	enum session_state to;   /* TRANSITION */
	enum tick_reason why;    /* TRANSITION, ROTATION, STREAMS_MOVED, STREAM_... but LIVE */
	span_t retry_in;         /* TRANSITION to BACKOFF: until the next try */
	bool limited;            /* TRANSITION: the exchange's limit of connects is waited for */
};

#define SESSION_LINES_MAX 64
#define SESSION_SENDS_MAX 16 /* most requests that one line sends in one step */

/*
 * One event makes one line do at most: a transition out, a transition in, one
 * of CONNECT / HANG_UP / STREAM_REFUSED, and SESSION_SENDS_MAX requests.
 */
#define SESSION_ACTIONS_MAX (SESSION_SENDS_MAX + 4)

#define POOL_TELLS_MAX 1024 /* most streams that one step tells about; more follow 1 ms later */

/*
 * pool_step() delivers one event to at most every line, lets every line look
 * at its timers, replaces lines, and lets them look once more, up to two rounds each:
 * eight times SESSION_ACTIONS_MAX per line at most, a word on what was moved off
 * each, and 256 alarms (ledger.h).
 */
#define POOL_ACTIONS_MAX \
	((8 * SESSION_ACTIONS_MAX + 1) * SESSION_LINES_MAX + POOL_TELLS_MAX + 256)

/* About 1.2 MB: keep it in the executor's context, not on a stack. */
struct pool_actions {
	unsigned n;
	struct pool_action act[POOL_ACTIONS_MAX];
};

/* Appends a zeroed action of that kind for that line; never fails (see the bound above). */
struct pool_action *actions_add(struct pool_actions *actions, enum pool_action_kind kind,
    unsigned line);

/* Name for logs and JSON ("backoff"); "unknown" when out of range. Never NULL. */
const char *session_state_label(enum session_state state);

#endif
