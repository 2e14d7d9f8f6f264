/*
 * Binance's binary market data (SBE, schema id 1, "spot_stream") to events.
 * Pure: no allocation, no clock.
 *
 *   10000 TradesStreamEvent         one EVENT_TRADE per trade
 *   10001 BestBidAskStreamEvent     EVENT_QUOTE
 *   10002 DepthSnapshotStreamEvent  EVENT_PARTIAL_DEPTH
 *   10003 DepthDiffStreamEvent      EVENT_DEPTH
 *
 * Blocks and group elements are stepped over by the lengths that the message
 * states, so that fields which a later version appends are skipped; a higher
 * version is no error, an unknown template an EVENT_UNKNOWN. Another schema is
 * refused: its numbers mean something else.
 */
#ifndef FEED_VENUE_BINANCE_SBE_H
#define FEED_VENUE_BINANCE_SBE_H

#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

#define SBE_SCHEMA_ID 1
#define SBE_HEADER_BYTES 8

/* The first bytes of every message. */
struct sbe_header {
	uint16_t block_length, template_id, schema_id, version;
};

/* Reads them; false: the message is shorter. */
bool sbe_header_read(struct bytes frame, struct sbe_header *out);

/*
 * Decodes event number `index` of a message, from 0; *count becomes how many
 * there are, which is 1 but for trades. `scratch` takes levels and is
 * overwritten; *out points into it and into the frame.
 *
 * DECODE_OK: *out is filled. DECODE_UNFIT: *out is filled but for decimals and
 * levels: an exponent is beyond those of fixed.h. DECODE_FOREIGN: another
 * schema, whose id and version become id and first_id. DECODE_MALFORMED: cut
 * off, or a value that cannot be; also a message of no trades, and an index at
 * or behind *count.
 */
enum decode_result sbe_decode(struct bytes frame, uint32_t index, struct event_scratch *scratch,
    struct event *out, uint32_t *count);

#endif
