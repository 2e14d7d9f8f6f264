/*
 * Where the HTTP interface listens: ADDRESS:PORT, the address numeric, one of
 * IPv6 in brackets; "localhost" stands for 127.0.0.1; port 0 for any free one.
 * Pure.
 */
#ifndef FEED_CONF_CONFIG_LISTEN_H
#define FEED_CONF_CONFIG_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

struct config_listen {
	char address[46]; /* numeric */
	bool v6;
	bool loopback; /* of this machine only */
	uint16_t port;
};

/* Returns NULL, or what is wrong with the text, as config_rule.h says it. */
const char *config_listen_parse(const char *text, struct config_listen *out);

#endif
