/*
 * The configuration: a tree of plain structs, filled from defaults, a preset,
 * a file of JSON with comments, and --set overrides, in that order. Every key
 * is one row of config.def; docs/man/feed.json.5 describes them.
 *
 * Any thread, each struct in one at a time. Memory comes from the heap; running
 * out of it aborts. After config_load() the structs are read only.
 */
#ifndef FEED_CONF_CONFIG_H
#define FEED_CONF_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "feed/base/bytes.h"
#include "feed/base/log.h"
#include "feed/conf/config_problem.h"

enum config_preset { CONFIG_PRODUCTION, CONFIG_STAGING, CONFIG_DEVELOPMENT };
enum config_product {
	CONFIG_SPOT,
	CONFIG_USDM,
	CONFIG_COINM,
	CONFIG_OPTIONS,
	CONFIG_SPOT_SBE,
	CONFIG_US,
	CONFIG_TESTNET,
	CONFIG_TESTNET_SBE,
	CONFIG_DEMO,
	CONFIG_PRODUCTS
};
enum config_standby { CONFIG_STANDBY_REFUSE, CONFIG_STANDBY_WAIT };
enum config_time_unit { CONFIG_MILLISECOND, CONFIG_MICROSECOND };
enum config_capture_writer { CONFIG_CAPTURE_AUTO, CONFIG_CAPTURE_URING, CONFIG_CAPTURE_THREAD };
enum config_alert { CONFIG_ALERT_INFO, CONFIG_ALERT_WARNING, CONFIG_ALERT_CRITICAL };
enum config_transport { CONFIG_TRANSPORT_AUTO, CONFIG_TRANSPORT_URING, CONFIG_TRANSPORT_LWS };

struct config_strings {
	char **item; /* n of them, NUL-terminated UTF-8 */
	size_t n;
};

struct config_endpoint {
	char *host;
	int64_t port;
	char *path;         /* begins with "/" */
	char *api_key_file; /* "": the environment's TICKRING_API_KEY, if it is there */
	char *ca_file;      /* "": the system's certificate store */
	char *address;      /* "": look the host up */
	char *proxy;        /* "": none; config_target_parse() */
	char *proxy_credentials_file; /* "": none */
	struct config_strings source_addresses;
	enum config_time_unit time_unit;
};

/* One endpoint, taken from its text in `endpoints`. */
struct config_target {
	char host[254];
	uint16_t port;
	char address[46]; /* "": look the host up */
	uint8_t region;   /* 0 is preferred */
};

struct config_subscribe {
	int64_t ack_timeout_ms;
	int64_t data_timeout_ms;
	int64_t list_interval_ms;
};

struct config_arbiter {
	int64_t hold_ms;
};

struct config_failover {
	int64_t failures_max;
	int64_t return_after_ms;
};

struct config_ring {
	int64_t slots; /* a power of two */
	int64_t instruments_max;
	char *group; /* "": the group of the process */
	bool bell;
	char *bell_group; /* "": as group */
	bool huge_pages;
	bool unlink_at_exit;
};

struct config_board {
	int64_t depth; /* levels per side */
};

struct config_instruments {
	int64_t default_price_exponent;
	int64_t default_qty_exponent;
	struct config_strings overrides; /* config_exponents.h */
	int64_t refresh_ms; /* 0: the exchange's list is never asked for */
	int64_t wait_ms;
};

struct config_books {
	bool enabled;
	int64_t levels_max; /* a side */
	int64_t memory_bytes;
};

struct config_rest {
	char *host;    /* "": the one that belongs to the endpoint */
	int64_t port;
	char *address; /* "": look the host up */
	int64_t timeout_ms;
	int64_t weight_per_minute; /* 0: as known of the product */
	int64_t weight_percent;
	int64_t snapshot_limit;    /* 0: by the weight that is left */
	int64_t clock_interval_ms; /* 0: the exchange's time is never asked for */
};

struct config_backfill {
	bool enabled;
	int64_t ids_max; /* of a gap */
	int64_t gaps_max;
	int64_t age_max_ms;
};

struct config_pool {
	int64_t initial_connections;
	int64_t max_connections;
	int64_t max_streams_per_connection;
	int64_t connection_timeout_ms;
	int64_t health_check_interval_ms;
	int64_t idle_timeout_ms;
	int64_t max_connection_age_ms;
	int64_t min_connection_age_ms;
	int64_t load_high_bytes_per_s;
	int64_t load_low_bytes_per_s;
};

struct config_heartbeat {
	int64_t ping_timeout_threshold_ms;
	int64_t pong_response_timeout_ms;
	int64_t health_check_interval_ms;
	int64_t max_missed_pings;
	int64_t unhealthy_threshold_permille;
};

struct config_reconnect {
	bool enabled;
	int64_t max_retries;
	int64_t base_delay_ms;
	int64_t max_delay_ms;
	bool jitter;
	int64_t jitter_percent;
	int64_t exponential_base;
	int64_t reset_success_count;
};

struct config_health_check {
	int64_t interval_ms;
	int64_t threshold_permille;
	int64_t alert_threshold_permille;
	int64_t critical_threshold_permille;
};

struct config_throughput {
	int64_t expected_per_s;
	int64_t alert_per_s;
	int64_t critical_per_s;
};

struct config_connection_success {
	int64_t expected_percent;
	int64_t alert_percent;
	int64_t critical_percent;
};

struct config_monitoring {
	bool enabled;
	int64_t metrics_interval_ms;
	bool detailed_logging;
	bool error_reporting;
	bool performance_tracking;
	struct config_health_check health_check;
	struct config_throughput throughput;
	struct config_connection_success connection_success;
};

