/*
 * compare FEED CAPTURE: reads the ring of a feed that a recording is replayed
 * to, and compares every trade, aggTrade and bookTicker with the rows that an
 * independent program derived from the recording: order, ids, integers, times.
 * Where it derived books, too, the board's have to be equal at the end, level
 * by level.
 *
 * Prints one line; exit 0 when everything was there and equal, 1 when not.
 * The end is known from the status segment: the feed has counted as many
 * messages as the recording has, and the replies to its own requests.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tickring/board.h>
#include <tickring/reader.h>
#include <tickring/status.h>

#include "tests/captures.h"

#define SILENT_S_MAX 30
#define SHOWN_MAX 5
#define ROW_MAX 512
#define BOOK_LEVELS 20 /* of the expected books and of the board */

struct comparison {
	const char *feed;
	struct captures captures;
	size_t index;
	struct capture norm;
	bool has_norm;
	struct tick_reader *reader;
	struct tick_status_reader *status;
	uint64_t messages, compared, differences;
	uint64_t books, levels;
};

static void
nap(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	nanosleep(&ms, NULL);
}

static int64_t
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static int
give_up(const struct comparison *c, const char *what)
{
	printf("%s: %s\n", c->captures.name[c->index], what);
	return 1;
}

static uint64_t
count_messages(const struct comparison *c)
{
	struct capture_message message;
	struct capture capture;
	uint64_t n = 0;

	captures_open(&capture, &c->captures, c->index);
	while (captures_next(&capture, &message))
		n++;
	captures_close(&capture);
	return n;
}

static int64_t
us_of(int64_t ns)
{
	return ns == TICK_ABSENT ? 0 : ns / 1000;
}

/* The columns of norm.tsv after the line number, as the tick has them. */
static bool
row_of(const struct comparison *c, const struct tick *t, char row[ROW_MAX])
{
	const struct tick_instrument *i = tick_reader_instrument(c->reader, t->instrument);
	int maker = (t->flags & TICK_FLAG_SIDE) != 0;

	if (!i || i->price_exponent != -8 || i->qty_exponent != -8)
		return false;
	if (t->type == TICK_QUOTE)
		snprintf(row, ROW_MAX,
		    "bookTicker %.*s %" PRId64 " - - %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
		    " - %" PRId64 " %" PRId64,
		    i->symbol_bytes, i->symbol, t->id, t->quote.bid_px, t->quote.bid_qty,
		    t->quote.ask_px, t->quote.ask_qty, us_of(t->exch_ns), us_of(t->trade_ns));
	else if (t->type == TICK_TRADE)
		snprintf(row, ROW_MAX,
		    "trade %.*s %" PRId64 " - - %" PRId64 " %" PRId64 " - - %d %" PRId64
		    " %" PRId64,
		    i->symbol_bytes, i->symbol, t->id, t->trade.price, t->trade.qty, maker,
		    us_of(t->exch_ns), us_of(t->trade_ns));
	else
		snprintf(row, ROW_MAX,
		    "aggTrade %.*s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
		    " - - %d %" PRId64 " %" PRId64,
		    i->symbol_bytes, i->symbol, t->id, t->first_id, t->trade.last_id,
		    t->trade.price, t->trade.qty, maker, us_of(t->exch_ns), us_of(t->trade_ns));
	return true;
}

/* The next expected row in the same form; "" at the end. */
static void
next_expected(struct comparison *c, char row[ROW_MAX], int64_t *line)
{
	struct bytes column[NORM_COLUMNS];
	size_t at = 0;

	row[0] = '\0';
	*line = 0;
	if (!c->has_norm || !norm_next(&c->norm, column))
		return;
	*line = strtoll(column[NORM_LINE].p, NULL, 10);
	for (int i = NORM_EVENT; i < NORM_COLUMNS && at < ROW_MAX; i++)
		at += (size_t)snprintf(row + at, ROW_MAX - at, "%s%.*s", i > NORM_EVENT ? " " : "",
		    (int)column[i].n, column[i].p);
}

static void
differ(struct comparison *c, int64_t line, const char *expected, const char *got)
{
	if (++c->differences <= SHOWN_MAX)
		printf("%s:%" PRId64 ": expected [%s] got [%s]\n", c->captures.name[c->index], line,
		    expected, got);
}

static void
on_tick(struct comparison *c, const struct tick *t)
{
	char expected[ROW_MAX], got[ROW_MAX] = "unknown instrument or exponents";
	int64_t line;

	if (t->type != TICK_TRADE && t->type != TICK_AGG_TRADE && t->type != TICK_QUOTE)
		return;
	row_of(c, t, got);
	next_expected(c, expected, &line);
	c->compared++;
	if (strcmp(expected, got) != 0)
		differ(c, line, expected, got);
}

/* Has the feed seen the whole recording? *seen: messages so far. */
static bool
is_over(const struct comparison *c, uint64_t *seen)
{
	static struct tick_status s;

	if (tick_status_read(c->status, &s) != 0)
		return false;
	*seen = s.counter[TICK_COUNTER_MESSAGES];
	return *seen >= c->messages + s.counter[TICK_COUNTER_REQUESTS] &&
	    s.counter[TICK_COUNTER_REQUESTS] > 0;
}

static bool
open_feed(struct comparison *c)
{
	int64_t begun = now_s();

	while (now_s() - begun < SILENT_S_MAX) {
		if (!c->reader)
			tick_reader_open(&c->reader, c->feed, TICK_FROM_OLDEST);
		if (!c->status)
			tick_status_open(&c->status, c->feed);
		if (c->reader && c->status)
			return true;
		nap();
	}
	return false;
}

