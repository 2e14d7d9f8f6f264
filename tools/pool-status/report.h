/*
 * The tables behind every renderer: which values there are, what each is
 * called in text, JSON and Prometheus, and which tables belong to what the
 * command line asks for. Pure.
 */
#ifndef TOOLS_POOL_STATUS_REPORT_H
#define TOOLS_POOL_STATUS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/pool-status/figures.h"
#include "tools/pool-status/options.h"

#define REPORT_TABLES_MAX 5

enum value_kind {
	VALUE_TEXT,     /* const char * */
	VALUE_INT,      /* the others are int64_t, TICK_ABSENT when there is none */
	VALUE_TIME,     /* wall clock, ns */
	VALUE_SPAN,     /* ns */
	VALUE_RATE,     /* thousandths per second */
	VALUE_PERMILLE,
	VALUE_BYTES
};

/* How a column goes to Prometheus. */
enum metric_kind {
	METRIC_NONE,
	METRIC_LABEL,  /* names the row, on every sample of it */
	METRIC_INFO,   /* a label of the table's info metric */
	METRIC_GAUGE,
	METRIC_COUNTER
};

struct column {
	const char *name;    /* in JSON */
	const char *heading; /* in text; NULL: not shown there */
	enum value_kind kind;
	size_t at;           /* of the value in the row */
	enum metric_kind metric;
	const char *metric_name; /* without prefix; NULL: `name` */
	const char *help;    /* NULL: none is needed */
	const char *absent;  /* in text; NULL: "-" */
};

struct table_kind {
	const char *kind;   /* in JSON, and part of the metrics' names */
	const char *info;   /* help of the info metric; NULL: none */
	bool list;          /* one row, shown as names and values */
	const struct column *column;
	unsigned columns;
	size_t row_bytes;
};

/* A table with its rows, which stay the figures'. */
struct report_table {
	const struct table_kind *kind;
	const void *row;
	unsigned rows;
};

struct report {
	const char *feed;    /* its name, clean */
	const char *note[2]; /* what has to be said about the figures; NULL: nothing */
	struct report_table table[REPORT_TABLES_MAX];
	unsigned tables;
};

/* The tables that belong to `mode`. The figures must outlive the report. */
void report_compose(struct report *report, const struct figures *f, const char *feed,
    enum mode mode);

/* A value of a row. */
int64_t report_int(const struct column *column, const void *row);
const char *report_text(const struct column *column, const void *row);

#endif