struct config_resources {
	int64_t max_memory_bytes;
	int64_t max_cpu_percent;
	bool gc_hints;
	int64_t cleanup_interval_ms;
};

struct config_security {
	bool enforce_ssl;           /* always true */
	bool validate_certificates; /* always true */
	int64_t max_message_bytes;
	bool rate_limiting;
	bool event_logging;
};

struct config_capture {
	char *dir; /* "": nothing is captured */
	enum config_capture_writer writer;
	int64_t buffer_bytes;
	int64_t flush_ms;
	int64_t file_bytes;
	int64_t file_age_ms;
	bool compress;
};

struct config_ops {
	char *listen;     /* config_listen.h; "": no HTTP interface */
	char *token_file; /* "": nothing changes by HTTP */
};

#define CONFIG_ARGUMENTS_MAX 32
#define CONFIG_WEBHOOKS_MAX 4

struct config_alerts {
	enum config_alert severity_min;
	int64_t hold_ms, clear_ms; /* -1: each alert its own */
	int64_t repeat_ms;         /* 0: never */
	struct config_strings command;
	int64_t command_timeout_ms;
	struct config_strings webhooks; /* config_url.h */
	char *pagerduty_key_file;       /* "": no PagerDuty */
	char *pagerduty_url;
	char *ca_file;
	int64_t retry_ms;
	int64_t retries_max;
};

struct config_tracing {
	char *endpoint; /* config_url.h; "": nothing is traced */
	char *ca_file;
};

struct config_log {
	enum log_level level;
	enum log_format format;
	char *file; /* "": standard error */
};

/* Owns its strings; config_free() releases them. */
struct config {
	enum config_preset preset;
	char *feed;
	enum config_product product;
	enum config_transport transport;
	enum config_standby standby;
	int64_t standby_takeover_ms;
	bool busy_poll;
	bool kernel_stamps;
	bool permessage_deflate;
	struct config_endpoint endpoint;
	struct config_strings endpoints;
	int64_t redundancy;
	struct config_strings streams;
	struct config_strings optional_streams;
	struct config_strings extra_stream_types;
	struct config_subscribe subscribe;
	struct config_arbiter arbiter;
	struct config_ring ring;
	struct config_board board;
	struct config_instruments instruments;
	struct config_books books;
	struct config_rest rest;
	struct config_backfill backfill;
	struct config_pool pool;
	struct config_failover failover;
	struct config_heartbeat heartbeat;
	struct config_reconnect reconnect;
	struct config_monitoring monitoring;
	struct config_resources resources;
	struct config_security security;
	struct config_capture capture;
	struct config_ops ops;
	struct config_alerts alerts;
	struct config_tracing tracing;
	int64_t status_interval_ms;
	struct config_log log;
	int64_t cpu; /* -1: not pinned */
};

/* Fills *cfg with the default of every key: production, no streams. */
void config_defaults(struct config *cfg);

/*
 * Fills *cfg: defaults, then the preset, then `file` (NULL: none), then
 * `overrides`, n texts "key=value". A value is JSON if it reads as JSON and a
 * string otherwise; a list of strings may also be written with commas.
 *
 * Every problem is added to *problems, and a key with a problem keeps the
 * value it had before. *cfg is complete either way and wants config_free().
 * Returns true when there was no problem.
 */
bool config_load(const char *file, const char *const *overrides, size_t n, struct config *cfg,
    struct config_problems *problems);

/* Fills *copy with strings of its own; it wants config_free(), too. */
void config_copy(struct config *copy, const struct config *cfg);

/* Releases what *cfg owns. A zeroed or freed one is accepted. */
void config_free(struct config *cfg);

/*
 * Fills *cfg: *base, with the values of `text` laid over, a JSON object as in
 * the file (comments allowed). "preset" is refused, for it would not change
 * anything. As config_load() otherwise; `name` stands for the text in problems.
 */
bool config_amend(const struct config *base, const char *name, struct bytes text,
    struct config *cfg, struct config_problems *problems);

/*
 * Prints *cfg as JSON that config_load() reads back to an equal
 * configuration; `comments` adds help, unit and range above every key.
 */
void config_print(FILE *out, const struct config *cfg, bool comments);

/* The same without comments, for others: of alerts' URLs the host only, the rest is "/...". */
void config_show(FILE *out, const struct config *cfg);

/*
 * The same as lines "key=value", each after a '*' where the value is not the
 * default of config.def and a blank where it is; a long list as the number of
 * its entries, of URLs the host only, for a path may be a secret. What has no
 * room, `size` bytes with the NUL, is cut at a whole line. Returns the length.
 * Neither allocates nor blocks.
 */
size_t config_lines(char *out, size_t size, const struct config *cfg);

/*
 * The words of the choices, as the file spells them: "spot". Never NULL for a
 * value of the enum.
 */
const char *config_product_name(enum config_product product);

/* endpoint.path: each stream goes to the path that serves it. */
#define CONFIG_PATH_AUTO "auto"

bool config_path_is_auto(const struct config *cfg);

#define CONFIG_TARGETS_MAX 32

/* How many there are: those of `endpoints`, or the single one. 1 to CONFIG_TARGETS_MAX. */
unsigned config_targets(const struct config *cfg);

/* Endpoint number i of them; all of the configuration's path, CA file and time unit. */
void config_target(const struct config *cfg, unsigned i, struct config_target *out);

/* Streams that the exchange allows on one connection of that product. */
int64_t config_product_streams_max(enum config_product product);

#endif
