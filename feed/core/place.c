#include "feed/core/place.h"

#include <stddef.h>

#include "feed/core/group.h"
#include "feed/core/pool.h"
#include "feed/core/subscribe.h"

unsigned
place_line(const struct pool *pool, uint32_t position)
{
	return position / pool->cfg.line_room;
}

/* Which of the stream's places is on that line; PLACE_COPIES_MAX: none. */
static unsigned
copy_on(const struct pool *pool, uint32_t stream, unsigned line)
{
	const uint32_t *at = pool->stream[stream].at;
	unsigned i = 0;

	while (i < PLACE_COPIES_MAX && (at[i] == PLACE_NONE || place_line(pool, at[i]) != line))
		i++;
	return i;
}

/* How long it may be silent, it was long learned elsewhere. */
static void
watch_place(struct pool *pool, const struct pool_stream *s, uint32_t position)
{
	struct stall *stall = pool->shared.stall;

	unsigned i = 0;

	stall_assign(stall, position, (enum stall_class)s->class);
	while (i < PLACE_COPIES_MAX && s->at[i] == PLACE_NONE)
		i++;
	if (i < PLACE_COPIES_MAX)
		stall_inherit(stall, position, s->at[i]);
	if (s->quiet)
		stall_suspend(stall, position);
}

bool
place_add(struct pool *pool, unsigned line, uint32_t stream)
{
	struct pool_stream *s = &pool->stream[stream];
	uint32_t position;
	unsigned i = 0;

	while (i < PLACE_COPIES_MAX && s->at[i] != PLACE_NONE)
		i++;
	if (i == PLACE_COPIES_MAX)
		return false;
	position = subscribe_add(&pool->session[line], stream, s->bytes);
	if (position == SUBSCRIBE_NO_PLACE)
		return false;
	if (pool->shared.stall != NULL)
		watch_place(pool, s, position);
	s->at[i] = position;
	return true;
}

/* Is it on its way from one line of that leg to another? */
static bool
is_moving(const struct pool *pool, uint32_t stream, unsigned leg)
{
	const uint32_t *at = pool->stream[stream].at;

	for (unsigned i = 0; i < PLACE_COPIES_MAX; i++)
		if (at[i] != PLACE_NONE && pool->line[place_line(pool, at[i])].leg == leg &&
		    pool->entry[at[i]].moving_to != POOL_NO_LINE)
			return true;
	return false;
}

bool
place_move(struct pool *pool, unsigned line, uint32_t stream)
{
	unsigned best = POOL_NO_LINE, least = pool->cfg.max_streams_per_connection, wanted;

	if (is_moving(pool, stream, pool->line[line].leg))
		return false;
	for (unsigned to = 0; to < pool->nlines; to++) {
		const struct pool_line *l = &pool->line[to];

		if (to == line || l->role != POOL_LINE_MEMBER || l->peer != POOL_NO_LINE ||
		    group_of_line(pool, to) != group_of_line(pool, line) || l->closing ||
		    !session_is_up(&pool->session[to]) || place_of(pool, to, stream) != NULL)
			continue;
		wanted = subscribe_wanted(&pool->session[to]);
		if (wanted >= least)
			continue;
		least = wanted;
		best = to;
	}
	if (best == POOL_NO_LINE || !place_add(pool, best, stream))
		return false;
	place_remove(pool, line, stream);
	return true;
}

void
place_remove(struct pool *pool, unsigned line, uint32_t stream)
{
	unsigned i = copy_on(pool, stream, line);

	if (i == PLACE_COPIES_MAX)
		return;
	subscribe_remove(&pool->session[line], pool->stream[stream].at[i]);
	pool->stream[stream].at[i] = PLACE_NONE;
}

bool
place_is_used(const struct session_stream *entry)
{
	bool leaves = entry->state == STREAM_LEAVING || entry->state == STREAM_LEFT;

	return entry->state != STREAM_FREE && !entry->doomed && (!leaves || entry->again);
}

bool
place_is_empty(const struct pool *pool, unsigned line)
{
	const struct session *session = &pool->session[line];

	for (unsigned i = 0; i < session->nstreams; i++)
		if (place_is_used(&session->stream[session->first + i]))
			return false;
	return true;
}

void
place_copy(struct pool *pool, unsigned from, unsigned to)
{
	const struct session *session = &pool->session[from];

	for (unsigned i = 0; i < session->nstreams; i++)
		if (place_is_used(&session->stream[session->first + i]))
			place_add(pool, to, session->stream[session->first + i].index);
}

void
place_clear(struct pool *pool, unsigned line)
{
	struct session *session = &pool->session[line];
	struct session_stream *entry = session->stream + session->first;
	unsigned i;

	for (unsigned k = 0; k < session->nstreams; k++) {
		if (!place_is_used(&entry[k]))
			continue;
		i = copy_on(pool, entry[k].index, line);
		if (i < PLACE_COPIES_MAX)
			pool->stream[entry[k].index].at[i] = PLACE_NONE;
	}
	subscribe_clear(session);
}

struct session_stream *
place_of(struct pool *pool, unsigned line, uint32_t stream)
{
	unsigned i = copy_on(pool, stream, line);

	return i == PLACE_COPIES_MAX ? NULL : &pool->entry[pool->stream[stream].at[i]];
}

bool
place_is_carried(const struct pool *pool, uint32_t stream, unsigned but)
{
	const uint32_t *at = pool->stream[stream].at;
	const struct session *session;

	for (unsigned i = 0; i < PLACE_COPIES_MAX; i++) {
		if (at[i] == PLACE_NONE || place_line(pool, at[i]) == but)
			continue;
		session = &pool->session[place_line(pool, at[i])];
		if (session_is_up(session) && pool->entry[at[i]].state == STREAM_ACKED)
			return true;
	}
	return false;
}

/* On the line number `order` of the group, counting round. */
static void
place_in_group(struct pool *pool, uint32_t stream, unsigned group, unsigned order)
{
	unsigned k = order % group_lines(pool, group);

	for (unsigned line = 0; line < pool->nlines; line++) {
		if (pool->line[line].role != POOL_LINE_MEMBER ||
		    group_of_line(pool, line) != group)
			continue;
		if (k-- == 0) {
			place_add(pool, line, stream);
			return;
		}
	}
}

/* Stream i of the list goes to line i mod n of each group: neighbours in the list part company. */
void
place_spread(struct pool *pool)
{
	unsigned order[GROUP_PATHS_MAX] = {0};

	for (uint32_t stream = 0; stream < pool->nstreams; stream++) {
		unsigned path = pool->stream[stream].path;

		if (!pool->stream[stream].wanted)
			continue;
		for (unsigned leg = 0; leg < pool->cfg.redundancy; leg++)
			place_in_group(pool, stream, group_of(leg, path), order[path]);
		order[path]++;
	}
}
