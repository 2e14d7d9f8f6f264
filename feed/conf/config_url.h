/*
 * Where an HTTP request goes: https://HOST[:PORT][/PATH][?QUERY]; http:// to
 * this machine only, which is then "localhost" or 127.x.x.x. No user, no
 * fragment, no numeric IPv6. Pure.
 */
#ifndef FEED_CONF_CONFIG_URL_H
#define FEED_CONF_CONFIG_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_url {
	char host[101];  /* as feed/io/http.h takes it */
	uint16_t port;
	bool plain;      /* http */
	char path[1001]; /* with query, begins with "/" */
};

/* Returns NULL, or what is wrong with the text, as config_rule.h says it. */
const char *config_url_parse(const char *text, struct config_url *out);

/*
 * Bytes of a URL up to its path or query, which may be a secret; up to its host,
 * if there is a user before that. Any text will do.
 */
size_t config_url_told(const char *text);

#endif
