/* For people. */
#include <inttypes.h>
#include <string.h>

#include <tickring/reasons.h>

#include "tools/common/num.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/figures.h"
#include "tools/shm-inspect/render.h"

static const char *
words_of(const struct field *f, char buffer[NUM_MAX])
{
	switch (f->kind) {
	case FIELD_TEXT:
		return f->text;
	case FIELD_TENTHS:
		return num_decimal(f->value, -1, 0, buffer);
	case FIELD_DECIMAL:
		return num_decimal(f->value, f->exponent, f->step, buffer);
	case FIELD_TIME:
		return num_time(f->value, buffer);
	case FIELD_SPAN:
		return num_span(f->value, buffer);
	case FIELD_INT:
		break;
	}
	if (f->value == TICK_ABSENT)
		return "-";
	snprintf(buffer, NUM_MAX, "%" PRId64, f->value);
	return buffer;
}

static void
print_rows(struct sheet *s)
{
	table_print(&s->table, s->out);
	table_fini(&s->table);
}

static void
text_record(struct sheet *s, const struct record *r)
{
	bool changed = s->kind == NULL || strcmp(s->kind, r->kind) != 0;
	char buffer[NUM_MAX];

	if (changed) {
		print_rows(s);
		if (s->kind != NULL)
			fputc('\n', s->out);
		table_init(&s->table, r->table ? r->count : 2);
		for (unsigned i = 0; r->table && i < r->count; i++)
			table_cell(&s->table, r->field[i].name, false);
	}
	for (unsigned i = 0; i < r->count; i++) {
		const struct field *f = &r->field[i];

		if (!r->table)
			table_cell(&s->table, f->name, false);
		table_cell(&s->table, words_of(f, buffer), r->table && f->kind != FIELD_TEXT);
	}
}

static void
text_tick_begin(FILE *out)
{
	(void)out;
}

static void
put_price(FILE *out, const struct tick_line *line, int64_t price)
{
	char text[NUM_MAX];

	fputs(num_decimal(price, line->price_exponent, line->price_step, text), out);
}

static void
put_qty(FILE *out, const struct tick_line *line, int64_t qty)
{
	char text[NUM_MAX];

	fputs(num_decimal(qty, line->qty_exponent, line->qty_step, text), out);
}

static void
put_id(FILE *out, const char *name, int64_t id)
{
	if (id != TICK_ABSENT)
		fprintf(out, "  %s %" PRId64, name, id);
}

static void
put_trade(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	put_qty(out, line, t->trade.qty);
	fputs(" @ ", out);
	put_price(out, line, t->trade.price);
	fputs(t->flags & TICK_FLAG_SIDE ? " sell" : " buy", out);
	if (t->type == TICK_AGG_TRADE && t->trade.last_id != TICK_ABSENT)
		fprintf(out, "  trades %" PRId64 "..%" PRId64, t->first_id, t->trade.last_id);
}

static void
put_quote(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	put_qty(out, line, t->quote.bid_qty);
	fputs(" @ ", out);
	put_price(out, line, t->quote.bid_px);
	fputs(" | ", out);
	put_price(out, line, t->quote.ask_px);
	fputs(" @ ", out);
	put_qty(out, line, t->quote.ask_qty);
}

static void
put_levels(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;
	const struct tick_level *levels[] = {
		&t->book.first[0], &t->book.first[1], &t->book2.more[0], &t->book2.more[1]};

	fputs(t->flags & TICK_FLAG_SIDE ? "ask" : "bid", out);
	for (unsigned i = 0; i < TICK_LEVELS; i++) {
		if (levels[i]->price == TICK_ABSENT)
			continue;
		fputc(' ', out);
		put_price(out, line, levels[i]->price);
		fputc(':', out);
		if (levels[i]->qty == 0)
			fputs("gone", out);
		else
			put_qty(out, line, levels[i]->qty);
	}
}

static void
put_kline(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;
	static const char *const names[] = {"open ", " high ", " low ", " close "};

	for (int i = 0; i < 4; i++) {
		fputs(names[i], out);
		put_price(out, line, t->v[i]);
	}
	fputs(" volume ", out);
	put_qty(out, line, t->kline2.volume);
	if (t->flags & TICK_FLAG_LAST)
		fputs(" closed", out);
}

static void
put_numbers(FILE *out, const int64_t *v, int count)
{
	for (int i = 0; i < count; i++)
		if (v[i] == TICK_ABSENT)
			fputs(" -", out);
		else
			fprintf(out, " %" PRId64, v[i]);
}

static void
put_named(FILE *out, const char *name, int64_t value)
{
	if (value == TICK_ABSENT)
		fprintf(out, " %s=-", name);
	else
		fprintf(out, " %s=%" PRId64, name, value);
}

static const char *
type_name(int64_t type)
{
	bool known = type >= 0 && type < TICK_TYPE_COUNT;

	return tick_type_name(known ? (unsigned)type : TICK_TYPE_COUNT);
}

