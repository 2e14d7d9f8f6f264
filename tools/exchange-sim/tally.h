/*
 * What the exchange has counted since its start, over all connections that are
 * and were. Read by GET /state of the control port.
 */
#ifndef TOOLS_EXCHANGE_SIM_TALLY_H
#define TOOLS_EXCHANGE_SIM_TALLY_H

#include <stdint.h>

#define TALLY_CODES 16

/* How often which number was given, in the order of the first time. */
struct tally_codes {
	int code[TALLY_CODES];
	uint64_t n[TALLY_CODES];
};

struct tally {
	uint64_t connections;     /* accepted, TLS done */
	uint64_t upgrades;        /* WebSocket handshakes that succeeded */
	uint64_t rest;            /* REST requests */
	uint64_t requests;        /* over WebSocket */
	uint64_t request_errors;  /* of those, answered with an error */
	uint64_t requests_too_long;
	uint64_t misrouted;       /* subscriptions at a path that does not serve them */
	uint64_t over_rate;       /* connections closed for too many messages */
	uint64_t pong_timeouts;
	uint64_t too_slow;        /* connections that did not read fast enough */
	uint64_t cut;             /* RST or FIN by a fault */
	uint64_t bans;
	uint32_t peak_messages;   /* of a connection within any second */
	uint32_t peak_connects;   /* of an address within any five minutes */
	uint32_t peak_streams;    /* of a connection */
	struct tally_codes refused; /* HTTP statuses other than 200 and 101 */
	struct tally_codes closed;  /* codes of close frames that we sent first */
};

/* What does not fit is counted in the last row. */
static inline void
tally_code(struct tally_codes *t, int code)
{
	uint32_t i = 0;

	while (i < TALLY_CODES - 1 && t->n[i] > 0 && t->code[i] != code)
		i++;
	t->code[i] = code;
	t->n[i]++;
}

static inline void
tally_peak(uint32_t *peak, uint32_t value)
{
	if (value > *peak)
		*peak = value;
}

#endif
