#include "tools/shm-inspect/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tickring/status.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/num.h"
#include "tools/common/pace.h"
#include "tools/common/stop.h"
#include "tools/common/term.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/delays.h"
#include "tools/shm-inspect/filter.h"
#include "tools/shm-inspect/source.h"
#include "tools/shm-inspect/view.h"

#define BATCH_MAX 4096
#define BLOCK_ROWS 10 /* instruments in a block of text */
#define NOTE_LASTS_NS (30 * NS_PER_S)

struct live {
	const struct options *o;
	struct source source;
	struct filter filter;
	struct market market;
	struct delays delays;
	struct tick_board *board;
	struct tick_status_reader *status;
	struct tick_status last; /* copy of the status */
	bool has_status;         /* `last` is filled in */
	struct view view;
	bool screen, quit;
	uint32_t known;          /* directory entries taken over */
	char note[192];
	int64_t noted_ns;        /* monotonic; 0: no note */
};

/* Instruments that are new in the directory, and what the board knows of them. */
static void
take_directory(struct live *l)
{
	uint32_t n = tick_reader_instruments(l->source.reader);

	for (; l->known < n; l->known++) {
		struct tick_quote q;
		struct tick_last_trade t;
		bool has_q, has_t;

		if (!filter_wants_instrument(&l->filter, l->source.reader, l->known))
			continue;
		market_add(&l->market, tick_reader_instrument(l->source.reader, l->known));
		if (l->board == NULL)
			continue;
		has_q = tick_board_quote(l->board, l->known, &q) == 0;
		has_t = tick_board_trade(l->board, l->known, &t) == 0;
		market_on_board(&l->market, l->known, has_q ? &q : NULL, has_t ? &t : NULL);
	}
}

static uint32_t
directory_max(const struct live *l)
{
	return (uint32_t)tick_reader_header(l->source.reader)->directory_max;
}

static void
take_note(struct live *l)
{
	const struct note *note = &l->source.note;
	char time[NUM_MAX], lost[48] = "";

	if (note->lost > 0)
		snprintf(lost, sizeof(lost), ", %llu tick%s lost", (unsigned long long)note->lost,
		    text_plural(note->lost));
	snprintf(l->note, sizeof(l->note), "%.8s %s%s", num_time_of_day(clock_wall_ns(), time),
	    note->text, lost);
	l->noted_ns = clock_mono_ns();
	if (!l->screen)
		printf("-- %s\n", l->note);
	if (strcmp(note->event, "replaced") != 0)
		return;
	/* Ids of another segment mean other instruments. */
	if (!market_restart(&l->market, directory_max(l)))
		l->quit = true;
	filter_on_directory(&l->filter, l->source.reader);
	l->known = 0;
	tick_board_close(&l->board);
	tick_board_open(&l->board, l->o->feed);
}

/* Reads what is there, up to a batch. True: there may be more. */
static bool
read_ticks(struct live *l)
{
	struct tick tick;

	for (int i = 0; i < BATCH_MAX; i++) {
		enum source_result result = source_next(&l->source, &tick);

		if (result == SOURCE_IDLE)
			return false;
		if (result == SOURCE_NOTE) {
			take_note(l);
			continue;
		}
		if (!filter_wants(&l->filter, l->source.reader, &tick))
			continue;
		if (tick.instrument >= l->known)
			take_directory(l);
		market_on_tick(&l->market, &tick);
		delays_on_tick(&l->delays, &tick);
	}
	return true;
}

/* The feed's own numbers; without a status segment there are none. */
static void
take_status(struct live *l)
{
	struct view *v = &l->view;
	int health = TICK_E_ABSENT;

	if (l->status != NULL && tick_status_check(l->status) == TICK_E_REPLACED)
		tick_status_close(&l->status);
	if (l->status == NULL)
		tick_status_open(&l->status, l->o->feed);
	if (l->status != NULL) {
		health = tick_status_check(l->status);
		l->has_status |= tick_status_read(l->status, &l->last) == 0;
	}
	if (!l->has_status) {
		v->lines = v->lines_live = v->messages_per_s = TICK_ABSENT;
		v->decode_errors = v->arrival_p50_ns = v->arrival_p99_ns = TICK_ABSENT;
		v->gaps = (int64_t)l->market.gaps_seen;
		return;
	}
	v->lines = l->last.lines;
	v->lines_live = health == TICK_END ? l->last.lines_live : 0;
	v->messages_per_s = health == TICK_END ? l->last.messages_per_s : 0;
	v->decode_errors = (int64_t)(l->last.counter[TICK_COUNTER_MALFORMED] +
	    l->last.counter[TICK_COUNTER_UNFIT]);
	v->gaps = (int64_t)l->last.counter[TICK_COUNTER_GAPS];
	v->arrival_p50_ns = l->last.arrival.count > 0 ? l->last.arrival.p50 : TICK_ABSENT;
	v->arrival_p99_ns = l->last.arrival.count > 0 ? l->last.arrival.p99 : TICK_ABSENT;
}

