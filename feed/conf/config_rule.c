#include "feed/conf/config_rule.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "feed/base/host.h"
#include "feed/conf/config.h"
#include "feed/conf/config_exponents.h"
#include "feed/conf/config_group.h"
#include "feed/conf/config_listen.h"
#include "feed/conf/config_target.h"
#include "feed/conf/config_url.h"
#include "feed/venue/binance/streams.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
consists_of(const char *text, const char *set)
{
	return text[strspn(text, set)] == '\0';
}

/* Blank space or control characters. */
static bool
has_blanks(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool
has_controls(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

const char *
config_rule_feed(const char *text)
{
	if (*text == '\0')
		return "is empty";
	if (*text == '.')
		return "begins with a dot";
	if (strlen(text) > 64)
		return "is longer than 64 characters";
	if (!consists_of(text, LOWER DIGITS "_.-"))
		return "has other characters than a-z 0-9 _ . -";
	return NULL;
}

const char *
config_rule_rest_host(const char *text)
{
	return *text == '\0' ? NULL : config_rule_host(text);
}

const char *
config_rule_path(const char *text)
{
	if (strcmp(text, CONFIG_PATH_AUTO) == 0)
		return NULL;
	if (*text != '/')
		return "does not begin with \"/\"";
	if (strlen(text) > 255)
		return "is longer than 255 characters";
	if (has_blanks(text))
		return "has blanks or control characters";
	if (strpbrk(text, "?#") != NULL)
		return "has a \"?\" or \"#\": the streams are keys of their own";
	return NULL;
}

const char *
config_rule_file(const char *text)
{
	if (strlen(text) > 4095)
		return "is longer than 4095 bytes";
	if (has_controls(text))
		return "has control characters";
	return NULL;
}

const char *
config_rule_proxy(const char *text)
{
	struct config_target target;

	if (strpbrk(text, "@#/") != NULL)
		return "is no HOST:PORT: credentials are in endpoint.proxy_credentials_file";
	return *text == '\0' ? NULL : config_target_parse(text, &target);
}

const char *
config_rule_source(const char *text)
{
	struct sockaddr_storage address;
	socklen_t n = host_address(&address, text, 0);
	int fd, error;

	if (n == 0)
		return "is no numeric address like \"127.0.0.1\" or \"::1\"";
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return "is of a kind that this system has no sockets for";
	error = bind(fd, (struct sockaddr *)&address, n);
	close(fd);
	return error == 0 ? NULL : "is no address of this machine";
}

const char *
config_rule_group(const char *text)
{
	gid_t id;

	if (strlen(text) > 32)
		return "is longer than 32 characters";
	if (*text == '-' || !consists_of(text, LOWER UPPER DIGITS "_.-"))
		return "is no name of a group";
	switch (config_group_find(text, &id)) {
	case 0:
		return NULL;
	case -ENOENT:
		return "is no group of this system";
	default:
		return "cannot be looked up among the groups of this system";
	}
}

const char *
config_rule_endpoint(const char *text)
{
	struct config_target target;

	return config_target_parse(text, &target);
}

const char *
config_rule_stream(const char *text)
{
	struct stream_name name;
	enum stream_fault fault = stream_parse(bytes_of(text), &name);

	return fault == STREAM_FINE ? NULL : stream_fault_text(fault);
}

const char *
config_rule_stream_type(const char *text)
{
	if (*text == '\0')
		return "is empty";
	if (strlen(text) > 64)
		return "is longer than 64 characters";
	if (!consists_of(text, LOWER UPPER DIGITS "_"))
		return "is no type of a stream: letters, digits and _ only, without symbol "
		       "and \"@\"";
	return NULL;
}

const char *
config_rule_listen(const char *text)
{
	struct config_listen listen;

	return *text == '\0' ? NULL : config_listen_parse(text, &listen);
}

const char *
config_rule_argument(const char *text)
{
	return config_rule_file(text);
}

const char *
config_rule_url(const char *text)
{
	struct config_url url;

	return config_url_parse(text, &url);
}

const char *
config_rule_tracing(const char *text)
{
	return *text == '\0' ? NULL : config_rule_url(text);
}

const char *
config_rule_override(const char *text)
{
	struct config_override override;

	return config_override_parse(text, &override);
}
