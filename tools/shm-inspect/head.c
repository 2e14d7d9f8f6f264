#include "tools/shm-inspect/head.h"

#include <inttypes.h>
#include <stdio.h>

#include <tickring/board.h>
#include <tickring/status.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/num.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/filter.h"
#include "tools/shm-inspect/render.h"
#include "tools/shm-inspect/source.h"
#include "tools/shm-inspect/words.h"

#define STATE_MAX 48 /* "stale (writer replaced)" */

static void
show_header(struct sheet *sheet, const struct source *s, bool raw)
{
	const char *writer = source_health(s);
	const struct tick_segment_header *h = tick_reader_header(s->reader);
	char feed[sizeof(h->feed) + 1], abi[24], generation[24], state[STATE_MAX];
	struct record r;

	text_clean(h->feed, sizeof(h->feed), feed, sizeof(feed));
	snprintf(abi, sizeof(abi), "%u.%u", h->abi_major, h->abi_minor);
	snprintf(generation, sizeof(generation), "%016" PRIx64, h->generation);
	record_begin(&r, "ring", false);
	record_text(&r, "feed", feed);
	record_text(&r, "writer", writer);
	record_int(&r, "writer_pid", (int64_t)TICK_LOAD(&h->writer_pid));
	record_text(&r, "state",
	    words_under(writer, words_segment_state(TICK_LOAD(&h->state)), !raw, state,
	        sizeof(state)));
	record_int(&r, "epoch", TICK_LOAD(&h->epoch));
	record_time(&r, "started", TICK_LOAD(&h->started_ns));
	record_span(&r, "heartbeat_age",
	    clock_between_ns(clock_mono_ns(), TICK_LOAD(&h->heartbeat_ns)));
	record_span(&r, "heartbeat_every", TICK_LOAD(&h->heartbeat_every_ns));
	/* Starting at the newest tick, what comes next is what was published. */
	record_int(&r, "ticks_published", (int64_t)tick_reader_stats(s->reader).next);
	record_int(&r, "epoch_first_tick", (int64_t)TICK_LOAD(&h->epoch_first));
	record_int(&r, "instruments", tick_reader_instruments(s->reader));
	record_int(&r, "instruments_max", (int64_t)h->directory_max);
	record_text(&r, "abi", abi);
	record_int(&r, "slots", (int64_t)h->records);
	record_int(&r, "slot_bytes", h->record_bytes);
	record_int(&r, "segment_bytes", (int64_t)h->total_bytes);
	record_time(&r, "created", h->created_ns);
	record_text(&r, "generation", generation);
	sheet_record(sheet, &r);
}

static void
show_instrument(struct sheet *sheet, const struct tick_instrument *i)
{
	char symbol[TICK_SYMBOL_MAX + 1];
	struct record r;

	text_clean(i->symbol, TICK_SYMBOL_MAX, symbol, sizeof(symbol));
	record_begin(&r, "instrument", true);
	record_int(&r, "id", i->id);
	record_text(&r, "symbol", symbol);
	record_text(&r, "venue", words_venue(i->venue));
	record_text(&r, "trading", words_trading(TICK_LOAD(&i->trading)));
	record_int(&r, "price_exponent", i->price_exponent);
	record_int(&r, "qty_exponent", i->qty_exponent);
	record_decimal(&r, "price_step", i->price_step == 0 ? TICK_ABSENT : i->price_step,
	    i->price_exponent, i->price_step);
	record_decimal(&r, "qty_step", i->qty_step == 0 ? TICK_ABSENT : i->qty_step,
	    i->qty_exponent, i->qty_step);
	sheet_record(sheet, &r);
}

/* Opens the ring for something shown once: where the writer is, not where it was. */
static int
open_once(struct source *s, struct filter *f, const struct options *o)
{
	struct options once = *o;
	const char *missing;
	int rc;

	once.from = TICK_FROM_NEWEST;
	rc = source_open(s, &once);
	if (rc >= 0)
		return rc;
	filter_init(f, o);
	missing = filter_missing(f, s->reader);
	if (missing == NULL)
		return -1;
	fprintf(stderr, "shm-inspect: feed \"%s\" has no instrument \"%s\"\n", o->feed, missing);
	source_close(s);
	return EXIT_FEED;
}

int
head_run(const struct options *o)
{
	struct source s;
	struct filter f;
	struct sheet sheet;
	int rc = open_once(&s, &f, o);

	if (rc >= 0)
		return rc;
	sheet_init(&sheet, stdout, o->output);
	show_header(&sheet, &s, o->output != OUTPUT_TEXT);
	for (uint32_t id = 0; id < tick_reader_instruments(s.reader); id++)
		if (filter_wants_instrument(&f, s.reader, id))
			show_instrument(&sheet, tick_reader_instrument(s.reader, id));
	sheet_end(&sheet);
	source_close(&s);
	return EXIT_FINE;
}

/* How many of its lines the feed says are live; TICK_ABSENT: it says nothing. */
static void
count_lines(const char *feed, bool alive, int64_t *live, int64_t *lines)
{
	static struct tick_status st;
	struct tick_status_reader *reader;

	*live = *lines = TICK_ABSENT;
	if (tick_status_open(&reader, feed) != 0)
		return;
	if (status_read(reader, &st) == 0) {
		*live = alive ? st.lines_live : 0;
		*lines = st.lines;
	}
	tick_status_close(&reader);
}

