#include "feed/plan/rest_plan.h"

#include <stdio.h>
#include <string.h>

#include "feed/venue/binance/limits.h"
#include "feed/venue/binance/streams.h"
#include "feed/venue/venues.h"

#define IN_FLIGHT_MAX 8
#define LIMIT_USUAL 1000

/* A whole budget is not spent in one burst. */
#define SPREAD_S 10
#define WINDOW_S 60
#define RETRY_BASE_S 1
#define RETRY_MAX_S 60

/* A snapshot that reaches less deep than what is shown is renewed, not more often than this. */
#define RENEW_AFTER_S 60

static const struct venue *
venue_of(const struct config *cfg)
{
	return venue_find(bytes_of(config_product_name(cfg->product)));
}

/* The REST host that belongs to a host of streams; NULL: none is known. */
static const char *
host_of(const char *streams)
{
	const struct venue *venue;

	for (size_t i = 0; (venue = venue_at(i)) != NULL; i++)
		if (strcmp(venue->host, streams) == 0)
			return venue->rest_host;
	return NULL;
}

bool
rest_plan_base(const struct config *cfg, struct rest_base *out)
{
	const struct venue *venue = venue_of(cfg);
	struct config_target target;

	*out = (struct rest_base){
		.host = cfg->rest.host,
		.port = (uint16_t)cfg->rest.port,
		.address = cfg->rest.address,
		.depth = venue->rest_depth,
		.info = venue->rest_info,
		.aggregates = venue->rest_aggregates,
		.trades = venue->rest_trades,
		.within = span_ms(cfg->rest.timeout_ms),
	};
	config_target(cfg, 0, &target);
	if (out->host[0] == '\0' && strcmp(target.host, venue->host) == 0)
		out->host = venue->rest_host;
	else if (out->host[0] == '\0')
		out->host = host_of(target.host);
	return out->host != NULL;
}

/* Binance (2026-08): so it is in all products. */
bool
rest_plan_time_path(const struct rest_base *base, char *out, size_t room)
{
	const char *end = base->info != NULL ? strrchr(base->info, '/') : NULL;
	int n;

	if (end == NULL)
		return false;
	n = snprintf(out, room, "%.*s/time", (int)(end - base->info), base->info);
	return n > 0 && (size_t)n < room;
}

bool
rest_plan_clock(const struct config *cfg, char *path, size_t room)
{
	struct rest_base base;

	return cfg->rest.clock_interval_ms > 0 && rest_plan_base(cfg, &base) &&
	    rest_plan_time_path(&base, path, room);
}

struct snapsched_cfg
rest_plan_schedule(const struct config *cfg)
{
	const struct limits *limits = limits_find(bytes_of(venue_of(cfg)->limits));
	struct snapsched_cfg out = {
		.window = span_s(WINDOW_S),
		.spread = span_s(SPREAD_S),
		.in_flight_max = IN_FLIGHT_MAX,
		.limit_usual = LIMIT_USUAL,
		.retry_base = span_s(RETRY_BASE_S),
		.retry_max = span_s(RETRY_MAX_S),
	};
	int64_t allowed = cfg->rest.weight_per_minute;

	for (unsigned i = 0; i < LIMITS_DEPTH_STEPS && limits->depth[i].weight != 0; i++)
		out.weight[out.weights++] = (struct snapsched_weight){
			limits->depth[i].levels, limits->depth[i].weight};
	if (allowed == 0)
		allowed = limits->rest_weight_per_min;
	out.budget = allowed * cfg->rest.weight_percent / 100;
	if (out.budget < out.weight[0].weight)
		out.budget = out.weight[0].weight;
	out.limit_max = (uint32_t)cfg->books.levels_max;
	for (unsigned i = 0; i < out.weights && cfg->rest.snapshot_limit > 0; i++) {
		out.limit = out.weight[i].limit;
		if (out.limit >= cfg->rest.snapshot_limit)
			break;
	}
	return out;
}

/* Binance (2026-08): GET /api/v3/exchangeInfo 20; futures and options 1. */
uint32_t
rest_plan_list_weight(const struct config *cfg)
{
	return venue_of(cfg)->join == VENUE_JOIN_SPOT ? 20 : 1;
}

bool
rest_plan_lists(const struct config *cfg)
{
	struct rest_base base;

	return cfg->instruments.refresh_ms > 0 && rest_plan_base(cfg, &base) && base.info != NULL;
}

bool
rest_plan_books(const struct config *cfg, struct books_cfg *out)
{
	enum venue_join join = venue_of(cfg)->join;
	struct rest_base base;

	*out = (struct books_cfg){
		.instruments_max = (uint32_t)cfg->ring.instruments_max,
		.levels_max = (uint32_t)cfg->books.levels_max,
		.memory_bytes = cfg->books.memory_bytes,
		.rule = join == VENUE_JOIN_SPOT ? BOOKSYNC_SPOT : BOOKSYNC_FUTURES,
		.depth = (uint32_t)cfg->board.depth,
		.renew_after = span_s(RENEW_AFTER_S),
	};
	return cfg->books.enabled && join != VENUE_JOIN_NONE && rest_plan_base(cfg, &base) &&
	    base.depth != NULL;
}

bool
rest_plan_gaps(const struct config *cfg, struct gaps_cfg *out)
{
	struct rest_base base;

	*out = (struct gaps_cfg){
		.gaps_max = (uint32_t)cfg->backfill.gaps_max,
		.ids_max = cfg->backfill.ids_max,
	};
	return cfg->backfill.enabled && rest_plan_base(cfg, &base) && base.aggregates != NULL;
}

struct limits_past
rest_plan_past(const struct config *cfg, bool aggregates)
{
	const struct limits *limits = limits_find(bytes_of(venue_of(cfg)->limits));

	return aggregates ? limits->aggregates : limits->trades;
}

/* Several streams of one instrument's changes have one book: those stand side by side as a rule. */
uint32_t
rest_plan_count(const struct config *cfg, const struct config_strings *streams)
{
	struct bytes last = BYTES_NONE;
	struct stream_name parts;
	struct books_cfg books;
	uint32_t n = 0;

	if (!rest_plan_books(cfg, &books))
		return 0;
	for (size_t i = 0; i < streams->n; i++) {
		if (stream_parse(bytes_of(streams->item[i]), &parts) != STREAM_FINE ||
		    parts.class != STREAM_DEPTH || bytes_equal(parts.symbol, last))
			continue;
		last = parts.symbol;
		n++;
	}
	return n;
}
