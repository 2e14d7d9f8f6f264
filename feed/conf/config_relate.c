#include "feed/conf/config_relate.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "feed/conf/config_target.h"
#include "feed/venue/binance/streams.h"

/* The first must not be larger than the second. */
static const char *const ordered[][2] = {
    {"pool.initial_connections", "pool.max_connections"},
    {"pool.min_connection_age_ms", "pool.max_connection_age_ms"},
    {"reconnect.base_delay_ms", "reconnect.max_delay_ms"},
    {"pool.load_low_bytes_per_s", "pool.load_high_bytes_per_s"},
    {"heartbeat.pong_response_timeout_ms", "heartbeat.ping_timeout_threshold_ms"},
    {"monitoring.health_check.alert_threshold_permille",
        "monitoring.health_check.threshold_permille"},
    {"monitoring.throughput.alert_per_s", "monitoring.throughput.expected_per_s"},
    {"monitoring.throughput.critical_per_s", "monitoring.throughput.alert_per_s"},
    {"monitoring.connection_success.alert_percent",
        "monitoring.connection_success.expected_percent"},
    {"monitoring.connection_success.critical_percent",
        "monitoring.connection_success.alert_percent"},
};

struct relate {
	const struct config *cfg;
	const struct config_origins *origins;
	const char *file;
	struct config_problems *problems;
};

static size_t
row(const char *path)
{
	return (size_t)(config_key_find(path) - config_keys);
}

static bool
is_right(const struct relate *r, const char *path)
{
	return !r->origins->wrong[row(path)];
}

/* Points at the key if it was given, else at the file as a whole. */
static struct config_origin
origin(const struct relate *r, const char *path)
{
	struct config_origin at = r->origins->at[row(path)];

	return at.source != NULL ? at : (struct config_origin){r->file, 0};
}

static bool
was_given(const struct relate *r, const char *path)
{
	return r->origins->at[row(path)].source != NULL;
}

static void
relate_ordered(const struct relate *r, const char *low, const char *high)
{
	int64_t a = config_key_number(config_key_find(low), r->cfg);
	int64_t b = config_key_number(config_key_find(high), r->cfg);

	if (!is_right(r, low) || !is_right(r, high) || a <= b)
		return;
	if (was_given(r, low) || !was_given(r, high))
		config_problem(r->problems, origin(r, low),
		    "key \"%s\": value %" PRId64 " is larger than \"%s\", which is %" PRId64, low,
		    a, high, b);
	else
		config_problem(r->problems, origin(r, high),
		    "key \"%s\": value %" PRId64 " is smaller than \"%s\", which is %" PRId64, high,
		    b, low, a);
}

static void
relate_ring(const struct relate *r)
{
	int64_t slots = r->cfg->ring.slots, below = 1;

	if (!is_right(r, "ring.slots") || (slots & (slots - 1)) == 0)
		return;
	while (below * 2 < slots)
		below *= 2;
	config_problem(r->problems, origin(r, "ring.slots"),
	    "key \"ring.slots\": value %" PRId64 " is no power of two, the nearest are %" PRId64
	    " and %" PRId64 " slots", slots, below, below * 2);
}

/* Who waits must not take the time between two signs of life for silence. */
static void
relate_standby(const struct relate *r)
{
	int64_t least = 4 * r->cfg->status_interval_ms, ms = r->cfg->standby_takeover_ms;

	if (r->cfg->standby != CONFIG_STANDBY_WAIT || ms >= least ||
	    !is_right(r, "standby_takeover_ms") || !is_right(r, "status_interval_ms"))
		return;
	config_problem(r->problems, origin(r, "standby_takeover_ms"),
	    "key \"standby_takeover_ms\": value %" PRId64
	    " is less than four times \"status_interval_ms\", which makes %" PRId64 " ms", ms,
	    least);
}

