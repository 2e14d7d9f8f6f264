#include "feed/core/subscribe.h"

#include <stddef.h>

#include "feed/core/subscribe_impl.h"

/* Until a refused stream is asked for again: doubled up to the last. */
static const span_t refused_for = {INT64_C(60) * 1000000000};
static const span_t refused_for_max = {INT64_C(600) * 1000000000};

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

static void
watch_begin(struct session *session, struct session_stream *stream, mono_t now)
{
	if (session->shared->stall != NULL && !stream->healing)
		stall_begin(session->shared->stall, (uint32_t)(stream - session->stream), now);
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
	struct session_stream *stream = subscribe_part(session);
	unsigned bytes = cfg->request_bytes_overhead, limit = SUBSCRIBE_BATCH_UNLIMITED;

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
		subscribe_turn(session, stream, to);
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
	return n < session->sends.limit - session->sends.reserved && n < SESSION_REQUESTS_MAX;
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
	struct session_stream *part = subscribe_part(session);
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
			subscribe_let_go(session, stream);
			continue;
		}
		subscribe_turn(session, stream, stream->doomed ? STREAM_LEAVING : STREAM_ACKED);
		if (stream->doomed) {
			stream->doomed = false;
			continue;
		}
		stream->batch_max = SUBSCRIBE_BATCH_UNLIMITED;
		stream->refusals = 0;
		stream->refused_code = 0;
		stream->acked = now;
		stream->silent = false;
		session->shared->data_due = mono_min(session->shared->data_due,
		    mono_add(now, session->shared->cfg.data_within));
		watch_begin(session, stream, now);
	}
	subscribe_trim(session);
	*request = (struct session_request){0};
	return true;
}

bool
subscribe_on_listed(struct session *session, int64_t id, const uint64_t *listed)
{
	struct session_request *request = awaited(session, id);
	struct session_stream *stream = subscribe_part(session);

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
		stream->produced = false;
		subscribe_turn(session, stream, STREAM_WANTED);
	}
	*request = (struct session_request){0};
	return true;
}

/* By itself: later, and later every time. */
static void
put_off(struct session *session, struct session_stream *stream, int error_code, mono_t now)
{
	span_t wait = refused_for;

	for (unsigned i = 0; i < stream->refusals && wait.ns < refused_for_max.ns; i++)
		wait.ns *= 2;
	stream->refusals += stream->refusals < UINT8_MAX;
	stream->refused_code = error_code;
	stream->retry_at = mono_add(now,
	    wait.ns < refused_for_max.ns ? wait : refused_for_max);
	session->refused_due = mono_min(session->refused_due, stream->retry_at);
	subscribe_turn(session, stream, STREAM_REFUSED);
}

void
subscribe_retry(struct session *session, mono_t now)
{
	struct session_stream *stream = subscribe_part(session);

	if (!mono_due(session->refused_due, now))
		return;
	session->refused_due = MONO_NEVER;
	for (unsigned i = 0; i < session->nstreams; i++, stream++) {
		if (stream->state != STREAM_REFUSED)
			continue;
		if (mono_due(stream->retry_at, now))
			subscribe_turn(session, stream, STREAM_WANTED);
		else
			session->refused_due = mono_min(session->refused_due, stream->retry_at);
	}
}

/* The exchange did not take a SUBSCRIBE: in halves next time, until one is guilty. */
static void
split(struct session *session, const struct session_request *request, int error_code,
    mono_t now, struct pool_actions *actions)
{
	uint16_t half = (uint16_t)((request->count + 1) / 2);
	struct session_stream *stream;
	struct pool_action *action;
	unsigned at = 0;

	while ((stream = next_of(session, request, &at)) != NULL) {
		if (stream->doomed) {
			subscribe_let_go(session, stream);
			continue;
		}
		stream->batch_max = half;
		if (request->count > 1) {
			subscribe_turn(session, stream, STREAM_WANTED);
			continue;
		}
		put_off(session, stream, error_code, now);
		action = actions_add(actions, ACT_STREAM_REFUSED, session->line);
		action->request_id = request->id;
		action->first = request->first;
		action->stream = stream->index;
		action->error_code = error_code;
		action->why = TICK_REASON_ACK_ERROR;
	}
}

bool
subscribe_on_refusal(struct session *session, int64_t id, int error_code, mono_t now,
    struct pool_actions *actions)
{
	struct session_request *request = awaited(session, id);
	struct session_stream *stream;
	unsigned at = 0;

	if (request == NULL)
		return false;
	session->counts.ack_errors++;
	if (request->kind == REQUEST_SUBSCRIBE)
		split(session, request, error_code, now, actions);
	else if (request->kind == REQUEST_UNSUBSCRIBE) /* there is nothing to leave, then */
		while ((stream = next_of(session, request, &at)) != NULL)
			subscribe_let_go(session, stream);
	subscribe_trim(session);
	*request = (struct session_request){0};
	return true;
}

/* A request without answer: nobody knows what became of it. */
static void
take_back(struct session *session, const struct session_request *request,
    struct session_stream *stream)
{
	if (request->kind != REQUEST_SUBSCRIBE)
		subscribe_let_go(session, stream);
	else
		subscribe_turn(session, stream, stream->doomed ? STREAM_LEAVING : STREAM_WANTED);
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
	subscribe_trim(session);
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
	return mono_min(due, session->refused_due);
}
