/*
 * The HTTP interface of a feed, in the ops thread, over libwebsockets:
 *
 *	GET /livez /readyz         text: the feed thread works; the feed delivers
 *	GET /health /status /stale JSON
 *	GET /metrics               Prometheus' text format, or OpenMetrics
 *	GET /events                server-sent events: all three, twice a second
 *	GET /                      a page that shows them (feed/page)
 *	GET /config                the configuration in force
 *	PATCH /config              changes it, for whoever has the token
 *
 * It knows the feed by its segments only (lookout.h, stale.h). What clients do
 * harms clients at most: connections, sizes and times are bounded; who is
 * slow is cut off; when there are too many connections, the one that has
 * waited longest for its request goes.
 */
#ifndef FEED_OPS_WEB_H
#define FEED_OPS_WEB_H

#include "feed/ops/alarm.h"
#include "feed/ops/keeper.h"
#include "feed/ops/metrics.h"
#include "feed/ops/ops.h"
#include "feed/ops/tracer.h"

#define WEB_CONNECTIONS_MAX 128 /* at a time */
#define WEB_PER_PEER_MAX 96     /* of them from one address */
#define WEB_EVENTS_MAX 16       /* of them that follow /events */
#define WEB_EVENTS_PER_PEER_MAX 12
#define WEB_GRACE_MS 50         /* that a connection has to send its request, however full it is */
#define WEB_BODY_MAX 65536      /* bytes of a request's body */
#define WEB_REQUEST_WITHIN_S 10 /* for a request to come whole, from connection or last answer on */
#define WEB_ANSWER_WITHIN_S 10  /* for an answer to go */
#define WEB_WHY_MAX 200

struct web_cfg {
	const char *feed;
	const char *listen;     /* config_listen.h */
	int fd;                 /* that web_listen() made of it; web_open() takes it over */
	const char *token_file; /* "": nothing changes by HTTP */
	struct keeper *keeper;
	const struct tracer *tracer; /* NULL: nothing is traced */
	const struct alarm *alarm; /* NULL: there are no alerts */
};

struct web;

/*
 * Takes the address, before anything else of the feed is touched: returns a
 * socket that listens there, or -errno; `why` (WEB_WHY_MAX bytes) says it in words.
 */
int web_listen(const char *listen, char *why);

/*
 * Serves. Before the ops thread starts; the status segment is there. Returns
 * 0, or -EIO when the status cannot be read, or -ENOMEM ...; `why`
 * (WEB_WHY_MAX bytes) says it in words.
 */
int web_open(struct web **out, struct ops *ops, const struct web_cfg *cfg, char *why);

/* After the ops thread has ended. Nulls; NULL is fine. */
void web_close(struct web **web);

/* Connections that are open now, for whoever counts the process's sockets. Any thread. */
unsigned web_connections(const struct web *web);

#endif
