/*
 * A connection to the control port, without its socket: bytes in, bytes out.
 */
#ifndef TOOLS_EXCHANGE_SIM_PANEL_H
#define TOOLS_EXCHANGE_SIM_PANEL_H

#include "tools/exchange-sim/exchange.h"

struct panel {
	struct outq in, out;
	bool closes; /* when `out` is empty */
};

void panel_init(struct panel *p);

void panel_fini(struct panel *p);

/* Answers what is complete. False: disconnect. */
bool panel_on_bytes(struct panel *p, struct exchange *x, struct bytes in, mono_t now);

/* The next bytes to send, up to `max`; the caller drops them off `out`. */
bool panel_take(const struct panel *p, size_t max, struct bytes *piece);

#endif
