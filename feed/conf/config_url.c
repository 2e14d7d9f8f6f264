#include "feed/conf/config_url.h"

#include <stdio.h>
#include <string.h>

#include "feed/base/host.h"
#include "feed/conf/config_host.h"

#define HTTPS "https://"
#define HTTP "http://"

/* HOST[:PORT], n bytes. */
static const char *
take_authority(const char *text, size_t n, struct config_url *out)
{
	const char *colon = memchr(text, ':', n);
	size_t host = colon == NULL ? n : (size_t)(colon - text);
	int32_t port = out->plain ? 80 : 443;

	if (host == 0)
		return "has no host";
	if (host >= sizeof(out->host) - 1)
		return "has a host of more than 99 characters";
	memcpy(out->host, text, host);
	out->host[host] = '\0';
	if (config_rule_host(out->host) != NULL)
		return "has a host that is no host name";
	if (colon != NULL)
		port = host_port((struct bytes){colon + 1, n - host - 1});
	if (port <= 0)
		return "has no port from 1 to 65535 behind the \":\"";
	out->port = (uint16_t)port;
	if (out->plain && !host_is_loopback(out->host))
		return "is plain http to another machine: https is wanted";
	return NULL;
}

const char *
config_url_parse(const char *text, struct config_url *out)
{
	size_t n;

	memset(out, 0, sizeof(*out));
	if (strncmp(text, HTTPS, strlen(HTTPS)) == 0) {
		text += strlen(HTTPS);
	} else if (strncmp(text, HTTP, strlen(HTTP)) == 0) {
		out->plain = true;
		text += strlen(HTTP);
	} else {
		return "does not begin with https://";
	}
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '#')
			return "has characters that no URL has, or a \"#\"";
	n = strcspn(text, "/?");
	if (strlen(text + n) + 1 >= sizeof(out->path))
		return "has a path of more than 999 characters";
	snprintf(out->path, sizeof(out->path), "%s%s", text[n] == '/' ? "" : "/", text + n);
	return take_authority(text, n, out);
}

size_t
config_url_told(const char *text)
{
	const char *host = strstr(text, "://");
	size_t n;

	host = host != NULL ? host + 3 : text;
	n = strcspn(host, "/?");
	return (size_t)(host - text) + (memchr(host, '@', n) == NULL ? n : 0);
}
