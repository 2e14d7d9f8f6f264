#include "feed/io/lws_tx.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
lws_tx_init(struct lws_tx *tx)
{
	*tx = (struct lws_tx){.slots = calloc(LWS_TX_SLOTS, sizeof(*tx->slots))};
	return tx->slots == NULL ? -ENOMEM : 0;
}

void
lws_tx_fini(struct lws_tx *tx)
{
	free(tx->slots);
	*tx = (struct lws_tx){0};
}

void
lws_tx_reset(struct lws_tx *tx)
{
	tx->head = tx->tail;
}

int
lws_tx_put(struct lws_tx *tx, enum lws_tx_kind kind, struct bytes payload)
{
	struct lws_tx_slot *slot;

	assert(payload.n <= TRANSPORT_SEND_MAX);
	if (tx->tail - tx->head == LWS_TX_SLOTS)
		return -EAGAIN;
	slot = &tx->slots[tx->tail++ & (LWS_TX_SLOTS - 1)];
	slot->kind = kind;
	slot->n = (unsigned)payload.n;
	if (payload.n > 0)
		memcpy(slot->room + LWS_PRE, payload.p, payload.n);
	return 0;
}

int
lws_tx_write(struct lws_tx *tx, struct lws *wsi)
{
	struct lws_tx_slot *slot;
	int n;

	if (tx->head == tx->tail)
		return 0;
	slot = &tx->slots[tx->head++ & (LWS_TX_SLOTS - 1)];
	n = lws_write(wsi, slot->room + LWS_PRE, slot->n,
	    slot->kind == LWS_TX_PING ? LWS_WRITE_PING : LWS_WRITE_TEXT);
	if (n < (int)slot->n)
		return -EPIPE; /* it takes all (and buffers the rest itself) or fails */
	if (tx->head != tx->tail)
		lws_callback_on_writable(wsi);
	return 0;
}
