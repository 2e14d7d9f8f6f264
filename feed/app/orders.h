/*
 * The pool's orders to the transport: connect, ask, ping. What cannot be
 * carried out is logged, and heals by the session's own time limits.
 * Feed thread.
 */
#ifndef FEED_APP_ORDERS_H
#define FEED_APP_ORDERS_H

#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "feed/io/transport.h"
#include "feed/pipeline/pipeline.h"
#include "feed/plan/plan.h"

/* ACT_CONNECT to one of cfg's endpoints; `api_key` as in struct transport_target. */
void orders_connect(struct transport *transport, const struct config *cfg,
    const struct config_target *target, const char *api_key, const struct pool_action *act);

/* ACT_SEND_SUBSCRIBE, _UNSUBSCRIBE, _LIST. The pipeline is told which streams leave. */
void orders_request(struct transport *transport, const struct pool *pool, const struct plan *plan,
    struct pipeline *pipeline, const struct pool_action *act);

/* ACT_PING. One that is not sent is missed, and missed PINGs are the session's to judge. */
void orders_ping(struct transport *transport, const struct pool_action *act);

#endif
