#include "feed/core/subscribe.h"

#include <stddef.h>

/* No batch is longer than this; what really ends one is its size in bytes. */
static const uint16_t batch_unlimited = UINT16_MAX;

static const int64_t free_slot = 0; /* a request id that is never given */

/* Where the request of that id is kept; SESSION_REQUESTS_MAX: nowhere. */
static unsigned
slot_of(const struct session *session, int64_t id)
{
	unsigned slot = 0;

	while (slot < SESSION_REQUESTS_MAX && session->request[slot].id != id)
		slot++;
	return slot;
}

/* The request that waits for an answer of that id; NULL: none does. */
static struct session_request *
awaited(struct session *session, int64_t id)
{
	unsigned slot = slot_of(session, id);

	return id == free_slot || slot == SESSION_REQUESTS_MAX ? NULL : &session->request[slot];
}

/* What a request carries on its streams as: by slot, for streams come and go meanwhile. */
static uint16_t
mark_of(const struct session *session, const struct session_request *request)
{
	return (uint16_t)(request - session->request + 1);
}

/* The only place where a stream's state changes. */
static void
turn(struct session *session, struct session_stream *stream, enum stream_state to)
{
	if (stream->state != STREAM_FREE)
		session->count[stream->state]--;
	stream->state = to;
	if (to != STREAM_FREE)
		session->count[to]++;
	if (to != STREAM_SENT && to != STREAM_LEFT)
		stream->slot = 0;
}

static struct session_stream *
part_of(const struct session *session)
{
	return session->stream + session->first;
}

static void
watch_begin(struct session *session, struct session_stream *stream, mono_t now)
{
	if (session->shared->stall != NULL && !stream->healing)
		stall_begin(session->shared->stall, (uint32_t)(stream - session->stream), now);
}

static void
watch_end(struct session *session, struct session_stream *stream)
{
	stream->healing = false;
	if (session->shared->stall != NULL)
		stall_end(session->shared->stall, (uint32_t)(stream - session->stream));
}

/* ---- which streams ---------------------------------------------------------- */

uint32_t
subscribe_add(struct session *session, uint32_t index, uint16_t bytes)
{
	struct session_stream *part = part_of(session);
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
		.batch_max = batch_unlimited,
		.state = STREAM_FREE,
		.moving_to = UINT8_MAX,
		.acked = MONO_NEVER,
		.heard = MONO_NEVER,
	};
	turn(session, &part[at], STREAM_WANTED);
	return session->first + at;
}

static bool
has_connection(const struct session *session)
{
	return session->state == SESSION_SUBSCRIBING || session->state == SESSION_LIVE ||
	    session->state == SESSION_DRAINING;
}

static void
trim(struct session *session)
{
	const struct session_stream *part = part_of(session);

	while (session->nstreams > 0 && part[session->nstreams - 1].state == STREAM_FREE)
		session->nstreams--;
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
		turn(session, stream, STREAM_FREE);
	else if (stream->state == STREAM_SENT)
		stream->doomed = true; /* its request stays what it is */
	else if (stream->state == STREAM_ACKED)
		turn(session, stream, STREAM_LEAVING);
	else if (stream->state == STREAM_WANTED || stream->state == STREAM_REFUSED)
		turn(session, stream, STREAM_FREE);
	trim(session);
}

void
subscribe_clear(struct session *session)
{
	for (unsigned i = 0; i < session->nstreams; i++) {
		watch_end(session, &part_of(session)[i]);
		turn(session, &part_of(session)[i], STREAM_FREE);
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
	turn(session, stream, STREAM_LEAVING);
}

/* The exchange let go of the stream, or the connection did. */
static void
let_go(struct session *session, struct session_stream *stream)
{
	turn(session, stream, stream->again ? STREAM_WANTED : STREAM_FREE);
	stream->again = stream->doomed = false;
	stream->produced = false;
	stream->acked = stream->heard = MONO_NEVER;
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
	struct session_stream *stream = part_of(session);

	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		if (is_leaving(stream) && !has_connection(session))
			let_go(session, stream);
		watch_end(session, stream);
	}
	trim(session);
}

void
subscribe_begin(struct session *session)
{
	const struct session_cfg *cfg = &session->shared->cfg;
	struct session_stream *stream = part_of(session);

	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		if (is_leaving(stream))
			let_go(session, stream);
		else if (stream->state != STREAM_FREE)
			turn(session, stream, STREAM_WANTED);
		watch_end(session, stream);
		stream->slot = 0;
		stream->produced = stream->listed = false;
		stream->acked = stream->heard = MONO_NEVER;
	}
	trim(session);
	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		session->request[i] = (struct session_request){0};
	/* The limit is per connection, so a new one starts with all of it. */
	quota_init(&session->sends, cfg->sends_max - cfg->sends_reserved, cfg->send_window,
	    session->send_stamps);
}

