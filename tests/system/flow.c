#include "tests/system/flow.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include <tickring/reasons.h>

#include "feed/io/clock.h"
#include "tests/system/daemon.h"

enum { AT_ONCE = 256 };

static const int64_t nap_ns = 5000000;

struct flow {
	struct tick_reader *reader;
	pthread_t thread;
	atomic_bool over;
	pthread_mutex_t lock; /* guards the rest */
	struct flow_counts counts;
	int64_t heard_ns; /* last tick of the market, or flow_mark() */
	struct flow_stream stream[FLOW_INSTRUMENTS_MAX][TICK_TYPE_COUNT];
};

/* ---- the reader's thread ---------------------------------------------------- */

static void
take_event(struct flow *f, const struct tick *t)
{
	struct flow_stream *s;

	f->counts.gaps += t->event.reason == TICK_REASON_GAP;
	f->counts.stales += t->event.reason == TICK_REASON_STALE;
	if (t->event.reason != TICK_REASON_STALE || t->instrument >= FLOW_INSTRUMENTS_MAX ||
	    (uint64_t)t->event.a >= TICK_TYPE_COUNT)
		return;
	s = &f->stream[t->instrument][t->event.a];
	s->stale_ns = t->mono_ns;
	s->before_ns = s->heard_ns;
	s->back_ns = TICK_ABSENT;
}

/* Of types whose ids are consecutive: the first id that this tick covers. */
static int64_t
first_id(const struct tick *t)
{
	switch ((enum tick_type)t->type) {
	case TICK_TRADE:
	case TICK_AGG_TRADE:
		return t->id;
	case TICK_BOOK_DELTA:
		return t->first_id;
	default:
		return TICK_ABSENT;
	}
}

static void
check_id(struct flow *f, const struct flow_stream *s, const struct tick *t)
{
	int64_t first = first_id(t);

	/* The ticks of one event have its id in common. */
	if (s->ticks == 0 || (t->flags & TICK_FLAG_FIRST) == 0)
		return;
	if (t->id <= s->id)
		f->counts.doubles++;
	else if (first != TICK_ABSENT && first > s->id + 1)
		f->counts.missing += (uint64_t)(first - s->id - 1);
}

static void
take_tick(struct flow *f, const struct tick *t)
{
	struct flow_stream *s;

	if (t->type == TICK_FEED_EVENT) {
		take_event(f, t);
		return;
	}
	if (t->instrument >= FLOW_INSTRUMENTS_MAX || t->type >= TICK_TYPE_COUNT)
		return;
	f->counts.ticks++;
	f->counts.flagged += (t->flags & TICK_FLAG_GAP_BEFORE) != 0;
	if (t->mono_ns - f->heard_ns > f->counts.silence_ns)
		f->counts.silence_ns = t->mono_ns - f->heard_ns;
	f->heard_ns = t->mono_ns;
	s = &f->stream[t->instrument][t->type];
	check_id(f, s, t);
	if (s->ticks++ == 0)
		s->stale_ns = s->before_ns = s->back_ns = TICK_ABSENT;
	if (s->stale_ns != TICK_ABSENT && s->back_ns == TICK_ABSENT)
		s->back_ns = t->mono_ns;
	s->id = t->id;
	s->heard_ns = t->mono_ns;
}

static void *
read_all(void *context)
{
	static struct tick tick[AT_ONCE];
	struct flow *f = context;
	size_t n;
	int outcome;

	while (!atomic_load(&f->over)) {
		outcome = tick_reader_next_batch(f->reader, tick, AT_ONCE, &n);
		pthread_mutex_lock(&f->lock);
		for (size_t i = 0; i < n; i++)
			take_tick(f, &tick[i]);
		f->counts.lost = tick_reader_stats(f->reader).lost;
		f->counts.restarts += outcome == TICK_E_RESTARTED;
		pthread_mutex_unlock(&f->lock);
		if (outcome != TICK_MORE)
			tick_reader_wait(f->reader, nap_ns);
	}
	return NULL;
}

/* ---- the test's thread ------------------------------------------------------ */

struct flow *
flow_start(const char *feed)
{
	mono_t deadline = daemon_deadline();
	struct flow *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	while (tick_reader_open(&f->reader, feed, TICK_FROM_NEWEST) != 0)
		daemon_pause(deadline, "the ring");
	pthread_mutex_init(&f->lock, NULL);
	f->heard_ns = clock_mono().ns;
	assert_int_equal(pthread_create(&f->thread, NULL, read_all, f), 0);
	return f;
}

void
flow_stop(struct flow **flow)
{
	struct flow *f = *flow;

	*flow = NULL;
	if (!f)
		return;
	atomic_store(&f->over, true);
	pthread_join(f->thread, NULL);
	pthread_mutex_destroy(&f->lock);
	tick_reader_close(&f->reader);
	free(f);
}

void
flow_mark(struct flow *f)
{
	pthread_mutex_lock(&f->lock);
	f->counts.silence_ns = 0;
	pthread_mutex_unlock(&f->lock);
}

void
flow_wait_heard(struct flow *f, mono_t since)
{
	mono_t deadline = daemon_deadline();
	bool heard;

	do {
		daemon_pause(deadline, "a tick after that");
		pthread_mutex_lock(&f->lock);
		heard = f->heard_ns > since.ns;
		pthread_mutex_unlock(&f->lock);
	} while (!heard);
}

struct flow_counts
flow_counts(struct flow *f)
{
	struct flow_counts out;

	pthread_mutex_lock(&f->lock);
	out = f->counts;
	pthread_mutex_unlock(&f->lock);
	return out;
}

struct flow_stream
flow_stream(struct flow *f, const char *symbol, enum tick_type type)
{
	struct flow_stream out = {0};
	int64_t id;

	pthread_mutex_lock(&f->lock);
	/* The directory only grows, and nothing else of the reader is looked at. */
	id = tick_reader_find(f->reader, symbol);
	if (id >= 0 && id < FLOW_INSTRUMENTS_MAX)
		out = f->stream[id][type];
	pthread_mutex_unlock(&f->lock);
	return out;
}