/* Reads until the recording is over. Returns false when nothing came for too long. */
static bool
read_all(struct comparison *c)
{
	uint64_t seen = 0, seen_before = UINT64_MAX;
	int64_t moved = now_s();
	struct tick t;
	int outcome;

	for (;;) {
		bool over = is_over(c, &seen);

		while ((outcome = tick_reader_next(c->reader, &t)) == TICK_MORE ||
		    outcome == TICK_E_OVERRUN || outcome == TICK_E_RESTARTED)
			if (outcome == TICK_MORE)
				on_tick(c, &t);
		if (over)
			return true;
		if (seen != seen_before)
			moved = now_s();
		seen_before = seen;
		if (now_s() - moved > SILENT_S_MAX)
			return false;
		nap();
	}
}

/* ---- books -------------------------------------------------------------------- */

/* The book of a symbol on the board, once it is in sync. Returns false when it never is. */
static bool
read_book(struct comparison *c, struct tick_board *board, const char *symbol,
    struct tick_book *book, struct tick_level side[2][BOOK_LEVELS])
{
	int64_t id = tick_reader_find(c->reader, symbol), begun = now_s();
	struct tick_data data;

	while (id >= 0 && now_s() - begun < SILENT_S_MAX) {
		if (tick_board_data(board, (uint32_t)id, &data) == 0 &&
		    data.state == TICK_DATA_LIVE &&
		    tick_board_book(board, (uint32_t)id, book, side[0], side[1],
			BOOK_LEVELS) == 0)
			return true;
		nap();
	}
	return false;
}

/* A row: symbol, side, level, price and quantity of 10^-8. */
static void
compare_level(struct comparison *c, char *const column[5], const struct tick_book *book,
    struct tick_level side[2][BOOK_LEVELS])
{
	int64_t level = strtoll(column[2], NULL, 10), n;
	const struct tick_level *got = side[column[1][0] != 'b'];
	char expected[ROW_MAX], seen[ROW_MAX] = "no such level";

	n = column[1][0] == 'b' ? book->bids : book->asks;
	snprintf(expected, sizeof(expected), "%s %s", column[3], column[4]);
	if (level >= 0 && level < n && level < BOOK_LEVELS)
		snprintf(seen, sizeof(seen), "%" PRId64 " %" PRId64, got[level].price,
		    got[level].qty);
	c->levels++;
	if (strcmp(expected, seen) != 0)
		differ(c, level, expected, seen);
}

static void
compare_books(struct comparison *c)
{
	static struct tick_level side[2][BOOK_LEVELS];
	char name[ROW_MAX], last[TICK_SYMBOL_MAX + 1] = "", *text, *rest, *line, *column[5];
	struct tick_board *board = NULL;
	struct tick_book book = {0};
	size_t size;

	snprintf(name, sizeof(name), "expected/%s.book.tsv", c->captures.name[c->index]);
	rest = text = captures_file(&c->captures, name, &size);
	if (text == NULL)
		return;
	if (tick_board_open(&board, c->feed) != 0)
		differ(c, 0, "a board", "none");
	while (board != NULL && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '#' || line[0] == '\0')
			continue;
		for (int i = 0; i < 5; i++)
			column[i] = strsep(&line, "\t");
		if (column[4] == NULL)
			continue;
		if (strcmp(last, column[0]) != 0) {
			snprintf(last, sizeof(last), "%s", column[0]);
			book = (struct tick_book){0};
			c->books++;
			if (!read_book(c, board, last, &book, side))
				differ(c, 0, last, "no book in sync");
		}
		compare_level(c, column, &book, side);
	}
	tick_board_close(&board);
	free(text);
}

static int
verdict(struct comparison *c, bool whole)
{
	struct tick_reader_stats stats = tick_reader_stats(c->reader);
	char expected[ROW_MAX];
	uint64_t missing = 0;
	int64_t line;

	for (next_expected(c, expected, &line); expected[0]; next_expected(c, expected, &line)) {
		missing++;
		differ(c, line, expected, "nothing");
	}
	printf("%-32s %7" PRIu64 " messages, %7" PRIu64 " compared, %" PRIu64 " books of %" PRIu64
	       " levels, %" PRIu64 " differences, %" PRIu64 " lost%s\n",
	    c->captures.name[c->index], c->messages, c->compared, c->books, c->levels,
	    c->differences,
	    stats.lost + missing, whole ? "" : ", replay did not end");
	return whole && c->differences == 0 && stats.lost == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static struct comparison c;
	bool whole;

	if (argc != 3) {
		fputs("usage: compare FEED CAPTURE (with $TICKRING_CAPTURES)\n", stderr);
		return 2;
	}
	c.feed = argv[1];
	if (!captures_find(&c.captures))
		return 2;
	while (c.index < c.captures.count && strcmp(c.captures.name[c.index], argv[2]) != 0)
		c.index++;
	if (c.index == c.captures.count) {
		fprintf(stderr, "compare: no recording \"%s\"\n", argv[2]);
		return 2;
	}
	c.messages = count_messages(&c);
	c.has_norm = norm_open(&c.norm, &c.captures, c.index);
	if (!open_feed(&c))
		return give_up(&c, "the feed did not start");
	whole = read_all(&c);
	compare_books(&c);
	return verdict(&c, whole);
}
