#include "tools/shm-inspect/view.h"

#include <inttypes.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/num.h"
#include "tools/common/text.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

#define CELL_MAX (2 * NUM_MAX + 4)
#define CUT_ALL_ZEROS INT64_C(1000000000000000000) /* as a step for num_decimal() */

/* Instead of a price that has no room: part of one would be a lie. */
static const char too_wide[] = "##############################";

enum column {
	COLUMN_SYMBOL,
	COLUMN_BID,
	COLUMN_ASK,
	COLUMN_SPREAD,
	COLUMN_LAST,
	COLUMN_QUOTES,
	COLUMN_TRADES,
	COLUMN_AGE,
	COLUMNS
};

static const struct {
	const char *title;
	int least, most;
	bool left;
} columns[COLUMNS] = {
	{"SYMBOL", 10, 20, true},
	{"BID QTY@PRICE", 16, 30, false},
	{"ASK QTY@PRICE", 16, 30, false},
	{"SPREAD", 6, 14, false},
	{"LAST", 10, 18, false},
	{"QUO/S", 5, 7, false},
	{"TRD/S", 5, 7, false},
	{"AGE", 5, 8, false},
};

/* Widths for so many columns in all: the least, then one more each in turn. */
static void
lay_out(int total, int width[COLUMNS])
{
	int left = total - (COLUMNS - 1);
	bool grown = true;

	for (int c = 0; c < COLUMNS; c++) {
		width[c] = columns[c].least;
		left -= width[c];
	}
	while (left > 0 && grown) {
		grown = false;
		for (int c = 0; c < COLUMNS && left > 0; c++)
			if (width[c] < columns[c].most) {
				width[c]++;
				left--;
				grown = true;
			}
	}
}

static void
paint(const struct view *v, FILE *out, const char *colour)
{
	if (v->colour)
		fputs(colour, out);
}

/* A line of text, cut to the screen. */
static void
put_line(const struct view *v, FILE *out, const char *text)
{
	fprintf(out, "%.*s\n", (int)text_fit(text, v->columns), text);
}

/*
 * "qty@price". When that is too wide, digits of the quantity give way and "~"
 * says so; of a price never one: rather nothing but '#'.
 */
static void
put_level(int64_t qty, int64_t price, const struct market_row *row, int width, char *cell)
{
	char q[NUM_MAX], p[NUM_MAX];
	int room, point;

	num_decimal(price, row->price_exponent, row->price_step, p);
	num_decimal(qty, row->qty_exponent, row->qty_step, q);
	room = width - 1 - (int)strlen(p);
	point = (int)strcspn(q, ".");
	if (price == TICK_ABSENT)
		snprintf(cell, CELL_MAX, "-");
	else if (room >= (int)strlen(q))
		snprintf(cell, CELL_MAX, "%s@%s", q, p);
	else if (room > point)
		snprintf(cell, CELL_MAX, "%.*s~@%s", room - 1 > point + 1 ? room - 1 : point, q, p);
	else if (room >= -1)
		snprintf(cell, CELL_MAX, "%s", p);
	else
		snprintf(cell, CELL_MAX, "%.*s", width, too_wide);
}

static void
put_price(int64_t price, const struct market_row *row, const char *suffix, int width, char *cell)
{
	char p[NUM_MAX];

	snprintf(cell, CELL_MAX, "%s%s",
	    num_decimal(price, row->price_exponent, row->price_step, p), suffix);
	if ((int)strlen(cell) > width)
		snprintf(cell, CELL_MAX, "%.*s", width, too_wide);
}

/* "0.3s", "45s", "12m", "3h"; with "!" when it is too old. */
static void
put_age(const struct view *v, const struct market_row *row, bool stale, char *cell)
{
	int64_t age = clock_between_ns(v->wall_ns, row->updated_ns), seconds;
	const char *mark = stale ? "!" : "";

	if (age == TICK_ABSENT) {
		snprintf(cell, CELL_MAX, "-");
		return;
	}
	if (age < 0)
		age = 0;
	seconds = age / NS_PER_S;
	if (seconds < 10)
		snprintf(cell, CELL_MAX, "%" PRId64 ".%" PRId64 "s%s", seconds,
		    age % NS_PER_S / (NS_PER_S / 10), mark);
	else if (seconds < 100)
		snprintf(cell, CELL_MAX, "%" PRId64 "s%s", seconds, mark);
	else if (seconds < 6000)
		snprintf(cell, CELL_MAX, "%" PRId64 "m%s", seconds / 60, mark);
	else if (seconds < 360000)
		snprintf(cell, CELL_MAX, "%" PRId64 "h%s", seconds / 3600, mark);
	else
		snprintf(cell, CELL_MAX, "%" PRId64 "d%s", seconds / 86400, mark);
}

