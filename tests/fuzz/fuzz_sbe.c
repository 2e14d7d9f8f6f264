/*
 * Any bytes as a binary message: no crash, no read behind it, every event that
 * is announced is there, and what is accepted is in range.
 */
#include <stdint.h>

#include "feed/venue/binance/sbe.h"
#include "tests/fuzz/fuzz.h"

static struct event_scratch scratch;

static void
check(const struct event *e, struct bytes frame)
{
	if (e->kind == EVENT_UNKNOWN)
		return;
	require(e->symbol.n > 0 && e->symbol.p >= frame.p &&
	    e->symbol.p + e->symbol.n <= frame.p + frame.n);
	require(e->exch_ns > 0 && e->id >= 0);
	if (e->kind != EVENT_DEPTH && e->kind != EVENT_PARTIAL_DEPTH)
		return;
	require(e->u.depth.nbids + e->u.depth.nasks <= VENUE_LEVELS_MAX);
	for (uint32_t i = 0; i < e->u.depth.nbids; i++)
		require(e->u.depth.bids[i].price.mantissa != INT64_MIN);
	for (uint32_t i = 0; i < e->u.depth.nasks; i++)
		require(e->u.depth.asks[i].qty.mantissa != INT64_MIN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes frame = fuzz_copy(data, size, 0, 0);
	enum decode_result result;
	uint32_t count, again;
	struct event event;

	result = sbe_decode(frame, 0, &scratch, &event, &count);
	if (result == DECODE_OK)
		check(&event, frame);
	for (uint32_t i = 1; result == DECODE_OK && i < count; i++) {
		enum decode_result other = sbe_decode(frame, i, &scratch, &event, &again);

		require(other == DECODE_OK || other == DECODE_MALFORMED);
		if (other == DECODE_OK)
			check(&event, frame);
	}
	if (result == DECODE_OK)
		require(sbe_decode(frame, count, &scratch, &event, &again) == DECODE_MALFORMED ||
		    event.kind == EVENT_UNKNOWN);
	fuzz_free(frame);
	return 0;
}
