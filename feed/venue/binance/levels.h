/*
 * Price levels of a depth message: [["price","quantity"],...]. Pure.
 */
#ifndef FEED_VENUE_BINANCE_LEVELS_H
#define FEED_VENUE_BINANCE_LEVELS_H

#include <stdint.h>

#include "feed/base/fixed.h"
#include "feed/venue/venue.h"

struct levels {
	struct event_level *level; /* room for the levels */
	uint32_t room;
	uint32_t count;           /* levels read */
	enum fixed_result result; /* UNFIT: one does not fit 64 bits; MALFORMED: no levels */
};

/*
 * Reads the array whose bracket is at p. Elements of a level behind the second
 * are skipped. Returns the position behind the array, or NULL when there is no
 * room or the text is not well-formed; levels->result tells about the values.
 */
const char *levels_read(struct levels *levels, const char *p, const char *end, int depth);

#endif
