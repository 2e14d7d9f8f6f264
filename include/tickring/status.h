/*
 * The status of a feed: counters, lines, latencies; published ten times a
 * second in NAME.status. It stays readable after the feed has died.
 */
#ifndef TICKRING_STATUS_H
#define TICKRING_STATUS_H

#include <stdint.h>

#include <tickring/layout.h>
#include <tickring/reader.h>
#include <tickring/reasons.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TICK_LINES_MAX 64

enum tick_counter {
#define TICK_COUNTER(NAME, name, help) TICK_COUNTER_##NAME,
#include <tickring/counters.def>
#undef TICK_COUNTER
	TICK_COUNTER_COUNT
};

#define TICK_COUNTERS_MAX 128 /* room for later ones */

/* States of a line, as published. */
enum tick_line_state {
	TICK_LINE_IDLE = 0,
	TICK_LINE_CONNECTING = 1,
	TICK_LINE_HANDSHAKE = 2,
	TICK_LINE_SUBSCRIBING = 3,
	TICK_LINE_LIVE = 4,
	TICK_LINE_DRAINING = 5,
	TICK_LINE_BACKOFF = 6,
	TICK_LINE_OPEN_CIRCUIT = 7,
	TICK_LINE_STATE_COUNT = 8
};

/* Whole 8-byte words only: the block is copied word by word. */
struct tick_line_status {
	int64_t state;          /* enum tick_line_state */
	int64_t since_ns;       /* wall clock of the last change of state */
	int64_t attempts;       /* connection attempts */
	int64_t connects;       /* of them successful */
	int64_t reason;         /* enum tick_reason of the last connection's end */
	int64_t close_code;     /* of it, 0 when none */
	int64_t retry_at_ns;    /* wall clock of the next attempt, TICK_ABSENT when none is due */
	int64_t connected_ns;   /* wall clock of the last connection, TICK_ABSENT */
	int64_t last_message_ns; /* wall clock, TICK_ABSENT */
	int64_t streams_wanted, streams_sent, streams_acknowledged;
	int64_t messages, bytes;
	int64_t pings;          /* of the server; TICK_ABSENT where the transport hides them */
	int64_t role;           /* enum tick_line_role */
	int64_t leg;            /* which of the redundant legs it carries */
	int64_t peer;           /* the line that it replaces or that replaces it, -1: none */
	int64_t retire_at_ns;   /* wall clock of its planned replacement, TICK_ABSENT */
	int64_t round_trip_ns;  /* of our last PING, -1: not measured */
	int64_t pongs_permille; /* server's PINGs answered in time, -1: not known */
	int64_t sends_used;     /* messages sent within the exchange's window */
	int64_t wins;           /* messages that it brought first */
	int64_t duplicates;     /* messages that another line, or this one, had brought before */
	char endpoint[64];      /* host:port, and the path where there are several */
};

enum tick_line_role {
	TICK_ROLE_FREE = 0,     /* not in use */
	TICK_ROLE_MEMBER = 1,   /* carries streams */
	TICK_ROLE_SUCCESSOR = 2 /* is about to take a member's place */
};

#define TICK_TRANSITIONS_MAX 64
#define TICK_ENDPOINTS_MAX 32
#define TICK_CONNECTS_MAX 512

/* A line changed its state. */
struct tick_transition {
	int64_t at_ns;      /* wall clock */
	int64_t line;
	int64_t from, to;   /* enum tick_line_state */
	int64_t reason;     /* enum tick_reason */
	int64_t attempt;    /* number of the connection attempt */
	int64_t close_code; /* of the line's last end, 0: none */
	int64_t http_status; /* likewise */
};

struct tick_endpoint_status {
	int64_t circuit;       /* 0 closed, 1 open, 2 half open */
	int64_t until_ns;      /* wall clock of the next try, TICK_ABSENT */
	int64_t reason;        /* enum tick_reason that opened it last */
	int64_t region;        /* 0 is preferred */
	int64_t score;         /* permille */
	int64_t round_trip_ns; /* to connect, moving average; 0: unknown */
	int64_t lines;         /* there now, or on their way */
	int64_t ups, failures; /* connections, so far */
	int64_t spare[7];
	char name[128];        /* host:port@address, NUL-terminated */
};

/* How long a stream may be silent before that is an alarm: its class. */
enum tick_stream_class {
	TICK_CLASS_TRADE = 0,    /* trades: at random */
	TICK_CLASS_QUOTE = 1,    /* best prices: at random, dense */
	TICK_CLASS_DEPTH = 2,    /* book changes up to 250 ms */
	TICK_CLASS_SLOW = 3,     /* 1 s and slower, when something changed */
	TICK_CLASS_PERIODIC = 4, /* every 1 to 3 s without condition */
	TICK_CLASS_RARE = 5,     /* never judged by silence */
	TICK_CLASS_COUNT = 6
};

