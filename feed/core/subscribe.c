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

/* The next run of wanted streams that fits one request; 0: none is wanted. */
static unsigned
plan_batch(const struct session *session, unsigned *first)
{
	const struct session_cfg *cfg = &session->shared->cfg;
	const struct session_stream *stream = session->stream;
	unsigned end = session->first + session->nstreams;
	unsigned at = session->first, bytes = cfg->request_bytes_overhead;
	unsigned limit = batch_unlimited, n = 0;

	while (at < end && stream[at].state != STREAM_WANTED)
		at++;
	for (*first = at; at < end && stream[at].state == STREAM_WANTED; at++) {
		bytes += stream[at].bytes;
		if (stream[at].batch_max < limit)
			limit = stream[at].batch_max;
		if (bytes > cfg->request_bytes_max || n + 1 > limit)
			break;
		n++;
	}
	return n;
}

static void
mark(struct session *session, const struct session_request *request, enum stream_state state)
{
	for (unsigned i = 0; i < request->count; i++)
		session->stream[request->first + i].state = state;
}

static void
limit_batches(struct session *session, const struct session_request *request, uint16_t max)
{
	for (unsigned i = 0; i < request->count; i++)
		session->stream[request->first + i].batch_max = max;
}

void
subscribe_begin(struct session *session)
{
	const struct session_cfg *cfg = &session->shared->cfg;

	for (unsigned i = 0; i < session->nstreams; i++)
		session->stream[session->first + i].state = STREAM_WANTED;
	for (unsigned i = 0; i < SESSION_REQUESTS_MAX; i++)
		session->request[i] = (struct session_request){0};
	session->nsent = session->nacked = session->nrefused = 0;
	/* The limit is per connection, so a new one starts with all of it. */
	quota_init(&session->sends, cfg->sends_max - cfg->sends_reserved, cfg->send_window,
	    session->send_stamps);
}

void
subscribe_send(struct session *session, mono_t now, struct pool_actions *actions)
{
	struct session_request *request;
	struct pool_action *action;
	unsigned first, count, slot;

	while (session->nsent < session->nstreams && quota_allows(&session->sends, now)) {
		slot = slot_of(session, free_slot);
		if (slot == SESSION_REQUESTS_MAX)
			return;
		request = &session->request[slot];
		count = plan_batch(session, &first);
		quota_take(&session->sends, now);
		*request = (struct session_request){
			.id = ++session->shared->last_request_id,
			.first = first,
			.count = count,
			.due = mono_add(now, session->shared->cfg.ack_within),
		};
		mark(session, request, STREAM_SENT);
		session->nsent += count;
			session->counts.requests++;
		action = actions_add(actions, ACT_SEND_SUBSCRIBE, session->line);
		action->request_id = request->id;
		action->first = first;
		action->count = count;
	}
}

bool
subscribe_on_ack(struct session *session, int64_t id)
{
	struct session_request *request = awaited(session, id);

	if (request == NULL)
		return false;
	mark(session, request, STREAM_ACKED);
	limit_batches(session, request, batch_unlimited);
	session->nacked += request->count;
	*request = (struct session_request){0};
	return true;
}

bool
subscribe_on_refusal(struct session *session, int64_t id, int error_code,
    struct pool_actions *actions)
{
	struct session_request *request = awaited(session, id);
	struct pool_action *action;

	if (request == NULL)
		return false;
	session->counts.ack_errors++;
	if (request->count > 1) {
		limit_batches(session, request, (uint16_t)((request->count + 1) / 2));
		mark(session, request, STREAM_WANTED);
		session->nsent -= request->count;
	} else {
		/* Guilty. The next connection asks for it again, by itself. */
		limit_batches(session, request, 1);
		mark(session, request, STREAM_REFUSED);
		session->nrefused++;
		action = actions_add(actions, ACT_STREAM_REFUSED, session->line);
		action->request_id = id;
		action->first = request->first;
		action->error_code = error_code;
	}
	*request = (struct session_request){0};
	return true;
}

bool
subscribe_is_complete(const struct session *session)
{
	return session->nacked + session->nrefused == session->nstreams;
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

	if (session->nsent < session->nstreams &&
	    slot_of(session, free_slot) < SESSION_REQUESTS_MAX)
		due = mono_min(due, quota_deadline(&session->sends));
	return due;
}
