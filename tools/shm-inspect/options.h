/* The command line of shm-inspect as a struct. */
#ifndef TOOLS_SHM_INSPECT_OPTIONS_H
#define TOOLS_SHM_INSPECT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reader.h>

#define OPTIONS_SYMBOLS_MAX 256

enum mode {
	MODE_HEAD,    /* header and directory */
	MODE_CHECK,   /* one line, and the exit code says it */
	MODE_BOARD,   /* top of book once */
	MODE_STATUS,  /* lines and counters once */
	MODE_FOLLOW,  /* ticks as they come */
	MODE_LIVE,    /* full screen, or blocks of text */
	MODE_MEASURE  /* --latency, --rate */
};

enum output {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_TSV
};

struct options {
	const char *feed;
	enum mode mode;
	enum output output;
	enum tick_start from;
	bool plain;          /* --live without redrawing */
	bool latency, rate;  /* what MODE_MEASURE measures */
	bool spin;           /* do not sleep when there is nothing to read */
	bool drain;          /* follow: end when everything is read */
	uint64_t count;      /* follow: stop after so many ticks; 0: never */
	int64_t duration_ns; /* 0: no end */
	int64_t interval_ns; /* between redraws or blocks */
	bool wait;           /* for a missing segment */
	int64_t wait_ns;     /* at most so long; 0: no end */
	unsigned types;      /* bit per enum tick_type; 0: all */
	unsigned symbols;    /* entries of symbol[]; 0: all instruments */
	char *symbol[OPTIONS_SYMBOLS_MAX]; /* point into argv */
};

/*
 * Reads the command line; comma lists are cut in place. `terminal` says
 * whether stdout is one: it makes the live view the default. Returns -1 when
 * the tool shall run, otherwise the exit code: help or version was printed, or
 * what is wrong was said on stderr.
 */
int options_read(struct options *o, int argc, char **argv, bool terminal);

#endif