static void
record_lines(struct record *r, const struct options *o, bool alive, char *text, size_t size)
{
	int64_t live, lines;

	count_lines(o->feed, alive, &live, &lines);
	if (o->output != OUTPUT_TEXT) {
		record_int(r, "lines_live", live);
		record_int(r, "lines", lines);
		return;
	}
	if (lines == TICK_ABSENT)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%" PRId64 "/%" PRId64 " live", live, lines);
	record_text(r, "lines", text);
}

int
check_run(const struct options *o)
{
	struct source s;
	struct sheet sheet;
	struct record r;
	const struct tick_segment_header *h;
	char lines[64];
	int health, rc = source_open(&s, o);

	if (rc >= 0)
		return rc;
	health = tick_reader_check(s.reader);
	h = tick_reader_header(s.reader);
	sheet_init(&sheet, stdout, o->output);
	record_begin(&r, "check", true);
	record_text(&r, "feed", o->feed);
	record_text(&r, "writer", source_health(&s));
	record_int(&r, "epoch", TICK_LOAD(&h->epoch));
	record_span(&r, "heartbeat_age",
	    clock_between_ns(clock_mono_ns(), TICK_LOAD(&h->heartbeat_ns)));
	record_lines(&r, o, health == TICK_END, lines, sizeof(lines));
	record_text(&r, "text",
	    health == TICK_END ? "the writer is fine" : tick_outcome_text(health));
	sheet_record(&sheet, &r);
	sheet_end(&sheet);
	source_close(&s);
	return health == TICK_END ? EXIT_FINE : EXIT_FEED;
}

static void
show_board_entry(struct sheet *sheet, const struct tick_board *board,
    const struct tick_instrument *i, const char *writer, enum output output)
{
	struct tick_quote q = {.recv_ns = TICK_ABSENT, .id = TICK_ABSENT, .bid_px = TICK_ABSENT,
	    .bid_qty = TICK_ABSENT, .ask_px = TICK_ABSENT, .ask_qty = TICK_ABSENT};
	struct tick_last_trade t = {.price = TICK_ABSENT, .qty = TICK_ABSENT};
	struct tick_data d = {.state = TICK_DATA_NONE};
	bool no_trade = tick_board_trade(board, i->id, &t) != 0;
	char symbol[TICK_SYMBOL_MAX + 1], data[STATE_MAX];
	struct record r;

	tick_board_quote(board, i->id, &q);
	tick_board_data(board, i->id, &d);
	text_clean(i->symbol, TICK_SYMBOL_MAX, symbol, sizeof(symbol));
	record_begin(&r, "board", true);
	record_text(&r, "symbol", symbol);
	record_text(&r, "data",
	    words_under(writer, words_data_state(d.state), output == OUTPUT_TEXT, data,
	        sizeof(data)));
	record_decimal(&r, "bid_qty", q.bid_qty, i->qty_exponent, i->qty_step);
	record_decimal(&r, "bid_px", q.bid_px, i->price_exponent, i->price_step);
	record_decimal(&r, "ask_px", q.ask_px, i->price_exponent, i->price_step);
	record_decimal(&r, "ask_qty", q.ask_qty, i->qty_exponent, i->qty_step);
	record_decimal(&r, "last_px", t.price, i->price_exponent, i->price_step);
	record_decimal(&r, "last_qty", t.qty, i->qty_exponent, i->qty_step);
	record_text(&r, "taker", no_trade ? "-" : t.flags & TICK_FLAG_SIDE ? "sell" : "buy");
	record_int(&r, "quote_id", q.id);
	record_span(&r, "quote_age", clock_between_ns(clock_wall_ns(), q.recv_ns));
	if (output == OUTPUT_TSV) { /* mantissas say nothing without them */
		record_int(&r, "price_exponent", i->price_exponent);
		record_int(&r, "qty_exponent", i->qty_exponent);
	}
	if (output != OUTPUT_TEXT)
		record_text(&r, "writer", writer);
	sheet_record(sheet, &r);
}

int
board_run(const struct options *o)
{
	struct tick_board *board;
	struct source s;
	struct filter f;
	struct sheet sheet;
	const char *writer;
	int rc = open_once(&s, &f, o);

	if (rc >= 0)
		return rc;
	rc = tick_board_open(&board, o->feed);
	if (rc != 0) {
		fprintf(stderr, "shm-inspect: board of feed \"%s\": %s\n", o->feed,
		    tick_outcome_text(rc));
		source_close(&s);
		return rc == TICK_E_SYSTEM ? EXIT_OTHER : EXIT_FEED;
	}
	writer = source_health(&s);
	sheet_init(&sheet, stdout, o->output);
	for (uint32_t id = 0; id < tick_reader_instruments(s.reader); id++)
		if (filter_wants_instrument(&f, s.reader, id))
			show_board_entry(&sheet, board, tick_reader_instrument(s.reader, id),
			    writer, o->output);
	sheet_end(&sheet);
	if (tick_board_check(board) != TICK_END)
		fprintf(stderr, "shm-inspect: board of feed \"%s\": %s; the last values\n",
		    o->feed, tick_outcome_text(tick_board_check(board)));
	tick_board_close(&board);
	source_close(&s);
	return EXIT_FINE;
}
