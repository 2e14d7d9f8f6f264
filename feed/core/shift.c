#include "feed/core/shift.h"

#include <stddef.h>

#include "feed/core/place.h"
#include "feed/core/pool.h"

static const span_t move_within = {INT64_C(60) * 1000000000};
static const span_t rest_min = {INT64_C(120) * 1000000000};
static const span_t forgotten_after = {INT64_C(24) * 3600 * 1000000000};

#define DOUBLINGS_MAX 7 /* of rest_min: four hours */

/* Rescues, four and then one each so often, stay below eight moves an hour. */
static const span_t weary_for = {INT64_C(16) * 60 * 1000000000};
static const span_t recovered_after = {INT64_C(3600) * 1000000000};

bool
shift_rests(const struct shift_rest *rest, mono_t now)
{
	return !mono_due(rest->until, now);
}

bool
shift_is_weary(const struct shift_rest *rest, mono_t now)
{
	return rest->rescues >= SHIFT_RESCUES && !mono_due(mono_add(rest->rescued, weary_for), now);
}

static void
begin_rest(struct shift_rest *rest, mono_t now)
{
	if (mono_due(mono_add(rest->until, forgotten_after), now))
		rest->doublings = 0;
	rest->until = mono_add(now, span_ns(rest_min.ns << rest->doublings));
	rest->doublings += rest->doublings < DOUBLINGS_MAX;
}

void
shift_begin(struct pool *pool, uint32_t stream, unsigned from, unsigned to, mono_t now)
{
	struct session_stream *entry = place_of(pool, from, stream);

	if (entry == NULL || entry->moving_to != POOL_NO_LINE ||
	    place_of(pool, to, stream) != NULL || pool->line[from].peer != POOL_NO_LINE ||
	    pool->line[to].peer != POOL_NO_LINE || !place_add(pool, to, stream))
		return;
	entry->moving_to = (uint8_t)to;
	pool->scale.moves++;
	begin_rest(&pool->stream[stream].rest[pool->line[from].leg], now);
}

bool
shift_rescue(struct pool *pool, uint32_t stream, unsigned from, mono_t now)
{
	struct shift_rest *rest = &pool->stream[stream].rest[pool->line[from].leg];

	if (shift_is_weary(rest, now) || !place_move(pool, from, stream))
		return false;
	begin_rest(rest, now);
	if (mono_due(mono_add(rest->rescued, recovered_after), now))
		rest->rescues = 0;
	rest->rescues += rest->rescues < SHIFT_RESCUES;
	rest->rescued = now;
	return true;
}

void
shift_on_produced(struct pool *pool, uint32_t stream, unsigned line)
{
	for (unsigned from = 0; from < pool->nlines; from++) {
		struct session_stream *entry = place_of(pool, from, stream);

		if (entry != NULL && entry->moving_to == line && from != line) {
			entry->moving_to = POOL_NO_LINE;
			place_remove(pool, from, stream);
		}
	}
}

void
shift_on_rotation(struct pool *pool, unsigned line)
{
	for (unsigned from = 0; from < pool->nlines; from++) {
		struct session *session = &pool->session[from];

		for (unsigned i = 0; i < session->nstreams; i++) {
			struct session_stream *entry = &session->stream[session->first + i];
			unsigned to = entry->moving_to;

			if (to == POOL_NO_LINE || (from != line && to != line))
				continue;
			entry->moving_to = POOL_NO_LINE;
			place_remove(pool, to, entry->index);
		}
	}
}

/* A move is over when the new line has it as far as anyone can tell, or never will. */
static void
look_at(struct pool *pool, unsigned from, struct session_stream *entry, mono_t now)
{
	unsigned to = entry->moving_to;
	const struct session_stream *there = place_of(pool, to, entry->index);
	bool quiet;

	if (there == NULL) {
		entry->moving_to = POOL_NO_LINE;
		return;
	}
	if (mono_is_never(there->acked) ||
	    !mono_due(mono_add(there->acked, pool->cfg.rotate.quiet_within), now))
		return;
	quiet = mono_is_never(entry->heard) || mono_before(entry->heard, there->acked);
	if (quiet) {
		entry->moving_to = POOL_NO_LINE;
		place_remove(pool, from, entry->index);
	} else if (mono_due(mono_add(there->acked, move_within), now)) {
		entry->moving_to = POOL_NO_LINE;
		place_remove(pool, to, entry->index);
		pool->scale.moves_failed++;
	}
}

void
shift_look(struct pool *pool, mono_t now)
{
	for (unsigned line = 0; line < pool->nlines; line++) {
		struct session *session = &pool->session[line];

		for (unsigned i = 0; i < session->nstreams; i++) {
			struct session_stream *entry = &session->stream[session->first + i];

			if (entry->state != STREAM_FREE && entry->moving_to != POOL_NO_LINE)
				look_at(pool, line, entry, now);
		}
	}
}
