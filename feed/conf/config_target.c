#include "feed/conf/config_target.h"

#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_rule.h"

/* Digits alone, least to most. Returns -1 when they are not. */
static long
number(const char *text, long least, long most)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9' || strlen(text) > 5)
		return -1;
	value = strtol(text, &end, 10);
	return *end == '\0' && value >= least && value <= most ? value : -1;
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
	long n;

	memset(out, 0, sizeof(*out));
	if (strlen(text) >= sizeof(copy))
		return "is too long for an endpoint";
	memcpy(copy, text, strlen(text) + 1);
	region = cut_behind(copy, '#');
	address = cut_behind(copy, '@');
	port = cut_behind(copy, ':');
	if (region != NULL && number(region, 0, 9) < 0)
		return "has a region that is no number from 0 to 9 behind the \"#\"";
	if (port == NULL || (n = number(port, 1, 65535)) < 0)
		return "has no port from 1 to 65535: an endpoint is HOST:PORT[@ADDRESS][#REGION]";
	why = config_rule_host(copy);
	if (why == NULL && address != NULL)
		why = *address == '\0' ? "has an empty address" : config_rule_address(address);
	if (why != NULL)
		return why;
	memcpy(out->host, copy, strlen(copy) + 1);
	if (address != NULL)
		memcpy(out->address, address, strlen(address) + 1);
	out->port = (uint16_t)n;
	out->region = region != NULL ? (uint8_t)number(region, 0, 9) : 0;
	return NULL;
}
