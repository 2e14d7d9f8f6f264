/*
 * Events as ticks and board entries. The last step of the pipeline: values
 * are normalized, ids are judged, what comes in here goes out.
 *
 * Feed thread. Never fails, never waits.
 */
#ifndef FEED_PIPELINE_PUBLISH_H
#define FEED_PIPELINE_PUBLISH_H

#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/pipeline/normalize.h"
#include "feed/venue/venue.h"
#include "shm/board_writer.h"
#include "shm/ring.h"

/* Where and when: the same for all ticks of one message. */
struct publish_context {
	struct ring *ring;
	struct board *board;
	uint32_t instrument;
	uint16_t leg;
	unsigned flags;   /* TICK_FLAG_GAP_BEFORE, _KERNEL_STAMP, _CLOCK_DOUBT, _REPLAY of trades */
	int64_t recv_ns, mono_ns;
};

/*
 * Publishes a market event in the ring and on the board. Depth messages become
 * a chain of BOOK_DELTA ticks: bids, then asks, TICK_LEVELS in a tick; a whole
 * book a BOOK_CLEAR before them, and the board's image. Trades with REPLAY leave the
 * board alone.
 */
void publish_market_event(const struct publish_context *c, const struct event *e,
    const struct normal *n);

/* The feed's own word; a, b, c by reason (docs/SHM.md). instrument may be TICK_NO_INSTRUMENT. */
void publish_event(const struct publish_context *c, enum tick_reason reason, int64_t a, int64_t b,
    int64_t third);

#endif
