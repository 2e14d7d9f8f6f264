/*
 * Who gets which stream. Streams exist while somebody is subscribed (or for
 * ever, when pinned); sessions are its subscribers. Owns the streams, not the
 * sessions.
 */
#ifndef TOOLS_EXCHANGE_SIM_HUB_H
#define TOOLS_EXCHANGE_SIM_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "tools/exchange-sim/stream.h"

#define HUB_BUCKETS 4096

struct session;

struct stream {
	char name[STREAM_NAME_MAX + 1];
	uint32_t name_n;
	bool pinned;          /* stays without subscribers */
	struct session **sub; /* in the order of subscribing */
	uint32_t nsubs, cap;
	struct stream *next;  /* of the same bucket */
};

/* Told when the first subscriber of a stream comes and after the last has left. */
struct hub_watch {
	void (*wanted)(void *ctx, struct stream *s);
	void (*unwanted)(void *ctx, struct stream *s);
	void *ctx;
};

struct hub {
	struct stream *bucket[HUB_BUCKETS];
	struct hub_watch watch; /* functions may be NULL */
};

void hub_init(struct hub *h, struct hub_watch watch);

/* Frees all streams; no session may be subscribed any more. */
void hub_fini(struct hub *h);

/* A stream that lives as long as the hub. NULL without memory. */
struct stream *hub_pin(struct hub *h, struct bytes name);

/* NULL when nobody is subscribed to it and it is not pinned. */
struct stream *hub_find(struct hub *h, struct bytes name);

/* Adds a session that is not subscribed yet. NULL without memory. */
struct stream *hub_subscribe(struct hub *h, struct bytes name, struct session *who);

/* Removes a session that is subscribed; the stream may be gone afterwards. */
void hub_unsubscribe(struct hub *h, struct stream *s, struct session *who);

#endif
