/*
 * What must hold in the simulation, whatever happens. A broken rule ends the
 * program (journal.h).
 *
 *  - The reader sees each id at most once and in order, as it was said.
 *  - A hole in the ids is told, with the ids that are missing, or there is none;
 *    what a line brought, or a healthy one was to bring, is not missing.
 *  - A new count of the ids is told as one, soon, and nothing else is.
 *  - What a healthy line was to bring is there in time.
 *  - A stream is subscribed where it is served, not at another path.
 *  - No limit of the exchange is exceeded: messages a second on a line,
 *    connects per window, streams on a line, bytes of a request.
 *  - What is added is subscribed on a healthy leg soon, whatever the others go through.
 *  - After a storm every stream is carried by every leg within its time.
 *  - Streams are not moved from line to line again and again (places.h).
 *  - A leg with a line up that has room leaves no stream on one that stays down (places.h).
 *  - The clock goes on: every deadline lies ahead, and few come in a minute.
 */
#ifndef TESTS_SIM_RULES_H
#define TESTS_SIM_RULES_H

#include <tickring/tick.h>

#include "feed/core/action.h"
#include "tests/sim/sim.h"

/* ---- what the feed does ---- */

void rules_on_connect(const struct pool_action *act);
void rules_on_send(unsigned line);
/* A line is being replaced. */
void rules_on_rotation(const struct pool_action *act);

void rules_on_subscribed(const struct sim_peer *p);

/* A wake-up is over; `by_timer`: nothing but a deadline caused it. */
void rules_on_wake(bool by_timer, mono_t deadline);

/* ---- what the exchange and the reader see ---- */

void rules_on_said(struct sim_stream *s, const struct sim_record *record);

/* A tick of that stream; NULL: of none. */
void rules_on_tick(struct sim_stream *s, const struct tick *t);

/* What is on its way may be lost: a storm that spares no leg, or the end. */
void rules_on_storm(void);

/* What is on its way of that stream may be lost. */
void rules_on_dropped(struct sim_stream *s);

/* The feed has gone, with what it held. */
void rules_on_restart(void);

/* Time to recover is over. */
void rules_on_recovered(void);

#endif
