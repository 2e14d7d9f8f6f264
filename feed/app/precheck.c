#include "feed/app/precheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed/io/proxy.h"
#include "feed/io/secret.h"
#include "feed/io/tls.h"
#include "feed/io/transport.h"
#include "feed/ops/alarm_impl.h"
#include "feed/ops/token.h"
#include "feed/venue/binance/hosts.h"
#include "feed/venue/venues.h"

struct precheck {
	const struct config *cfg;
	const struct reload_source *source;
	struct config_problems *problems;
};

/* A --set of the key, or of its group; or the file. */
static const char *
origin_of(const struct reload_source *source, const char *key, char *out, size_t room)
{
	for (size_t i = source->n; i-- > 0;) {
		size_t n = strcspn(source->overrides[i], "=");

		if (strncmp(source->overrides[i], key, n) != 0 || (key[n] != '\0' && key[n] != '.'))
			continue;
		snprintf(out, room, "--set %.*s", (int)n, source->overrides[i]);
		return out;
	}
	return source->file != NULL ? source->file : "configuration";
}

static void
refuse(const struct precheck *p, const char *key, const char *value, const char *why)
{
	size_t n = strlen(value);
	char set[128];

	/* The file is named already. */
	if (strncmp(why, value, n) == 0 && strncmp(why + n, ": ", 2) == 0)
		why += n + 2;
	config_problem(p->problems,
	    (struct config_origin){origin_of(p->source, key, set, sizeof(set)), 0},
	    "key \"%s\": value \"%s\" cannot be used: %s", key, value, why);
}

/* ---- files -------------------------------------------------------------------- */

static void
check_authorities(const struct precheck *p, const char *key, const char *file)
{
	char why[TLS_DETAIL_MAX];
	SSL_CTX *context;

	if (file[0] == '\0')
		return;
	if (tls_context(&context, file, why) == 0)
		SSL_CTX_free(context);
	else
		refuse(p, key, file, why);
}

static void
check_api_key(const struct precheck *p)
{
	const struct config *cfg = p->cfg;
	const struct venue *venue = venue_find(bytes_of(config_product_name(cfg->product)));
	const char *file = cfg->endpoint.api_key_file;
	char why[SECRET_WHY_MAX] = "";
	struct secret *key;

	if (file[0] == '\0' || venue->keyless == NULL)
		return; /* none is needed */
	if (secret_open(&key, file, "", why) == 0)
		secret_close(&key);
	else
		refuse(p, "endpoint.api_key_file", file, why);
}

static void
check_proxy_credentials(const struct precheck *p)
{
	const char *file = p->cfg->endpoint.proxy_credentials_file;
	char why[SECRET_WHY_MAX] = "";
	struct secret *credentials;

	if (file[0] == '\0')
		return;
	if (secret_open_credentials(&credentials, file, PROXY_CREDENTIALS_MAX, why) == 0)
		secret_close(&credentials);
	else
		refuse(p, "endpoint.proxy_credentials_file", file, why);
}

static void
check_token(const struct precheck *p)
{
	const char *file = p->cfg->ops.token_file;
	char token[TOKEN_MAX + 1], why[TOKEN_WHY_MAX];

	if (file[0] != '\0' && token_read(file, token, why) != 0)
		refuse(p, "ops.token_file", file, why);
	explicit_bzero(token, sizeof(token));
}

static void
check_routing_key(const struct precheck *p)
{
	const char *file = p->cfg->alerts.pagerduty_key_file;
	char key[ALARM_KEY_MAX + 1];
	int rc;

	if (file[0] == '\0')
		return;
	rc = alarm_read_key(file, key);
	explicit_bzero(key, sizeof(key));
	if (rc != 0)
		refuse(p, "alerts.pagerduty_key_file", file,
		    rc == -EINVAL ? "it holds no key" : strerror(-rc));
}

static void
check_command(const struct precheck *p)
{
	const struct config_strings *command = &p->cfg->alerts.command;
	struct stat st;

	if (command->n == 0)
		return;
	if (stat(command->item[0], &st) != 0 || access(command->item[0], X_OK) != 0)
		refuse(p, "alerts.command", command->item[0], strerror(errno));
	else if (!S_ISREG(st.st_mode))
		refuse(p, "alerts.command", command->item[0], "it is no program");
}

/* ---- what will be written ------------------------------------------------------- */