#define TICK_CLASSES_MAX 8 /* room for later ones */

/*
 * From where on a figure is worth a word, a warning, an alarm (health.h). A
 * figure whose limits are all 0 is not judged.
 */
struct tick_health_limits {
	/* Not to be below: score, permille; messages a second; permille of attempts; of PINGs. */
	int64_t healthy, alert, critical;
	int64_t messages_expected, messages_alert, messages_critical;
	int64_t memory_alert, memory_critical; /* bytes; not to be above */
	int64_t success_expected, success_alert, success_critical;
	int64_t pongs_expected, pongs_alert, pongs_critical;
	/* Not to be above: permille of a class's streams, of a processor; times. */
	int64_t stale_alert, stale_critical;
	int64_t cpu_alert;
	int64_t silence_ns;   /* without a message on any line */
	int64_t line_down_ns; /* of a line, although others are live */
};

/* The control plane: what is wanted, what is used of every budget, what happened. */
struct tick_control {
	int64_t members;       /* lines that carry streams */
	int64_t redundancy;    /* legs */
	int64_t streams_acknowledged, streams_producing, streams_refused; /* on all legs together */
	int64_t streams_stale; /* that no line delivers */
	int64_t connects_used, connects_max, connects_window_ns; /* attempts per address */
	int64_t sends_max, send_window_ns; /* messages per line, one of them kept for a PONG */
	int64_t streams_max;   /* per line */
	int64_t request_bytes_max;
	int64_t rotations_begun, rotations_done, rotations_abandoned, rotations_took_over;
	int64_t stalls, resubscribed, moved, recycled; /* stages of healing */
	int64_t lists, lists_missing; /* lists compared, streams that they should have named */
	int64_t endpoints;     /* the first so many of endpoint[] */
	int64_t region;        /* current one */
	int64_t failovers, returns;
	int64_t memory_bytes;  /* resident, -1: not measured yet */
	int64_t cpu_permille;  /* of one processor, -1 */
	int64_t sockets;       /* open ones of the process, -1 */
	int64_t streams_shed;  /* given up for want of memory or processor */
	int64_t reloads, reloads_refused; /* of the configuration */
	int64_t transitions;   /* so far; number n stands in transition[n % 64] */
	int64_t recent_connects, recent_failures; /* attempts: 15 minutes, or since an outage */
	struct tick_health_limits limits; /* as configured; all 0: the defaults */
	int64_t streams_listed;  /* acknowledged, in the exchange's list, and no message yet */
	int64_t streams_silent;  /* acknowledged or listed, and silent for too long */
	int64_t silent_alarms, lists_foreign; /* so far; foreign: listed where nobody wanted them */
	int64_t books, books_live; /* that are put together from changes; of them in sync */
	int64_t rest_used, rest_budget; /* weight of requests in the last minute, and allowed */
	int64_t rest_paused_until_ns; /* the exchange wants no requests; or TICK_ABSENT */
	struct tick_transition transition[TICK_TRANSITIONS_MAX];
	struct tick_endpoint_status endpoint[TICK_ENDPOINTS_MAX];
	int64_t health_permille[TICK_LINES_MAX]; /* of the lines that are up, 0 to 1000 */
	int64_t connect_ns[TICK_CONNECTS_MAX]; /* wall clock of attempts, any order; TICK_ABSENT */
};

#define TICK_REASONS_MAX 64 /* room for later ones */
#define TICK_STREAMS_MAX 4096 /* rows of streams; what is more has none */
#define TICK_LEGS_MAX 3

/* How far a subscription is on one line. */
enum tick_ledger_state {
	TICK_LEDGER_NONE = 0,      /* not on that line */
	TICK_LEDGER_WANTED = 1,    /* to be subscribed, or the line is down */
	TICK_LEDGER_SENT = 2,      /* asked for, no answer yet */
	TICK_LEDGER_ACKED = 3,     /* accepted, no message yet */
	TICK_LEDGER_LISTED = 4,    /* and named in the exchange's list, no message yet */
	TICK_LEDGER_PRODUCING = 5, /* a message came */
	TICK_LEDGER_REFUSED = 6,   /* refused by itself; asked for again later */
	TICK_LEDGER_LEAVING = 7,   /* being unsubscribed */
	TICK_LEDGER_STATE_COUNT = 8
};

/* Where a stream runs, and how far it is there. */
struct tick_stream_leg {
	int64_t line;     /* -1: no line carries this leg */
	int64_t state;    /* enum tick_ledger_state */
	int64_t heard_ns; /* wall clock of the last message there, TICK_ABSENT */
};

