/*
 * All lines: which streams run where, when to connect. The pure control
 * plane: a sequence of events in, a sequence of actions out.
 *
 * One per feed thread. The struct is visible to be embedded; it points into
 * itself: do not copy it after pool_init(). About 90 KB.
 *
 * A member line carries streams of one leg; there are `redundancy` legs, and
 * each stream has a line in every one. Where the exchange serves streams at
 * more than one path (group.h), a line carries those of one path only. Lines
 * beyond max_connections serve only to replace others (rotate.h).
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
#include <stddef.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/base/rng.h"
#include "feed/core/action.h"
#include "feed/core/checkup.h"
#include "feed/core/group.h"
#include "feed/core/ledger.h"
#include "feed/core/place.h"
#include "feed/core/quota.h"
#include "feed/core/refuge.h"
#include "feed/core/region.h"
#include "feed/core/rotate.h"
#include "feed/core/scale.h"
#include "feed/core/session.h"
#include "feed/core/stall.h"
#include "feed/core/watch.h"

#define POOL_LINES_MAX SESSION_LINES_MAX
#define POOL_CONNECTS_MAX 512 /* largest connects_max */
#define POOL_LEGS_MAX 3
#define POOL_PATHS_MAX GROUP_PATHS_MAX
#define POOL_NO_LINE UINT8_MAX

struct pool_cfg {
	unsigned initial_connections;        /* lines at start, 1 to max_connections */
	unsigned max_connections;            /* 1 to POOL_LINES_MAX */
	unsigned max_streams_per_connection; /* >= 1 */
	unsigned line_room;                  /* most that it can become, >= the former */
	unsigned redundancy;                 /* legs, 1 to POOL_LEGS_MAX */
	unsigned paths;                      /* that streams are at, 1 to POOL_PATHS_MAX */
	unsigned connects_max;               /* attempts per window, 1 to POOL_CONNECTS_MAX */
	span_t connects_window;              /* > 0 */
	struct rotate_cfg rotate;
	struct scale_cfg scale;
	struct checkup_cfg checkup;
	struct route_cfg route; /* its legs are `redundancy` */
	struct session_cfg session;
};

enum pool_event_kind {
	POOL_START, /* open the lines */
	POOL_TIMER, /* pool_deadline() came */
	POOL_LINE,  /* `session` happened to `line` */
	POOL_HEARD, /* messages of streams came: `heard`, `nheard` of them */
	POOL_ADD,   /* `stream` is wanted, too: `bytes`, `class`, `path` */
	POOL_DROP,  /* `stream` is not wanted any more; its number is free afterwards */
	POOL_QUIET, /* nothing is expected of `stream`, for the reason `why`; or it is again */
	POOL_HELD_UP, /* the executor did not run for `span`: nobody listened, nobody was silent */
	POOL_RETUNE, /* `cfg` takes the place of the old one; see pool_may_retune() */
	POOL_STOP,  /* hang up everywhere; pool_is_idle() tells when it is done */
};

/* Messages of a stream since the last POOL_HEARD; those that the arbiter judged. */
struct pool_heard {
	uint32_t stream;
	uint32_t messages; /* on all lines together */
	uint64_t lines;    /* bit per line */
};

struct pool_event {
	enum pool_event_kind kind;
	unsigned line;                  /* POOL_LINE */
	struct session_event session;   /* POOL_LINE: WENT_UP to SHUTDOWN */
	const struct pool_heard *heard; /* POOL_HEARD: borrowed for the step */
	unsigned nheard;
	uint32_t stream;                /* ADD, DROP, QUIET: number, < streams_max */
	enum tick_reason why;           /* QUIET: HALTED, UNLISTED; NONE: messages are expected */
	uint16_t bytes;                 /* ADD: what it adds to a request */
	uint8_t class;                  /* ADD: enum stall_class */
	uint8_t path;                   /* ADD: where it is served, < paths */
	span_t span;                    /* HELD_UP */
	const struct pool_cfg *cfg;     /* RETUNE: borrowed for the step */
};

enum pool_line_role {
	POOL_LINE_FREE,      /* not in use */
	POOL_LINE_MEMBER,    /* carries streams of its leg */
	POOL_LINE_SUCCESSOR, /* is about to take a member's place */
};

/* What the pool knows of a line beside its session. */
struct pool_line {
	enum pool_line_role role;
	uint8_t leg;
	uint8_t path;                /* of the exchange's endpoints, < paths */
	uint8_t peer;                /* whom it replaces; MEMBER: by whom, or POOL_NO_LINE */
	uint32_t attempt;            /* connection that retire_at was planned for */
	enum tick_reason retire_why;
	mono_t retire_at;            /* when it wants to be replaced */
	mono_t not_before;           /* a replacement failed: none before this */
	struct health health;
	uint64_t messages, faults;   /* of the session at the last look at its health */
	bool closing;                /* its streams move away, then it is closed */
	mono_t idle_since;           /* without streams, MONO_NEVER: it has some */
	mono_t refuge_at;            /* down: its streams go elsewhere; MONO_NEVER: it is up */
	mono_t look_at;              /* SUCCESSOR: when to see whether it has everything */
};

/* A line of that role without plans. For the parts of the pool. */
void pool_line_init(struct pool_line *line, enum pool_line_role role);