/* What one connection and all of them may carry. */
static void
relate_streams(const struct relate *r)
{
	const struct config_pool *pool = &r->cfg->pool;
	int64_t limit = config_product_streams_max(r->cfg->product);
	int64_t n = (int64_t)r->cfg->streams.n * r->cfg->redundancy;

	if (is_right(r, "pool.max_streams_per_connection") && is_right(r, "product") &&
	    pool->max_streams_per_connection > limit)
		config_problem(r->problems, origin(r, "pool.max_streams_per_connection"),
		    "key \"pool.max_streams_per_connection\": value %" PRId64
		    " is too large, the exchange allows %" PRId64
		    " streams per connection for product \"%s\"", pool->max_streams_per_connection,
		    limit, config_product_name(r->cfg->product));
	if (!is_right(r, "streams"))
		return;
	if (n == 0) {
		config_problem(r->problems, origin(r, "streams"),
		    "key \"streams\": %s, at least one stream is wanted, like \"btcusdt@trade\"",
		    was_given(r, "streams") ? "value [] is an empty list" : "missing");
		r->problems->unset += !was_given(r, "streams");
	}
	if (is_right(r, "pool.max_connections") && is_right(r, "pool.max_streams_per_connection") &&
	    is_right(r, "redundancy") && (int64_t)r->cfg->streams.n >
	    pool->max_connections / r->cfg->redundancy * pool->max_streams_per_connection)
		config_problem(r->problems, origin(r, "streams"),
		    "key \"streams\": %" PRId64
		    " streams do not fit into \"pool.max_connections\" %" PRId64
		    " times \"pool.max_streams_per_connection\" %" PRId64,
		    n, pool->max_connections, pool->max_streams_per_connection);
}

/*
 * Endpoints have a bound, and each is there once: what is told of one is told by
 * host, port and address, and legs at one and the same are no redundancy.
 */
static void
relate_endpoints(const struct relate *r)
{
	const struct config_strings *list = &r->cfg->endpoints;
	struct config_target a, b;

	if (!is_right(r, "endpoints"))
		return;
	if (list->n > CONFIG_TARGETS_MAX)
		config_problem(r->problems, origin(r, "endpoints"),
		    "key \"endpoints\": %zu endpoints are too many, allowed: 0 to %d", list->n,
		    CONFIG_TARGETS_MAX);
	for (size_t i = 1; i < list->n && i < CONFIG_TARGETS_MAX; i++) {
		config_target_parse(list->item[i], &a);
		for (size_t j = 0; j < i; j++) {
			config_target_parse(list->item[j], &b);
			if (strcasecmp(a.host, b.host) == 0 && a.port == b.port &&
			    strcmp(a.address, b.address) == 0)
				config_problem(r->problems, origin(r, "endpoints"),
				    "key \"endpoints\": value \"%s\" is the same as \"%s\"",
				    list->item[i], list->item[j]);
		}
	}
}

/* Optional streams are some of the streams; a leg needs a line. */
static void
relate_lists(const struct relate *r)
{
	const struct config *cfg = r->cfg;
	size_t j;

	if (is_right(r, "redundancy") && is_right(r, "pool.max_connections") &&
	    cfg->redundancy > cfg->pool.max_connections)
		config_problem(r->problems, origin(r, "redundancy"),
		    "key \"redundancy\": value %" PRId64
		    " is larger than \"pool.max_connections\", which is %" PRId64,
		    cfg->redundancy, cfg->pool.max_connections);
	if (!is_right(r, "streams") || !is_right(r, "optional_streams"))
		return;
	for (size_t i = 0; i < cfg->optional_streams.n; i++) {
		for (j = 0; j < cfg->streams.n; j++)
			if (strcmp(cfg->streams.item[j], cfg->optional_streams.item[i]) == 0)
				break;
		if (j == cfg->streams.n)
			config_problem(r->problems, origin(r, "optional_streams"),
			    "key \"optional_streams\": value \"%s\" is none of \"streams\"",
			    cfg->optional_streams.item[i]);
	}
}

