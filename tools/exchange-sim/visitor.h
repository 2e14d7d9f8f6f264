/*
 * Who comes too often: handshakes per address, and bans. Binance: 300
 * connection attempts per five minutes and IP; 429 first, 418 with a ban for
 * whoever goes on (2026-08). The documentation gives no number for "goes on";
 * ours are VISITOR_PATIENCE and VISITOR_OFFENCES.
 */
#ifndef TOOLS_EXCHANGE_SIM_VISITOR_H
#define TOOLS_EXCHANGE_SIM_VISITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/exchange-sim/limiter.h"
#include "tools/exchange-sim/tally.h"

#define VISITORS_MAX 32
#define VISITOR_ADDRESS_MAX 46
#define VISITOR_PATIENCE 10  /* refusals by 429 before the ban */
#define VISITOR_OFFENCES 3   /* closes for too many messages before the ban */

struct visitor {
	char address[VISITOR_ADDRESS_MAX];
	struct limiter attempts;
	mono_t banned_until;  /* MONO_NEVER: not banned */
	uint32_t patience;    /* refusals since the last success */
	uint32_t offences;    /* since the last ban */
};

struct visitors {
	uint32_t connects_max; /* per five minutes; 0: no limit, nobody is banned */
	span_t ban;
	uint32_t n;
	struct visitor visitor[VISITORS_MAX];
};

void visitors_init(struct visitors *v, uint32_t connects_max, span_t ban);

/*
 * An address attempts a handshake. 0: welcome; else the status to refuse it
 * with, and the seconds of Retry-After. Addresses beyond VISITORS_MAX share
 * the last place.
 */
int visitors_admit(struct visitors *v, const char *address, mono_t now, int *retry_after_s,
    struct tally *t);

/* A connection of the address was closed because it sent too much. */
void visitors_offend(struct visitors *v, const char *address, mono_t now, struct tally *t);

#endif
