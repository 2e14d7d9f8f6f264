/* Tab separated, raw integers, for scripts that compare exactly. */
#include <inttypes.h>
#include <string.h>

#include "tools/common/num.h"
#include "tools/shm-inspect/render.h"

static void
put_int(FILE *out, int64_t value)
{
	if (value == TICK_ABSENT)
		fputs("\t-", out);
	else
		fprintf(out, "\t%" PRId64, value);
}

static void
tsv_record(struct sheet *s, const struct record *r)
{
	char decimal[NUM_MAX];

	if (s->kind == NULL || strcmp(s->kind, r->kind) != 0) {
		fputs("kind", s->out);
		for (unsigned i = 0; i < r->count; i++)
			fprintf(s->out, "\t%s", r->field[i].name);
		fputc('\n', s->out);
	}
	fputs(r->kind, s->out);
	for (unsigned i = 0; i < r->count; i++) {
		const struct field *f = &r->field[i];

		if (f->kind == FIELD_TEXT)
			fprintf(s->out, "\t%s", f->text);
		else if (f->kind == FIELD_TENTHS)
			fprintf(s->out, "\t%s", num_decimal(f->value, -1, 0, decimal));
		else
			put_int(s->out, f->value);
	}
	fputc('\n', s->out);
}

static void
tsv_end(struct sheet *s)
{
	(void)s;
}

static void
tsv_tick_begin(FILE *out)
{
	fputs("type\tsymbol\tn\tid\tfirst_id\tlast_id\tv0\tv1\tv2\tv3\tflags\tleg\texch_ns"
	      "\trecv_ns\ttrade_ns\tmono_ns\tw0\tw1\tw2\tw3\n",
	    out);
}

static void
tsv_tick(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	fprintf(out, "%s\t%s\t%" PRIu64, tick_type_name(t->type), line->symbol,
	    tick_number(t->seq));
	put_int(out, t->id);
	put_int(out, t->first_id);
	put_int(out, t->type == TICK_AGG_TRADE ? t->trade.last_id : TICK_ABSENT);
	for (int i = 0; i < 4; i++)
		put_int(out, t->v[i]);
	fprintf(out, "\t%u\t%u", t->flags, t->leg);
	put_int(out, t->exch_ns);
	put_int(out, t->recv_ns);
	put_int(out, t->trade_ns);
	put_int(out, t->mono_ns);
	for (int i = 0; i < 4; i++)
		put_int(out, t->w[i]);
	fputc('\n', out);
}

static void
tsv_note(FILE *out, const struct note *note)
{
	fprintf(out, "# %s\tlost=%" PRIu64 "\tepoch=%" PRIu32 "\t%s\n", note->event, note->lost,
	    note->epoch, note->text);
}

const struct render render_tsv = {
	.record = tsv_record,
	.end = tsv_end,
	.tick_begin = tsv_tick_begin,
	.tick = tsv_tick,
	.note = tsv_note,
};
