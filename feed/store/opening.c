#include "feed/store/opening.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "feed/base/log.h"
#include "feed/conf/config_target.h"
#include "feed/io/clock.h"
#include "feed/io/proxy.h"
#include "feed/io/secret.h"
#include "feed/plan/rest_plan.h"

int
opening_pipeline(struct pipeline **out, const struct config *cfg, struct stores *stores,
    struct plan *plan, const struct venue *venue, const struct listing *listing)
{
	struct pipeline_cfg p = {
		.ring = &stores->ring,
		.board = &stores->board,
		.venue = venue,
		.instruments = &cfg->instruments,
		.hold_for = span_ms(cfg->arbiter.hold_ms),
		.streams_max = plan->memory.streams_max,
		.listing = listing,
		.replayed = stores->replayed,
		/* A replay has no streams of its own. */
		.number_of = plan->name ? plan_number_of : NULL,
		.number_context = plan,
	};
	struct books_cfg books;
	struct gaps_cfg gaps;
	int rc;

	if (rest_plan_books(cfg, &books))
		p.books = &books;
	if (rest_plan_gaps(cfg, &gaps))
		p.gaps = &gaps;
	if (pipeline_new(out, &p, clock_wall(), clock_mono()) != 0)
		return -1;
	for (uint32_t i = 0; i < plan->n; i++) {
		rc = pipeline_add_stream(*out, i, bytes_of(plan->name[i]));
		if (rc != 0)
			LOG(WARNING, "stream_not_watched", LOG_STR("stream", plan->name[i]),
			    LOG_ERRNO("error", rc),
			    LOG_THEN("its messages are counted, not published"));
	}
	return 0;
}

/* Neither the credentials nor a part of them goes into the log. */
static int
read_credentials(struct secret **out, const char *file)
{
	char why[SECRET_WHY_MAX];
	int rc;

	*out = NULL;
	if (file[0] == '\0')
		return 0;
	rc = secret_open_credentials(out, file, PROXY_CREDENTIALS_MAX, why);
	if (rc != 0)
		LOG(ERROR, "proxy_credentials_refused", LOG_STR("file", file),
		    LOG_STR("detail", why), LOG_THEN("the feed does not start"));
	return rc;
}

/* As `t` says, but through a proxy, if there is one. */
static int
open_through(struct transport **out, const struct config_endpoint *e, const char *name,
    struct transport_cfg *t, char *why)
{
	struct secret *credentials;
	struct config_target proxy;
	int rc;

	if (e->proxy[0] == '\0')
		return transport_open(out, name, t, why);
	snprintf(why, TRANSPORT_DETAIL_MAX, "the proxy's credentials cannot be read");
	(void)config_target_parse(e->proxy, &proxy); /* the rule of the key was the same */
	rc = read_credentials(&credentials, e->proxy_credentials_file);
	if (rc != 0)
		return rc;
	t->proxy = (struct transport_proxy){proxy.host, proxy.port, secret_text(credentials)};
	rc = transport_open(out, name, t, why);
	secret_close(&credentials);
	return rc;
}

int
opening_transport(struct transport **out, const struct config *cfg, unsigned lines,
    struct pipeline *pipeline, char *why)
{
	static const char *const names[] = {
		[CONFIG_TRANSPORT_AUTO] = "auto",
		[CONFIG_TRANSPORT_URING] = "uring",
		[CONFIG_TRANSPORT_LWS] = "lws",
	};
	const char *name = names[cfg->transport];
	struct transport_cfg t = {
		.ca_file = cfg->endpoint.ca_file,
		.message_bytes_max = cfg->security.max_message_bytes,
		.connect_within = span_ms(cfg->pool.connection_timeout_ms),
		.busy_poll = cfg->busy_poll,
		.kernel_stamps = cfg->kernel_stamps,
		.permessage_deflate = cfg->permessage_deflate,
		.lines = lines,
		.sink = pipeline_on_frame,
		.sink_context = pipeline,
	};
	int rc = open_through(out, &cfg->endpoint, name, &t, why);

	if (rc == 0 && why[0] != '\0')
		LOG(WARNING, "transport_fallback", LOG_STR("detail", why),
		    LOG_STR("transport", transport_name(*out)),
		    LOG_THEN("each message costs several times more"));
	if (rc == 0)
		return 0;
	LOG(ERROR, "transport_refused", LOG_STR("transport", name), LOG_STR("detail", why),
	    LOG_ERRNO("error", rc), LOG_THEN("the feed does not start"));
	return rc;
}

void
opening_pin(const struct config *cfg)
{
	cpu_set_t set;

	if (cfg->cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cfg->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		LOG(WARNING, "cpu_not_pinned", LOG_I64("cpu", cfg->cpu), LOG_ERRNO("error", errno),
		    LOG_THEN("the feed runs unpinned"));
}

int
opening_pool(struct plan *plan, const struct config *cfg, const struct config_strings *streams,
    struct pool *pool)
{
	uint64_t seed = 0;

	/* Only the jitter depends on it: without entropy the clock will do. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)clock_mono().ns;
	return plan_pool(plan, cfg, streams, pool, seed);
}
