/*
 * Tries one endpoint, step by step, as a line of the feed would meet it: the
 * same TLS policy, upgrade, frames, requests and decoder, but one thing after
 * the other and each with its time. One thread; waits.
 */
#ifndef FEED_PROBE_PROBE_H
#define FEED_PROBE_PROBE_H

#include "feed/io/tls.h"
#include "feed/plan/rest_plan.h"
#include "feed/probe/report.h"
#include "feed/venue/venues.h"

/* What is wanted; texts are borrowed for the call. */
struct probe_ask {
	const struct venue *venue;
	const char *host;
	uint16_t port;
	const char *path;    /* of the WebSocket, with its query */
	const char *address; /* numeric, in place of a lookup; "": look up */
	const char *source;  /* numeric address of this machine; "": any */
	const char *api_key; /* sent with the upgrade; NULL: none */
	const char *proxy_host; /* "": none */
	uint16_t proxy_port;
	const char *proxy_credentials; /* "user:password"; NULL: none */
	const char *stream;  /* to subscribe; "": none, these steps are skipped */
	const struct rest_base *rest; /* NULL: none is known, the clock is skipped */
	SSL_CTX *tls;        /* of tls_context() */
	size_t message_bytes_max;
	span_t within;       /* longest time of one step */
};

/* Fills *report; every step has its outcome. */
void probe_endpoint(const struct probe_ask *ask, struct probe_report *report);

#endif
