/*
 * The exchange's end of the lines: connections, subscriptions, and the bytes
 * on their way, with the faults of the weather.
 *
 * Bytes of a line arrive in the order in which they were sent (but for the
 * fault that says otherwise), some time later.
 */
#ifndef TESTS_SIM_PEER_H
#define TESTS_SIM_PEER_H

#include <stdint.h>

#include "feed/core/action.h"
#include "tests/sim/agenda.h"
#include "tests/sim/sim.h"

/* ---- what the feed does ---- */

/* Its process has gone, and with it everything that was on its way. */
void peer_forget_all(void);

void peer_connect(const struct pool_action *act);

/* A request of that line for the streams in `mask`. */
void peer_request(const struct pool_action *act, uint32_t mask);
void peer_ping(unsigned line);
void peer_hang_up(const struct pool_action *act);

/* Counts a message to the exchange against its limit. */
void peer_count_send(unsigned line);

/* ---- what happens ---- */

/* Message number n of a stream goes to everybody who subscribed it. */
void peer_broadcast(unsigned stream, uint64_t n);

/* A request reaches the exchange. */
void peer_take_request(const struct agenda_item *item);

/* A connection is accepted. */
void peer_accept(unsigned line);

/* Ends a line: `orderly` lets the bytes on their way arrive first. */
void peer_end(unsigned line, enum tick_reason why, int close_code, bool orderly);

/* The server announces its end, which comes `in` later. */
void peer_announce(unsigned line, span_t in);

/* The next PING of the server is planned. */
void peer_plan_ping(unsigned line);

/* Is it that connection still? */
static inline bool
peer_lives(unsigned line, uint32_t life)
{
	return sim.peer[line].life == life;
}

/* How many lines of different legs bring that stream? */
unsigned peer_legs_of(unsigned stream);

#endif
