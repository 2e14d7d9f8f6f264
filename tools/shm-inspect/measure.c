#include "tools/shm-inspect/measure.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/common/clock.h"
#include "tools/common/exits.h"
#include "tools/common/num.h"
#include "tools/common/pace.h"
#include "tools/common/stop.h"
#include "tools/common/text.h"
#include "tools/shm-inspect/delays.h"
#include "tools/shm-inspect/filter.h"
#include "tools/shm-inspect/render.h"
#include "tools/shm-inspect/source.h"

/* A sleep of a millisecond would be all that one sees of the ring. */
#define LATENCY_SLEEP_NS 20000
#define CLOCK_EVERY 256

struct measure {
	const struct options *o;
	struct source source;
	struct filter filter;
	struct delays delays;
	uint64_t count[TICK_TYPE_COUNT];
	uint64_t ticks;
	int64_t ran_ns;
};

static void
collect(struct measure *m)
{
	int64_t begun = clock_mono_ns(), end = begun + m->o->duration_ns;
	struct pace pace = {0};
	struct tick tick;
	unsigned busy = 0;

	while (busy % CLOCK_EVERY != 0 || (!stop_asked() && clock_mono_ns() < end)) {
		enum source_result result = source_next(&m->source, &tick);

		if (result == SOURCE_TICK) {
			busy++;
			pace_on_work(&pace);
			if (!filter_wants(&m->filter, m->source.reader, &tick))
				continue;
			m->ticks++;
			m->count[tick.type < TICK_TYPE_COUNT ? tick.type : TICK_TYPE_EMPTY]++;
			if (m->o->latency)
				delays_on_tick(&m->delays, &tick);
			continue;
		}
		busy = 0;
		if (result == SOURCE_NOTE)
			render_text.note(stderr, &m->source.note);
		else if (!m->o->spin)
			clock_sleep_ns(m->o->latency ? LATENCY_SLEEP_NS : pace_on_idle(&pace));
	}
	m->ran_ns = clock_mono_ns() - begun;
}

static void
show_latency(struct sheet *sheet, const char *name, const struct quantile *h)
{
	struct record r;

	record_begin(&r, "latency", true);
	record_text(&r, "of", name);
	record_int(&r, "count", (int64_t)h->count);
	record_span(&r, "min", h->count > 0 ? h->min : TICK_ABSENT);
	record_span(&r, "p50", quantile_at(h, 500));
	record_span(&r, "p90", quantile_at(h, 900));
	record_span(&r, "p99", quantile_at(h, 990));
	record_span(&r, "p99_9", quantile_at(h, 999));
	record_span(&r, "max", h->count > 0 ? h->max : TICK_ABSENT);
	sheet_record(sheet, &r);
}

static void
show_rate(struct sheet *sheet, const char *type, uint64_t count, int64_t ran_ns)
{
	struct record r;

	record_begin(&r, "rate", true);
	record_text(&r, "type", type);
	record_int(&r, "ticks", (int64_t)count);
	record_tenths(&r, "ticks_per_s",
	    ran_ns > 0 ? (int64_t)((double)count * 1e10 / (double)ran_ns) : 0);
	sheet_record(sheet, &r);
}

static void
show(const struct measure *m)
{
	struct sheet sheet;

	sheet_init(&sheet, stdout, m->o->output);
	if (m->o->latency) {
		show_latency(&sheet, "receipt to publish", &m->delays.publish);
		show_latency(&sheet, m->o->spin ? "publish to read" : "publish to read, sleeping",
		    &m->delays.read);
	}
	if (m->o->rate) {
		for (unsigned type = 0; type < TICK_TYPE_COUNT; type++)
			if (m->count[type] > 0)
				show_rate(&sheet, tick_type_name(type), m->count[type], m->ran_ns);
		show_rate(&sheet, "all", m->ticks, m->ran_ns);
	}
	sheet_end(&sheet);
}

int
measure_run(const struct options *o)
{
	static struct measure m;
	struct options newest = *o;
	int rc;

	newest.from = TICK_FROM_NEWEST; /* of ticks that waited there is nothing to measure */
	m.o = o;
	rc = source_open(&m.source, &newest);
	if (rc >= 0)
		return rc;
	filter_init(&m.filter, o);
	collect(&m);
	show(&m);
	if (m.source.lost > 0)
		fprintf(stderr, "shm-inspect: %" PRIu64 " tick%s lost\n", m.source.lost,
		    text_plural(m.source.lost));
	source_close(&m.source);
	return EXIT_FINE;
}
