/*
 * All lines: which streams run where, when to connect. The pure control
 * plane: a sequence of events in, a sequence of actions out.
 *
 * One per feed thread. The struct is visible to be embedded; it points into
 * itself: do not copy it after pool_init(). About 75 KB.
 *
 * The executor's loop (an order that fails at once, like a CONNECT of a busy
 * line, is an event like any other: queued, told after the actions are done):
 *	pool_step(&pool, &event, now, &actions); carry out the actions in order;
 *	wait for the network until pool_deadline(&pool); POOL_TIMER when it came.
 * After a step the deadline lies in the future: due timers are part of every step.
 */
#ifndef FEED_CORE_POOL_H
#define FEED_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"
#include "feed/core/quota.h"
#include "feed/core/session.h"

#define POOL_LINES_MAX SESSION_LINES_MAX
#define POOL_CONNECTS_MAX 512 /* largest connects_max */

struct pool_cfg {
	unsigned initial_connections;        /* lines at start, 1 to max_connections */
	unsigned max_connections;            /* 1 to POOL_LINES_MAX */
	unsigned max_streams_per_connection; /* >= 1 */
	unsigned connects_max;               /* attempts per window, 1 to POOL_CONNECTS_MAX */
	span_t connects_window;              /* > 0 */
	struct session_cfg session;
};

enum pool_event_kind {
	POOL_START, /* open the lines */
	POOL_TIMER, /* pool_deadline() came */
	POOL_LINE,  /* `session` happened to `line` */
	POOL_STOP,  /* hang up everywhere; pool_is_idle() tells when it is done */
};

struct pool_event {
	enum pool_event_kind kind;
	unsigned line;                /* POOL_LINE */
	struct session_event session; /* POOL_LINE: WENT_UP to SHUTDOWN */
};

struct pool {
	struct pool_cfg cfg;
	struct session_shared shared;
	struct session_stream *stream; /* ordered by line */
	unsigned nstreams, nlines;
	uint64_t strays; /* events for no line of ours */
	mono_t connect_stamps[POOL_CONNECTS_MAX];
	struct session session[POOL_LINES_MAX];
};

enum pool_result {
	POOL_OK,
	POOL_BAD_CFG,          /* a value is out of the range that its comment gives */
	POOL_NO_STREAMS,       /* nothing to subscribe */
	POOL_TOO_MANY_STREAMS, /* more than max_connections x max_streams_per_connection */
	POOL_STREAM_TOO_LONG,  /* a stream that fits no request */
};

/*
 * Places `n` streams, numbered 0 to n - 1 by the caller, on as many lines as
 * they need, at least initial_connections, never more than there are streams.
 * `stream_bytes[i]` is what stream i adds to a SUBSCRIBE request (copied).
 * `memory` has room for n entries and outlives the pool. `seed`: of the jitter.
 * On any other result than POOL_OK the pool may not be used.
 */
enum pool_result pool_init(struct pool *pool, const struct pool_cfg *cfg,
    const uint16_t *stream_bytes, unsigned n, struct session_stream *memory, uint64_t seed);

/* The only entry. Empties `actions` first. Unknown lines and late events are counted, no more. */
void pool_step(struct pool *pool, const struct pool_event *event, mono_t now,
    struct pool_actions *actions);

/* The only question: when to send POOL_TIMER. MONO_NEVER: no timer runs. */
mono_t pool_deadline(const struct pool *pool);

/* The caller's number of the stream at a position that an action named. */
unsigned pool_stream_at(const struct pool *pool, unsigned position);

/* How many lines this pool has. */
unsigned pool_lines(const struct pool *pool);

/* Is every line IDLE (not started, or stopped and closed)? */
bool pool_is_idle(const struct pool *pool);

/* A line as the status segment shows it. */
struct pool_line_view {
	enum session_state state;
	mono_t since;            /* when it entered the state */
	uint32_t attempt;        /* number of the current or last connection attempt */
	unsigned failures;       /* in a row, since the last reset */
	bool retries_exhausted;  /* the retry budget is used up, tries go on at the cap */
	unsigned endpoint;       /* where it is or was connected last */
	enum tick_reason reason; /* why its last connection or attempt ended, or START */
	int close_code;          /* close code of that end, 0: none came */
	int http_status;         /* status of that end, 0: no refused upgrade */
	unsigned wanted;         /* streams placed on it */
	unsigned sent;           /* of these sent on this connection, answered or not */
	unsigned acked;          /* of these acknowledged */
	unsigned refused;        /* of these refused */
	mono_t retry_at;         /* BACKOFF: next try, else MONO_NEVER */
	mono_t heard;            /* last message on this connection, MONO_NEVER: none */
	struct session_counts counts;
};

/* Fills *out; false when there is no such line. */
bool pool_line_view(const struct pool *pool, unsigned line, struct pool_line_view *out);

#endif