/* Does every message of a WebSocket at that path come in an envelope with its stream's name? */
static bool
path_names_streams(const char *path)
{
	const char *last = strrchr(path, '/');

	return last != NULL && strcmp(last, "/stream") == 0;
}

/*
 * Binance (2026-08): spot's partial depth has no symbol, futures' looks like a
 * change of the book, and so does that of the RPI book. Only the name of the
 * stream tells, and that comes with the paths /stream, /public/stream ...
 */
static void
relate_path(const struct relate *r)
{
	const char *path = r->cfg->endpoint.path;

	if (!is_right(r, "endpoint.path") || !is_right(r, "streams") ||
	    config_path_is_auto(r->cfg) || path_names_streams(path))
		return;
	for (size_t i = 0; i < r->cfg->streams.n; i++) {
		const char *stream = r->cfg->streams.item[i];
		enum stream_class class = stream_classify(bytes_of(stream));

		if (class == STREAM_PARTIAL_DEPTH || class == STREAM_RPI_DEPTH)
			config_problem(r->problems, origin(r, "streams"),
			    "key \"streams\": value \"%s\" wants an \"endpoint.path\" that ends "
			    "with /stream, at \"%s\" nothing tells whose its messages are",
			    stream, path);
	}
}

/* libwebsockets would look the proxy's name up in the feed thread. */
static void
relate_proxy(const struct relate *r)
{
	const struct config_endpoint *e = &r->cfg->endpoint;

	if (!is_right(r, "endpoint.proxy"))
		return;
	if (e->proxy[0] != '\0' && is_right(r, "transport") &&
	    r->cfg->transport == CONFIG_TRANSPORT_LWS)
		config_problem(r->problems, origin(r, "endpoint.proxy"),
		    "key \"endpoint.proxy\": value \"%s\" wants another \"transport\" than "
		    "\"lws\"", e->proxy);
	if (e->proxy[0] == '\0' && e->proxy_credentials_file[0] != '\0' &&
	    is_right(r, "endpoint.proxy_credentials_file"))
		config_problem(r->problems, origin(r, "endpoint.proxy_credentials_file"),
		    "key \"endpoint.proxy_credentials_file\": value \"%s\" is for no proxy, "
		    "\"endpoint.proxy\" is empty", e->proxy_credentials_file);
}

/* A program is found by its path alone, whoever started the feed; the webhooks have a bound. */
static void
relate_alerts(const struct relate *r)
{
	const struct config_alerts *a = &r->cfg->alerts;

	if (is_right(r, "alerts.command") && a->command.n > 0 && a->command.item[0][0] != '/')
		config_problem(r->problems, origin(r, "alerts.command"),
		    "key \"alerts.command\": value \"%s\" is no path, it does not begin with \"/\"",
		    a->command.item[0]);
	if (is_right(r, "alerts.command") && a->command.n > CONFIG_ARGUMENTS_MAX)
		config_problem(r->problems, origin(r, "alerts.command"),
		    "key \"alerts.command\": %zu arguments are too many, allowed: 0 to %d",
		    a->command.n, CONFIG_ARGUMENTS_MAX);
	if (is_right(r, "alerts.webhooks") && a->webhooks.n > CONFIG_WEBHOOKS_MAX)
		config_problem(r->problems, origin(r, "alerts.webhooks"),
		    "key \"alerts.webhooks\": %zu URLs are too many, allowed: 0 to %d",
		    a->webhooks.n, CONFIG_WEBHOOKS_MAX);
}

void
config_relate(const struct config *cfg, const struct config_origins *origins, const char *file,
    struct config_problems *problems)
{
	const struct relate r = {cfg, origins, file, problems};

	for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++)
		relate_ordered(&r, ordered[i][0], ordered[i][1]);
	relate_ring(&r);
	relate_standby(&r);
	relate_streams(&r);
	relate_endpoints(&r);
	relate_lists(&r);
	relate_alerts(&r);
	relate_path(&r);
	relate_proxy(&r);
}
