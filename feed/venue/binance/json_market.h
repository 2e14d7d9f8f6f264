/*
 * The messages of Binance that json.c does not know: figures, klines of
 * continuous contracts, states of instruments, and arrays of messages. They
 * come once a second at most, so they are read by a table and step by step;
 * what comes thousands of times a second stays in json.c. Pure.
 *
 *   blockTrade 24hrMiniTicker 24hrTicker 1hTicker 4hTicker 1dTicker avgPrice
 *   referencePrice markPriceUpdate indexPriceUpdate compositeIndex forceOrder
 *   continuous_kline contractInfo
 *
 * As strict as json.c: a known event has its fields, each of its type and none
 * twice. Stamps that say when a window began or when funding is next may be 0,
 * which is none.
 */
#ifndef FEED_VENUE_BINANCE_JSON_MARKET_H
#define FEED_VENUE_BINANCE_JSON_MARKET_H

#include <stddef.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/*
 * `message` is one whole well-formed JSON value with JSON_PADDING readable
 * bytes behind it; out->stream is filled already, all else says "none".
 * `text_used` bytes of the scratch's text are taken. An array, alone or in a
 * combined envelope, becomes an EVENT_LIST. DECODE_OK with kind EVENT_UNKNOWN:
 * it is not one of these.
 */
enum decode_result json_market_decode(struct bytes message, struct event_scratch *scratch,
    size_t text_used, struct event *out);

/*
 * Takes the next element of an EVENT_LIST's items, which are shortened by it.
 * Returns false behind the last one.
 */
bool json_market_next(struct bytes *items, struct bytes *message);

#endif
