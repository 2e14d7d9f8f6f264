/*
 * The table of keys against the two documents that describe it, and against
 * the settings of the specified connection manager.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <inttypes.h>

#include "feed/conf/config_key.h"
#include "tests/asserts.h"
#include "tests/config_text.h"

/* Specified name, our key, default of production in our unit. */
static const struct {
	const char *specified;
	const char *path;
	int64_t value;
} settings[] = {
    {"pool.initialConnections", "pool.initial_connections", 3},
    {"pool.maxConnections", "pool.max_connections", 10},
    {"pool.maxStreamsPerConnection", "pool.max_streams_per_connection", 200},
    {"pool.connectionTimeout", "pool.connection_timeout_ms", 30000},
    {"pool.healthCheckInterval", "pool.health_check_interval_ms", 30000},
    {"pool.idleTimeout", "pool.idle_timeout_ms", 300000},
    {"pool.maxConnectionAge", "pool.max_connection_age_ms", 3600000},
    {"heartbeat.pingTimeoutThreshold", "heartbeat.ping_timeout_threshold_ms", 60000},
    {"heartbeat.pongResponseTimeout", "heartbeat.pong_response_timeout_ms", 5000},
    {"heartbeat.healthCheckInterval", "heartbeat.health_check_interval_ms", 10000},
    {"heartbeat.maxMissedPings", "heartbeat.max_missed_pings", 3},
    {"heartbeat.unhealthyThreshold", "heartbeat.unhealthy_threshold_permille", 500},
    {"reconnect.enabled", "reconnect.enabled", true},
    {"reconnect.maxRetries", "reconnect.max_retries", 15},
    {"reconnect.baseDelay", "reconnect.base_delay_ms", 1000},
    {"reconnect.maxDelay", "reconnect.max_delay_ms", 60000},
    {"reconnect.jitter", "reconnect.jitter", true},
    {"reconnect.jitterFactor", "reconnect.jitter_percent", 25},
    {"reconnect.exponentialBase", "reconnect.exponential_base", 2},
    {"reconnect.resetSuccessCount", "reconnect.reset_success_count", 3},
    {"monitoring.enabled", "monitoring.enabled", true},
    {"monitoring.metricsInterval", "monitoring.metrics_interval_ms", 10000},
    {"monitoring.detailedLogging", "monitoring.detailed_logging", false},
    {"monitoring.errorReportingEnabled", "monitoring.error_reporting", true},
    {"monitoring.performanceTracking", "monitoring.performance_tracking", true},
    {"monitoring.healthCheck.interval", "monitoring.health_check.interval_ms", 30000},
    {"monitoring.healthCheck.threshold", "monitoring.health_check.threshold_permille", 700},
    {"monitoring.healthCheck.alertThreshold",
        "monitoring.health_check.alert_threshold_permille", 500},
    {"monitoring.healthCheck.criticalThreshold",
        "monitoring.health_check.critical_threshold_permille", 300},
    {"resources.maxMemoryUsage", "resources.max_memory_bytes", 104857600},
    {"resources.maxCpuUsage", "resources.max_cpu_percent", 50},
    {"resources.gcHints", "resources.gc_hints", true},
    {"resources.resourceCleanupInterval", "resources.cleanup_interval_ms", 60000},
    {"security.enforceSSL", "security.enforce_ssl", true},
    {"security.validateCertificates", "security.validate_certificates", true},
    {"security.maxMessageSize", "security.max_message_bytes", 1048576},
    {"security.rateLimitingEnabled", "security.rate_limiting", true},
    {"security.securityEventLogging", "security.event_logging", true},
    {"wsEndpoint", "endpoint.port", 9443},
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const char *
default_of(const struct config_key *key, char *out, size_t size)
{
	size_t n;
	const char *word;

	switch (key->type) {
	case CONFIG_TYPE_CHOICE:
		word = config_key_choice(key, key->number, &n);
		snprintf(out, size, "\"%.*s\"", (int)n, word);
		break;
	case CONFIG_TYPE_TEXT:
		snprintf(out, size, "\"%s\"", key->text);
		break;
	case CONFIG_TYPE_LIST:
		snprintf(out, size, "[]");
		break;
	case CONFIG_TYPE_NUMBER:
		snprintf(out, size, "%" PRId64, key->number);
		break;
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		snprintf(out, size, "%s", key->number != 0 ? "true" : "false");
		break;
	}
	return out;
}

/* Every run of blank space becomes one blank, so that lines may break anywhere. */
static void
join_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++)
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
}

