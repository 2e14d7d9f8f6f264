#include "feed/core/watch.h"

#include <stdbool.h>
#include <stddef.h>

#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/shift.h"
#include "feed/core/stall.h"
#include "feed/core/subscribe.h"

static const span_t tell_more_after = {1000000};

void
watch_init(struct watch *watch)
{
	*watch = (struct watch){.tell_at = MONO_NEVER};
}

static void
mark(struct pool *pool, struct pool_stream *stream, bool stale, enum tick_reason why)
{
	if (stream->stale == stale)
		return;
	stream->stale = stale;
	stream->why = why;
	pool->watch.stale += stale ? 1 : -1u;
	if (!stream->untold)
		pool->watch.untold++;
	stream->untold = true;
}

void
watch_on_heard(struct pool *pool, const struct pool_heard *heard, mono_t now)
{
	struct pool_stream *stream;
	struct session_stream *entry;
	unsigned line;

	if (heard->stream >= pool->nstreams || !pool->stream[heard->stream].wanted) {
		pool->strays++;
		return;
	}
	stream = &pool->stream[heard->stream];
	if (stream->unlisted)
		watch_on_quiet(pool, heard->stream, TICK_REASON_NONE, now);
	stream->heard = now;
	stream->messages += heard->messages;
	mark(pool, stream, false, TICK_REASON_LIVE);
	for (uint64_t lines = heard->lines; lines != 0; lines &= lines - 1) {
		line = (unsigned)__builtin_ctzll(lines);
		entry = line < pool->nlines ? place_of(pool, line, heard->stream) : NULL;
		if (entry == NULL)
			continue;
		entry->heard = now;
		entry->healing = entry->silent = false;
		if (pool->shared.stall != NULL)
			stall_on_message(pool->shared.stall, (uint32_t)(entry - pool->entry), now);
		if (entry->produced)
			continue;
		entry->produced = true;
		rotate_on_produced(pool, line);
		shift_on_produced(pool, heard->stream, line);
	}
}

void
watch_on_dropped(struct pool *pool, uint32_t stream)
{
	struct pool_stream *s = &pool->stream[stream];

	pool->watch.stale -= s->stale;
	pool->watch.untold -= s->untold;
	pool->watch.unlisted -= s->unlisted;
	s->stale = s->untold = s->unlisted = false;
}

/* One of its places: silence counts from now, or not at all. */
static void
quiet_place(struct pool *pool, uint32_t at, bool quiet, mono_t now)
{
	struct session_stream *entry = &pool->entry[at];
	struct stall *stall = pool->shared.stall;

	if (stall != NULL && quiet)
		stall_suspend(stall, at);
	else if (stall != NULL)
		stall_resume(stall, at, now);
	if (quiet) {
		entry->silent = entry->healing = false;
	} else if (entry->state == STREAM_ACKED && !entry->produced) {
		entry->acked = now;
		pool->shared.data_due = mono_min(
		    pool->shared.data_due, mono_add(now, pool->shared.cfg.data_within));
	}
}

void
watch_on_quiet(struct pool *pool, uint32_t number, enum tick_reason why, mono_t now)
{
	bool quiet = why != TICK_REASON_NONE, unlisted = why == TICK_REASON_UNLISTED;
	struct pool_stream *stream;

	if (number >= pool->nstreams || !pool->stream[number].wanted) {
		pool->strays++;
		return;
	}
	stream = &pool->stream[number];
	pool->watch.unlisted += unlisted - stream->unlisted;
	stream->unlisted = unlisted;
	for (unsigned i = 0; i < PLACE_COPIES_MAX && quiet != stream->quiet; i++)
		if (stream->at[i] != PLACE_NONE)
			quiet_place(pool, stream->at[i], quiet, now);
	stream->quiet = quiet;
	if (quiet)
		mark(pool, stream, false, why);
}

void
watch_on_line_lost(struct pool *pool, unsigned line, enum tick_reason why)
{
	const struct session *session = &pool->session[line];

	for (unsigned i = 0; i < session->nstreams; i++) {
		const struct session_stream *entry = &session->stream[session->first + i];

		if (entry->state == STREAM_ACKED && !pool->stream[entry->index].quiet &&
		    !place_is_carried(pool, entry->index, line))
			mark(pool, &pool->stream[entry->index], true, why);
	}
}

