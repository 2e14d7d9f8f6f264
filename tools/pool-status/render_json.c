/* One JSON object a line. */
#include "tools/pool-status/render.h"

#include <inttypes.h>

#include "tools/common/text.h"

static void
put_value(FILE *out, const struct column *c, const void *row)
{
	int64_t value;

	fprintf(out, ",\"%s\":", c->name);
	if (c->kind == VALUE_TEXT) {
		text_json(out, report_text(c, row));
		return;
	}
	value = report_int(c, row);
	if (value == TICK_ABSENT)
		fputs("null", out);
	else if (c->kind == VALUE_RATE)
		fprintf(out, "%" PRId64 ".%03" PRId64, value / 1000, value % 1000);
	else
		fprintf(out, "%" PRId64, value);
}

static void
put_note(FILE *out, const char *feed, const char *note)
{
	fputs("{\"kind\":\"note\",\"feed\":", out);
	text_json(out, feed);
	fputs(",\"text\":", out);
	text_json(out, note);
	fputs("}\n", out);
}

static void
put_row(FILE *out, const char *feed, const struct table_kind *kind, const void *row)
{
	fprintf(out, "{\"kind\":\"%s\",\"feed\":", kind->kind);
	text_json(out, feed);
	for (unsigned i = 0; i < kind->columns; i++)
		put_value(out, &kind->column[i], row);
	fputs("}\n", out);
}

void
render_json(FILE *out, const struct report *report)
{
	for (unsigned i = 0; i < 2 && report->note[i] != NULL; i++)
		put_note(out, report->feed, report->note[i]);
	for (unsigned i = 0; i < report->tables; i++) {
		const struct report_table *t = &report->table[i];

		for (unsigned n = 0; n < t->rows; n++)
			put_row(out, report->feed, t->kind,
			    (const char *)t->row + n * t->kind->row_bytes);
	}
}
