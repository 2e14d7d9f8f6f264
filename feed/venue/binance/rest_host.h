/*
 * Where Binance's REST requests go. Pure: constant tables.
 */
#ifndef FEED_VENUE_BINANCE_REST_HOST_H
#define FEED_VENUE_BINANCE_REST_HOST_H

#include "feed/base/bytes.h"

/*
 * The REST host that belongs to a host of streams: api.binance.com to
 * stream.binance.com. NULL: we know of none.
 */
const char *rest_host_of(struct bytes stream_host);

/* What the paths of a product ("spot", "usdm" ...) begin with: "/api/v3". NULL: no such product. */
const char *rest_prefix_of(struct bytes product);

#endif