/* Does any line deliver it: carried, and not in a stage of silence? */
static bool
is_delivered(const struct pool *pool, uint32_t stream)
{
	const uint32_t *at = pool->stream[stream].at;

	for (unsigned i = 0; i < PLACE_COPIES_MAX; i++) {
		if (at[i] == PLACE_NONE || pool->entry[at[i]].state != STREAM_ACKED ||
		    !session_is_up(&pool->session[place_line(pool, at[i])]))
			continue;
		if (stall_stage(pool->shared.stall, at[i]) == STALL_OK)
			return true;
	}
	return false;
}

/*
 * Has the line brought nothing at all for as long as that stream is silent?
 * Then it is the line that is sick, if the stream ever said anything.
 */
static bool
is_line_silent(const struct pool *pool, unsigned line, const struct stall_alarm *alarm, mono_t now)
{
	const struct session *session = &pool->session[line];
	const struct session_stream *entry = session->stream + session->first;

	if (pool->stream[pool->entry[alarm->entry].index].messages == 0)
		return false;
	for (unsigned i = 0; i < session->nstreams; i++)
		if (entry[i].state != STREAM_FREE && !mono_is_never(entry[i].heard) &&
		    mono_diff(now, entry[i].heard).ns < alarm->silence.ns)
			return false;
	return true;
}

static void
heal(struct pool *pool, const struct stall_alarm *alarm, mono_t now)
{
	unsigned line = place_line(pool, alarm->entry);
	uint32_t stream = pool->entry[alarm->entry].index;

	switch (alarm->stage) {
	case STALL_LIST:
		pool->watch.stalls++;
		pool->session[line].list_wanted = true;
		if (!alarm->sparse && !is_delivered(pool, stream))
			mark(pool, &pool->stream[stream], true, TICK_REASON_STALE);
		break;
	case STALL_RESUBSCRIBE:
		pool->watch.resubscribed++;
		subscribe_renew(&pool->session[line], alarm->entry);
		break;
	case STALL_MOVE:
		if (is_line_silent(pool, line, alarm, now)) {
			pool->watch.recycled++;
			rotate_ask(pool, line, TICK_REASON_STALE, now);
		} else if (pool->line[line].peer == POOL_NO_LINE) {
			pool->watch.moved += place_move(pool, line, stream);
		}
		break;
	case STALL_RECYCLE:
		pool->watch.recycled++;
		rotate_ask(pool, line, TICK_REASON_STALE, now);
		break;
	case STALL_OK:
	case STALL_STAGES:
		break;
	}
}

void
watch_heal(struct pool *pool, mono_t now)
{
	struct stall_alarm alarm;

	if (pool->shared.stall == NULL || !mono_due(stall_deadline(pool->shared.stall), now))
		return;
	while (stall_next(pool->shared.stall, now, &alarm))
		heal(pool, &alarm, now);
}

void
watch_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	struct watch *watch = &pool->watch;
	unsigned told = 0;

	for (uint32_t i = 0; i < pool->nstreams && watch->untold > 0; i++) {
		struct pool_stream *stream = &pool->stream[watch->next];

		if (stream->untold && told == POOL_TELLS_MAX)
			break;
		if (stream->untold) {
			struct pool_action *action = actions_add(actions,
			    stream->stale ? ACT_STREAM_STALE : ACT_STREAM_LIVE, 0);

			stream->since = now;
			action->stream = watch->next;
			action->why = stream->why;
			stream->untold = false;
			watch->untold--;
			told++;
		}
		watch->next = (watch->next + 1) % pool->nstreams;
	}
	watch->tell_at = watch->untold > 0 ? mono_add(now, tell_more_after) : MONO_NEVER;
}

mono_t
watch_deadline(const struct pool *pool)
{
	mono_t stall = pool->shared.stall == NULL ? MONO_NEVER
	                                          : stall_deadline(pool->shared.stall);

	return mono_min(pool->watch.tell_at, stall);
}
