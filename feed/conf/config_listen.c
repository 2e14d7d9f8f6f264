#include "feed/conf/config_listen.h"

#include <stdio.h>
#include <string.h>

#include "feed/base/host.h"

const char *
config_listen_parse(const char *text, struct config_listen *out)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - text);
	int32_t port = colon == NULL ? -1 : host_port(bytes_of(colon + 1));
	struct sockaddr_storage scratch;

	memset(out, 0, sizeof(*out));
	if (port < 0)
		return "does not end with a port, like \"127.0.0.1:9464\"";
	out->port = (uint16_t)port;
	if (n == strlen("localhost") && strncmp(text, "localhost", n) == 0) {
		text = "127.0.0.1";
		n = strlen(text);
	} else if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		out->v6 = true;
		text++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(out->address))
		return "has no numeric address before the port";
	snprintf(out->address, sizeof(out->address), "%.*s", (int)n, text);
	if (host_address(&scratch, out->address, out->port) == 0 ||
	    (scratch.ss_family == AF_INET6) != out->v6)
		return "has no numeric address before the port, like \"127.0.0.1\" or \"[::1]\"";
	out->loopback = host_is_loopback(out->address);
	return NULL;
}
