#include "tests/ipc/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <tickring/reasons.h>

#include "tests/system/daemon.h"

void
witness_open(struct witness *w, const char *feed)
{
	mono_t deadline = daemon_deadline();

	memset(w, 0, sizeof(*w));
	while (tick_reader_open(&w->reader, feed, TICK_FROM_NEWEST) == TICK_E_ABSENT)
		daemon_pause(deadline, "the ring");
	assert_non_null(w->reader);
	for (int i = 0; i < WITNESS_INSTRUMENTS_MAX; i++)
		for (int type = 0; type < TICK_TYPE_COUNT; type++)
			w->ids[i][type].first = w->ids[i][type].last = TICK_ABSENT;
}

void
witness_close(struct witness *w)
{
	tick_reader_close(&w->reader);
}

static struct witness_ids *
ids_of(struct witness *w, uint32_t instrument, int64_t type)
{
	assert_true(instrument < WITNESS_INSTRUMENTS_MAX);
	assert_true(type > 0 && type < TICK_TYPE_COUNT);
	return &w->ids[instrument][type];
}

static void
see_gap(struct witness *w, const struct tick *t)
{
	struct witness_ids *ids = ids_of(w, t->instrument, t->event.a);

	if (t->event.a != TICK_TRADE && t->event.a != TICK_AGG_TRADE)
		return;
	w->gaps++;
	assert_true(t->event.b <= t->event.c);
	if (ids->last != TICK_ABSENT)
		assert_int_equal(t->event.b, ids->last + ids->told + 1);
	ids->told += t->event.c - t->event.b + 1;
}

static void
see_event(struct witness *w, const struct tick *t)
{
	if (t->event.reason == TICK_REASON_GAP)
		see_gap(w, t);
	if (t->event.reason != TICK_REASON_RESTART)
		return;
	assert_true(w->expects_restart || w->jumped);
	w->expects_restart = false;
	w->restart_events++;
	w->restart = *t;
}

static void
see_trade(struct witness *w, const struct tick *t)
{
	struct witness_ids *ids = ids_of(w, t->instrument, t->type);
	bool gap_before = (t->flags & TICK_FLAG_GAP_BEFORE) != 0;

	w->trades += t->type == TICK_TRADE;
	if (ids->last == TICK_ABSENT) {
		ids->first = t->id;
		ids->told_all = ids->seen = 0;
	} else {
		assert_true(t->id > ids->last);
		assert_int_equal(t->id - ids->last - 1, ids->told);
		assert_int_equal(gap_before, ids->told > 0);
		ids->told_all += ids->told;
	}
	ids->told = 0;
	ids->seen++;
	ids->last = t->id;
}

/* Lapped: which ids were in the lost ticks is not known, each account starts anew. */
static void
forget_ids(struct witness *w)
{
	for (int i = 0; i < WITNESS_INSTRUMENTS_MAX; i++)
		for (int type = 0; type < TICK_TYPE_COUNT; type++) {
			w->ids[i][type].last = TICK_ABSENT;
			w->ids[i][type].told = 0;
		}
}

static void
see_tick(struct witness *w, const struct tick *t)
{
	uint64_t number = tick_number(t->seq);

	if (!w->heard)
		w->first = number;
	else if (!w->jumped)
		assert_int_equal(number, w->last + 1);
	else
		assert_true(number > w->last);
	if (w->expects_restart && !w->jumped) {
		assert_int_equal(t->type, TICK_FEED_EVENT);
		assert_int_equal(t->event.reason, TICK_REASON_RESTART);
	}
	w->heard = true;
	w->last = number;
	w->received++;
	if (t->type == TICK_FEED_EVENT)
		see_event(w, t);
	if (t->type == TICK_TRADE || t->type == TICK_AGG_TRADE)
		see_trade(w, t);
	w->jumped = w->expects_restart = false;
}

int
witness_read(struct witness *w)
{
	struct tick t;
	int outcome = tick_reader_next(w->reader, &t);

	switch (outcome) {
	case TICK_MORE:
		see_tick(w, &t);
		break;
	case TICK_E_OVERRUN:
		w->overruns++;
		w->jumped = true;
		forget_ids(w);
		break;
	case TICK_E_RESTARTED:
		w->restarts++;
		w->expects_restart = true;
		break;
	default:
		break;
	}
	return outcome;
}

/* Reads once; waits a little when there is nothing. `deadline` moves on with every tick. */
static int
read_or_pause(struct witness *w, mono_t *deadline, const char *what)
{
	int outcome = witness_read(w);

	if (outcome == TICK_MORE)
		*deadline = daemon_deadline();
	else if (outcome != TICK_E_RESTARTED && outcome != TICK_E_OVERRUN)
		daemon_pause(*deadline, what);
	return outcome;
}

void
witness_read_trades(struct witness *w, uint64_t trades)
{
	mono_t deadline = daemon_deadline();

	while (w->trades < trades)
		read_or_pause(w, &deadline, "trades");
}

void
witness_read_until(struct witness *w, int outcome)
{
	mono_t deadline = daemon_deadline();

	while (read_or_pause(w, &deadline, tick_outcome_text(outcome)) != outcome)
		;
}

void
witness_read_restart_event(struct witness *w, uint64_t events)
{
	mono_t deadline = daemon_deadline();

	while (w->restart_events < events)
		read_or_pause(w, &deadline, "FEED_EVENT RESTART");
}

void
witness_check_numbers(const struct witness *w)
{
	struct tick_reader_stats stats = tick_reader_stats(w->reader);

	assert_true(w->heard);
	assert_int_equal(stats.received, w->received);
	assert_int_equal(stats.overruns, w->overruns);
	assert_int_equal(stats.restarts, w->restarts);
	assert_int_equal(w->received + stats.lost, w->last - w->first + 1);
}

int64_t
witness_check_ids(const struct witness *w)
{
	int64_t missing = 0;

	for (int i = 0; i < WITNESS_INSTRUMENTS_MAX; i++)
		for (int type = 0; type < TICK_TYPE_COUNT; type++) {
			const struct witness_ids *ids = &w->ids[i][type];

			if (ids->last == TICK_ABSENT)
				continue;
			assert_int_equal(ids->seen + ids->told_all, ids->last - ids->first + 1);
			missing += ids->told_all;
		}
	return missing;
}