/* Memory of a pool, the caller's; outlives it. */
struct pool_memory {
	struct session_stream *entry; /* pool_places() of them */
	struct pool_stream *stream;   /* streams_max of them */
	struct stall_stream *stall;   /* pool_places() of them; NULL: silence is not watched */
	struct balance_item *item;    /* streams_max of them; NULL: load moves nothing */
	const uint8_t *class;         /* enum stall_class per stream; read by pool_init() only */
	const uint8_t *path;          /* of each stream, < paths; likewise; NULL: all at 0 */
	unsigned streams_max;
};

struct pool {
	struct pool_cfg cfg;
	struct session_shared shared;
	struct session_stream *entry; /* line by line, cfg.line_room each */
	struct pool_stream *stream;   /* by the caller's number */
	unsigned nstreams, streams_max;
	unsigned nlines;              /* members and room for replacements */
	unsigned members;
	struct pool_line line[POOL_LINES_MAX];
	struct rng rng;
	struct watch watch;
	struct ledger ledger;
	struct stall stall;
	struct scale scale;
	mono_t checkup_at;            /* next look at the lines' health */
	mono_t region_at;             /* next look at where the lines are */
	struct balance_item *item;
	struct rotate_counts rotations;
	uint64_t strays; /* events for no line or stream of ours */
	mono_t connect_stamps[POOL_CONNECTS_MAX];
	struct session session[POOL_LINES_MAX];
};

enum pool_result {
	POOL_OK,
	POOL_BAD_CFG,          /* a value is out of the range that its comment gives */
	POOL_NO_STREAMS,       /* nothing to subscribe */
	POOL_TOO_MANY_STREAMS, /* more than all lines may carry, or no memory */
	POOL_STREAM_TOO_LONG,  /* a stream that fits no request */
};

/* How many entries its memory needs. */
size_t pool_places(const struct pool_cfg *cfg);

/*
 * Places `n` streams, numbered 0 to n - 1 by the caller, on as many lines as
 * each leg and path needs, at least initial_connections in all, never more in a leg
 * than there are streams. `stream_bytes[i]` is what stream i adds to a
 * SUBSCRIBE request (copied). `seed`: of jitter and ages. On any other result
 * than POOL_OK the pool may not be used.
 */
enum pool_result pool_init(struct pool *pool, const struct pool_cfg *cfg,
    const uint16_t *stream_bytes, unsigned n, const struct pool_memory *memory, uint64_t seed);

/* Before POOL_START: does the transport tell of the server's PINGs? */
void pool_see_pings(struct pool *pool, bool visible);

/*
 * May that configuration take the place of the pool's? Not when it is out of
 * range, or changes what memory was made for: legs, paths, line_room, endpoints, or
 * more lines than max_connections was at pool_init().
 */
bool pool_may_retune(const struct pool *pool, const struct pool_cfg *cfg);

/* Before POOL_START: a connection attempt of an earlier run, at that time; oldest first. */
void pool_recall_connect(struct pool *pool, mono_t at);

/* The only entry. Empties `actions` first. Unknown lines and late events are counted, no more. */
void pool_step(struct pool *pool, const struct pool_event *event, mono_t now,
    struct pool_actions *actions);

/* The only question: when to send POOL_TIMER. MONO_NEVER: no timer runs. */
mono_t pool_deadline(const struct pool *pool);

/*
 * The streams of a request that an action named, by the caller's numbers: up
 * to `max` of them in out[]. Returns how many; 0 when the line ended meanwhile.
 */
unsigned pool_request_streams(const struct pool *pool, const struct pool_action *act,
    uint32_t *out, unsigned max);

/* How many lines this pool has; those for replacements are the FREE ones. */
unsigned pool_lines(const struct pool *pool);

/* The highest number of a line that was ever used, and one. */
unsigned pool_lines_used(const struct pool *pool);

/* How many of them carry streams. */
unsigned pool_members(const struct pool *pool);

/* Is every line IDLE (not started, or stopped and closed)? */
bool pool_is_idle(const struct pool *pool);

/* A line as the status segment shows it. */
struct pool_line_view {
	enum pool_line_role role;
	unsigned leg;
	unsigned path;           /* of the endpoint; which streams are served there */
	unsigned peer;           /* the line that it replaces, or that replaces it; POOL_NO_LINE */
	mono_t retire_at;        /* when it will be replaced, MONO_NEVER: not planned */
	enum session_state state;
	mono_t since;            /* when it entered the state */
	uint32_t attempt;        /* number of the current or last connection attempt */
	unsigned failures;       /* in a row, since the last reset */
	bool retries_exhausted;  /* the retry budget is used up, tries go on at the cap */
	unsigned endpoint;       /* where it is or was connected last */
	enum tick_reason reason; /* why its last connection or attempt ended, or START */
	enum tick_reason ended_why; /* why its last connection ended */
	int close_code;          /* its close code, 0: none came */
	mono_t ended_at;         /* when, MONO_NEVER: none ended yet */
	int http_status;         /* status of that end, 0: no refused upgrade */
	unsigned wanted;         /* streams placed on it */
	unsigned sent;           /* of these sent on this connection, answered or not */
	unsigned acked;          /* of these acknowledged */
	unsigned refused;        /* of these refused */
	mono_t retry_at;         /* BACKOFF: next try, else MONO_NEVER */
	mono_t heard;            /* last message on any connection, MONO_NEVER: none */
	const struct heartbeat *heartbeat;
	struct session_counts counts;
};

/* Fills *out; false when there is no such line. */
bool pool_line_view(const struct pool *pool, unsigned line, struct pool_line_view *out);

#endif
