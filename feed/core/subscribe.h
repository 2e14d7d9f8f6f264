/*
 * Which streams go into which SUBSCRIBE request, and what became of them.
 *
 * The part of a session (session.h) that keeps its stream list: requests are
 * planned by size, sent as the quota allows, answered by id. A refused request
 * is asked again in halves, so that one bad stream does not take the others
 * with it.
 */
#ifndef FEED_CORE_SUBSCRIBE_H
#define FEED_CORE_SUBSCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"
#include "feed/core/session.h"

/* A new connection: nothing is sent. */
void subscribe_begin(struct session *session);

/* Sends what is wanted, as far as quota and free request slots allow. */
void subscribe_send(struct session *session, mono_t now, struct pool_actions *actions);

/* Accepted. Returns false when no request of that id waits for an answer. */
bool subscribe_on_ack(struct session *session, int64_t id);

/* Refused. Returns false when no request of that id waits for an answer. */
bool subscribe_on_refusal(struct session *session, int64_t id, int error_code,
    struct pool_actions *actions);

/* Has every stream its answer? */
bool subscribe_is_complete(const struct session *session);

/* When the first answer is overdue; MONO_NEVER when none is awaited. */
mono_t subscribe_answer_due(const struct session *session);

/* When there is something to send or an answer is overdue; MONO_NEVER: neither. */
mono_t subscribe_deadline(const struct session *session);

#endif