static void
expect_in(const char *document, const char *name, const char *wanted)
{
	if (strstr(document, wanted) == NULL)
		fail_msg("%s lacks: %s", name, wanted);
}

static void
the_manual_page_describes_every_key_as_the_table_does(void **state)
{
	char *page = text_of_file("docs/man/feed.json.5");
	char wanted[1024], preset[128], allowed[256];

	(void)state;
	assert_non_null(page);
	join_lines(page);
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		bool any = key->type == CONFIG_TYPE_TEXT || key->type == CONFIG_TYPE_LIST;

		config_key_allowed(key, allowed, sizeof(allowed));
		snprintf(wanted, sizeof(wanted), " .It Va %s Default: %s.%s%s%s %s ", key->path,
		    default_of(key, preset, sizeof(preset)), any ? "" : " Allowed: ",
		    any ? "" : allowed, any ? "" : ".", key->help);
		expect_in(page, "docs/man/feed.json.5", wanted);
	}
	assert_int_equal(occurrences(page, " .It Va "), config_keys_n);
	free(page);
}

static void
the_table_of_keys_describes_every_key_as_the_table_does(void **state)
{
	char *page = text_of_file("docs/CONFIG.md");
	char wanted[1024], preset[128];

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];

		snprintf(wanted, sizeof(wanted), " | `%s` | `%s` | %s | %s |\n", key->path,
		    default_of(key, preset, sizeof(preset)), key->unit == NULL ? "" : key->unit,
		    key->help);
		expect_in(page, "docs/CONFIG.md", wanted);
	}
	/* The header's two lines have no key in the second column. */
	assert_int_equal(occurrences(page, "\n| "), config_keys_n + 1);
	free(page);
}

static void
every_specified_setting_has_its_key_and_its_default(void **state)
{
	char *page = text_of_file("docs/CONFIG.md");
	char wanted[256];

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct config_key *key = config_key_find(settings[i].path);
		char *row, *end;

		assert_non_null(key);
		assert_int_equal(key->number, settings[i].value);
		snprintf(wanted, sizeof(wanted), " | `%s` | ", settings[i].path);
		row = strstr(page, wanted);
		assert_non_null(row);
		end = row;
		while (row > page && row[-1] != '\n')
			row--;
		*end = '\0';
		snprintf(wanted, sizeof(wanted), "| `%s`", settings[i].specified);
		if (strncmp(row, wanted, strlen(wanted)) != 0)
			fail_msg("docs/CONFIG.md: %s is not beside %s", settings[i].specified, row);
		*end = ' ';
	}
	free(page);
}

static void
keys_of_a_group_stand_together(void **state)
{
	(void)state;
	/* Else the printed form would open the group twice. */
	for (size_t i = 1; i < config_keys_n; i++) {
		const char *dot = strrchr(config_keys[i].path, '.');
		size_t n = dot == NULL ? 0 : (size_t)(dot - config_keys[i].path) + 1;
		bool before = true;

		for (size_t j = i; n > 0 && j-- > 0;) {
			bool same = strncmp(config_keys[j].path, config_keys[i].path, n) == 0;

			if (same && !before)
				fail_msg("%s stands apart from its group", config_keys[i].path);
			before = same;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_manual_page_describes_every_key_as_the_table_does),
	    cmocka_unit_test(the_table_of_keys_describes_every_key_as_the_table_does),
	    cmocka_unit_test(every_specified_setting_has_its_key_and_its_default),
	    cmocka_unit_test(keys_of_a_group_stand_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
