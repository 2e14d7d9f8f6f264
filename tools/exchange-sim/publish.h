/*
 * Sends one market event to all subscribers of a stream: formatted once per
 * time unit, framed once per envelope.
 */
#ifndef TOOLS_EXCHANGE_SIM_PUBLISH_H
#define TOOLS_EXCHANGE_SIM_PUBLISH_H

#include "feed/base/mono.h"
#include "tools/exchange-sim/hub.h"
#include "tools/exchange-sim/market.h"
#include "tools/exchange-sim/message.h"

#define PUBLISH_MESSAGE_MAX (1 << 20) /* bytes of a payload */

struct publisher {
	struct text payload[2];  /* by unit */
	struct text frame[2][2]; /* by unit and envelope */
	struct text binary, binary_frame; /* the same for all */
	bool too_slow;           /* some session is marked so */
	span_t clock_error;      /* added to the times in messages, by a fault */
};

/* False without memory. */
bool publisher_init(struct publisher *p);

void publisher_fini(struct publisher *p);

/* Sessions whose queue is full are marked, not closed: the list must stand still. */
void publisher_send(struct publisher *p, struct stream *s, const struct market_event *e);

#endif
