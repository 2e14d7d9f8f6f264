/*
 * Binance's JSON messages to events. Pure: no allocation, no clock.
 *
 * Knows spot, USD-M and COIN-M futures, raw and combined envelopes; what comes
 * rarely is left to json_market.h. Keys may come in any order, with white space
 * and escapes; keys that we do not know are checked and skipped. What is strict:
 *   - the message is one whole JSON value (RFC 8259) and nothing else; only
 *     that texts are valid UTF-8 is left to the transport;
 *   - arrays and objects nest at most 32 deep;
 *   - a known event has all its fields, each of its type. A field of it that
 *     is there twice makes it malformed: which one is meant cannot be known;
 *   - prices and quantities are quoted plain decimals, without exponents;
 *   - times have 13 digits (milliseconds) or 16 (microseconds).
 */
#ifndef FEED_VENUE_BINANCE_JSON_H
#define FEED_VENUE_BINANCE_JSON_H

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/* So many bytes behind a frame must be readable; they never decide anything. */
#define JSON_PADDING 64

/*
 * Decodes one message. `scratch` takes its levels and is overwritten.
 * DECODE_OK: *out is filled, and points into the frame and the scratch.
 * DECODE_UNFIT: *out is filled all the same, but for decimals and levels.
 * DECODE_MALFORMED: *out holds nothing of use.
 *
 * Which event it is: the text of "e"; without "e" a spot bookTicker by its keys
 * u, s, b, B, a, A, a spot partial depth by lastUpdateId, replies by result
 * and id, or by code and msg (also inside "error"). A depthUpdate is an
 * EVENT_PARTIAL_DEPTH when the envelope's stream name says so, and an
 * EVENT_UNKNOWN on an rpiDepth stream, whose levels belong to another book.
 * An array is an EVENT_LIST. Everything else that is well-formed is an
 * EVENT_UNKNOWN.
 */
enum decode_result json_decode(
    struct bytes frame, struct event_scratch *scratch, struct event *out);

#endif