static void
take_stock(struct live *l, int64_t now)
{
	const struct tick_segment_header *h = tick_reader_header(l->source.reader);
	struct view *v = &l->view;

	take_directory(l);
	take_status(l);
	v->writer = source_health(&l->source);
	v->epoch = source_epoch(&l->source);
	v->heartbeat_age_ns = clock_between_ns(now, TICK_LOAD(&h->heartbeat_ns));
	v->lost = l->source.lost;
	v->lag = tick_reader_lag(l->source.reader);
	v->wall_ns = clock_wall_ns();
	v->publish_p50_ns = quantile_at(&l->delays.publish, 500);
	v->publish_p99_ns = quantile_at(&l->delays.publish, 990);
	delays_clear(&l->delays);
	market_sample(&l->market, now, v->order);
	v->note = l->noted_ns != 0 && now - l->noted_ns < NOTE_LASTS_NS ? l->note : NULL;
}

static void
draw_screen(struct live *l)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		return;
	term_size(&l->view.columns, &l->view.rows);
	view_draw(&l->view, out);
	fclose(out);
	term_paint(text, n);
	free(text);
}

static void
draw_block(struct live *l)
{
	char time[NUM_MAX];

	l->view.note = NULL; /* it was printed when it happened */
	printf("[%.8s UTC]\n", num_time_of_day(l->view.wall_ns, time));
	view_draw(&l->view, stdout);
	fputc('\n', stdout);
	if (fflush(stdout) != 0)
		l->quit = true;
}

static void
take_key(struct live *l, int key)
{
	switch (key) {
	case 'q':
	case 'Q':
	case -1: /* the terminal is gone */
		l->quit = true;
		break;
	case 's':
		l->view.order = l->view.order == MARKET_BY_RATE ? MARKET_BY_NAME : MARKET_BY_RATE;
		market_sample(&l->market, l->market.sampled_ns, l->view.order);
		break;
	case 'p':
		l->view.paused = !l->view.paused;
		break;
	default:
		return;
	}
	if (l->screen && !l->quit)
		draw_screen(l);
}

/* Waits for a key or the time, whichever comes first. */
static void
rest(struct live *l, int64_t ns)
{
	if (!l->screen)
		clock_sleep_ns(ns);
	else
		take_key(l, term_key(ns));
}

static void
live_loop(struct live *l, int64_t begun)
{
	int64_t end = l->o->duration_ns > 0 ? begun + l->o->duration_ns : INT64_MAX;
	int64_t due = l->screen ? begun : begun + l->o->interval_ns;
	struct pace pace = {0};

	while (!l->quit && !stop_asked()) {
		bool more = read_ticks(l);
		int64_t now = clock_mono_ns(), nap;

		if (now >= end)
			break;
		if (now >= due && !(l->screen && l->view.paused)) {
			take_stock(l, now);
			if (l->screen)
				draw_screen(l);
			else
				draw_block(l);
			due += l->o->interval_ns;
			if (due <= now) /* stopped for long: no burst of redraws */
				due = now + l->o->interval_ns;
		}
		if (stop_resized() && l->screen)
			draw_screen(l);
		if (more)
			pace_on_work(&pace);
		nap = more ? 0 : pace_on_idle(&pace);
		if (nap > 0 || l->screen)
			rest(l, nap);
	}
}

static void
live_close(struct live *l)
{
	tick_board_close(&l->board);
	tick_status_close(&l->status);
	market_fini(&l->market);
	source_close(&l->source);
}

static void
say_missing(const char *what, int rc, const char *feed)
{
	if (rc != 0)
		fprintf(stderr, "shm-inspect: %s of feed \"%s\": %s; going on without\n",
		    what, feed, tick_outcome_text(rc));
}

int
live_run(const struct options *o)
{
	static struct live l;
	int64_t begun;
	int rc;

	l.o = o;
	rc = source_open(&l.source, o);
	if (rc >= 0)
		return rc;
	begun = clock_mono_ns();
	if (!market_init(&l.market, directory_max(&l), begun)) {
		perror("shm-inspect");
		source_close(&l.source);
		return EXIT_OTHER;
	}
	say_missing("board", tick_board_open(&l.board, o->feed), o->feed);
	say_missing("status", tick_status_open(&l.status, o->feed), o->feed);
	filter_init(&l.filter, o);
	filter_on_directory(&l.filter, l.source.reader);
	l.screen = !o->plain && term_take();
	l.view = (struct view){.columns = 100, .feed = o->feed, .market = &l.market,
	    .top = l.screen ? 0 : BLOCK_ROWS, .keys = l.screen,
	    .colour = l.screen && term_colour(stdout)};
	take_directory(&l);
	live_loop(&l, begun);
	take_stock(&l, clock_mono_ns());
	term_restore();
	view_summary(&l.view, clock_mono_ns() - begun, stdout);
	live_close(&l);
	return EXIT_FINE;
}
