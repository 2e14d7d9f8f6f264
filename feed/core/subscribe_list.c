#include "feed/core/subscribe.h"

#include <stddef.h>

#include "feed/core/subscribe_impl.h"

void
subscribe_turn(struct session *session, struct session_stream *stream, enum stream_state to)
{
	if (stream->state != STREAM_FREE)
		session->count[stream->state]--;
	stream->state = to;
	if (to != STREAM_FREE)
		session->count[to]++;
	if (to != STREAM_SENT && to != STREAM_LEFT)
		stream->slot = 0;
}

void
subscribe_trim(struct session *session)
{
	const struct session_stream *part = subscribe_part(session);

	while (session->nstreams > 0 && part[session->nstreams - 1].state == STREAM_FREE)
		session->nstreams--;
}

static void
watch_end(struct session *session, struct session_stream *stream)
{
	stream->healing = false;
	if (session->shared->stall != NULL)
		stall_end(session->shared->stall, (uint32_t)(stream - session->stream));
}

void
subscribe_let_go(struct session *session, struct session_stream *stream)
{
	subscribe_turn(session, stream, stream->again ? STREAM_WANTED : STREAM_FREE);
	stream->again = stream->doomed = false;
	stream->produced = stream->silent = stream->listed = false;
	stream->acked = stream->heard = MONO_NEVER;
}

static bool
has_connection(const struct session *session)
{
	return session->state == SESSION_SUBSCRIBING || session->state == SESSION_LIVE ||
	    session->state == SESSION_DRAINING;
}

/* A new entry in that state; its position, or SUBSCRIBE_NO_PLACE. */
static uint32_t
enlist(struct session *session, uint32_t index, uint16_t bytes, enum stream_state state)
{
	struct session_stream *part = subscribe_part(session);
	unsigned at = 0;

	while (at < session->nstreams && part[at].state != STREAM_FREE)
		at++;
	if (at == session->room)
		return SUBSCRIBE_NO_PLACE;
	if (at == session->nstreams)
		session->nstreams++;
	part[at] = (struct session_stream){
		.index = index,
		.bytes = bytes,
		.batch_max = SUBSCRIBE_BATCH_UNLIMITED,
		.state = STREAM_FREE,
		.moving_to = UINT8_MAX,
		.retry_at = MONO_NEVER,
		.acked = MONO_NEVER,
		.heard = MONO_NEVER,
	};
	subscribe_turn(session, &part[at], state);
	return session->first + at;
}

uint32_t
subscribe_add(struct session *session, uint32_t index, uint16_t bytes)
{
	return enlist(session, index, bytes, STREAM_WANTED);
}

void
subscribe_disown(struct session *session, uint32_t index, uint16_t bytes)
{
	const struct session_cfg *cfg = &session->shared->cfg;
	unsigned most = cfg->request_bytes_max - cfg->request_bytes_overhead;

	/* Of unknown length: in a request of its own. */
	enlist(session, index, bytes > 0 ? bytes : (uint16_t)most, STREAM_LEAVING);
}

void
subscribe_remove(struct session *session, uint32_t position)
{
	struct session_stream *stream = &session->stream[position];

	stream->again = false;
	stream->moving_to = UINT8_MAX;
	watch_end(session, stream);
	/* What was sent on this connection has to be taken back; a refused one was not taken. */
	if (!has_connection(session))
		subscribe_turn(session, stream, STREAM_FREE);
	else if (stream->state == STREAM_SENT)
		stream->doomed = true; /* its request stays what it is */
	else if (stream->state == STREAM_ACKED)
		subscribe_turn(session, stream, STREAM_LEAVING);
	else if (stream->state == STREAM_WANTED || stream->state == STREAM_REFUSED)
		subscribe_turn(session, stream, STREAM_FREE);
	subscribe_trim(session);
}

void
subscribe_clear(struct session *session)
{
	for (unsigned i = 0; i < session->nstreams; i++) {
		watch_end(session, &subscribe_part(session)[i]);
		subscribe_turn(session, &subscribe_part(session)[i], STREAM_FREE);
	}
	session->nstreams = 0;
}

void
subscribe_renew(struct session *session, uint32_t position)
{
	struct session_stream *stream = &session->stream[position];

	if (stream->state != STREAM_ACKED)
		return; /* it is on its way already */
	stream->again = stream->healing = true;
	subscribe_turn(session, stream, STREAM_LEAVING);
}

static bool
is_leaving(const struct session_stream *stream)
{
	return stream->state == STREAM_LEAVING || stream->state == STREAM_LEFT || stream->doomed;
}

/* What was about to leave has left with the connection, and takes no room any more. */
void
subscribe_unwatch(struct session *session)
{
	struct session_stream *stream = subscribe_part(session);

	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		if (is_leaving(stream) && !has_connection(session))
			subscribe_let_go(session, stream);
		watch_end(session, stream);
	}
	subscribe_trim(session);
}

void
subscribe_begin(struct session *session)
{
	const struct session_cfg *cfg = &session->shared->cfg;
	struct session_stream *stream = subscribe_part(session);

	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		if (is_leaving(stream))
			subscribe_let_go(session, stream);
		else if (stream->state != STREAM_FREE)
			subscribe_turn(session, stream, STREAM_WANTED);
		watch_end(session, stream);
		stream->slot = 0;
		stream->produced = stream->silent = stream->listed = false;
		stream->acked = stream->heard = MONO_NEVER;
	}
	subscribe_trim(session);
	session->refused_due = MONO_NEVER;
	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		session->request[i] = (struct session_request){0};
	/* The limit is per connection, so a new one starts with all of it. */
	quota_init(&session->sends, cfg->sends_max, cfg->send_window, session->send_stamps);
	quota_reserve(&session->sends, cfg->sends_reserved);
}
