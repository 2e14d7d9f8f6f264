#include "feed/status/snapshot_streams.h"

#include <stdio.h>
#include <string.h>

static const int64_t all_within_ns = 1000000000;

static int64_t
wall_of(mono_t at, wall_t now, mono_t mono)
{
	return mono_is_never(at) ? TICK_ABSENT : now.ns + mono_diff(at, mono).ns;
}

/* Of two places in one leg, while a stream moves: the one that is further counts. */
static void
take_leg(struct tick_stream_leg *leg, const struct pool *pool, uint32_t at, wall_t now,
    mono_t mono)
{
	unsigned line = place_line(pool, at);
	const struct session_stream *entry = &pool->entry[at];
	int64_t state = (int64_t)ledger_state(&pool->session[line], entry);

	if (leg->line >= 0 && leg->state >= state)
		return;
	*leg = (struct tick_stream_leg){
		.line = line, .state = state, .heard_ns = wall_of(entry->heard, now, mono)};
}

static void
take_place(struct tick_stream_status *row, const struct pool *pool, uint32_t at, wall_t now,
    mono_t mono)
{
	unsigned leg = pool->line[place_line(pool, at)].leg;
	const struct stall *stall = pool->shared.stall;
	const struct session_stream *entry = &pool->entry[at];
	mono_t retry_at = entry->state == STREAM_REFUSED ? entry->retry_at : MONO_NEVER;

	if (leg < TICK_LEGS_MAX)
		take_leg(&row->leg[leg], pool, at, now, mono);
	if (entry->refused_code != 0)
		row->refused_code = entry->refused_code;
	if (!mono_is_never(retry_at))
		row->retry_at_ns = wall_of(retry_at, now, mono);
	if (entry->state == STREAM_REFUSED && !row->stale)
		row->reason = TICK_REASON_ACK_ERROR;
	if (entry->silent && !row->stale)
		row->reason = TICK_REASON_ACKED_SILENT;
	if (stall == NULL)
		return;
	if (row->healing < (int64_t)stall_stage(stall, at))
		row->healing = (int64_t)stall_stage(stall, at);
	if (row->limit_ns == 0 || stall_is_learned(stall, at)) {
		row->limit_ns = stall_limit(stall, at).ns;
		row->limit_learned = stall_is_learned(stall, at);
	}
}

static int64_t
rate_milli(uint64_t messages, span_t span)
{
	if (span.ns <= 0)
		return 0;
	return (int64_t)((__uint128_t)messages * 1000000000000 / (uint64_t)span.ns);
}

static void
take_row(struct tick_stream_status *row, struct snapshot_streams *s, const struct pool *pool,
    unsigned number, wall_t now, mono_t mono)
{
	const struct pool_stream *stream = &pool->stream[number];

	row->wanted = stream->wanted;
	row->stale = stream->stale;
	row->stale_since_ns = stream->stale ? wall_of(stream->since, now, mono) : TICK_ABSENT;
	row->reason = stream->unlisted ? TICK_REASON_UNLISTED : stream->why;
	row->last_message_ns = wall_of(stream->heard, now, mono);
	row->messages = (int64_t)stream->messages;
	if (stream->messages >= s->before[number].messages)
		row->rate_milli = rate_milli(stream->messages - s->before[number].messages,
		    mono_diff(mono, s->before[number].at));
	s->before[number].messages = stream->messages;
	s->before[number].at = mono;
	for (unsigned k = 0; k < PLACE_COPIES_MAX; k++)
		if (stream->at[k] != PLACE_NONE)
			take_place(row, pool, stream->at[k], now, mono);
}

static void
publish_row(struct snapshot_streams *s, struct status_writer *writer, const struct pool *pool,
    const char *name, unsigned number, wall_t now, mono_t mono)
{
	struct tick_stream_status row = {
		.stale_since_ns = TICK_ABSENT,
		.last_message_ns = TICK_ABSENT,
		.retry_at_ns = TICK_ABSENT,
	};

	for (unsigned leg = 0; leg < TICK_LEGS_MAX; leg++)
		row.leg[leg] = (struct tick_stream_leg){.line = -1, .heard_ns = TICK_ABSENT};
	if (name != NULL)
		snprintf(row.name, sizeof(row.name), "%s", name);
	if (name != NULL && number < pool->nstreams)
		take_row(&row, s, pool, number, now, mono);
	status_publish_stream(writer, number, &row);
}

unsigned
snapshot_streams_take(struct snapshot_streams *s, struct status_writer *writer,
    const struct pool *pool, char *const *name, unsigned n, wall_t now, mono_t mono)
{
	int64_t passed = mono_diff(mono, s->taken).ns;
	unsigned rows = n < TICK_STREAMS_MAX ? n : TICK_STREAMS_MAX, due = rows;

	if (s->taken.ns != 0 && passed < all_within_ns)
		due = (unsigned)(rows * (uint64_t)passed / (uint64_t)all_within_ns) + 1;
	s->taken = mono;
	for (unsigned i = 0; i < due && i < rows; i++) {
		s->next = s->next < rows ? s->next : 0;
		publish_row(s, writer, pool, name[s->next], s->next, now, mono);
		s->next++;
	}
	return rows;
}
