/*
 * What faults do that act by themselves: to every connection that they
 * concern.
 */
#ifndef TOOLS_EXCHANGE_SIM_STRIKE_H
#define TOOLS_EXCHANGE_SIM_STRIKE_H

#include "tools/exchange-sim/session.h"

/*
 * Lets a fault of the ONCE phase act on the list of sessions; `wall` is the
 * exchange's time. Returns how many were hit.
 */
uint32_t strike(struct session *first, const struct fault *f, mono_t now, wall_t wall);

#endif
