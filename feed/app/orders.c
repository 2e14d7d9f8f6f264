#include "feed/app/orders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/venue/binance/request.h"

void
orders_connect(struct transport *transport, const struct config *cfg,
    const struct config_target *target, const char *api_key, const struct pool_action *act)
{
	const struct config_endpoint *e = &cfg->endpoint;
	const struct config_strings *from = &e->source_addresses;
	const struct config_target *at = &target[act->endpoint];
	const char *unit = e->time_unit == CONFIG_MICROSECOND ? "?timeUnit=MICROSECOND" : "";
	char path[512];
	struct transport_target to = {
		.host = at->host,
		.port = at->port,
		.path = path,
		.address = at->address[0] ? at->address : NULL,
		.source = from->n > 0 ? from->item[act->line % from->n] : NULL,
		.api_key = api_key,
	};
	int rc;

	snprintf(path, sizeof(path), "%s%s", plan_path(cfg, act->path), unit);
	rc = transport_connect(transport, act->line, act->attempt, &to);

	/* The configuration was checked, so this is a bug: the session's timeout heals it. */
	if (rc != 0)
		LOG(ERROR, "connect_refused", LOG_U64("line", act->line), LOG_ERRNO("error", rc),
		    LOG_THEN("tried again after pool.connection_timeout_ms"));
}

void
orders_request(struct transport *transport, const struct pool *pool, const struct plan *plan,
    struct pipeline *pipeline, const struct pool_action *act)
{
	static const enum request_method method_of[] = {
		[ACT_SEND_SUBSCRIBE] = REQUEST_METHOD_SUBSCRIBE,
		[ACT_SEND_UNSUBSCRIBE] = REQUEST_METHOD_UNSUBSCRIBE,
		[ACT_SEND_LIST] = REQUEST_METHOD_LIST,
	};
	struct bytes names[REQUEST_STREAMS_MAX];
	uint32_t streams[REQUEST_STREAMS_MAX];
	char text[REQUEST_BYTES_MAX];
	unsigned count = pool_request_streams(pool, act, streams, REQUEST_STREAMS_MAX);
	int rc = -EMSGSIZE;
	size_t n;

	if (count == 0 && act->kind != ACT_SEND_LIST)
		return; /* the line ended in the same step */
	for (unsigned i = 0; i < count; i++)
		names[i] = bytes_of(plan->name[streams[i]]);
	for (unsigned i = 0; i < count && act->kind == ACT_SEND_UNSUBSCRIBE; i++)
		pipeline_on_stream_left(pipeline, streams[i], act->line);
	n = request_format(
	    text, sizeof(text), method_of[act->kind], act->request_id, names, count);
	if (n > 0)
		rc = transport_send(transport, act->line, (struct bytes){text, n});
	if (rc == 0)
		pipeline_on_request(pipeline, act->line, (struct bytes){text, n}, clock_wall(),
		    clock_mono());
	pipeline_counters(pipeline)[TICK_COUNTER_REQUESTS]++;
	if (rc != 0)
		LOG(WARNING, "request_not_sent", LOG_U64("line", act->line),
		    LOG_I64("id", act->request_id), LOG_ERRNO("error", rc),
		    LOG_THEN("asked again after subscribe.ack_timeout_ms"));
}

void
orders_ping(struct transport *transport, const struct pool_action *act)
{
	char payload[sizeof(act->request_id)];

	memcpy(payload, &act->request_id, sizeof(payload));
	transport_ping(transport, act->line, (struct bytes){payload, sizeof(payload)});
}
