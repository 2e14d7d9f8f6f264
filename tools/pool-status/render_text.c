/* For people. */
#include "tools/pool-status/render.h"

#include <inttypes.h>

#include "tools/common/num.h"
#include "tools/common/table.h"

#define PAIRS 4 /* names and values of a list beside each other */

/* A share in percent with one decimal. */
static const char *
percent(int64_t permille, char buffer[NUM_MAX])
{
	int64_t size = permille < 0 ? -(permille + 1) + 1 : permille;

	snprintf(buffer, NUM_MAX, "%s%" PRId64 ".%" PRId64 " %%", permille < 0 ? "-" : "",
	    size / 10, size % 10);
	return buffer;
}

/* A size in MiB with one decimal. */
static const char *
mebibytes(int64_t bytes, char buffer[NUM_MAX])
{
	snprintf(buffer, NUM_MAX, "%" PRId64 ".%" PRId64 " MiB", bytes >> 20,
	    (bytes & 0xfffff) * 10 >> 20);
	return buffer;
}

static const char *
words_of(const struct column *c, const void *row, char buffer[NUM_MAX])
{
	int64_t value;

	if (c->kind == VALUE_TEXT)
		return report_text(c, row);
	value = report_int(c, row);
	if (value == TICK_ABSENT)
		return c->absent != NULL ? c->absent : "-";
	switch (c->kind) {
	case VALUE_TIME:
		/* Milliseconds are enough for the eye; a year has four digits here. */
		snprintf(num_time(value, buffer) + sizeof("2026-08-01T12:00:00.123") - 1, 2, "Z");
		return buffer;
	case VALUE_SPAN:
		return num_span(value, buffer);
	case VALUE_RATE:
		return num_rate(value, buffer);
	case VALUE_PERMILLE:
		return percent(value, buffer);
	case VALUE_BYTES:
		return mebibytes(value, buffer);
	case VALUE_TEXT:
	case VALUE_INT:
		break;
	}
	snprintf(buffer, NUM_MAX, "%" PRId64, value);
	return buffer;
}

/* Names and values, a few pairs in a row; what a list has must fill its rows. */
static void
fill_list(struct table *table, const struct table_kind *kind, const void *row)
{
	char buffer[NUM_MAX];

	table_init(table, 2 * PAIRS);
	for (unsigned i = 0; i < kind->columns; i++) {
		if (kind->column[i].heading == NULL)
			continue;
		table_cell(table, kind->column[i].heading, false);
		table_cell(table, words_of(&kind->column[i], row, buffer), false);
	}
}

static void
fill_rows(struct table *table, const struct report_table *t)
{
	unsigned shown = 0;
	char buffer[NUM_MAX];

	for (unsigned i = 0; i < t->kind->columns; i++)
		shown += t->kind->column[i].heading != NULL;
	table_init(table, shown);
	for (unsigned i = 0; i < t->kind->columns; i++)
		if (t->kind->column[i].heading != NULL)
			table_cell(table, t->kind->column[i].heading, false);
	for (unsigned n = 0; n < t->rows; n++) {
		const void *row = (const char *)t->row + n * t->kind->row_bytes;

		for (unsigned i = 0; i < t->kind->columns; i++) {
			const struct column *c = &t->kind->column[i];

			if (c->heading != NULL)
				table_cell(table, words_of(c, row, buffer),
				    c->kind != VALUE_TEXT);
		}
	}
}

void
render_text(FILE *out, const struct report *report)
{
	struct table table;

	for (unsigned i = 0; i < 2 && report->note[i] != NULL; i++)
		fprintf(out, "-- %s\n", report->note[i]);
	for (unsigned i = 0; i < report->tables; i++) {
		const struct report_table *t = &report->table[i];

		if (i > 0)
			fputc('\n', out);
		if (t->kind->list)
			fill_list(&table, t->kind, t->row);
		else
			fill_rows(&table, t);
		table_print(&table, out);
		table_fini(&table);
	}
}
