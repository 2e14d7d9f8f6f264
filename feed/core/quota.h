/*
 * A sliding-window quota: never more than `limit` events in any window of
 * that length. Exact: it remembers when each of the last `limit` events was.
 * (A token bucket would allow nearly twice the limit around a refill;
 * Binance closes with 1008 then, practice 2026-08.)
 *
 * Feed thread; memory is the caller's. Owns no clock.
 */
#ifndef FEED_CORE_QUOTA_H
#define FEED_CORE_QUOTA_H

#include <stdbool.h>

#include "feed/base/mono.h"

struct quota {
	mono_t *taken;   /* ring of `limit` time stamps, MONO_NEVER: slot unused */
	unsigned limit;
	unsigned reserved; /* of them for events that cannot be put off */
	unsigned oldest; /* index of the oldest time stamp; the others follow in order */
	span_t window;
};

/* `taken` has room for `limit` stamps (>= 1) and outlives the quota; `window` > 0. */
void quota_init(struct quota *quota, unsigned limit, span_t window, mono_t *taken);

/* Keeps n of the limit, which is more, for quota_take_reserved(). Before the first event. */
void quota_reserve(struct quota *quota, unsigned n);

/* May one more event happen now? */
bool quota_allows(const struct quota *quota, mono_t now);

/* One event happens now. Only when quota_allows(): a bug otherwise (assert). */
void quota_take(struct quota *quota, mono_t now);

/* One that cannot be put off happens now; it counts as every other, even beyond the limit. */
void quota_take_reserved(struct quota *quota, mono_t now);

/* An event that was taken at `was` may have happened as late as `now`: it counts from now on. */
void quota_renew(struct quota *quota, mono_t was, mono_t now);

/* From when on one more event is allowed; MONO_ZERO when the quota was never full. */
mono_t quota_deadline(const struct quota *quota);

/* How many events fall into the window that ends now, 0 to limit. */
unsigned quota_used(const struct quota *quota, mono_t now);

#endif
