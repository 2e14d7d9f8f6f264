/*
 * Joins the fragments of WebSocket messages (RFC 6455 section 5.4) into whole
 * messages with padding behind them, so that decoders may load wide. One per
 * line, owned by the transport; feed thread only. Allocates at init only.
 */
#ifndef FEED_IO_ASSEMBLE_H
#define FEED_IO_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define ASSEMBLE_PADDING 64 /* readable bytes behind a whole message */

struct assemble {
	char *buffer;      /* bytes_max and the padding */
	size_t bytes_max;  /* of one message */
	size_t length;     /* joined so far */
	bool open;         /* a message has begun and not ended */
	bool dropping;     /* the rest of it is to be dropped */
	uint64_t oversize; /* messages dropped because they were too long */
	uint64_t broken;   /* fragments out of order: messages cut short, or never begun */
};

enum assemble_result {
	ASSEMBLE_WHOLE,    /* *whole is a message, valid until the next call */
	ASSEMBLE_MORE,     /* nothing to deliver yet */
	ASSEMBLE_OVERSIZE, /* the message became too long: said once, its rest is dropped */
};

/* Makes room for messages of at most bytes_max bytes. Returns 0 or -ENOMEM. */
int assemble_init(struct assemble *assemble, size_t bytes_max);

void assemble_fini(struct assemble *assemble);

/*
 * Forgets a message that has begun: the connection is a new one. Counts stay.
 */
void assemble_reset(struct assemble *assemble);

/*
 * Adds a fragment; `first` and `final` say where in its message it stands.
 * `padded` promises that ASSEMBLE_PADDING bytes behind it are readable: a
 * message of one fragment is then passed through without a copy.
 *
 * A first fragment within an open message drops that one and begins anew; a
 * later fragment without a first one is dropped. Both count as `broken`.
 */
enum assemble_result assemble_add(struct assemble *assemble, struct bytes fragment, bool first,
    bool final, bool padded, struct bytes *whole);

#endif
