/*
 * The markets that a feed can read: one row each, with all that code beyond
 * the folder of an exchange knows of it. A market of a known exchange is a row
 * in venues.c; another exchange is a folder with its decoders, and its rows.
 * Pure: a constant table, read from any thread.
 */
#ifndef FEED_VENUE_VENUES_H
#define FEED_VENUE_VENUES_H

#include <stddef.h>
#include <stdint.h>

#include <tickring/layout.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/* How changes of a book follow a snapshot, and one another. */
enum venue_join {
	VENUE_JOIN_SPOT,    /* U <= lastUpdateId + 1 <= u; then U == u before + 1 */
	VENUE_JOIN_FUTURES, /* U <= lastUpdateId <= u or pu == lastUpdateId; then pu == u before */
	VENUE_JOIN_NONE,    /* no books of this market are kept */
};

/* One text message. As json_decode(). */
typedef enum decode_result venue_text_fn(
    struct bytes message, struct event_scratch *scratch, struct event *out);

/* Event number `index` of one binary message, which has *count. As sbe_decode(). */
typedef enum decode_result venue_binary_fn(struct bytes message, uint32_t index,
    struct event_scratch *scratch, struct event *out, uint32_t *count);

/* Where streams of some kinds are served, if not all are in one place. */
struct venue_route {
	const char *path;   /* of the WebSocket, combined messages */
	uint64_t classes;   /* bit per enum stream_class */
};

#define VENUE_ROUTES_MAX 2 /* GROUP_PATHS_MAX of feed/core/group.h is as much */

struct venue {
	const char *name;        /* "product" of the configuration */
	enum tick_venue id;      /* what its instruments are marked with */
	const char *limits;      /* row of the limits */
	unsigned markets;        /* bits of enum stream_market: whose types of streams it has */
	const char *host;        /* of the streams */
	uint16_t port;
	const char *path;        /* of the WebSocket, combined messages */
	const char *rest_host;   /* of snapshots and instruments; port 443 */
	const char *rest_depth;  /* path of an order book; NULL: none */
	const char *rest_info;   /* path of the list of instruments */
	const char *rest_aggregates; /* path of past aggregate trades, by id; NULL: none */
	const char *rest_trades; /* the same of single trades */
	enum venue_join join;
	venue_text_fn *text;
	venue_binary_fn *binary; /* NULL: binary messages are none of this market */
	const char *keyless;     /* NULL, or: needs an API key; that venue's text does without */
	struct venue_route route[VENUE_ROUTES_MAX]; /* path NULL: all streams are at `path` */
};

/* The row of that name, or NULL. */
const struct venue *venue_find(struct bytes name);

/* The row number `index`, from 0; NULL behind the last one. */
const struct venue *venue_at(size_t index);

/* How many paths there are: the routes, or one. */
unsigned venue_paths(const struct venue *venue);

/* The path of that number, < venue_paths(). */
const char *venue_path(const struct venue *venue, unsigned number);

/*
 * The number of the path that serves streams of a class (enum stream_class):
 * the route that names it, or the last one when none does.
 */
unsigned venue_path_of(const struct venue *venue, unsigned class);

#endif