static bool
is_alive(const struct view *v)
{
	return strcmp(v->writer, "alive") == 0;
}

/* A writer that is not alive keeps nothing up to date, whatever it said last. */
static bool
is_stale(const struct view *v, const struct market_row *row)
{
	if (row->updated_ns == TICK_ABSENT)
		return false;
	return !is_alive(v) || row->stale ||
	    clock_between_ns(v->wall_ns, row->updated_ns) > VIEW_STALE_NS;
}

/* As exact, and shorter where it is small: "15e-8". */
static void
put_powers(int64_t mantissa, int exponent, char *cell)
{
	for (; mantissa != 0 && mantissa % 10 == 0; mantissa /= 10)
		exponent++;
	snprintf(cell, CELL_MAX, "%" PRId64 "e%d", mantissa, exponent);
}

static void
put_spread(const struct market_row *row, int width, char *cell)
{
	int64_t spread = TICK_ABSENT;
	char text[NUM_MAX];

	if (row->bid_px != TICK_ABSENT && row->ask_px != TICK_ABSENT &&
	    __builtin_sub_overflow(row->ask_px, row->bid_px, &spread))
		spread = TICK_ABSENT;
	num_decimal(spread, row->price_exponent, CUT_ALL_ZEROS, text);
	snprintf(cell, CELL_MAX, "%s", text);
	if ((int)strlen(cell) > width)
		put_powers(spread, row->price_exponent, cell);
}

static void
put_symbol(const struct market_row *row, int width, char *cell)
{
	if (text_columns(row->symbol) <= width)
		snprintf(cell, CELL_MAX, "%s", row->symbol);
	else
		snprintf(cell, CELL_MAX, "%.*s~", (int)text_fit(row->symbol, width - 1),
		    row->symbol);
}

static void
put_row(const struct view *v, FILE *out, const struct market_row *row, const int width[COLUMNS])
{
	bool stale = is_stale(v, row);
	char cell[COLUMNS][CELL_MAX];

	put_symbol(row, width[COLUMN_SYMBOL], cell[COLUMN_SYMBOL]);
	put_level(row->bid_qty, row->bid_px, row, width[COLUMN_BID], cell[COLUMN_BID]);
	put_level(row->ask_qty, row->ask_px, row, width[COLUMN_ASK], cell[COLUMN_ASK]);
	put_spread(row, width[COLUMN_SPREAD], cell[COLUMN_SPREAD]);
	put_price(row->last_px, row,
	    row->last_px == TICK_ABSENT ? "" : row->last_sell ? " S" : " B", width[COLUMN_LAST],
	    cell[COLUMN_LAST]);
	num_rate(row->quotes_milli, cell[COLUMN_QUOTES]);
	num_rate(row->trades_milli, cell[COLUMN_TRADES]);
	put_age(v, row, stale, cell[COLUMN_AGE]);
	for (int c = 0; c < COLUMNS; c++) {
		bool last = c == COLUMN_LAST && row->last_px != TICK_ABSENT;
		const char *colour = stale ? RED : last ? (row->last_sell ? RED : GREEN) : NULL;

		if (c > 0)
			fputc(' ', out);
		if (colour != NULL)
			paint(v, out, colour);
		text_pad(out, cell[c], columns[c].left ? -width[c] : width[c]);
		if (colour != NULL)
			paint(v, out, PLAIN);
	}
	fputc('\n', out);
}

