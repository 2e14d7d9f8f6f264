/*
 * The exchange's own host names and the products behind them. Pure; a
 * constant table.
 */
#ifndef FEED_VENUE_BINANCE_HOSTS_H
#define FEED_VENUE_BINANCE_HOSTS_H

#include <stdbool.h>

#include "feed/base/bytes.h"

/*
 * Where the host is one of the exchange's and serves something else than
 * streams (or, with `rest`, REST requests) of that product: what it serves, in
 * words, "streams of usdm and options". NULL: it fits, or is not known.
 */
const char *hosts_mismatch(struct bytes host, struct bytes product, bool rest);

#endif
