#include "feed/plan/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/conf/config_key.h"

#define TOLD_MAX 160 /* more than a line of the log shows of a text */

/* Keys (or groups, with a dot) that memory, segments and sockets were made for at start. */
static const char *const immutable[] = {
	"feed", "product", "transport", "endpoint.", "endpoints", "redundancy", "ring.", "board.",
	"arbiter.", "books.", "rest.", "backfill.", "capture.", "instruments.refresh_ms",
	"instruments.wait_ms",
	"security.max_message_bytes", "security.rate_limiting", "log.file", "cpu", "busy_poll",
	"kernel_stamps", "permessage_deflate", "ops.", "alerts.", "tracing.",
};

static bool
is_immutable(const char *path)
{
	size_t n;

	for (size_t i = 0; i < sizeof(immutable) / sizeof(immutable[0]); i++) {
		n = strlen(immutable[i]);
		if (immutable[i][n - 1] == '.' ? strncmp(path, immutable[i], n) == 0
		                               : strcmp(path, immutable[i]) == 0)
			return true;
	}
	return false;
}

bool
reload_may_change(const struct config *cfg, const struct config *next, const char *name,
    struct config_problems *problems)
{
	const struct config_origin at = {name, 0};
	size_t before = problems->n + problems->more;

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];

		if (config_key_equal(key, cfg, next) || !is_immutable(key->path))
			continue;
		config_problem(problems, at, "key \"%s\": it cannot change while the feed runs",
		    key->path);
	}
	if (next->pool.max_connections > cfg->pool.max_connections)
		config_problem(problems, at,
		    "key \"pool.max_connections\": it cannot grow while the feed runs");
	return problems->n + problems->more == before;
}

bool
reload_read(const struct reload_source *source, const struct config *cfg, struct config *next)
{
	struct config_problems problems = {0};
	bool good = config_load(source->file, source->overrides, source->n, next, &problems) &&
	    reload_may_change(cfg, next, source->file ? source->file : "configuration", &problems);

	for (size_t i = 0; i < problems.n; i++)
		LOG(ERROR, "reload_refused", LOG_STR("detail", problems.line[i]),
		    LOG_THEN("nothing is changed"));
	config_problems_free(&problems);
	if (!good)
		config_free(next);
	return good;
}

/* A text as it may stand in a log; in out[TOLD_MAX]. */
static const char *
told(const struct config_key *key, const char *text, char *out)
{
	size_t n = config_key_told(key, text);

	if (text[n] == '\0')
		return text;
	snprintf(out, TOLD_MAX, "%.*s/...", (int)n, text);
	return out;
}

/* Lists as the number of their texts: those of `streams` are told by who changes them. */
static void
tell_key(const struct config_key *key, struct config *cfg, struct config *next)
{
	char from[TOLD_MAX], to[TOLD_MAX];

	switch (key->type) {
	case CONFIG_TYPE_TEXT:
		LOG_EACH(INFO, "config_changed", LOG_STR("key", key->path),
		    LOG_STR("from", told(key, *config_key_text(key, cfg), from)),
		    LOG_STR("to", told(key, *config_key_text(key, next), to)));
		break;
	case CONFIG_TYPE_LIST:
		LOG_EACH(INFO, "config_changed", LOG_STR("key", key->path),
		    LOG_U64("from_entries", config_key_list(key, cfg)->n),
		    LOG_U64("to_entries", config_key_list(key, next)->n));
		break;
	case CONFIG_TYPE_CHOICE:
	case CONFIG_TYPE_NUMBER:
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		LOG_EACH(INFO, "config_changed", LOG_STR("key", key->path),
		    LOG_I64("from", config_key_number(key, cfg)),
		    LOG_I64("to", config_key_number(key, next)));
		break;
	}
}

unsigned
reload_tell(const struct config *cfg, const struct config *next)
{
	unsigned changed = 0;

	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];

		if (config_key_equal(key, cfg, next))
			continue;
		changed++;
		tell_key(key, (struct config *)cfg, (struct config *)next);
	}
	return changed;
}
