/*
 * The text format of Prometheus, version 0.0.4. All samples of a metric stand
 * together after its HELP and TYPE lines.
 */
#include "tools/pool-status/render.h"

#include <inttypes.h>
#include <string.h>

#include "tools/common/num.h"

#define PREFIX "tickring"

/* In quotes; texts are clean, so that only two characters mean something. */
static void
put_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void
put_number(FILE *out, const struct column *c, int64_t value)
{
	char text[NUM_MAX];

	switch (c->kind) {
	case VALUE_TIME:
	case VALUE_SPAN:
		fputs(num_decimal(value, -9, 0, text), out);
		break;
	case VALUE_RATE:
	case VALUE_PERMILLE:
		fputs(num_decimal(value, -3, 0, text), out);
		break;
	case VALUE_TEXT:
	case VALUE_INT:
	case VALUE_BYTES:
		fprintf(out, "%" PRId64, value);
		break;
	}
}

static void
put_label(FILE *out, const struct column *c, const void *row)
{
	int64_t value;

	if (c->kind == VALUE_TEXT) {
		fprintf(out, ",%s=", c->name);
		put_quoted(out, report_text(c, row));
		return;
	}
	value = report_int(c, row);
	if (value != TICK_ABSENT)
		fprintf(out, ",%s=\"%" PRId64 "\"", c->name, value);
}

/* {feed="x",line="0"}, and with `info` what else the row says in words. */
static void
put_labels(FILE *out, const char *feed, const struct table_kind *kind, const void *row, bool info)
{
	fputs("{feed=", out);
	put_quoted(out, feed);
	for (unsigned i = 0; i < kind->columns; i++)
		if (kind->column[i].metric == METRIC_LABEL ||
		    (info && kind->column[i].metric == METRIC_INFO))
			put_label(out, &kind->column[i], row);
	fputs("} ", out);
}

static const void *
row_of(const struct report_table *t, unsigned n)
{
	return (const char *)t->row + n * t->kind->row_bytes;
}

static void
put_info(FILE *out, const char *feed, const struct report_table *t)
{
	const char *kind = t->kind->kind;

	if (t->kind->info == NULL || t->rows == 0)
		return;
	fprintf(out, "# HELP " PREFIX "_%s_info %s\n# TYPE " PREFIX "_%s_info gauge\n", kind,
	    t->kind->info, kind);
	for (unsigned n = 0; n < t->rows; n++) {
		fprintf(out, PREFIX "_%s_info", kind);
		put_labels(out, feed, t->kind, row_of(t, n), true);
		fputs("1\n", out);
	}
}

static void
put_metric(FILE *out, const char *feed, const struct report_table *t, const struct column *c)
{
	const char *name = c->metric_name != NULL ? c->metric_name : c->name;
	const char *kind = t->kind->kind;
	bool headed = false;

	for (unsigned n = 0; n < t->rows; n++) {
		int64_t value = report_int(c, row_of(t, n));

		if (value == TICK_ABSENT)
			continue;
		if (!headed)
			fprintf(out, "# HELP " PREFIX "_%s_%s %s\n# TYPE " PREFIX "_%s_%s %s\n",
			    kind, name, c->help, kind, name,
			    c->metric == METRIC_COUNTER ? "counter" : "gauge");
		headed = true;
		fprintf(out, PREFIX "_%s_%s", kind, name);
		put_labels(out, feed, t->kind, row_of(t, n), false);
		put_number(out, c, value);
		fputc('\n', out);
	}
}

void
render_prom(FILE *out, const struct report *report)
{
	for (unsigned i = 0; i < 2 && report->note[i] != NULL; i++)
		fprintf(out, "# %s\n", report->note[i]);
	for (unsigned i = 0; i < report->tables; i++) {
		const struct report_table *t = &report->table[i];

		put_info(out, report->feed, t);
		for (unsigned n = 0; n < t->kind->columns; n++) {
			enum metric_kind metric = t->kind->column[n].metric;

			if (metric == METRIC_GAUGE || metric == METRIC_COUNTER)
				put_metric(out, report->feed, t, &t->kind->column[n]);
		}
	}
}
