/*
 * A session's changes of state: what goes with entering each, and the ways
 * from a connection's end to the next attempt.
 *
 * The part of a session (session.h) below its table of events.
 * Pure; feed thread.
 */
#ifndef FEED_CORE_LIFE_H
#define FEED_CORE_LIFE_H

#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"
#include "feed/core/session.h"

/* The only place where the state changes; does the work that goes with entering. */
void life_enter(struct session *session, enum session_state to, enum tick_reason why, mono_t now,
    struct pool_actions *actions);

/* START: connects now, or as soon as the connect quota allows it. */
void life_want_connection(struct session *session, mono_t now, struct pool_actions *actions);

/* In BACKOFF: connects when life_connect_deadline() has come. */
void life_connect_if_due(struct session *session, mono_t now, struct pool_actions *actions);

/* When a line in BACKOFF may connect: its own delay is over and the quota allows it. */
mono_t life_connect_deadline(const struct session *session);

/* When a line in OPEN_CIRCUIT may: an endpoint is usable, too. */
mono_t life_circuit_deadline(const struct session *session);

/* A connection, or the attempt at one, ended without our asking: FAILED or WENT_DOWN. */
void life_on_end(struct session *session, const struct session_event *event, mono_t now,
    struct pool_actions *actions);

/* Ends the connection or the attempt. `why` STOP: for good, anything else: to try again. */
void life_hang_up(struct session *session, enum tick_reason why, mono_t now,
    struct pool_actions *actions);

/* The end that life_hang_up() asked for; also when it was never reported. */
void life_on_drained(struct session *session, int close_code, mono_t now,
    struct pool_actions *actions);

#endif
