/*
 * When to try again: exponential backoff with jitter, and a budget of quick
 * retries. It never says "never": after the budget the tries go on at the cap.
 *
 * Embedded in a session; feed thread. Owns no clock and no timer.
 */
#ifndef FEED_CORE_RETRY_H
#define FEED_CORE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

/* A server's Retry-After beyond this is cut. Binance: bans last 2 minutes to 3 days (2026-08). */
#define RETRY_AFTER_S_MAX (3 * 24 * 3600)

/*
 * What an answer that is no verdict on us can ask for. It may be of anything
 * between us and the exchange, and one wrong word must not park a line for days.
 */
#define RETRY_AFTER_OTHER_S_MAX 300

/* No delay is shorter, whatever the jitter says. */
#define RETRY_DELAY_MIN ((span_t){1000000})

struct retry_cfg {
	span_t base;               /* delay after the first failure, >= RETRY_DELAY_MIN */
	span_t cap;                /* longest delay, >= base; jitter does not exceed it */
	unsigned exponential_base; /* each failure multiplies the delay by this, >= 1 */
	unsigned jitter_percent;   /* delay is spread by this much both ways, 0 to 100 */
	unsigned max_retries;      /* failures until the delay goes straight to the cap */
	unsigned reset_after;      /* good connections in a row that forget the failures, >= 1 */
};

struct retry {
	const struct retry_cfg *cfg;
	uint64_t random;   /* state of the jitter's generator */
	unsigned failures; /* since the last reset */
	unsigned good;     /* connections in a row that came up */
	bool up;           /* the last try came up and has not ended */
	mono_t at;         /* next try; MONO_NEVER: none is due */
};

/* `cfg` must outlive the retry; `seed` makes the jitter, same seed same delays. */
void retry_init(struct retry *retry, const struct retry_cfg *cfg, uint64_t seed);

/*
 * The Retry-After that counts, of one that came with this HTTP status: all of
 * it (up to RETRY_AFTER_S_MAX) with 418 and 429, Binance's ban and rate limit
 * (2026-08); at most RETRY_AFTER_OTHER_S_MAX with any other; -1: none.
 */
int32_t retry_after_honoured(int32_t retry_after_s, int http_status);

/*
 * A try failed or a connection ended. `retry_after_s` is what
 * retry_after_honoured() said, -1 when none came; it counts when it is longer
 * than our own delay. retry_deadline() then tells when to try.
 */
void retry_on_failure(struct retry *retry, mono_t now, int32_t retry_after_s);

/* A connection is good: ends the wait; the reset_after-th in a row forgets the failures. */
void retry_on_success(struct retry *retry);

/* Try at once, without counting a failure. */
void retry_at_once(struct retry *retry, mono_t now);

/* No try is wanted any more; the count of failures stays. */
void retry_cancel(struct retry *retry);

/* The connection lasted: forgets all failures. */
void retry_reset(struct retry *retry);

/* When to try again, MONO_NEVER when nothing failed. */
mono_t retry_deadline(const struct retry *retry);

/* Is the budget of quick retries used up? */
bool retry_exhausted(const struct retry *retry);

#endif