/* One stream; brought up to date about once a second. */
struct tick_stream_status {
	int64_t wanted;          /* 1; 0: it was given up or taken out, and is nobody's concern */
	int64_t stale;           /* 1: no line delivers it */
	int64_t stale_since_ns;  /* wall clock, TICK_ABSENT */
	int64_t reason;          /* enum tick_reason: last change of `stale`; silence; refusal */
	int64_t healing;         /* worst leg: 0 none, 1 list, 2 resubscribe, 3 move, 4 line */
	int64_t last_message_ns; /* wall clock, on any line; TICK_ABSENT */
	int64_t messages;        /* on all lines together */
	int64_t rate_milli;      /* thousandths of a message per second, on all lines together */
	int64_t limit_ns;        /* silence that is not usual any more */
	int64_t limit_learned;   /* 1: from its own messages; 0: of streams of its kind */
	int64_t refused_code;    /* the exchange's last error for it, 0: none */
	int64_t retry_at_ns;     /* wall clock: a refused one is asked for again; TICK_ABSENT */
	int64_t spare[2];
	struct tick_stream_leg leg[TICK_LEGS_MAX];
	char name[64];           /* NUL-terminated, cut to fit; "": no such stream */
};

/* More of a line. */
struct tick_line_detail {
	int64_t count, p50, p90, p99, p999, max; /* exchange to publish, ns, of the last second */
	int64_t ended_reason;    /* enum tick_reason: why its last connection ended */
	int64_t ended_code;      /* its close code, 0: none came */
	int64_t ended_ns;        /* wall clock, TICK_ABSENT: none ended yet */
	int64_t streams_listed, streams_producing, streams_refused, streams_silent;
	int64_t pong_ns;         /* from the server's last PING to our PONG; 0: not measured */
	int64_t pong_max_ns;     /* the longest such time so far */
	int64_t spare[1];
};

/* Settings that tell what the figures mean, beside control.limits. */
struct tick_settings {
	int64_t monitoring;         /* 1: health is measured; 0: it is not, scores are 1000 */
	int64_t health_interval_ns; /* between two overall scores */
	int64_t unhealthy_permille; /* a line below it is replaced */
	int64_t metrics_interval_ns;
	int64_t ping_within_ns;     /* of the server's PINGs */
	int64_t pong_within_ns;     /* of answers to ours */
	int64_t performance;        /* 1: latencies are measured */
	int64_t errors;             /* 1: ends are counted by reason */
	int64_t reconnect;          /* 0: a lost line stays down */
	int64_t limits_kept;        /* 0: the exchange's limits are not kept */
	int64_t spare[22];
};

/* Times in ns; of the last second with messages. */
struct tick_latency {
	int64_t count, p50, p90, p99, p999, max;
};

#define TICK_HISTOGRAM_BUCKETS 24
#define TICK_KEYS_MAX 12288 /* bytes */

/*
 * Spans of time since the feed's start, each counted in one bucket: those
 * below tick_histogram_bound() and not below the one before.
 */
struct tick_histogram {
	int64_t count;  /* the sum of all buckets */
	int64_t sum_ns;
	int64_t spare[6];
	int64_t bucket[TICK_HISTOGRAM_BUCKETS];
};

struct tick_status {
	int64_t at_ns;          /* wall clock of this copy */
	int64_t at_mono_ns;     /* monotonic clock of it */
	int64_t started_ns;     /* wall clock of the feed's start */
	int64_t messages_per_s; /* over the last second */
	int64_t ticks_per_s;
	int64_t lines;          /* lines configured; the first so many of line[] */
	int64_t lines_live;
	int64_t instruments;
	int64_t streams;
	int64_t class_streams[TICK_CLASSES_MAX]; /* wanted ones by enum tick_stream_class */
	int64_t class_stale[TICK_CLASSES_MAX];   /* of them stale: no line delivers them */
	int64_t spare[7];
	struct tick_latency publish; /* receipt, by the kernel if it stamps, to publish */
	struct tick_latency arrival; /* exchange event time to receipt; by two clocks */
	uint64_t counter[TICK_COUNTERS_MAX]; /* by enum tick_counter */
	struct tick_line_status line[TICK_LINES_MAX];
	char transport[16];     /* "uring", "lws", "replay" */
	char version[32];       /* of the feed */
	struct tick_control control;
	struct tick_histogram publish_spans; /* what `publish` is made of, since the start */
	struct tick_histogram arrival_spans; /* the same of `arrival`; negative ones count as 0 */
	char transport_why[96]; /* why it is not the first choice, cut to fit; "" when it is */
	int64_t stream_rows;    /* rows of streams in use, 0 to TICK_STREAMS_MAX */
	int64_t streams_undecoded; /* wanted ones whose messages cannot be decoded */
	int64_t books_starved;  /* not in sync: no memory for levels that are shown */
	int64_t books_cut;      /* in sync, but levels that are not shown found no memory */
	int64_t rest_paused_reason; /* enum tick_reason of control.rest_paused_until_ns */
	int64_t streams_unlisted; /* wanted ones of symbols that the exchange does not list */
	int64_t clock_offset_ns; /* the exchange's clock is so far ahead of ours */
	int64_t clock_within_ns; /* give or take that; 0: not known */
	/* By leg: how much later than the first its messages came; 0: never, or not measured. */
	int64_t skew_p50_ns[TICK_LEGS_MAX], skew_p99_ns[TICK_LEGS_MAX];
	int64_t spare2[2];
	struct tick_settings settings;
	struct tick_line_detail detail[TICK_LINES_MAX]; /* by line */
	int64_t ended[TICK_REASONS_MAX]; /* connections and attempts that ended, by reason */
	/*
	 * The configuration in force: lines "key=value", each after '*' where the
	 * value is not the default and ' ' where it is; NUL-terminated.
	 */
	char keys[TICK_KEYS_MAX];
};

