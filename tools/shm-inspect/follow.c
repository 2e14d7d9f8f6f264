#include "tools/shm-inspect/follow.h"

#include <stdio.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/pace.h"
#include "tools/common/stop.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/filter.h"
#include "tools/shm-inspect/render.h"
#include "tools/shm-inspect/source.h"

#define CLOCK_EVERY 256 /* ticks between looks at the clock while there is work */
#define DRAIN_QUIET_NS INT64_C(200000000)

struct follow {
	const struct options *o;
	struct source source;
	struct filter filter;
	struct sheet sheet;
	uint64_t shown, seen;
	int64_t quiet_ns; /* since when there was nothing to read; 0: there was */
};

static void
show_tick(struct follow *f, const struct tick *tick)
{
	const struct tick_instrument *i;
	char symbol[TICK_SYMBOL_MAX + 1] = "-";
	struct tick_line line = {.tick = tick, .symbol = symbol};

	i = tick_reader_instrument(f->source.reader, tick->instrument);
	if (i != NULL) {
		text_clean(i->symbol, TICK_SYMBOL_MAX, symbol, sizeof(symbol));
		line.price_exponent = i->price_exponent;
		line.qty_exponent = i->qty_exponent;
		line.price_step = i->price_step;
		line.qty_step = i->qty_step;
	}
	sheet_tick(&f->sheet, &line);
	f->shown++;
}

static void
show_note(struct follow *f)
{
	const struct note *note = &f->source.note;

	sheet_note(&f->sheet, note);
	if (f->o->symbols > 0)
		filter_on_directory(&f->filter, f->source.reader);
}

/* Is there no more to do? */
static bool
is_over(const struct follow *f, int64_t end_ns)
{
	if (stop_asked() || ferror(stdout))
		return true;
	if (f->o->count > 0 && f->shown >= f->o->count)
		return true;
	return end_ns > 0 && clock_mono_ns() >= end_ns;
}

/*
 * Was everything read? The writer's hint may say that there is more: in a
 * damaged ring, past what is damaged, or because the hint itself is.
 */
static bool
is_drained(struct follow *f)
{
	int64_t now = clock_mono_ns();

	if (f->quiet_ns == 0)
		f->quiet_ns = now;
	return tick_reader_lag(f->source.reader) == 0 || now - f->quiet_ns >= DRAIN_QUIET_NS;
}

static int
follow_loop(struct follow *f, int64_t end_ns)
{
	struct pace pace = {0};
	struct tick tick;

	while (f->seen % CLOCK_EVERY != 0 || !is_over(f, end_ns)) {
		enum source_result result = source_next(&f->source, &tick);

		if (result == SOURCE_TICK) {
			pace_on_work(&pace);
			f->quiet_ns = 0;
			f->seen++;
			if (filter_wants(&f->filter, f->source.reader, &tick))
				show_tick(f, &tick);
			if (f->o->count > 0 && f->shown >= f->o->count)
				break;
			continue;
		}
		f->seen = 0; /* looks at the clock next time */
		if (result == SOURCE_NOTE) {
			show_note(f);
			continue;
		}
		fflush(stdout);
		if (f->o->drain && is_drained(f))
			break;
		if (!f->o->spin && !f->o->drain)
			clock_sleep_ns(pace_on_idle(&pace));
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_FINE : EXIT_OTHER;
}

int
follow_run(const struct options *o)
{
	static struct follow f;
	const char *missing;
	int rc;

	f.o = o;
	rc = source_open(&f.source, o);
	if (rc >= 0)
		return rc;
	filter_init(&f.filter, o);
	missing = filter_missing(&f.filter, f.source.reader);
	if (missing != NULL)
		fprintf(stderr, "shm-inspect: no instrument \"%s\" yet, waiting for it\n", missing);
	sheet_init(&f.sheet, stdout, o->output);
	sheet_tick_begin(&f.sheet);
	rc = follow_loop(&f, o->duration_ns > 0 ? clock_mono_ns() + o->duration_ns : 0);
	source_close(&f.source);
	return rc;
}
