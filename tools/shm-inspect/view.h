/*
 * Draws the live view as lines of text: state of the feed, latencies, table
 * of instruments. The same for a screen and for blocks in a log. Pure: writes
 * to a stream, reads no clock and no terminal.
 */
#ifndef TOOLS_SHM_INSPECT_VIEW_H
#define TOOLS_SHM_INSPECT_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/shm-inspect/market.h"

struct view {
	int columns, rows;   /* of the screen; rows 0: as many as there are */
	uint32_t top;        /* instruments shown at most; 0: as many as fit */
	bool colour, keys;   /* keys: the last line names them */
	bool paused;
	enum market_order order;
	const struct market *market;

	const char *feed, *writer; /* "alive", "dead" ... */
	const char *note;    /* last thing that happened, or NULL */
	uint32_t epoch;
	int64_t heartbeat_age_ns;
	uint64_t lost;       /* by this reader */
	uint64_t lag;        /* ticks that wait to be read */
	int64_t lines, lines_live, messages_per_s; /* TICK_ABSENT: no status segment */
	int64_t decode_errors, gaps;               /* TICK_ABSENT: no status segment */
	int64_t publish_p50_ns, publish_p99_ns;    /* TICK_ABSENT: no ticks */
	int64_t arrival_p50_ns, arrival_p99_ns;    /* exchange to receipt; TICK_ABSENT: not known */
	int64_t wall_ns;     /* now */
};

/* An instrument without news for longer is marked; all are when the writer is not alive. */
#define VIEW_STALE_NS INT64_C(10000000000)

/* Draws everything; each line ends with a newline and fits the columns. */
void view_draw(const struct view *v, FILE *out);

/* The line of numbers that ends a run: "summary: ticks=N ..." */
void view_summary(const struct view *v, int64_t ran_ns, FILE *out);

#endif
