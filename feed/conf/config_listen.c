#include "feed/conf/config_listen.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

/* The digits up to the end of the text; -1 when they are no port. */
static int
port_of(const char *text)
{
	int port = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		port = port * 10 + (*text - '0');
		if (port > PORT_MAX)
			return -1;
	}
	return port;
}

static bool
is_loopback(const struct config_listen *l)
{
	struct in6_addr six;
	struct in_addr four;

	if (!l->v6)
		return inet_pton(AF_INET, l->address, &four) == 1 &&
		    ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, l->address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

const char *
config_listen_parse(const char *text, struct config_listen *out)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - text);
	unsigned char scratch[sizeof(struct in6_addr)];
	int port = colon == NULL ? -1 : port_of(colon + 1);

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
	if (inet_pton(out->v6 ? AF_INET6 : AF_INET, out->address, scratch) != 1)
		return "has no numeric address before the port, like \"127.0.0.1\" or \"[::1]\"";
	out->loopback = is_loopback(out);
	return NULL;
}