/* ---- requests --------------------------------------------------------------- */

/* What waits to be sent: leaving first, so that a stream may leave and come back. */
static bool
next_kind(const struct session *session, enum session_request_kind *kind)
{
	if (session->count[STREAM_LEAVING] > 0)
		*kind = REQUEST_UNSUBSCRIBE;
	else if (session->count[STREAM_WANTED] > 0)
		*kind = REQUEST_SUBSCRIBE;
	else if (session->list_wanted)
		*kind = REQUEST_LIST;
	else
		return false;
	return true;
}

/* Takes the next streams that fit one request into it. */
static void
fill(struct session *session, struct session_request *request)
{
	const struct session_cfg *cfg = &session->shared->cfg;
	bool joining = request->kind == REQUEST_SUBSCRIBE;
	enum stream_state from = joining ? STREAM_WANTED : STREAM_LEAVING;
	enum stream_state to = joining ? STREAM_SENT : STREAM_LEFT;
	struct session_stream *stream = part_of(session);
	unsigned bytes = cfg->request_bytes_overhead, limit = batch_unlimited;

	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		if (stream->state != from)
			continue;
		bytes += stream->bytes;
		if (stream->batch_max < limit)
			limit = stream->batch_max;
		if (bytes > cfg->request_bytes_max || request->count + 1 > limit)
			break;
		if (request->count++ == 0)
			request->first = session->first + i;
		turn(session, stream, to);
		stream->slot = mark_of(session, request);
	}
}

/*
 * What is on its way may arrive all at once, however long ago it was sent: so
 * no more requests wait for answers than the exchange takes within a window.
 */
static bool
may_ask(const struct session *session)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		n += session->request[i].id != free_slot;
	return n < session->sends.limit && n < SESSION_REQUESTS_MAX;
}

void
subscribe_on_answered(struct session *session, int64_t id, mono_t now)
{
	const struct session_request *request = awaited(session, id);

	if (request != NULL)
		quota_renew(&session->sends, request->sent, now);
}

void
subscribe_send(struct session *session, mono_t now, struct pool_actions *actions)
{
	static const enum pool_action_kind act[] = {
		[REQUEST_SUBSCRIBE] = ACT_SEND_SUBSCRIBE,
		[REQUEST_UNSUBSCRIBE] = ACT_SEND_UNSUBSCRIBE,
		[REQUEST_LIST] = ACT_SEND_LIST,
	};
	enum session_request_kind kind;
	struct session_request *request;
	struct pool_action *action;

	while (next_kind(session, &kind) && may_ask(session) &&
	    quota_allows(&session->sends, now)) {
		request = &session->request[slot_of(session, free_slot)];
		quota_take(&session->sends, now);
		*request = (struct session_request){
			.id = ++session->shared->last_request_id,
			.kind = kind,
			.sent = now,
			.due = mono_add(now, session->shared->cfg.ack_within),
		};
		if (kind == REQUEST_LIST)
			session->list_wanted = false;
		else
			fill(session, request);
		session->counts.requests++;
		action = actions_add(actions, act[kind], session->line);
		action->request_id = request->id;
		action->first = request->first;
		action->count = request->count;
	}
}

/* Walks over the streams of a request: *at starts at 0. NULL: that was the last one. */
static struct session_stream *
next_of(const struct session *session, const struct session_request *request, unsigned *at)
{
	struct session_stream *part = part_of(session);
	uint16_t mark = mark_of(session, request);

	for (; *at < session->nstreams; ++*at)
		if (part[*at].slot == mark)
			return &part[(*at)++];
	return NULL;
}

unsigned
subscribe_request_streams(const struct session *session, int64_t id, uint32_t *out, unsigned max)
{
	unsigned slot = slot_of(session, id), at = 0, n = 0;
	const struct session_stream *stream;

	if (id == free_slot || slot == SESSION_REQUESTS_MAX)
		return 0;
	while (n < max && (stream = next_of(session, &session->request[slot], &at)) != NULL)
		out[n++] = stream->index;
	return n;
}