static void
put_titles(const struct view *v, FILE *out, const int width[COLUMNS])
{
	paint(v, out, BOLD);
	for (int c = 0; c < COLUMNS; c++) {
		if (c > 0)
			fputc(' ', out);
		text_pad(out, columns[c].title, columns[c].left ? -width[c] : width[c]);
	}
	paint(v, out, PLAIN);
	fputc('\n', out);
}

static void
put_feed(const struct view *v, FILE *out)
{
	bool fine = is_alive(v);
	char line[512], a[NUM_MAX], b[NUM_MAX], c[NUM_MAX], d[NUM_MAX];

	snprintf(line, sizeof(line),
	    "%s: writer %s%s, epoch %" PRIu32 ", heartbeat %s, lines %s/%s live%s",
	    v->feed, v->writer, fine ? "" : ", data stale", v->epoch,
	    num_span(v->heartbeat_age_ns, a),
	    num_short(v->lines_live, b), num_short(v->lines, c),
	    v->paused ? "  [PAUSED]" : "");
	paint(v, out, fine ? BOLD : RED);
	fprintf(out, "%.*s", (int)text_fit(line, v->columns), line);
	paint(v, out, PLAIN);
	fputc('\n', out);
	snprintf(line, sizeof(line),
	    "messages/s %s, ticks/s %s, lost %" PRIu64 ", decode errors %s, gaps %s",
	    num_short(v->messages_per_s, a), num_rate(v->market->ticks_milli, b), v->lost,
	    num_short(v->decode_errors, c), num_short(v->gaps, d));
	put_line(v, out, line);
	snprintf(line, sizeof(line),
	    "latency: publish p50 %s p99 %s, arrival p50 %s p99 %s, lag %" PRIu64,
	    num_span(v->publish_p50_ns, a), num_span(v->publish_p99_ns, b),
	    num_span(v->arrival_p50_ns, c), num_span(v->arrival_p99_ns, d), v->lag);
	put_line(v, out, line);
}

/* How many instruments have room. */
static uint32_t
room(const struct view *v)
{
	int taken = 4 + (v->note != NULL) + 1 + (v->keys ? 1 : 0);
	uint32_t n = v->market->ordered;

	if (v->top > 0 && n > v->top)
		n = v->top;
	if (v->rows <= 0)
		return n;
	if (v->rows <= taken)
		return 0;
	return n < (uint32_t)(v->rows - taken) ? n : (uint32_t)(v->rows - taken);
}

void
view_draw(const struct view *v, FILE *out)
{
	uint32_t n = room(v), all = v->market->ordered;
	int width[COLUMNS];
	char line[512];

	put_feed(v, out);
	if (v->note != NULL) {
		snprintf(line, sizeof(line), "-- %s", v->note);
		put_line(v, out, line);
	}
	if (v->columns >= 80) {
		lay_out(v->columns, width);
		put_titles(v, out, width);
		for (uint32_t i = 0; i < n; i++)
			put_row(v, out, &v->market->row[v->market->order[i]], width);
	} else
		put_line(v, out, "(the table of instruments needs 80 columns)");
	if (n < all) {
		snprintf(line, sizeof(line), "and %" PRIu32 " more instrument%s", all - n,
		    text_plural(all - n));
		put_line(v, out, line);
	}
	if (v->keys)
		put_line(v, out, v->order == MARKET_BY_RATE
		        ? "s: sort by name   p: pause   q: quit"
		        : "s: sort by rate   p: pause   q: quit");
}

static void
put_number(FILE *out, const char *name, int64_t n)
{
	if (n == TICK_ABSENT)
		fprintf(out, " %s=-", name);
	else
		fprintf(out, " %s=%" PRId64, name, n);
}

void
view_summary(const struct view *v, int64_t ran_ns, FILE *out)
{
	const struct market *m = v->market;
	double per_s = ran_ns > 0 ? (double)m->ticks * 1e9 / (double)ran_ns : 0;

	fputs("summary:", out);
	put_number(out, "ticks", (int64_t)m->ticks);
	fprintf(out, " ticks_per_s=%.1f", per_s);
	put_number(out, "lost", (int64_t)v->lost);
	put_number(out, "decode_errors", v->decode_errors);
	put_number(out, "gaps", v->gaps);
	put_number(out, "instruments", market_known(m));
	fputc('\n', out);
}
