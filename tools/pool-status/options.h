/* The command line of pool-status as a struct. */
#ifndef TOOLS_POOL_STATUS_OPTIONS_H
#define TOOLS_POOL_STATUS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum mode {
	MODE_POOL,    /* the feed, its lines and endpoints */
	MODE_STREAMS, /* the ledger by line, and the healing */
	MODE_BUDGETS, /* what is used of every limit */
	MODE_SETTINGS, /* the configuration in force */
	MODE_WHY,     /* the transitions of one line */
	MODE_CHECK    /* one line, and the exit code says it */
};

enum output {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_PROM
};

struct options {
	const char *feed;
	enum mode mode;
	enum output output;
	int64_t line;        /* MODE_WHY */
	bool all;            /* MODE_STREAMS: dropped ones as well */
	bool follow;
	bool plain;          /* --follow without redrawing */
	uint64_t count;      /* follow: stop after so many blocks; 0: never */
	int64_t duration_ns; /* 0: no end */
	int64_t interval_ns; /* between redraws or blocks; between the two reads of a rate */
	bool wait;           /* for a missing segment */
	int64_t wait_ns;     /* at most so long; 0: no end */
};

/*
 * Reads the command line. Returns -1 when the tool shall run, otherwise the
 * exit code: help or version was printed, or what is wrong was said on stderr.
 */
int options_read(struct options *o, int argc, char **argv);

#endif
