/*
 * The answer of GET .../time: {"serverTime":1499827319559}. Pure.
 */
#ifndef FEED_VENUE_BINANCE_SERVER_TIME_H
#define FEED_VENUE_BINANCE_SERVER_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"

/*
 * Fills *ns, since 1970, and *unit, the ns of its last digit: the time has 13
 * digits (ms) or 16 (us). False: `body` does not say it; they stay as they are.
 */
bool server_time_parse(struct bytes body, int64_t *ns, int64_t *unit);

#endif
