#include "feed/conf/config_host.h"

#include <stddef.h>
#include <string.h>

#include "feed/base/host.h"

#define HOST_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:"

const char *
config_rule_host(const char *text)
{
	if (*text == '\0')
		return "is empty";
	if (strlen(text) > 253)
		return "is longer than 253 characters";
	if (strchr(text, '/') != NULL)
		return "is no host name: only the host, without wss:// and path";
	if (text[strspn(text, HOST_BYTES)] != '\0')
		return "is no host name";
	if (strchr(text, ':') != NULL && config_rule_address(text) != NULL)
		return "is no host name: the port is a key of its own";
	return NULL;
}

const char *
config_rule_address(const char *text)
{
	if (*text == '\0' || host_is_numeric(text))
		return NULL;
	return "is no numeric address like \"127.0.0.1\" or \"::1\"";
}
