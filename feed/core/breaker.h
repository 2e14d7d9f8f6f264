/*
 * May we connect to this endpoint? A circuit breaker that never gives up.
 *
 * One per endpoint, shared by all lines; feed thread. Owns no clock, no timer.
 *
 * CLOSED until too many attempts in a row failed, then OPEN: nobody connects
 * until the delay is over. Then one line may try (HALF_OPEN, one at a time);
 * success closes the circuit, failure opens it again for longer, up to the
 * cap of that kind of fault, for ever. The delays are the faults' own:
 *
 *  fault            opens after  first   cap     why
 *  DNS              failures_max   5 s    60 s   resolvers come back within seconds
 *  NETWORK          failures_max   5 s    60 s   refused, unreachable, reset, timeout: a restart
 *  TLS              failures_max  10 s     5 min handshake broken: a middlebox or a deployment
 *  CERTIFICATE      1             60 s    10 min untrusted, expired, wrong host: people must act
 *  SERVER_ERROR     failures_max   5 s    60 s   5xx, any other refused upgrade
 *  RATE_LIMITED 429 1             60 s     5 min weight counts per minute, connects per 5 minutes
 *  BANNED       418 1              2 min   3 d   "2 minutes to 3 days" (Binance, 2026-08)
 *  FORBIDDEN    403 1              5 min   1 h   the firewall counts per 5 minutes
 *  REGION       451 1             15 min   6 h   the law, or our route, has to change
 *
 * Binance, REST "General information" and "Limits", 2026-08: 429 asks to back
 * off for Retry-After seconds, going on leads to 418; 403 is the firewall, 451
 * a blocked region. Retry-After is honoured wherever it is longer.
 */
#ifndef FEED_CORE_BREAKER_H
#define FEED_CORE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"

enum breaker_fault {
	BREAKER_DNS,
	BREAKER_NETWORK,
	BREAKER_TLS,
	BREAKER_CERTIFICATE,
	BREAKER_SERVER_ERROR,
	BREAKER_RATE_LIMITED,
	BREAKER_BANNED,
	BREAKER_FORBIDDEN,
	BREAKER_REGION,
	BREAKER_FAULTS
};

enum breaker_state {
	BREAKER_CLOSED,    /* everybody may connect */
	BREAKER_OPEN,      /* nobody may, until breaker_deadline() */
	BREAKER_HALF_OPEN, /* one line is trying */
	BREAKER_STATES
};

struct breaker_cfg {
	unsigned failures_max;   /* in a row until it opens, >= 1 */
	unsigned jitter_percent; /* delays are lengthened by up to this much, 0 to 100 */
	span_t probe_within;     /* a try without outcome is forgotten; > connect time */
};

struct breaker {
	const struct breaker_cfg *cfg;
	uint64_t random;         /* state of the jitter's generator */
	enum breaker_state state;
	enum breaker_fault fault; /* that opened it last */
	enum tick_reason reason;  /* likewise, NONE: never opened */
	unsigned failures;        /* in a row */
	unsigned opened;          /* times in a row that it opened without a success */
	mono_t since;             /* when it entered the state */
	mono_t until;             /* OPEN: next try; HALF_OPEN: when the try is forgotten */
	uint64_t opened_total;
	uint64_t probes;          /* tries in HALF_OPEN */
};

/* Does it concern our address, so that all endpoints are to be told (403 418 429 451)? */
bool breaker_is_ours(enum tick_reason reason);

/* CLOSED. `cfg` outlives it; `seed`: of the jitter, same seed same delays. */
void breaker_init(struct breaker *breaker, const struct breaker_cfg *cfg, uint64_t seed,
    mono_t now);

/* May a line connect now? */
bool breaker_allows(const struct breaker *breaker, mono_t now);

/* A line connects now. Only when breaker_allows(): a bug otherwise (assert). */
void breaker_on_attempt(struct breaker *breaker, mono_t now);

/*
 * An attempt succeeded: the circuit is closed and all is forgotten. While OPEN,
 * from a line that was on its way, not if the fault is one that opens at once.
 */
void breaker_on_success(struct breaker *breaker, mono_t now);

/*
 * An attempt failed. `retry_after_s`: the server's Retry-After in seconds, -1
 * (or 0) when none came; cut at RETRY_AFTER_S_MAX (retry.h). While OPEN, from
 * lines that were on their way, it may lengthen the wait (a longer Retry-After,
 * another fault that opens at once), never shorten it. A Retry-After opens at once.
 */
void breaker_on_failure(struct breaker *breaker, enum tick_reason reason, int32_t retry_after_s,
    mono_t now);

/* A line's retry budget is used up there: opens at once, as if failures_max was reached. */
void breaker_on_exhausted(struct breaker *breaker, enum tick_reason reason, mono_t now);

/* The try was called off without outcome (stopped, hung up by us): the next may try at once. */
void breaker_on_abandoned(struct breaker *breaker, mono_t now);

/* When breaker_allows() becomes true; MONO_NEVER: CLOSED, it does already. */
mono_t breaker_deadline(const struct breaker *breaker);

#endif
