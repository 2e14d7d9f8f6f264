/*
 * The short way for messages as they nearly always come: the layouts in which
 * the exchange writes trades, aggregate trades, quotes and books, without white
 * space and escapes, with usual numbers. Each key is expected where it stands,
 * so that nothing is searched and no table of fields is filled. Pure.
 *
 * Whatever is not exactly so is left to json_decode()'s general way, which
 * alone decides what is malformed or does not fit.
 */
#ifndef FEED_VENUE_BINANCE_PREDICT_H
#define FEED_VENUE_BINANCE_PREDICT_H

#include <stdbool.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/*
 * Decodes a message of a predicted layout: true, and *out, which comes without
 * texts, times and ids, is what the general way would have made of it with
 * DECODE_OK. False: it has another layout; *out and the scratch hold nothing of
 * use. JSON_PADDING bytes behind the frame are readable; they never decide
 * anything.
 */
bool predict_decode(struct bytes frame, struct event_scratch *scratch, struct event *out);

#endif
