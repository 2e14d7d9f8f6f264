#include "feed/core/ledger.h"

#include <stddef.h>

#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/stall.h"
#include "feed/core/subscribe.h"

static const span_t tell_more_after = {1000000};

enum ledger_state
ledger_state(const struct session *session, const struct session_stream *entry)
{
	switch (entry->state) {
	case STREAM_FREE:
	case STREAM_STATES:
		return LEDGER_NONE;
	case STREAM_LEAVING:
	case STREAM_LEFT:
		/* A connection that ended let go of it; what comes back is wanted. */
		if (!entry->again)
			return session_is_up(session) ? LEDGER_LEAVING : LEDGER_NONE;
		return LEDGER_WANTED;
	case STREAM_WANTED:
	case STREAM_SENT:
	case STREAM_ACKED:
	case STREAM_REFUSED:
		break;
	}
	if (entry->doomed)
		return session_is_up(session) ? LEDGER_LEAVING : LEDGER_NONE;
	if (!session_is_up(session) || entry->state == STREAM_WANTED)
		return LEDGER_WANTED;
	if (entry->state == STREAM_REFUSED)
		return LEDGER_REFUSED;
	if (entry->produced)
		return LEDGER_PRODUCING;
	if (entry->state == STREAM_SENT)
		return LEDGER_SENT;
	return entry->listed ? LEDGER_LISTED : LEDGER_ACKED;
}

struct ledger_counts
ledger_count(const struct session *session)
{
	struct ledger_counts counts = {0};

	for (unsigned i = 0; i < session->nstreams; i++) {
		const struct session_stream *entry = &session->stream[session->first + i];
		enum ledger_state state = ledger_state(session, entry);

		counts.n[state]++;
		counts.silent += entry->silent &&
		    (state == LEDGER_ACKED || state == LEDGER_LISTED);
	}
	return counts;
}

/* ---- acknowledged, but silent ------------------------------------------------ */

/* Is a first message awaited? What is being healed was told before. */
static bool
is_awaited(const struct pool *pool, const struct session_stream *entry)
{
	const struct pool_stream *stream = &pool->stream[entry->index];

	return entry->state == STREAM_ACKED && !entry->produced && !entry->silent &&
	    !entry->healing && !stream->quiet && stream->class != STALL_RARE;
}

/* When silence after the acknowledgement is an alarm. */
static mono_t
alarm_at(const struct pool *pool, const struct session_stream *entry)
{
	const struct stall *stall = pool->shared.stall;
	uint32_t position = (uint32_t)(entry - pool->entry);
	span_t within = pool->shared.cfg.data_within;

	if (stall != NULL && stall_is_learned(stall, position) &&
	    stall_limit(stall, position).ns > within.ns)
		within = stall_limit(stall, position);
	return mono_add(entry->acked, within);
}

static void
raise_alarm(struct pool *pool, unsigned line, struct session_stream *entry,
    struct pool_actions *actions)
{
	const struct pool_stream *stream = &pool->stream[entry->index];
	struct pool_action *action = actions_add(actions, ACT_STREAM_SILENT, line);

	entry->silent = true;
	pool->ledger.alarms++;
	pool->session[line].list_wanted = true;
	action->stream = entry->index;
	action->why = TICK_REASON_ACKED_SILENT;
	action->elsewhere =
	    !mono_is_never(stream->heard) && mono_before(entry->acked, stream->heard);
}

static void
look_at_line(struct pool *pool, unsigned line, mono_t now, unsigned *told,
    struct pool_actions *actions)
{
	struct session *session = &pool->session[line];
	mono_t *due = &pool->shared.data_due;

	for (unsigned i = 0; i < session->nstreams; i++) {
		struct session_stream *entry = &session->stream[session->first + i];
		mono_t at;

		if (!is_awaited(pool, entry))
			continue;
		at = alarm_at(pool, entry);
		if (!mono_due(at, now)) {
			*due = mono_min(*due, at);
		} else if (*told == LEDGER_TELLS_MAX) {
			*due = mono_add(now, tell_more_after);
			return;
		} else {
			raise_alarm(pool, line, entry, actions);
			++*told;
		}
	}
}

void
ledger_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	unsigned told = 0;

	if (!mono_due(pool->shared.data_due, now))
		return;
	pool->shared.data_due = MONO_NEVER;
	for (unsigned line = 0; line < pool->nlines; line++)
		if (session_is_up(&pool->session[line]))
			look_at_line(pool, line, now, &told, actions);
}

void
ledger_forgive(struct pool *pool, span_t span)
{
	for (unsigned line = 0; line < pool->nlines; line++) {
		struct session *session = &pool->session[line];

		for (unsigned i = 0; i < session->nstreams; i++) {
			struct session_stream *entry = &session->stream[session->first + i];

			if (is_awaited(pool, entry))
				entry->acked = mono_add(entry->acked, span);
		}
	}
}

mono_t
ledger_deadline(const struct pool *pool)
{
	return pool->shared.data_due;
}

/* ---- LIST_SUBSCRIPTIONS ------------------------------------------------------ */

/* Has the line that stream in any state, be it on its way off it? */
static bool
is_known_there(const struct session *session, uint32_t stream)
{
	for (unsigned i = 0; i < session->nstreams; i++) {
		const struct session_stream *entry = &session->stream[session->first + i];

		if (entry->state != STREAM_FREE && entry->index == stream)
			return true;
	}
	return false;
}

void
ledger_on_listed(struct pool *pool, unsigned line, const uint64_t *listed)
{
	struct session *session = &pool->session[line];

	for (uint32_t word = 0; word <= pool->streams_max / 64; word++)
		for (uint64_t left = listed[word]; left != 0; left &= left - 1) {
			uint32_t stream = word * 64 + (uint32_t)__builtin_ctzll(left);

			if (stream >= pool->streams_max ||
			    (stream < pool->nstreams && place_of(pool, line, stream) != NULL) ||
			    is_known_there(session, stream))
				continue;
			pool->ledger.foreign++;
			subscribe_disown(session, stream,
			    stream < pool->nstreams ? pool->stream[stream].bytes : 0);
		}
}
