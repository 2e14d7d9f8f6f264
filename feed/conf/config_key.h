/*
 * The rows of config.def as a table, and the fields of struct config by row.
 * Any thread.
 */
#ifndef FEED_CONF_CONFIG_KEY_H
#define FEED_CONF_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/conf/config.h"
#include "feed/conf/config_rule.h"

enum config_type {
	CONFIG_TYPE_CHOICE,
	CONFIG_TYPE_TEXT,
	CONFIG_TYPE_LIST,
	CONFIG_TYPE_NUMBER,
	CONFIG_TYPE_SWITCH,
	CONFIG_TYPE_ALWAYS,
};

struct config_key {
	const char *path;
	enum config_type type;
	size_t offset;  /* of the field in struct config */
	int64_t number; /* default of choices, numbers and switches */
	int64_t min, max;
	const char *text;    /* default of texts */
	const char *unit;    /* numbers; "": none */
	const char *choices; /* words separated by blanks */
	const char *why;     /* CONFIG_TYPE_ALWAYS: why false is refused */
	const char *help;
	config_rule *rule;
};

extern const struct config_key config_keys[];
extern const size_t config_keys_n;

/* The key of that path, or NULL. */
const struct config_key *config_key_find(const char *path);

/* Is `path` a group, like "pool"? */
bool config_key_is_group(const char *path);

/* The key or group that an unknown path is a misspelling of, or NULL. */
const char *config_key_suggest(const char *path, char *out, size_t size);

/* Choices, numbers and switches as a number. */
int64_t config_key_number(const struct config_key *key, const struct config *cfg);
void config_key_set_number(const struct config_key *key, struct config *cfg, int64_t value);

/* The fields of texts and lists. */
char **config_key_text(const struct config_key *key, struct config *cfg);
struct config_strings *config_key_list(const struct config_key *key, struct config *cfg);

/* How much of that key's text others may see: all, but of a URL what is before its path. */
size_t config_key_told(const struct config_key *key, const char *text);

/* Have both the same value there? */
bool config_key_equal(const struct config_key *key, const struct config *a, const struct config *b);

/*
 * The n-th word of a choice, its length in *length; NULL when there are fewer
 * words.
 */
const char *config_key_choice(const struct config_key *key, int64_t n, size_t *length);

/* "1 to 300 connections" or "one of spot, usdm" for errors and help; in out. */
const char *config_key_allowed(const struct config_key *key, char *out, size_t size);

void config_strings_add(struct config_strings *list, const char *item);
void config_strings_free(struct config_strings *list);

#endif
