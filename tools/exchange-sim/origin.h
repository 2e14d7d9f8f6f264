/*
 * Which stream a recorded message came from: the envelope says it, or the
 * payload's type, symbol and interval do.
 */
#ifndef TOOLS_EXCHANGE_SIM_ORIGIN_H
#define TOOLS_EXCHANGE_SIM_ORIGIN_H

#include "tools/exchange-sim/text.h"

/*
 * Writes the stream's name into `name`. False when the message belongs to no
 * stream (a reply, serverShutdown, a raw partial book) or is not JSON.
 */
bool origin_of(struct bytes message, struct text *name);

#endif
