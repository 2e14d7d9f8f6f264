#include "feed/conf/config_target.h"

#include <string.h>

#include "feed/base/host.h"
#include "feed/conf/config_host.h"

/* A single digit. Returns -1 when it is none. */
static int
region_of(const char *text)
{
	return *text >= '0' && *text <= '9' && text[1] == '\0' ? *text - '0' : -1;
}

/* Cuts the text at its last `mark`; returns what is behind it, NULL when there is none. */
static char *
cut_behind(char *text, char mark)
{
	char *at = strrchr(text, mark);

	if (at == NULL)
		return NULL;
	*at = '\0';
	return at + 1;
}

const char *
config_target_parse(const char *text, struct config_target *out)
{
	char copy[400], *region, *address, *port;
	const char *why;
	int32_t number;

	memset(out, 0, sizeof(*out));
	if (strlen(text) >= sizeof(copy))
		return "is too long for an endpoint";
	memcpy(copy, text, strlen(text) + 1);
	region = cut_behind(copy, '#');
	address = cut_behind(copy, '@');
	port = cut_behind(copy, ':');
	if (region != NULL && region_of(region) < 0)
		return "has a region that is no number from 0 to 9 behind the \"#\"";
	number = port == NULL ? -1 : host_port(bytes_of(port));
	if (number <= 0)
		return "has no port from 1 to 65535: an endpoint is HOST:PORT[@ADDRESS][#REGION]";
	why = config_rule_host(copy);
	if (why == NULL && address != NULL)
		why = *address == '\0' ? "has an empty address" : config_rule_address(address);
	if (why != NULL)
		return why;
	memcpy(out->host, copy, strlen(copy) + 1);
	if (address != NULL)
		memcpy(out->address, address, strlen(address) + 1);
	out->port = (uint16_t)number;
	out->region = region != NULL ? (uint8_t)region_of(region) : 0;
	return NULL;
}
