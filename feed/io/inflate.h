/*
 * Messages of permessage-deflate (RFC 7692), the receiving half: compressed
 * messages in, plain ones out. What was said before is the dictionary of what
 * follows ("context takeover"), unless the server renounced that. One per
 * line; feed thread. Allocates when opened only, but for what zlib does then.
 */
#ifndef FEED_IO_INFLATE_H
#define FEED_IO_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"

#define INFLATE_PADDING 64 /* readable bytes behind every message handed out */

enum inflate_result {
	INFLATE_OK,       /* *message is whole */
	INFLATE_OVERSIZE, /* it is longer than bytes_max: dropped, the next may follow */
	INFLATE_BROKEN,   /* no deflated data, or a bomb: end the connection */
};

struct inflate;

/* For messages of at most bytes_max plain bytes. Returns 0 or -ENOMEM. */
int inflate_open(struct inflate **out, size_t bytes_max);

/* Nulls the pointer; NULL is fine. */
void inflate_close(struct inflate **inflate);

/* A new connection. `fresh_each`: each message begins without what was before it. */
void inflate_begin(struct inflate *inflate, bool fresh_each);

/*
 * One whole message's payload. *message is valid until the next call; behind
 * it INFLATE_PADDING bytes are readable. A message over bytes_max is read on,
 * for the sake of those behind it, until it is INFLATE_BOMB times as long.
 */
#define INFLATE_BOMB 16
#define INFLATE_ENDS_MAX 16 /* final blocks of a message: after each its window is copied twice */
enum inflate_result inflate_message(struct inflate *inflate, struct bytes payload,
    struct bytes *message);

#endif
