/*
 * Joins the pieces of one message (WebSocket fragments, or parts of a frame as
 * a library hands them out) into one run of bytes with padding behind it.
 *
 * Owns one buffer of the largest message's size, made at init; nothing is
 * allocated after. What is too long is skipped to its end. Any one thread.
 */
#ifndef FEED_IO_ASSEMBLE_H
#define FEED_IO_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"

enum assemble_result {
	ASSEMBLE_MORE,     /* the message goes on */
	ASSEMBLE_WHOLE,    /* *out is the message */
	ASSEMBLE_OVERSIZE, /* the message ended and was too long: nothing to deliver */
};

struct assemble {
	char *buffer;   /* bytes_max + padding */
	size_t bytes_max;
	size_t padding; /* readable bytes past the end of *out */
	size_t n;       /* bytes joined so far */
	bool skipping;  /* the current message is over bytes_max */
};

/* Returns 0 or -ENOMEM. */
int assemble_init(struct assemble *assemble, size_t bytes_max, size_t padding);

/* Frees the buffer; a zeroed struct is fine. */
void assemble_fini(struct assemble *assemble);

/* Forgets a message that was begun: the connection is a new one. */
void assemble_reset(struct assemble *assemble);

/* Has a message been begun? */
bool assemble_is_open(const struct assemble *assemble);

/*
 * Adds a piece; `last` ends the message. *out is set for ASSEMBLE_WHOLE and
 * valid until the next call.
 */
enum assemble_result assemble_add(struct assemble *assemble, struct bytes piece, bool last,
    struct bytes *out);

#endif
