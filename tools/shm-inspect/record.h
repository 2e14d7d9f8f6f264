/*
 * A record: named, typed values that a renderer turns into text, JSON or TSV.
 * Everything that is shown once (header, directory, board, status) is said in
 * records. Pure; texts are borrowed until the record is rendered.
 */
#ifndef TOOLS_SHM_INSPECT_RECORD_H
#define TOOLS_SHM_INSPECT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define RECORD_FIELDS_MAX 24

enum field_kind {
	FIELD_TEXT,
	FIELD_INT,
	FIELD_TENTHS,  /* of a count, shown with one decimal in every format */
	FIELD_DECIMAL, /* mantissa, exponent, step as in num_decimal() */
	FIELD_TIME,    /* wall clock, ns */
	FIELD_SPAN     /* ns */
};

struct field {
	const char *name;
	const char *text;
	int64_t value; /* TICK_ABSENT: there is none */
	int64_t step;
	int exponent;
	enum field_kind kind;
};

struct record {
	const char *kind; /* "ring", "instrument" ... */
	bool table;       /* one of many of its kind: a row, not a list */
	unsigned count;
	struct field field[RECORD_FIELDS_MAX];
};

/* Empties it. */
void record_begin(struct record *r, const char *kind, bool table);

/* Adds a field. */
void record_text(struct record *r, const char *name, const char *text);
void record_int(struct record *r, const char *name, int64_t value);
void record_tenths(struct record *r, const char *name, int64_t tenths);
void record_decimal(struct record *r, const char *name, int64_t mantissa, int exponent,
    int64_t step);
void record_time(struct record *r, const char *name, int64_t wall_ns);
void record_span(struct record *r, const char *name, int64_t ns);

#endif