TICK_STATIC_ASSERT(sizeof(struct tick_line_status) == 256, "32 words");
TICK_STATIC_ASSERT(sizeof(struct tick_control) ==
	64 * 8 + TICK_TRANSITIONS_MAX * 64 + TICK_ENDPOINTS_MAX * 256 + TICK_LINES_MAX * 8 +
	TICK_CONNECTS_MAX * 8,
    "no padding");
TICK_STATIC_ASSERT(sizeof(struct tick_health_limits) == 19 * 8, "no padding");
TICK_STATIC_ASSERT(sizeof(struct tick_histogram) == 32 * 8, "no padding");
TICK_STATIC_ASSERT(sizeof(struct tick_status) % 8 == 0, "whole words");
TICK_STATIC_ASSERT((int)TICK_COUNTER_COUNT <= TICK_COUNTERS_MAX, "room for every counter");

TICK_STATIC_ASSERT(sizeof(struct tick_stream_status) == 248, "31 words");
TICK_STATIC_ASSERT(sizeof(struct tick_line_detail) == 128, "16 words");
TICK_STATIC_ASSERT(sizeof(struct tick_settings) == 256, "32 words");
TICK_STATIC_ASSERT((int)TICK_REASON_COUNT <= TICK_REASONS_MAX, "room for every reason");

/* One of the two copies of the status, which are written by turns. */
struct tick_status_block {
	TICK_ALIGNED(128) uint64_t seq; /* odd: being written; the highest even one counts */
	uint64_t spare[15];
	struct tick_status status;
};

struct tick_stream_block {
	TICK_ALIGNED(64) uint64_t seq; /* odd while it is being written */
	struct tick_stream_status status;
};

/* The record of a status segment. */
struct tick_status_record {
	struct tick_status_block copy[2];
	struct tick_stream_block stream[TICK_STREAMS_MAX];
};

TICK_STATIC_ASSERT(sizeof(struct tick_stream_block) == 256, "four lines");

struct tick_status_reader;

/* Opens /dev/shm/FEED.status. Returns 0 or as tick_reader_open(). */
int tick_status_open(struct tick_status_reader **out, const char *feed);

/* Unmaps and frees, nulls the pointer; NULL is fine. */
void tick_status_close(struct tick_status_reader **reader);

/* A consistent copy. Returns 0, TICK_E_BUSY, or TICK_E_ABSENT before the first one was written. */
int tick_status_read(const struct tick_status_reader *reader, struct tick_status *out);

/*
 * A consistent copy of a stream's row, 0 to TICK_STREAMS_MAX - 1. Returns 0,
 * TICK_E_ABSENT when nothing was written there, or TICK_E_BUSY: the writer was
 * met at every attempt, or died in there; *out is filled then, too, but its
 * parts may not belong together.
 */
int tick_status_read_stream(const struct tick_status_reader *reader, unsigned row,
    struct tick_stream_status *out);

/* TICK_END (the writer is fine), TICK_E_STALE, TICK_E_DEAD, TICK_E_REPLACED (open it anew). */
int tick_status_check(const struct tick_status_reader *reader);

/* "live", "backoff" ...; "unknown" when out of range. Never NULL. */
const char *tick_line_state_name(int64_t state);

/* "producing", "acked" ...; "unknown" when out of range. Never NULL. */
const char *tick_ledger_state_name(int64_t state);

/* Where a bucket ends, ns: 1024, and always twice that of the one before; the last: INT64_MAX. */
int64_t tick_histogram_bound(unsigned bucket);

/* Metric name and help text of a counter; NULL when out of range. */
const char *tick_counter_name(unsigned counter);
const char *tick_counter_help(unsigned counter);

#ifdef __cplusplus
}
#endif

#endif
