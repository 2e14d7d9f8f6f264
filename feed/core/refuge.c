#include "feed/core/refuge.h"

#include "feed/core/group.h"
#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/shift.h"
#include "feed/core/subscribe.h"

/* Is it a line that is to carry streams, and does not? One that is replaced has a successor. */
static bool
is_down(const struct pool *pool, unsigned line)
{
	const struct pool_line *l = &pool->line[line];

	return l->role == POOL_LINE_MEMBER && l->peer == POOL_NO_LINE &&
	    !session_is_up(&pool->session[line]);
}

/* It was about to move to a line that is down as well: that leads nowhere. */
static void
give_up_move(struct pool *pool, struct session_stream *entry)
{
	unsigned to = entry->moving_to;

	if (to == POOL_NO_LINE || session_is_up(&pool->session[to]))
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

/* Bit per group: a line of it is up and has room (place_move() asks for the same). */
static unsigned
groups_with_room(const struct pool *pool)
{
	unsigned groups = 0;

	for (unsigned line = 0; line < pool->nlines; line++) {
		const struct pool_line *l = &pool->line[line];

		if (l->role == POOL_LINE_MEMBER && l->peer == POOL_NO_LINE && !l->closing &&
		    session_is_up(&pool->session[line]) && subscribe_wanted(&pool->session[line]) <
		    pool->cfg.max_streams_per_connection)
			groups |= 1u << group_of_line(pool, line);
	}
	return groups;
}

/* Time counts while there is somewhere to go: lines that come back together keep their streams. */
static void
look_at(struct pool *pool, unsigned line, bool has_refuge, mono_t now,
    struct pool_actions *actions)
{
	mono_t *at = &pool->line[line].refuge_at;

	if (!has_refuge) {
		*at = MONO_NEVER;
	} else if (mono_is_never(*at)) {
		*at = mono_add(now, REFUGE_AFTER);
	} else if (mono_due(*at, now)) {
		*at = mono_add(now, REFUGE_AFTER);
		empty(pool, line, now, actions);
	}
}

void
refuge_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	bool runs = !mono_is_never(pool->scale.review_at), known = false;
	unsigned groups = 0;

	for (unsigned line = 0; line < pool->nlines; line++) {
		bool down = runs && is_down(pool, line) && pool->session[line].nstreams > 0;

		if (down && !known)
			groups = groups_with_room(pool);
		known = known || down;
		look_at(pool, line, down && (groups >> group_of_line(pool, line) & 1) != 0, now,
		    actions);
	}
}

void
refuge_forgive(struct pool *pool, span_t span)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		if (!mono_is_never(pool->line[line].refuge_at))
			pool->line[line].refuge_at = mono_add(pool->line[line].refuge_at, span);
}

mono_t
refuge_deadline(const struct pool *pool)
{
	mono_t due = MONO_NEVER;

	for (unsigned line = 0; line < pool->nlines; line++)
		due = mono_min(due, pool->line[line].refuge_at);
	return due;
}