/* What the feed says, its values by name: docs/SHM.md, "Feed events". */
static void
put_event(FILE *out, const struct tick *t)
{
	char span[NUM_MAX];

	fputs(tick_reason_text(t->event.reason), out);
	switch (t->event.reason) {
	case TICK_REASON_START:
		put_named(out, "epoch", t->event.a);
		break;
	case TICK_REASON_STOP:
		break;
	case TICK_REASON_RESTART:
		put_named(out, "epoch", t->event.a);
		put_named(out, "torn", t->event.b);
		fprintf(out, " silent=%s", num_span(t->event.c, span));
		break;
	case TICK_REASON_GAP:
	case TICK_REASON_UNFILLED:
	case TICK_REASON_BACKFILLED:
		fprintf(out, " type=%s", type_name(t->event.a));
		put_named(out, "first", t->event.b);
		put_named(out, "last", t->event.c);
		break;
	case TICK_REASON_LINE_UP:
		put_named(out, "line", t->event.a);
		break;
	case TICK_REASON_LINE_DOWN:
		put_named(out, "line", t->event.a);
		fprintf(out, " why=%s", tick_reason_label(t->event.b));
		break;
	case TICK_REASON_UNFIT:
		fprintf(out, " type=%s", type_name(t->event.a));
		put_named(out, "id", t->event.b);
		break;
	default:
		put_named(out, "a", t->event.a);
		put_named(out, "b", t->event.b);
		put_named(out, "c", t->event.c);
		break;
	}
}

static void
put_figure(FILE *out, const struct tick *t, const struct figure *f)
{
	int64_t value = figure_value(t, f);
	char text[NUM_MAX];

	switch (f->kind) {
	case FIGURE_PRICE:
	case FIGURE_QTY:
	case FIGURE_QUOTE:
	case FIGURE_RATE:
		fputs(num_decimal(value, figure_exponent(t, f), 0, text), out);
		break;
	case FIGURE_COUNT:
		fprintf(out, "%" PRId64, value);
		break;
	case FIGURE_TIME:
		fputs(num_time(value, text), out);
		break;
	case FIGURE_SPAN:
		fputs(num_span(value, text), out);
		break;
	case FIGURE_TRADING:
	case FIGURE_ORDER:
		fputs(figure_word(f, value), out);
		break;
	}
}

/* Names as in JSON, without their units; what is absent is left out. */
static void
put_figures(FILE *out, const struct tick *t)
{
	size_t count;
	const struct figure *f = figures_of_tick(t, &count);

	if (t->type == TICK_TICKER_24H)
		fprintf(out, "%s ", figure_window(t));
	else if (t->type == TICK_LIQUIDATION)
		fputs(t->flags & TICK_FLAG_SIDE ? "sell " : "buy ", out);
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(f[i].name);

		if (i > 0 && figure_value(t, &f[i]) == TICK_ABSENT)
			continue;
		if (n > 3 && strcmp(f[i].name + n - 3, "_ns") == 0)
			n -= 3;
		fprintf(out, "%s%.*s ", i > 0 ? " " : "", (int)n, f[i].name);
		if (figure_value(t, &f[i]) == TICK_ABSENT)
			fputc('-', out);
		else
			put_figure(out, t, &f[i]);
	}
}

static void
put_payload(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	switch (t->type) {
	case TICK_TRADE:
	case TICK_AGG_TRADE:
	case TICK_BLOCK_TRADE:
		put_trade(out, line);
		break;
	case TICK_QUOTE:
		put_quote(out, line);
		break;
	case TICK_BOOK_DELTA:
		put_levels(out, line);
		break;
	case TICK_BOOK_CLEAR:
		fputs("forget both sides", out);
		break;
	case TICK_KLINE:
		put_kline(out, line);
		break;
	case TICK_FEED_EVENT:
		put_event(out, t);
		break;
	case TICK_MINI_TICKER:
	case TICK_TICKER_24H:
	case TICK_AVG_PRICE:
	case TICK_REFERENCE_PRICE:
	case TICK_MARK_PRICE:
	case TICK_LIQUIDATION:
	case TICK_INSTRUMENT_STATUS:
		put_figures(out, t);
		break;
	default:
		fputs("raw", out);
		put_numbers(out, t->v, 4);
		break;
	}
}

static void
text_tick(FILE *out, const struct tick_line *line)
{
	static const struct {
		unsigned flag;
		const char *word;
	} words[] = {
		{TICK_FLAG_REPLAY, "replay"},
		{TICK_FLAG_GAP_BEFORE, "gap before"},
		{TICK_FLAG_STALE, "stale"},
		{TICK_FLAG_CLOCK_DOUBT, "clock in doubt"},
	};
	const struct tick *t = line->tick;
	char text[NUM_MAX];

	fprintf(out, "%s ", num_time_of_day(t->recv_ns, text));
	text_pad(out, line->symbol, -12);
	fprintf(out, " %-10s ", tick_type_name(t->type));
	put_payload(out, line);
	put_id(out, "id", t->id);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (t->flags & words[i].flag)
			fprintf(out, "  [%s]", words[i].word);
	fputc('\n', out);
}

static void
text_note(FILE *out, const struct note *note)
{
	fprintf(out, "-- %s", note->text);
	if (note->lost > 0)
		fprintf(out, ", %" PRIu64 " tick%s lost", note->lost, text_plural(note->lost));
	fprintf(out, " (epoch %" PRIu32 ")\n", note->epoch);
}

const struct render render_text = {
	.record = text_record,
	.end = print_rows,
	.tick_begin = text_tick_begin,
	.tick = text_tick,
	.note = text_note,
};
