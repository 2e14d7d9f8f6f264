#include "feed/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/venue/binance/limits.h"
#include "feed/venue/binance/request.h"
#include "feed/venue/binance/streams.h"
#include "feed/venue/venues.h"

/* The network may squeeze our messages together: our window is longer than the exchange's. */
#define SEND_WINDOW_MARGIN_MS 100
#define STABLE_AFTER_S 60

/*
 * The transport ends what takes too long, and knows what it waited for: a
 * session that ended it first could only say that it gave up.
 */
#define DRAIN_WITHIN_S 4 /* closing has three in the transport */
#define CONNECT_SPARE_S 1

/* The exchange ends a connection at a certain age: until then a successor has to stand. */
#define LIFE_MARGIN_S 3600

/* Of a health score: bad news counts at once, good news has to last (health.h). */
#define HEALTH_FALL_S 5
#define HEALTH_RISE_S 30

/* Of replacing lines. */
#define AGE_SPREAD_PERCENT 25
#define QUIET_WITHIN_S 10
#define HANDOVER_WITHIN_S 60
#define ROTATE_AGAIN_AFTER_S 600

/* Where the exchange's limits are not kept, so many messages and connects in this time. */
#define UNLIMITED_WINDOW_MS 1

static const struct limits *
limits_of(const struct config *cfg)
{
	const struct venue *venue = venue_find(bytes_of(config_product_name(cfg->product)));

	return limits_find(bytes_of(venue->limits));
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

static span_t
shorter(span_t a, span_t b)
{
	return a.ns < b.ns ? a : b;
}

static struct heartbeat_cfg
heartbeat_of(const struct config_heartbeat *c, const struct limits *limits)
{
	int64_t within = c->ping_timeout_threshold_ms * 1000000;
	int64_t least = limits->ping_every.ns + limits->ping_every.ns / 2;

	return (struct heartbeat_cfg){
		.idle_after = span_ms(c->health_check_interval_ms),
		.answer_within = shorter(span_ms(c->pong_response_timeout_ms), limits->pong_within),
		/* Futures and options ask every 3 and 5 minutes: not to be missed sooner. */
		.server_ping_within = span_ns(within > least ? within : least),
		.max_missed = (unsigned)c->max_missed_pings,
	};
}

static struct health_cfg
health_of(const struct config *cfg)
{
	return (struct health_cfg){
		.fall = span_s(HEALTH_FALL_S),
		.rise = span_s(HEALTH_RISE_S),
		.unhealthy = (int)cfg->heartbeat.unhealthy_threshold_permille,
	};
}

static struct route_cfg
route_of(const struct config *cfg)
{
	struct route_cfg route = {
		.endpoints = config_targets(cfg),
		.legs = (unsigned)cfg->redundancy,
		.breaker = {
			.failures_max = (unsigned)cfg->failover.failures_max,
			.jitter_percent = cfg->reconnect.jitter
			    ? (unsigned)cfg->reconnect.jitter_percent : 0,
			.probe_within = span_ms(2 * cfg->pool.connection_timeout_ms),
		},
		.choice = {
			.return_after = span_ms(cfg->failover.return_after_ms),
			.unfit_below = (int)cfg->heartbeat.unhealthy_threshold_permille,
		},
	};
	struct config_target target;

	for (unsigned i = 0; i < route.endpoints; i++) {
		config_target(cfg, i, &target);
		route.region[i] = target.region;
	}
	return route;
}

/* The product, when its streams are to go to the paths that serve them. */
static const struct venue *
routed_venue(const struct config *cfg)
{
	return config_path_is_auto(cfg)
	    ? venue_find(bytes_of(config_product_name(cfg->product))) : NULL;
}

static unsigned
paths_of(const struct config *cfg)
{
	const struct venue *venue = routed_venue(cfg);

	return venue != NULL ? venue_paths(venue) : 1;
}

const char *
plan_path(const struct config *cfg, unsigned number)
{
	const struct venue *venue = routed_venue(cfg);

	return venue != NULL ? venue_path(venue, number) : cfg->endpoint.path;
}

/*
 * An attempt is counted when it is ordered, by the exchange when it gets there:
 * after a slow name lookup that is nearly as late as the attempt may last.
 */
static span_t
connects_window(const struct config *cfg, const struct limits *limits)
{
	if (!cfg->security.rate_limiting)
		return span_ms(UNLIMITED_WINDOW_MS);
	return span_ns(limits->connects_window.ns + cfg->pool.connection_timeout_ms * 1000000);
}

struct pool_cfg
plan_pool_cfg(const struct config *cfg)
{
	const struct limits *limits = limits_of(cfg);
	int64_t streams = cfg->pool.max_streams_per_connection;
	bool limited = cfg->security.rate_limiting;

	if (streams > limits->streams_per_line)
		streams = limits->streams_per_line;
	return (struct pool_cfg){
		.initial_connections = (unsigned)cfg->pool.initial_connections,
		.max_connections = (unsigned)cfg->pool.max_connections,
		.max_streams_per_connection = (unsigned)streams,
		.line_room = limits->streams_per_line,
		.redundancy = (unsigned)cfg->redundancy,
		.paths = paths_of(cfg),
		.connects_max = (unsigned)limits->connects_max,
		.connects_window = connects_window(cfg, limits),
		.rotate = {
			.age_max = shorter(span_ms(cfg->pool.max_connection_age_ms),
			    span_ns(limits->line_life.ns - span_s(LIFE_MARGIN_S).ns)),
			.age_spread_percent = AGE_SPREAD_PERCENT,
			.age_min = span_ms(cfg->pool.min_connection_age_ms),
			.quiet_within = span_s(QUIET_WITHIN_S),
			.handover_within = span_s(HANDOVER_WITHIN_S),
			.again_after = span_s(ROTATE_AGAIN_AFTER_S),
		},
		.scale = {
			.load_high = (uint64_t)cfg->pool.load_high_bytes_per_s,
			.load_low = (uint64_t)cfg->pool.load_low_bytes_per_s,
			.idle_for = span_ms(cfg->pool.idle_timeout_ms),
		},
		.checkup = {
			.off = !cfg->monitoring.enabled,
			.every = span_ms(cfg->pool.health_check_interval_ms),
			.health = health_of(cfg),
		},
		.route = route_of(cfg),
		.session = {
			.connect_within = span_ms(cfg->pool.connection_timeout_ms +
			    1000 * CONNECT_SPARE_S),
			.ack_within = span_ms(cfg->subscribe.ack_timeout_ms),
			.data_within = span_ms(cfg->subscribe.data_timeout_ms),
			.drain_within = span_s(DRAIN_WITHIN_S),
			.list_every = span_ms(cfg->subscribe.list_interval_ms),
			.stable_after = span_s(STABLE_AFTER_S),
			.sends_max = (unsigned)limits->messages_per_s,
			.sends_reserved = 1, /* for the PONG */
			.send_window = limited ? span_ms(1000 + SEND_WINDOW_MARGIN_MS)
			                       : span_ms(UNLIMITED_WINDOW_MS),
			.reconnect = cfg->reconnect.enabled,
			.heartbeat = heartbeat_of(&cfg->heartbeat, limits),
			.request_bytes_max = (unsigned)limits->request_bytes_max,
			.request_bytes_overhead = REQUEST_BYTES_OVERHEAD,
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
		return "streams: more than pool.max_connections x pool.max_streams_per_connection, "
		       "or too few connections for the paths that serve them";
	case POOL_STREAM_TOO_LONG:
		return "streams: a name is longer than a request may be";
	}
	return "unknown";
}

/*
 * How long a stream may be silent (Binance, 2026-08). What comes only when
 * something happens, and what is not decoded, is never judged.
 */
static enum stall_class
class_of(struct bytes name)
{
	struct stream_name parts;

	if (stream_parse(name, &parts) != STREAM_FINE)
		return STALL_RARE;
	switch (parts.class) {
	case STREAM_TRADE:
	case STREAM_AGG_TRADE:
		return STALL_TRADE;
	case STREAM_BOOK_TICKER:
		return STALL_QUOTE;
	case STREAM_DEPTH:
	case STREAM_PARTIAL_DEPTH:
		return parts.option.n > 0 ? STALL_DEPTH : STALL_SLOW;
	case STREAM_KLINE:
	case STREAM_MINI_TICKER:
	case STREAM_TICKER:
	case STREAM_AVG_PRICE:
	case STREAM_REFERENCE_PRICE:
	case STREAM_MARK_PRICE:
	case STREAM_INDEX_PRICE:
		return STALL_SLOW;
	case STREAM_BLOCK_TRADE:
	case STREAM_LIQUIDATION:
	case STREAM_STATUS:
	case STREAM_RPI_DEPTH:
	case STREAM_OTHER:
	case STREAM_CLASSES:
		break;
	}
	return STALL_RARE;
}

static uint8_t
path_of(const struct plan *plan, struct bytes name)
{
	return plan->venue == NULL ? 0
	                           : (uint8_t)venue_path_of(plan->venue, stream_classify(name));
}

int
plan_pool(struct plan *plan, const struct config *cfg, const struct config_strings *streams,
    struct pool *pool, uint64_t seed)
{
	struct pool_cfg pool_cfg = plan_pool_cfg(cfg);
	size_t n = streams->n;
	enum pool_result result;

	plan->memory.streams_max = pool_cfg.max_connections * pool_cfg.line_room;
	plan->memory.entry = calloc(pool_places(&pool_cfg), sizeof(*plan->memory.entry));
	plan->memory.stream =
	    calloc(plan->memory.streams_max, sizeof(*plan->memory.stream));
	plan->memory.stall = calloc(pool_places(&pool_cfg), sizeof(*plan->memory.stall));
	plan->memory.item = calloc(plan->memory.streams_max, sizeof(*plan->memory.item));
	plan->memory.class = plan->class = calloc(n + 1, sizeof(*plan->class));
	plan->memory.path = plan->path = calloc(n + 1, sizeof(*plan->path));
	plan->venue = routed_venue(cfg);
	plan->stream_bytes = calloc(n + 1, sizeof(*plan->stream_bytes));
	plan->name = calloc(plan->memory.streams_max, sizeof(*plan->name));
	plan->meant = calloc(plan->memory.streams_max, sizeof(*plan->meant));
	plan->wanted = calloc(plan->memory.streams_max, sizeof(*plan->wanted));
	plan->quiet = calloc(plan->memory.streams_max, sizeof(*plan->quiet));
	plan->dropped = calloc(plan->memory.streams_max, sizeof(*plan->dropped));
	if (names_init(&plan->names, plan->memory.streams_max) != 0 || !plan->meant ||
	    !plan->name || !plan->wanted || !plan->quiet || !plan->dropped || !plan->memory.item ||
	    !plan->memory.stall || !plan->class || !plan->path || !plan->memory.entry ||
	    !plan->memory.stream || !plan->stream_bytes)
		return -1;
	for (size_t i = 0; i < n && i < plan->memory.streams_max; i++) {
		plan->name[i] = strdup(streams->item[i]);
		plan->wanted[i] = plan->name[i] != NULL;
		plan->n++;
		if (plan->name[i] != NULL &&
		    plan_find(plan, plan->name[i]) == NAMES_NONE) /* each once, but who knows */
			names_add(&plan->names, plan->name, (uint32_t)i);
		plan->stream_bytes[i] =
		    (uint16_t)request_stream_bytes(bytes_of(streams->item[i]));
		plan->class[i] = (uint8_t)class_of(bytes_of(streams->item[i]));
		plan->path[i] = path_of(plan, bytes_of(streams->item[i]));
	}
	result = pool_init(pool, &pool_cfg, plan->stream_bytes, (unsigned)n, &plan->memory, seed);
	if (result == POOL_OK)
		return 0;
	LOG(ERROR, "plan_refused", LOG_STR("detail", result_text(result)),
	    LOG_THEN("the feed does not start"));
	return -1;
}

uint32_t
plan_find(const struct plan *plan, const char *name)
{
	return names_find(&plan->names, plan->name, bytes_of(name));
}

uint32_t
plan_number_of(void *context, struct bytes name)
{
	struct plan *plan = context;
	uint32_t number = names_find(&plan->names, plan->name, name);

	if (number != NAMES_NONE || plan->n == plan->memory.streams_max)
		return number;
	plan->name[plan->n] = strndup(name.p, name.n);
	if (plan->name[plan->n] == NULL)
		return UINT32_MAX;
	names_add(&plan->names, plan->name, plan->n);
	plan->dropped[plan->n] = ++plan->drops;
	return plan->n++;
}

/* The longest dropped one is the least likely to be spoken of still. */
static uint32_t
unused_number(struct plan *plan)
{
	uint32_t best = UINT32_MAX;

	if (plan->n < plan->memory.streams_max)
		return plan->n++;
	for (uint32_t i = 0; i < plan->n; i++)
		if (!plan->wanted[i] && (best == UINT32_MAX ||
		    plan->dropped[i] < plan->dropped[best]))
			best = i;
	return best;
}

void
plan_drop(struct plan *plan, uint32_t number)
{
	plan->wanted[number] = false;
	plan->dropped[number] = ++plan->drops;
}

bool
plan_add(struct plan *plan, const char *name, struct pool_event *event)
{
	uint32_t number = plan_find(plan, name);

	if (number == UINT32_MAX) {
		number = unused_number(plan);
		if (number == UINT32_MAX)
			return false;
		if (plan->name[number] != NULL)
			names_remove(&plan->names, plan->name, number);
		free(plan->name[number]);
		plan->name[number] = strdup(name);
		if (plan->name[number] == NULL)
			return false;
		names_add(&plan->names, plan->name, number);
	}
	plan->wanted[number] = true;
	plan->quiet[number] = TICK_REASON_NONE;
	*event = (struct pool_event){
		.kind = POOL_ADD,
		.stream = number,
		.bytes = (uint16_t)request_stream_bytes(bytes_of(name)),
		.class = (uint8_t)class_of(bytes_of(name)),
		.path = path_of(plan, bytes_of(name)),
	};
	return true;
}

void
plan_free(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n; i++)
		free(plan->name[i]);
	free(plan->name);
	names_free(&plan->names);
	free(plan->meant);
	free(plan->wanted);
	free(plan->quiet);
	free(plan->dropped);
	free(plan->memory.entry);
	free(plan->memory.stream);
	free(plan->memory.stall);
	free(plan->memory.item);
	free(plan->class);
	free(plan->path);
	free(plan->stream_bytes);
	*plan = (struct plan){0};
}
