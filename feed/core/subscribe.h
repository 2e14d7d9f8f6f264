/*
 * Which streams go into which SUBSCRIBE request, and what became of them.
 *
 * The part of a session (session.h) that keeps its stream list: requests are
 * planned by size, sent as the quota allows, answered by id. A refused request
 * is asked again in halves, so that one bad stream does not take the others
 * with it. A stream that is refused by itself is asked for again after a minute,
 * then after twice as long every time, up to ten minutes: one in trouble
 * refuses what it takes later. Pure; feed thread.
 */
#ifndef FEED_CORE_SUBSCRIBE_H
#define FEED_CORE_SUBSCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"
#include "feed/core/session.h"

#define SUBSCRIBE_NO_PLACE UINT32_MAX

/*
 * Adds a stream to the line; it is asked for when there is a connection.
 * Returns its position in the pool's list, SUBSCRIBE_NO_PLACE when the line's
 * part of it is full.
 */
uint32_t subscribe_add(struct session *session, uint32_t index, uint16_t bytes);

/* Takes the stream at that position off the line; UNSUBSCRIBE follows where SUBSCRIBE went. */
void subscribe_remove(struct session *session, uint32_t position);

/*
 * The exchange has a stream on the line that does not belong there: it is
 * unsubscribed. `bytes` as subscribe_add(), 0: not known. No room: the next list shows it again.
 */
void subscribe_disown(struct session *session, uint32_t index, uint16_t bytes);

/* Forgets all streams at once: the connection is about to end. */
void subscribe_clear(struct session *session);

/* The connection ended: nobody waits for messages on it, and what was to leave has left. */
void subscribe_unwatch(struct session *session);

/* Asks for the stream at that position once more, after an UNSUBSCRIBE. */
void subscribe_renew(struct session *session, uint32_t position);

/* A new connection: nothing is sent. */
void subscribe_begin(struct session *session);

/* Streams of the line that were sent. */
static inline unsigned
subscribe_sent(const struct session *session)
{
	return session->count[STREAM_SENT] + session->count[STREAM_ACKED] +
	    session->count[STREAM_REFUSED];
}

/* Streams that the line shall carry. */
static inline unsigned
subscribe_wanted(const struct session *session)
{
	return session->count[STREAM_WANTED] + subscribe_sent(session);
}

/* Sends what is wanted, as far as quota and free request slots allow. */
void subscribe_send(struct session *session, mono_t now, struct pool_actions *actions);

/*
 * Some answer came to that request, before anything else is done with it: it
 * arrived there just now at the latest, and the quota counts it from now on.
 */
void subscribe_on_answered(struct session *session, int64_t id, mono_t now);

/* Accepted. Returns false when no request of that id waits for an answer. */
bool subscribe_on_ack(struct session *session, int64_t id, mono_t now);

/*
 * The list was answered: `listed` has a bit per stream number. What it should
 * have named and did not is asked for again. Returns false when no such
 * request waits for an answer.
 */
bool subscribe_on_listed(struct session *session, int64_t id, const uint64_t *listed);

/* Takes back what got no answer in time: it is asked for again. Returns how many requests. */
unsigned subscribe_on_timeout(struct session *session, mono_t now);

/* The streams of a request on the way: fills out[] with up to `max` numbers, returns how many. */
unsigned subscribe_request_streams(const struct session *session, int64_t id, uint32_t *out,
    unsigned max);

/* Refused. Returns false when no request of that id waits for an answer. */
bool subscribe_on_refusal(struct session *session, int64_t id, int error_code, mono_t now,
    struct pool_actions *actions);

/* Refused streams whose time has come are wanted again. */
void subscribe_retry(struct session *session, mono_t now);

/* Has every stream its answer? */
static inline bool
subscribe_is_complete(const struct session *session)
{
	return session->count[STREAM_WANTED] + session->count[STREAM_SENT] == 0;
}

/* When the first answer is overdue; MONO_NEVER when none is awaited. */
mono_t subscribe_answer_due(const struct session *session);

/* When there is something to send or an answer is overdue; MONO_NEVER: neither. */
mono_t subscribe_deadline(const struct session *session);

#endif
