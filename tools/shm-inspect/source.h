/*
 * A ring that is read for long: turns the reader's outcomes into ticks and
 * notes, says a lasting trouble once, attaches to a segment that replaced
 * ours, and keeps on waiting for a writer that may come back.
 */
#ifndef TOOLS_SHM_INSPECT_SOURCE_H
#define TOOLS_SHM_INSPECT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reader.h>

#include "tools/shm-inspect/options.h"
#include "tools/shm-inspect/render.h"

enum source_result {
	SOURCE_TICK = 1, /* a tick */
	SOURCE_IDLE = 0, /* nothing to read */
	SOURCE_NOTE = -1 /* something to tell, in source.note */
};

struct source {
	struct tick_reader *reader;
	struct note note;
	char text[128];      /* of the note */
	uint64_t lost;       /* since open, over all segments */
	int trouble;         /* told last: TICK_END, TICK_E_STALE, _DEAD or _REPLACED */
	int64_t checked_ns;  /* monotonic */
	bool held;           /* `tick` waits until the note was told */
	struct tick tick;
};

/*
 * Opens the ring that the options name and waits for it when they ask for
 * that. Returns -1, or the exit code after saying what is wrong on stderr.
 */
int source_open(struct source *s, const struct options *o);

/* Closes the ring; harmless when it is not open. */
void source_close(struct source *s);

/* The next thing. *out is set for SOURCE_TICK only. */
enum source_result source_next(struct source *s, struct tick *out);

/* How the writer is: as tick_reader_check(), said in words. */
const char *source_health(const struct source *s);

/* Number of the writer's start that the header names. */
uint32_t source_epoch(const struct source *s);

#endif
