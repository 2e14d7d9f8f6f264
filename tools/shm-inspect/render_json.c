/* One JSON object a line. */
#include <inttypes.h>
#include <string.h>

#include <tickring/reasons.h>

#include "tools/common/num.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/figures.h"
#include "tools/shm-inspect/render.h"

static void
put_int(FILE *out, const char *name, int64_t value)
{
	if (value == TICK_ABSENT)
		fprintf(out, ",\"%s\":null", name);
	else
		fprintf(out, ",\"%s\":%" PRId64, name, value);
}

/* A decimal in full, as a string: a JSON number would be a float for most readers. */
static void
put_decimal(FILE *out, const char *name, int64_t mantissa, int exponent)
{
	char text[NUM_MAX];

	if (mantissa == TICK_ABSENT)
		fprintf(out, ",\"%s\":null", name);
	else
		fprintf(out, ",\"%s\":\"%s\"", name, num_decimal(mantissa, exponent, 0, text));
}

/* A count per time: a JSON number with one decimal. */
static void
put_tenths(FILE *out, const char *name, int64_t tenths)
{
	char text[NUM_MAX];

	fprintf(out, ",\"%s\":%s", name, num_decimal(tenths, -1, 0, text));
}

static void
put_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	text_json(out, text);
}

static void
json_record(struct sheet *s, const struct record *r)
{
	fprintf(s->out, "{\"kind\":\"%s\"", r->kind);
	for (unsigned i = 0; i < r->count; i++) {
		const struct field *f = &r->field[i];

		if (f->kind == FIELD_TEXT)
			put_text(s->out, f->name, f->text);
		else if (f->kind == FIELD_TENTHS)
			put_tenths(s->out, f->name, f->value);
		else if (f->kind == FIELD_DECIMAL)
			put_decimal(s->out, f->name, f->value, f->exponent);
		else
			put_int(s->out, f->name, f->value);
	}
	fputs("}\n", s->out);
}

static void
json_end(struct sheet *s)
{
	(void)s;
}

static void
json_tick_begin(FILE *out)
{
	(void)out;
}

static void
put_level(FILE *out, const struct tick_line *line, const struct tick_level *level, bool *first)
{
	char price[NUM_MAX], qty[NUM_MAX];

	if (level->price == TICK_ABSENT)
		return;
	fprintf(out, "%s[\"%s\",\"%s\"]", *first ? "" : ",",
	    num_decimal(level->price, line->price_exponent, 0, price),
	    num_decimal(level->qty, line->qty_exponent, 0, qty));
	*first = false;
}

static void
put_book(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;
	bool first = true;

	fprintf(out, ",\"side\":\"%s\",\"levels\":[", t->flags & TICK_FLAG_SIDE ? "ask" : "bid");
	for (int i = 0; i < 2; i++)
		put_level(out, line, &t->book.first[i], &first);
	for (int i = 0; i < 2; i++)
		put_level(out, line, &t->book2.more[i], &first);
	fputc(']', out);
}

static void
put_kline(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	put_decimal(out, "open", t->kline.open, line->price_exponent);
	put_decimal(out, "high", t->kline.high, line->price_exponent);
	put_decimal(out, "low", t->kline.low, line->price_exponent);
	put_decimal(out, "close", t->kline.close, line->price_exponent);
	put_int(out, "start_ns", t->kline2.start_ns);
	put_decimal(out, "volume", t->kline2.volume, line->qty_exponent);
	put_decimal(out, "taker_volume", t->kline2.taker_volume, line->qty_exponent);
	put_int(out, "trades", t->kline2.trades);
	fprintf(out, ",\"closed\":%s", t->flags & TICK_FLAG_LAST ? "true" : "false");
}

static void
put_figures(FILE *out, const struct tick *t)
{
	size_t count;
	const struct figure *f = figures_of_tick(t, &count);

	if (t->type == TICK_TICKER_24H)
		put_text(out, "window", figure_window(t));
	else if (t->type == TICK_LIQUIDATION)
		put_text(out, "side", t->flags & TICK_FLAG_SIDE ? "sell" : "buy");
	for (size_t i = 0; i < count; i++) {
		int64_t value = figure_value(t, &f[i]);

		if (f[i].kind == FIGURE_TRADING || f[i].kind == FIGURE_ORDER)
			put_text(out, f[i].name, figure_word(&f[i], value));
		else if (f[i].kind >= FIGURE_COUNT)
			put_int(out, f[i].name, value);
		else
			put_decimal(out, f[i].name, value, figure_exponent(t, &f[i]));
	}
}

static void
put_payload(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	switch (t->type) {
	case TICK_AGG_TRADE:
	case TICK_TRADE:
	case TICK_BLOCK_TRADE:
		put_decimal(out, "price", t->trade.price, line->price_exponent);
		put_decimal(out, "qty", t->trade.qty, line->qty_exponent);
		fprintf(out, ",\"taker\":\"%s\"", t->flags & TICK_FLAG_SIDE ? "sell" : "buy");
		if (t->type == TICK_AGG_TRADE)
			put_int(out, "last_id", t->trade.last_id);
		break;
	case TICK_QUOTE:
		put_decimal(out, "bid_px", t->quote.bid_px, line->price_exponent);
		put_decimal(out, "bid_qty", t->quote.bid_qty, line->qty_exponent);
		put_decimal(out, "ask_px", t->quote.ask_px, line->price_exponent);
		put_decimal(out, "ask_qty", t->quote.ask_qty, line->qty_exponent);
		break;
	case TICK_BOOK_DELTA:
		put_book(out, line);
		break;
	case TICK_BOOK_CLEAR:
		break;
	case TICK_KLINE:
		put_kline(out, line);
		break;
	case TICK_FEED_EVENT:
		put_text(out, "reason", tick_reason_label(t->event.reason));
		put_int(out, "a", t->event.a);
		put_int(out, "b", t->event.b);
		put_int(out, "c", t->event.c);
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
		fprintf(out, ",\"v\":[%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "]", t->v[0],
		    t->v[1], t->v[2], t->v[3]);
		break;
	}
}

static void
json_tick(FILE *out, const struct tick_line *line)
{
	const struct tick *t = line->tick;

	fprintf(out, "{\"type\":\"%s\",\"symbol\":", tick_type_name(t->type));
	if (t->instrument == TICK_NO_INSTRUMENT)
		fputs("null", out);
	else
		text_json(out, line->symbol);
	fprintf(out, ",\"n\":%" PRIu64, tick_number(t->seq));
	put_int(out, "id", t->id);
	put_int(out, "first_id", t->first_id);
	put_payload(out, line);
	fprintf(out, ",\"flags\":%u,\"leg\":%u", t->flags, t->leg);
	put_int(out, "exch_ns", t->exch_ns);
	put_int(out, "recv_ns", t->recv_ns);
	put_int(out, "trade_ns", t->trade_ns);
	put_int(out, "mono_ns", t->mono_ns);
	fputs("}\n", out);
}

static void
json_note(FILE *out, const struct note *note)
{
	fprintf(out, "{\"event\":\"%s\",\"lost\":%" PRIu64 ",\"epoch\":%" PRIu32 ",\"text\":",
	    note->event, note->lost, note->epoch);
	text_json(out, note->text);
	fputs("}\n", out);
}

const struct render render_json = {
	.record = json_record,
	.end = json_end,
	.tick_begin = json_tick_begin,
	.tick = json_tick,
	.note = json_note,
};