/* May a file be created in the folder that the path names, or stands in? Returns 0 or errno. */
static int
may_create_beside(const char *path)
{
	char folder[4096];
	size_t n = strlen(path);
	char *slash;

	if (n >= sizeof(folder))
		return ENAMETOOLONG;
	memcpy(folder, path, n + 1);
	while (n > 1 && folder[n - 1] == '/')
		folder[--n] = '\0';
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return access(".", W_OK | X_OK) == 0 ? 0 : errno;
	slash[slash == folder] = '\0';
	return access(folder, W_OK | X_OK) == 0 ? 0 : errno;
}

/* A file that is written, or a folder that files are written to; both may be missing. */
static void
check_place(const struct precheck *p, const char *key, const char *path, bool folder)
{
	struct stat st;
	int error = 0;

	if (path[0] == '\0')
		return;
	if (stat(path, &st) != 0)
		error = errno == ENOENT ? may_create_beside(path) : errno;
	else if (S_ISDIR(st.st_mode) != folder)
		error = folder ? ENOTDIR : EISDIR;
	else if (access(path, folder ? W_OK | X_OK : W_OK) != 0)
		error = errno;
	if (error != 0)
		refuse(p, key, path, strerror(error));
}

int
precheck_capture(const struct config *cfg, const struct reload_source *source,
    struct config_problems *problems)
{
	const struct precheck p = {cfg, source, problems};
	const char *folder = cfg->capture.dir;
	int fd = -1, error = 0;

	if (folder[0] == '\0')
		return 0;
	if (mkdir(folder, 0750) != 0 && errno != EEXIST)
		error = errno;
	if (error == 0)
		fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	else if (error == 0 && errno != EOPNOTSUPP) /* not every file system knows them */
		error = errno;
	if (error != 0)
		refuse(&p, "capture.dir", folder, strerror(error));
	return -error;
}

/* ---- io_uring -------------------------------------------------------------------- */

/* Only where there is no way without: "auto" takes what there is, and says so. */
static void
check_uring(const struct precheck *p)
{
	const struct config *cfg = p->cfg;
	const struct transport_cfg trial = {
		.ca_file = "",
		.message_bytes_max = cfg->security.max_message_bytes,
		.connect_within = span_ms(cfg->pool.connection_timeout_ms),
		.lines = 1,
	};
	bool received = cfg->transport == CONFIG_TRANSPORT_URING;
	bool captured = cfg->capture.dir[0] != '\0' && cfg->capture.writer == CONFIG_CAPTURE_URING;
	char why[TRANSPORT_DETAIL_MAX] = "";
	struct transport *transport;

	if (!received && !captured)
		return;
	if (transport_open(&transport, "uring", &trial, why) == 0)
		transport_close(&transport);
	else
		refuse(p, received ? "transport" : "capture.writer", "uring", why);
}

void
precheck_files(const struct config *cfg, const struct reload_source *source,
    struct config_problems *problems)
{
	const struct precheck p = {cfg, source, problems};

	check_uring(&p);
	check_authorities(&p, "endpoint.ca_file", cfg->endpoint.ca_file);
	check_api_key(&p);
	check_proxy_credentials(&p);
	check_place(&p, "capture.dir", cfg->capture.dir, true);
	check_token(&p);
	check_command(&p);
	check_routing_key(&p);
	check_authorities(&p, "alerts.ca_file", cfg->alerts.ca_file);
	check_authorities(&p, "tracing.ca_file", cfg->tracing.ca_file);
	check_place(&p, "log.file", cfg->log.file, false);
}

/* ---- hosts ----------------------------------------------------------------------- */

static void
look_at_host(const struct precheck *p, const char *key, const char *host, bool rest)
{
	const char *product = config_product_name(p->cfg->product);
	const char *serves = hosts_mismatch(bytes_of(host), bytes_of(product), rest);
	char set[128];

	if (serves != NULL)
		config_problem(p->problems,
		    (struct config_origin){origin_of(p->source, key, set, sizeof(set)), 0},
		    "key \"%s\": host \"%s\" serves %s, but \"product\" is \"%s\"", key, host,
		    serves, product);
}

void
precheck_hosts(const struct config *cfg, const struct reload_source *source,
    struct config_problems *warnings)
{
	const struct precheck p = {cfg, source, warnings};
	struct config_target target;

	for (unsigned i = 0; i < config_targets(cfg); i++) {
		config_target(cfg, i, &target);
		look_at_host(&p, cfg->endpoints.n > 0 ? "endpoints" : "endpoint.host",
		    target.host, false);
	}
	if (cfg->rest.host[0] != '\0')
		look_at_host(&p, "rest.host", cfg->rest.host, true);
}
