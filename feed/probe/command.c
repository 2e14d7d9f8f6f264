#include "feed/probe/command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_target.h"
#include "feed/conf/config_url.h"
#include "feed/io/secret.h"
#include "feed/plan/choice.h"
#include "feed/plan/patterns.h"
#include "feed/plan/plan.h"
#include "feed/probe/probe.h"
#include "feed/venue/binance/streams.h"

#define WSS "wss://"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

size_t
probe_overrides(const char *endpoint, char out[PROBE_OVERRIDES][PROBE_OVERRIDE_MAX],
    const char **why)
{
	char https[PROBE_OVERRIDE_MAX];
	struct config_target target;
	struct config_url url;
	size_t n = 0;

	if (strncmp(endpoint, WSS, strlen(WSS)) != 0) {
		*why = strstr(endpoint, "://") != NULL ? "is no wss:// URL"
		                                       : config_target_parse(endpoint, &target);
		if (*why != NULL)
			return 0;
		snprintf(out[n++], PROBE_OVERRIDE_MAX, "endpoints=%s", endpoint);
		return n;
	}
	snprintf(https, sizeof(https), "https://%s", endpoint + strlen(WSS));
	*why = strlen(endpoint) >= sizeof(https) - 4 ? "is too long"
	                                             : config_url_parse(https, &url);
	if (*why != NULL)
		return 0;
	snprintf(out[n++], PROBE_OVERRIDE_MAX, "endpoints=%s:%u", url.host, url.port);
	if (strcmp(url.path, "/") != 0)
		snprintf(out[n++], PROBE_OVERRIDE_MAX, "endpoint.path=%s", url.path);
	return n;
}

/* ---- what to ask ------------------------------------------------------------- */

/* Borrowed by the asks. */
struct means {
	struct choice choice;
	struct secret *credentials; /* of the proxy */
	struct config_target proxy;
	struct rest_base rest;
	bool has_rest;
	char path[1101];
	SSL_CTX *tls;
};

static int
say_unusable(const char *key, const char *why)
{
	fprintf(stderr, "feedd: %s: %s\n", key, why);
	return EXIT_USAGE;
}

static void
close_means(struct means *m)
{
	SSL_CTX_free(m->tls);
	secret_close(&m->credentials);
	choice_end(&m->choice);
}

/* The first that is a name and not a pattern of names; "": there is none. */
static const char *
stream_of(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->streams.n; i++)
		if (!pattern_is(cfg->streams.item[i]))
			return cfg->streams.item[i];
	return "";
}

/* Where it is served; where that depends on the stream and there is none, any will do. */
static const char *
path_of(const struct means *m, const struct config *cfg)
{
	const char *stream = stream_of(cfg);

	return plan_path(cfg, *stream == '\0' ? 0
	        : venue_path_of(m->choice.venue, stream_classify(bytes_of(stream))));
}

static int
open_means(struct means *m, struct config *cfg)
{
	const struct config_endpoint *e = &cfg->endpoint;
	char tls_why[TLS_DETAIL_MAX] = "", why[SECRET_WHY_MAX] = "";

	if (choice_make(&m->choice, cfg) != 0)
		return EXIT_USAGE;
	choice_spell(&m->choice, cfg);
	if (tls_context(&m->tls, e->ca_file, tls_why) != 0)
		return say_unusable("endpoint.ca_file", tls_why);
	if (e->proxy[0] != '\0')
		(void)config_target_parse(e->proxy, &m->proxy); /* the key's rule was the same */
	if (e->proxy_credentials_file[0] != '\0' &&
	    secret_open(&m->credentials, e->proxy_credentials_file, "", why) != 0)
		return say_unusable("endpoint.proxy_credentials_file", why);
	m->has_rest = rest_plan_base(cfg, &m->rest);
	snprintf(m->path, sizeof(m->path), "%s%s", path_of(m, cfg),
	    e->time_unit == CONFIG_MICROSECOND ? "?timeUnit=MICROSECOND" : "");
	return EXIT_FINE;
}

static void
probe_one(const struct means *m, const struct config *cfg, unsigned index, span_t within,
    struct probe_report *report)
{
	const struct config_strings *from = &cfg->endpoint.source_addresses;
	struct config_target target;
	struct probe_ask ask = {
		.venue = m->choice.venue,
		.path = m->path,
		.source = from->n > 0 ? from->item[0] : "",
		.api_key = secret_text(m->choice.key),
		.proxy_host = m->proxy.host,
		.proxy_port = m->proxy.port,
		.proxy_credentials = secret_text(m->credentials),
		.stream = stream_of(cfg),
		.rest = m->has_rest ? &m->rest : NULL,
		.tls = m->tls,
		.message_bytes_max = (size_t)cfg->security.max_message_bytes,
		.within = within,
	};

	choice_target(&m->choice, cfg, index, &target);
	ask.host = target.host;
	ask.port = target.port;
	ask.address = target.address;
	probe_endpoint(&ask, report);
}

int
probe_run(struct config *cfg, const struct probe_cfg *probe)
{
	unsigned n = config_targets(cfg);
	struct probe_report *report = calloc(n, sizeof(*report));
	struct means means = {0};
	int code = report != NULL ? open_means(&means, cfg) : EXIT_FAILED;
	bool good = true;

	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < n && code == EXIT_FINE; i++) {
		probe_one(&means, cfg, i, probe->within, &report[i]);
		good &= report_failed(&report[i]) == PROBE_STEPS;
		if (!probe->json)
			report_text(stdout, &report[i]);
		fflush(stdout);
	}
	if (probe->json && code == EXIT_FINE)
		report_json(stdout, report, n);
	close_means(&means);
	free(report);
	return code != EXIT_FINE ? code : good ? EXIT_FINE : EXIT_FAILED;
}
