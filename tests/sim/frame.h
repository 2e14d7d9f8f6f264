/* The messages of the exchange as bytes. */
#ifndef TESTS_SIM_FRAME_H
#define TESTS_SIM_FRAME_H

#include <stddef.h>

#include "feed/io/transport.h"
#include "tests/sim/agenda.h"

enum { FRAME_MAX = 1024 };

struct frame_bytes {
	enum transport_payload payload;
	size_t n;
	char text[FRAME_MAX + TRANSPORT_PADDING];
};

/*
 * The message that this item is; one of the market counts as brought now.
 * False: it is none, or one that nobody remembers.
 */
bool frame_make(const struct agenda_item *item, struct frame_bytes *out);

#endif
