/*
 * Text, JSON and TSV behind one table. A sheet is one output stream in one
 * format; records, ticks and notes are put on it.
 *
 * text  for people: tables are aligned, prices as decimals
 * json  one object a line; prices as exact decimal strings, ids, times (ns)
 *       and counts as integers, null for what is absent
 * tsv   a header line before each kind of line; raw integers, prices as
 *       mantissas, "-" for what is absent; notes are lines that begin with #
 */
#ifndef TOOLS_SHM_INSPECT_RENDER_H
#define TOOLS_SHM_INSPECT_RENDER_H

#include <stdint.h>
#include <stdio.h>

#include <tickring/reader.h>

#include "tools/common/table.h"
#include "tools/shm-inspect/options.h"
#include "tools/shm-inspect/record.h"

struct render;

struct sheet {
	FILE *out;
	const struct render *render;
	const char *kind;   /* of the last record */
	struct table table; /* text: rows not printed yet */
};

/* A tick with what the directory says about it. */
struct tick_line {
	const struct tick *tick;
	const char *symbol; /* clean text; "-" without an instrument */
	int price_exponent, qty_exponent;
	int64_t price_step, qty_step;
};

/* Something that happened to the reading, not a tick. */
struct note {
	const char *event; /* "overrun", "restarted", "dead" ... */
	const char *text;  /* words */
	uint64_t lost;     /* ticks that this cost */
	uint32_t epoch;
};

struct render {
	void (*record)(struct sheet *, const struct record *);
	void (*end)(struct sheet *); /* of the records */
	void (*tick_begin)(FILE *);
	void (*tick)(FILE *, const struct tick_line *);
	void (*note)(FILE *, const struct note *);
};

extern const struct render render_text, render_json, render_tsv;

/* A sheet on `out`, which stays the caller's. */
void sheet_init(struct sheet *s, FILE *out, enum output output);

/* Puts one record. Text tables appear with the next kind of record or the end. */
void sheet_record(struct sheet *s, const struct record *r);

/* No more records. */
void sheet_end(struct sheet *s);

/* Before the first tick. */
void sheet_tick_begin(struct sheet *s);

/* Puts a tick; it is written out at the latest with fflush(). */
void sheet_tick(struct sheet *s, const struct tick_line *line);

/* Puts a note. */
void sheet_note(struct sheet *s, const struct note *note);

#endif
