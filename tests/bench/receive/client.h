/*
 * The clients of our own that feedd is compared with. Each runs in a process
 * of its own, subscribes, counts messages until the server closes, and prints
 * its tally.
 */
#ifndef TESTS_BENCH_RECEIVE_CLIENT_H
#define TESTS_BENCH_RECEIVE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/hist.h"
#include "feed/base/mono.h"

#define CLIENT_WARM_MS 300 /* ages of messages before that do not count */

struct client_cfg {
	uint16_t port;
	const char *ca_file;
	bool stamped; /* messages carry the time of sending: look at it */
};

struct client_tally {
	uint64_t messages;
	mono_t first;
	struct hist age; /* of stamped messages */
};

/* Notes the age of a message whose first price is that, in units of 1e-8. */
void client_tally_age(struct client_tally *t, int64_t price, mono_t now);

/* Prints "messages N p50 NS p99 NS". */
void client_tally_print(const struct client_tally *t);

/* The text of a SUBSCRIBE request for all streams. */
const char *client_request(void);

/*
 * OpenSSL alone: recv() of 64 KiB into a BIO, frames walked, nothing decoded.
 * Blocks in recv(), which is the least that a client can do: `poll` asks poll()
 * first, as a client with more than one socket has to. Returns the exit status.
 */
int client_openssl(const struct client_cfg *cfg, bool poll);

/* libwebsockets and a cJSON tree per message. Returns the exit status. */
int client_lws(const struct client_cfg *cfg);

#endif
