/* The rows of single streams, as they are shown. Pure. */
#ifndef TOOLS_POOL_STATUS_STREAMS_H
#define TOOLS_POOL_STATUS_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/status.h>

/* "63:producing" of every leg, with spaces between. */
#define STREAM_LEGS_MAX (TICK_LEGS_MAX * 24)

struct stream_row {
	char name[65];
	char legs[STREAM_LEGS_MAX];
	int64_t wanted, stale;
	int64_t stale_for, silent, limit, retry_in; /* ns */
	int64_t messages, rate; /* thousandths per second */
	int64_t refused_code;
	const char *learned, *healing, *reason;
	/* beside the texts: pointers for the tables */
	const char *name_text, *legs_text;
};

/* What was read of the streams. */
struct stream_reading {
	const struct tick_stream_status *row; /* NULL: nothing was */
	unsigned rows;
	bool all;      /* those that are not wanted any more, too */
	unsigned torn; /* of them may be half written: the writer died there */
};

/*
 * Fills out[] with the streams that have a name and are wanted, or all that
 * have a name, TICK_STREAMS_MAX at most; returns how many. `alive`: the writer
 * is; else nothing is to come any more.
 */
unsigned streams_take(struct stream_row *out, const struct stream_reading *r, int64_t wall_ns,
    int alive);

#endif
