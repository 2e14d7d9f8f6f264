/*
 * How is a feed? One verdict for everybody: the feed's own HTTP pages and
 * alerts, feed-health, pool-status and whoever else reads NAME.status.
 *
 * Pure functions over a copy of the status; any thread, no memory of their
 * own. Everything in a status counts as possibly damaged: no value of it
 * leads astray more than the verdict.
 *
 * The score goes from 0 to 1000 and is that of the worst indicator. Each
 * indicator is put on the same scale by its limits: better than `expected` it
 * is at 1000, between expected and alert at `healthy` - 1 down to `alert`,
 * between alert and critical down to `critical`, beyond it down to 0. So a
 * score below `alert` (0.5) and a warning, a score below `critical` (0.3) and
 * an alarm are one thing. Freshness comes first: in the list of reasons, and
 * because most streams of one class being stale is an alarm by itself.
 */
#ifndef TICKRING_HEALTH_H
#define TICKRING_HEALTH_H

#include <stdint.h>

#include <tickring/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TICK_HEALTH_MAX 1000         /* the best score */
#define TICK_HEALTH_REASONS_MAX 160  /* enough for all at once */
#define TICK_HEALTH_ATTEMPTS_MIN 10  /* fewer attempts to connect make no rate */
#define TICK_HEALTH_STARTING_NS INT64_C(60000000000) /* within it a feed is still starting */
#define TICK_HEALTH_OLD_NS INT64_C(30000000000) /* a status above that age is not to be trusted */

/* Numbered as monitoring plug-ins exit. */
enum tick_health_level {
	TICK_HEALTH_OK = 0,      /* of a reason: a note, not a fault */
	TICK_HEALTH_WARNING = 1,
	TICK_HEALTH_CRITICAL = 2,
	TICK_HEALTH_UNKNOWN = 3, /* there is something, but it cannot be judged */
	TICK_HEALTH_LEVELS = 4
};

enum tick_health_what {
#define TICK_HEALTH_REASON(NAME, label, unit, text) TICK_HEALTH_##NAME,
#include <tickring/health.def>
#undef TICK_HEALTH_REASON
	TICK_HEALTH_REASON_COUNT
};

enum tick_health_unit {
	TICK_UNIT_NONE = 0, /* value and limit say nothing */
	TICK_UNIT_COUNT = 1,
	TICK_UNIT_PERMILLE = 2,
	TICK_UNIT_BYTES = 3,
	TICK_UNIT_NS = 4,
	TICK_UNIT_PER_S = 5
};

struct tick_health_reason {
	int64_t what;  /* enum tick_health_what */
	int64_t level; /* enum tick_health_level */
	int64_t of;    /* the line, or the class of streams; -1: the whole feed */
	int64_t value; /* in the reason's unit */
	int64_t limit; /* that it passed, 0 when there is none */
};

/* The verdict. Figures that are not known are -1. */
struct tick_health {
	int64_t level; /* enum tick_health_level */
	int64_t score; /* 0 to 1000 */
	int64_t alive; /* 1: the writer works; 0: start it again */
	int64_t ready; /* 1: it delivers: a line is live, and not most streams of a class stale */
	int64_t fresh_permille;      /* streams that are not stale, of the worst class */
	int64_t connection_permille; /* mean score of the lines that carry streams */
	int64_t success_permille;    /* of the recent attempts to connect */
	int64_t heartbeat_permille;  /* PINGs answered in time, of the worst line */
	int64_t messages_per_s;
	int64_t memory_bytes;
	int64_t cpu_permille;
	int64_t age_ns;      /* of the status */
	int64_t silence_ns;  /* since the last message on any line */
	int64_t lines;       /* that carry streams */
	int64_t lines_live;  /* of them */
	int64_t streams, streams_stale;
	int64_t line_permille[TICK_LINES_MAX]; /* score of each line; -1: carries no streams */
	int64_t reasons;     /* the first so many of reason[]; worst first, then as in health.def */
	struct tick_health_reason reason[TICK_HEALTH_REASONS_MAX];
};

/* The limits that a feed has unless it is told otherwise. */
void tick_health_limits_default(struct tick_health_limits *out);

/*
 * Judges. `status` is a copy by tick_status_read(), or NULL when none could be
 * had; `outcome` is that of tick_status_check(), or what opening or reading
 * came to. The clocks are CLOCK_REALTIME and CLOCK_MONOTONIC now, ns; that the
 * first one was set since the status was written makes no difference. `limits`
 * NULL: those that the feed has published.
 */
void tick_health_judge(struct tick_health *out, const struct tick_status *status, int outcome,
    int64_t wall_ns, int64_t mono_ns, const struct tick_health_limits *limits);

/* "ok", "warning", "critical", "unknown". Never NULL. */
const char *tick_health_level_name(int64_t level);

/* "stale_streams" ..., "streams are stale" ..., enum tick_health_unit; never NULL. */
const char *tick_health_label(int64_t what);
const char *tick_health_text(int64_t what);
int tick_health_unit(int64_t what);

/* "trade", "quote", "depth", "slow", "periodic", "rare"; "unknown". Never NULL. */
const char *tick_class_name(int64_t stream_class);

#ifdef __cplusplus
}
#endif

#endif
