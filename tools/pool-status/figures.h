/*
 * What is shown, as rows of values: everything that follows from a copy of
 * the status, an earlier one for rates, how the writer is, and two clocks.
 * What the status does not tell is TICK_ABSENT, never zero. The copy comes
 * from shared memory: no number in it is trusted. Pure.
 */
#ifndef TOOLS_POOL_STATUS_FIGURES_H
#define TOOLS_POOL_STATUS_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/status.h>

#include "tools/pool-status/settings.h"
#include "tools/pool-status/streams.h"
#include "tools/pool-status/verdict.h"

/* Connects and request bytes of the pool; messages and streams of every line. */
#define FIGURES_BUDGETS_MAX (2 + 2 * TICK_LINES_MAX)
#define FIGURES_NOTE_MAX 160

/* What was read. */
struct reading {
	const struct tick_status *now;
	const struct tick_status *before; /* NULL: no rates */
	int health;                       /* tick_status_check() */
	int64_t wall_ns, mono_ns;         /* the reader's clocks */
	struct stream_reading streams;
};

/* Texts are borrowed from this struct or from constants. */
struct feed_row {
	const char *writer; /* "alive", "stale", "dead" ... */
	const char *transport, *version;
	int64_t up;      /* 1: the writer is alive */
	int64_t started; /* wall clock, ns */
	int64_t running; /* ns; of a dead feed: how long it ran */
	int64_t age;     /* of the status, ns */
	int64_t lines, lines_live; /* those that carry streams; live only under a living writer */
	int64_t successors; /* lines on their way to replace others */
	int64_t redundancy, streams;
	int64_t wanted, sent, acknowledged, producing, refused; /* each leg counts */
	int64_t stale;
	int64_t messages_rate, ticks_rate; /* thousandths per second */
	int64_t rotations, failovers, region;
	int64_t memory_bytes, cpu_permille, sockets, shed, reloads, reloads_refused;
};

struct line_row {
	int64_t line;
	const char *role, *state, *endpoint, *last_end;
	int64_t up; /* 1: live under a living writer */
	int64_t leg, peer;
	int64_t state_for, silent, round_trip, retry_in, retire_in; /* ns */
	int64_t attempts, connects, close_code;
	int64_t wanted, sent, acknowledged, unacknowledged;
	int64_t rate; /* messages, thousandths per second */
	int64_t messages, bytes, pings, pongs_permille, sends_used, wins, duplicates;
	int64_t listed, producing, refused, quiet; /* quiet: silent after the acknowledgement */
	int64_t pong, pong_max; /* from PING to PONG, ns */
	int64_t lag_count, lag_p50, lag_p90, lag_p99, lag_p999, lag_max; /* ns */
	const char *ended; /* why its last connection ended */
	int64_t ended_for; /* since then, ns */
};

struct endpoint_row {
	const char *name, *circuit, *reason;
	int64_t region, score_permille, round_trip, lines, ups, failures, retry_in;
};

struct healing_row {
	int64_t producing, refused, stale, unlisted, shed;
	int64_t stalls, resubscribed, moved, recycled, lists, lists_missing, lists_foreign;
	int64_t quiet, alarms; /* acknowledged, but silent */
};

struct budget_row {
	const char *budget;
	int64_t line; /* TICK_ABSENT: of the whole pool */
	int64_t used, max, left, window;
};

struct why_row {
	int64_t at, before_now;
	const char *from, *to, *reason, *text;
	int64_t attempt, close_code, http_status;
};

struct check_row {
	const char *writer;
	int64_t lines, lines_live;
	const char *text;
};

struct figures {
	struct verdict verdict;
	struct feed_row feed;
	struct line_row line[TICK_LINES_MAX];
	unsigned lines;
	struct endpoint_row endpoint[TICK_ENDPOINTS_MAX];
	unsigned endpoints;
	struct healing_row healing;
	struct budget_row budget[FIGURES_BUDGETS_MAX];
	unsigned budgets;
	struct why_row why[TICK_TRANSITIONS_MAX];
	unsigned whys;
	struct check_row check;
	struct settings settings;
	struct stream_row stream[TICK_STREAMS_MAX];
	unsigned streams;
	char note[FIGURES_NOTE_MAX];     /* on the writer; "": it is fine */
	char streams_note[FIGURES_NOTE_MAX]; /* on the rows of streams; "": nothing to say */
	char why_note[FIGURES_NOTE_MAX]; /* on the transitions; "": nothing to say */
	char transport[17], version[33];
	char line_endpoint[TICK_LINES_MAX][65];
	char endpoint_name[TICK_ENDPOINTS_MAX][129];
};

/* Fills in everything but the transitions. */
void figures_take(struct figures *f, const struct reading *r);

/*
 * The transitions of one line, oldest first. When the ring holds none, its
 * last state and reason stand in, and why_note says so. False: no such line;
 * why_note says that, too.
 */
bool figures_why(struct figures *f, const struct reading *r, int64_t line);

/* Is the writer alive, and is every line live that carries streams, at least one? */
bool figures_fine(const struct figures *f);

#endif
