/*
 * What one line has to send through libwebsockets: a bounded queue of frames.
 * Slots keep the room that lws_write() wants before the payload, so nothing is
 * copied twice. Owned by the line; feed thread.
 */
#ifndef FEED_IO_LWS_TX_H
#define FEED_IO_LWS_TX_H

#include <libwebsockets.h>

#include "feed/base/bytes.h"
#include "feed/io/transport_impl.h"

/* The exchange takes 5 messages/s per connection: 32 are more than 6 s of them. */
#define LWS_TX_SLOTS 32 /* power of two */

enum lws_tx_kind { LWS_TX_TEXT, LWS_TX_PING };

struct lws_tx_slot {
	enum lws_tx_kind kind;
	unsigned n;
	unsigned char room[LWS_PRE + TRANSPORT_SEND_MAX];
};

struct lws_tx {
	struct lws_tx_slot *slots;
	unsigned head, tail; /* next to write, next to fill; free-running */
};

/* Returns 0 or -ENOMEM. */
int lws_tx_init(struct lws_tx *tx);

/* Frees the slots; a zeroed struct is fine. */
void lws_tx_fini(struct lws_tx *tx);

/* Drops everything queued. */
void lws_tx_reset(struct lws_tx *tx);

/* Copies `payload` (at most TRANSPORT_SEND_MAX bytes). Returns 0 or -EAGAIN (full). */
int lws_tx_put(struct lws_tx *tx, enum lws_tx_kind kind, struct bytes payload);

/*
 * Writes the oldest frame; to be called from the WRITEABLE callback, and asks
 * for another one when more is queued. Returns 0, or -EPIPE when the
 * connection is broken.
 */
int lws_tx_write(struct lws_tx *tx, struct lws *wsi);

#endif
