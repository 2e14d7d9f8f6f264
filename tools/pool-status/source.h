/*
 * The status segment that is looked at: waits for it, goes over to one that
 * takes its name, and tells how its writer is.
 */
#ifndef TOOLS_POOL_STATUS_SOURCE_H
#define TOOLS_POOL_STATUS_SOURCE_H

#include <stdbool.h>

#include <tickring/status.h>

#include "tools/pool-status/figures.h"
#include "tools/pool-status/options.h"

struct source {
	struct tick_status_reader *reader;
	const char *feed;
	struct tick_status copy[2]; /* the newest one and the one before, by turns */
	unsigned newest, copies;    /* which; how many there are, up to 2 */
	bool with_streams;          /* read their rows, too */
	struct tick_stream_status stream[TICK_STREAMS_MAX];
	unsigned streams, torn;     /* rows read; of them met half written */
	int health;                 /* at the last read: tick_status_check() */
};

/*
 * Opens the status that the options name and waits for it when they ask for
 * that. Returns -1, or the exit code after saying what is wrong on stderr.
 */
int source_open(struct source *s, const struct options *o);

/* Closes it; harmless when it is not open. */
void source_close(struct source *s);

/*
 * Reads a copy, from another segment if one has taken the name. Returns 0 or
 * the outcome of what failed; then the copies are what they were.
 */
int source_read(struct source *s);

/* The copies as they were read, and the clocks as they are. One copy at least is there. */
struct reading source_reading(const struct source *s);

#endif