bool
subscribe_on_ack(struct session *session, int64_t id, mono_t now)
{
	struct session_request *request = awaited(session, id);
	struct session_stream *stream;
	unsigned at = 0;

	if (request == NULL)
		return false;
	while ((stream = next_of(session, request, &at)) != NULL) {
		if (request->kind == REQUEST_UNSUBSCRIBE) {
			let_go(session, stream);
			continue;
		}
		turn(session, stream, stream->doomed ? STREAM_LEAVING : STREAM_ACKED);
		if (stream->doomed) {
			stream->doomed = false;
			continue;
		}
		stream->batch_max = batch_unlimited;
		stream->acked = now;
		watch_begin(session, stream, now);
	}
	trim(session);
	*request = (struct session_request){0};
	return true;
}

bool
subscribe_on_listed(struct session *session, int64_t id, const uint64_t *listed)
{
	struct session_request *request = awaited(session, id);
	struct session_stream *stream = part_of(session);

	if (request == NULL || request->kind != REQUEST_LIST)
		return false;
	session->counts.lists++;
	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		/* What was accepted after the question cannot be in the answer. */
		if (stream->state != STREAM_ACKED || !mono_before(stream->acked, request->sent))
			continue;
		stream->listed = listed[stream->index / 64] >> stream->index % 64 & 1;
		if (stream->listed)
			continue;
		session->counts.missing++;
		stream->healing = true;
		turn(session, stream, STREAM_WANTED);
	}
	*request = (struct session_request){0};
	return true;
}

/* The exchange did not take a SUBSCRIBE: in halves next time, until one is guilty. */
static void
split(struct session *session, const struct session_request *request, int error_code,
    struct pool_actions *actions)
{
	uint16_t half = (uint16_t)((request->count + 1) / 2);
	struct session_stream *stream;
	struct pool_action *action;
	unsigned at = 0;

	while ((stream = next_of(session, request, &at)) != NULL) {
		if (stream->doomed) {
			let_go(session, stream);
			continue;
		}
		stream->batch_max = half;
		if (request->count > 1) {
			turn(session, stream, STREAM_WANTED);
			continue;
		}
		/* With the next list, or on the next connection, it is asked for again. */
		turn(session, stream, STREAM_REFUSED);
		action = actions_add(actions, ACT_STREAM_REFUSED, session->line);
		action->request_id = request->id;
		action->first = request->first;
		action->stream = stream->index;
		action->error_code = error_code;
	}
}

bool
subscribe_on_refusal(struct session *session, int64_t id, int error_code,
    struct pool_actions *actions)
{
	struct session_request *request = awaited(session, id);
	struct session_stream *stream;
	unsigned at = 0;

	if (request == NULL)
		return false;
	session->counts.ack_errors++;
	if (request->kind == REQUEST_SUBSCRIBE)
		split(session, request, error_code, actions);
	else if (request->kind == REQUEST_UNSUBSCRIBE) /* there is nothing to leave, then */
		while ((stream = next_of(session, request, &at)) != NULL)
			let_go(session, stream);
	trim(session);
	*request = (struct session_request){0};
	return true;
}

void
subscribe_refused_again(struct session *session)
{
	struct session_stream *stream = part_of(session);

	for (unsigned i = 0; i < session->nstreams; i++)
		if (stream[i].state == STREAM_REFUSED)
			turn(session, &stream[i], STREAM_WANTED);
}

/* A request without answer: nobody knows what became of it. */
static void
take_back(struct session *session, const struct session_request *request,
    struct session_stream *stream)
{
	if (request->kind != REQUEST_SUBSCRIBE)
		let_go(session, stream);
	else
		turn(session, stream, stream->doomed ? STREAM_LEAVING : STREAM_WANTED);
	stream->doomed = false;
}

unsigned
subscribe_on_timeout(struct session *session, mono_t now)
{
	struct session_request *request;
	struct session_stream *stream;
	unsigned overdue = 0, at;

	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++) {
		request = &session->request[i];
		if (request->id == free_slot || !mono_due(request->due, now))
			continue;
		for (at = 0; (stream = next_of(session, request, &at)) != NULL;)
			take_back(session, request, stream);
		*request = (struct session_request){0};
		overdue++;
	}
	trim(session);
	return overdue;
}

mono_t
subscribe_answer_due(const struct session *session)
{
	mono_t due = MONO_NEVER;

	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		if (session->request[i].id != free_slot)
			due = mono_min(due, session->request[i].due);
	return due;
}

mono_t
subscribe_deadline(const struct session *session)
{
	mono_t due = subscribe_answer_due(session);
	enum session_request_kind kind;

	if (next_kind(session, &kind) && may_ask(session))
		due = mono_min(due, quota_deadline(&session->sends));
	return due;
}
