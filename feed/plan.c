#include "feed/plan.h"

#include <stdlib.h>

#include "feed/base/log.h"
#include "feed/venue/binance/limits.h"
#include "feed/venue/binance/request.h"

/* The network may squeeze our messages together: our window is longer than the exchange's. */
#define SEND_WINDOW_MARGIN_MS 100
#define STABLE_AFTER_S 60
#define DRAIN_WITHIN_S 3

static const struct limits *
limits_of(const struct config *cfg)
{
	return limits_find(bytes_of(config_product_name(cfg->product)));
}

static struct retry_cfg
retry_of(const struct config_reconnect *c)
{
	return (struct retry_cfg){
		.base = span_ms(c->base_delay_ms),
		.cap = span_ms(c->max_delay_ms),
		.exponential_base = (unsigned)c->exponential_base,
		.jitter_percent = c->jitter ? (unsigned)c->jitter_percent : 0,
		.max_retries = (unsigned)c->max_retries,
		.reset_after = (unsigned)c->reset_success_count,
	};
}

static struct pool_cfg
pool_of(const struct config *cfg)
{
	const struct limits *limits = limits_of(cfg);
	int64_t streams = cfg->pool.max_streams_per_connection;

	if (streams > limits->streams_per_line)
		streams = limits->streams_per_line;
	return (struct pool_cfg){
		.initial_connections = (unsigned)cfg->pool.initial_connections,
		.max_connections = (unsigned)cfg->pool.max_connections,
		.max_streams_per_connection = (unsigned)streams,
		.connects_max = (unsigned)limits->connects_max,
		.connects_window = limits->connects_window,
		.session = {
			.connect_within = span_ms(cfg->pool.connection_timeout_ms),
			.ack_within = span_ms(cfg->subscribe.ack_timeout_ms),
			.drain_within = span_s(DRAIN_WITHIN_S),
			.stable_after = span_s(STABLE_AFTER_S),
			.sends_max = (unsigned)limits->messages_per_s,
			.sends_reserved = 1, /* for the PONG */
			.send_window = span_ms(1000 + SEND_WINDOW_MARGIN_MS),
			.request_bytes_max = (unsigned)limits->request_bytes_max,
			.request_bytes_overhead = REQUEST_BYTES_OVERHEAD,
			.endpoints = 1,
			.retry = retry_of(&cfg->reconnect),
		},
	};
}

static const char *
result_text(enum pool_result result)
{
	switch (result) {
	case POOL_OK:
		return "fine";
	case POOL_BAD_CFG:
		return "a limit of the pool is out of range";
	case POOL_NO_STREAMS:
		return "streams: there are none";
	case POOL_TOO_MANY_STREAMS:
		return "streams: more than pool.max_connections x pool.max_streams_per_connection";
	case POOL_STREAM_TOO_LONG:
		return "streams: a name is longer than a request may be";
	}
	return "unknown";
}

int
plan_pool(struct plan *plan, const struct config *cfg, struct pool *pool, uint64_t seed)
{
	struct pool_cfg pool_cfg = pool_of(cfg);
	size_t n = cfg->streams.n;
	enum pool_result result;

	plan->stream = calloc(n + 1, sizeof(*plan->stream));
	plan->stream_bytes = calloc(n + 1, sizeof(*plan->stream_bytes));
	if (!plan->stream || !plan->stream_bytes)
		return -1;
	for (size_t i = 0; i < n; i++)
		plan->stream_bytes[i] =
		    (uint16_t)request_stream_bytes(bytes_of(cfg->streams.item[i]));
	result = pool_init(pool, &pool_cfg, plan->stream_bytes, (unsigned)n, plan->stream, seed);
	if (result == POOL_OK)
		return 0;
	LOG(ERROR, "plan_refused", LOG_STR("detail", result_text(result)),
	    LOG_THEN("the feed does not start"));
	return -1;
}

void
plan_free(struct plan *plan)
{
	free(plan->stream);
	free(plan->stream_bytes);
	plan->stream = NULL;
	plan->stream_bytes = NULL;
}
