#include "feed/core/refuge.h"

#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/shift.h"

static bool
is_up(const struct session *session)
{
	return session->state == SESSION_SUBSCRIBING || session->state == SESSION_LIVE;
}

/* Is it a line that is to carry streams, and does not? One that is replaced has a successor. */
static bool
is_down(const struct pool *pool, unsigned line)
{
	const struct pool_line *l = &pool->line[line];

	return l->role == POOL_LINE_MEMBER && l->peer == POOL_NO_LINE &&
	    !is_up(&pool->session[line]);
}

/* It was about to move to a line that is down as well: that leads nowhere. */
static void
give_up_move(struct pool *pool, struct session_stream *entry)
{
	unsigned to = entry->moving_to;

	if (to == POOL_NO_LINE || is_up(&pool->session[to]))
		return;
	entry->moving_to = POOL_NO_LINE;
	place_remove(pool, to, entry->index);
}

static void
empty(struct pool *pool, unsigned line, mono_t now, struct pool_actions *actions)
{
	struct session *session = &pool->session[line];
	struct pool_action *action;
	unsigned moved = 0;

	/* From the end: what is taken off there shortens the list. */
	for (unsigned i = session->nstreams; i-- > 0;) {
		struct session_stream *entry = &session->stream[session->first + i];

		if (!place_is_used(entry))
			continue;
		give_up_move(pool, entry);
		moved += shift_rescue(pool, entry->index, line, now);
	}
	if (moved == 0)
		return;
	pool->watch.moved += moved;
	action = actions_add(actions, ACT_STREAMS_MOVED, line);
	action->count = moved;
	action->why = session->reason;
}

void
refuge_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	bool runs = !mono_is_never(pool->scale.review_at);

	for (unsigned line = 0; line < pool->nlines; line++) {
		struct pool_line *l = &pool->line[line];

		if (!runs || !is_down(pool, line)) {
			l->refuge_at = MONO_NEVER;
		} else if (mono_is_never(l->refuge_at)) {
			l->refuge_at = mono_add(now, REFUGE_AFTER);
		} else if (mono_due(l->refuge_at, now)) {
			l->refuge_at = mono_add(now, REFUGE_AFTER);
			empty(pool, line, now, actions);
		}
	}
}

mono_t
refuge_deadline(const struct pool *pool)
{
	mono_t due = MONO_NEVER;

	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->session[line].nstreams > 0)
			due = mono_min(due, pool->line[line].refuge_at);
	return due;
}
