#include "feed/core/watch.h"

#include <stdbool.h>
#include <stddef.h>

#include "feed/core/place.h"
#include "feed/core/pool.h"

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

	if (heard->stream >= pool->nstreams) {
		pool->strays++;
		return;
	}
	stream = &pool->stream[heard->stream];
	stream->heard = now;
	stream->messages += heard->messages;
	mark(pool, stream, false, TICK_REASON_LIVE);
	for (uint64_t lines = heard->lines; lines != 0; lines &= lines - 1) {
		line = (unsigned)__builtin_ctzll(lines);
		entry = line < pool->nlines ? place_of(pool, line, heard->stream) : NULL;
		if (entry == NULL)
			continue;
		entry->heard = now;
		if (!entry->produced)
			rotate_on_produced(pool, line);
		entry->produced = true;
	}
}

void
watch_on_line_lost(struct pool *pool, unsigned line, enum tick_reason why)
{
	const struct session *session = &pool->session[line];

	for (unsigned i = 0; i < session->nstreams; i++) {
		const struct session_stream *entry = &session->stream[session->first + i];

		if (entry->state == STREAM_ACKED && !place_is_carried(pool, entry->index, line))
			mark(pool, &pool->stream[entry->index], true, why);
	}
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
	return pool->watch.tell_at;
}
