/*
 * The exchange's binary messages (SBE, schema 1 version 0) for events of the
 * synthetic market: the same as its JSON says. Pure.
 */
#ifndef TOOLS_EXCHANGE_SIM_BINARY_H
#define TOOLS_EXCHANGE_SIM_BINARY_H

#include "tools/exchange-sim/market.h"
#include "tools/exchange-sim/text.h"

/* Appends the message. False: such an event does not exist in binary. */
bool binary_event(struct text *t, const struct market_event *e);

/*
 * Streams have other names at binary endpoints: the text stream that says the
 * same as `name`, in room[STREAM_NAME_MAX] or as it was given.
 */
struct bytes binary_stream(struct bytes name, char *room);

#endif
