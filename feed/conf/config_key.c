#include "feed/conf/config_key.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_url.h"

/* A row must have a field of its own type. */
#define IS_FIELD(f, type) _Generic(&((struct config *)0)->f, type *: 1, default: 0)
#define CONFIG_CHOICE(f, def, words, help)                                                         \
	_Static_assert(sizeof(((struct config *)0)->f) == sizeof(int), #f);
#define CONFIG_TEXT(f, def, rule, help) _Static_assert(IS_FIELD(f, char *), #f);
#define CONFIG_LIST(f, rule, help) _Static_assert(IS_FIELD(f, struct config_strings), #f);
#define CONFIG_NUMBER(f, def, min, max, unit, help)                                                \
	_Static_assert(IS_FIELD(f, int64_t) && (min) <= (def) && (def) <= (max), #f);
#define CONFIG_SWITCH(f, def, help) _Static_assert(IS_FIELD(f, bool), #f);
#define CONFIG_ALWAYS(f, why, help) _Static_assert(IS_FIELD(f, bool), #f);
#include "feed/conf/config.def"

#define ROW(f, kind) .path = #f, .type = (kind), .offset = offsetof(struct config, f)
#define CONFIG_CHOICE(f, def, words, text)                                                         \
	{ROW(f, CONFIG_TYPE_CHOICE), .number = (def), .choices = (words), .help = (text)},
#define CONFIG_TEXT(f, def, check, words)                                                          \
	{ROW(f, CONFIG_TYPE_TEXT), .text = (def), .rule = (check), .help = (words)},
#define CONFIG_LIST(f, check, words)                                                               \
	{ROW(f, CONFIG_TYPE_LIST), .rule = (check), .help = (words)},
#define CONFIG_NUMBER(f, def, least, most, units, words)                                           \
	{ROW(f, CONFIG_TYPE_NUMBER), .number = (def), .min = (least), .max = (most),               \
	    .unit = (units), .help = (words)},
#define CONFIG_SWITCH(f, def, words)                                                               \
	{ROW(f, CONFIG_TYPE_SWITCH), .number = (def), .help = (words)},
#define CONFIG_ALWAYS(f, reason, words)                                                            \
	{ROW(f, CONFIG_TYPE_ALWAYS), .number = true, .why = (reason), .help = (words)},

const struct config_key config_keys[] = {
#include "feed/conf/config.def"
};

const size_t config_keys_n = sizeof(config_keys) / sizeof(config_keys[0]);

const struct config_key *
config_key_find(const char *path)
{
	for (size_t i = 0; i < config_keys_n; i++)
		if (strcmp(config_keys[i].path, path) == 0)
			return &config_keys[i];
	return NULL;
}

bool
config_key_is_group(const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < config_keys_n && n > 0; i++)
		if (strncmp(config_keys[i].path, path, n) == 0 && config_keys[i].path[n] == '.')
			return true;
	return false;
}

#define NAME_MAX_LENGTH 64

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein distance of two texts; `a` is at most NAME_MAX_LENGTH long. */
static size_t
edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t row[NAME_MAX_LENGTH + 1], diagonal, above;

	for (size_t j = 0; j <= na; j++)
		row[j] = j;
	for (size_t i = 1; i <= nb; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= na; j++) {
			above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1,
			    diagonal + (a[j - 1] != b[i - 1]));
			diagonal = above;
		}
	}
	return row[na];
}

/*
 * How far `path` is from the first n bytes of `known`; a path without a group
 * is compared with the last name alone as well, at a disadvantage of one.
 */
static size_t
distance_to(const char *path, const char *known, size_t n)
{
	size_t length = strlen(path), last = n, distance;

	distance = edit_distance(path, length, known, n);
	while (last > 0 && known[last - 1] != '.')
		last--;
	if (last == 0 || strchr(path, '.') != NULL)
		return distance;
	return least(distance, edit_distance(path, length, known + last, n - last) + 1);
}

const char *
config_key_suggest(const char *path, char *out, size_t size)
{
	size_t length = strlen(path), best, distance, n;
	bool found = false;

	if (length == 0 || length > NAME_MAX_LENGTH)
		return NULL;
	/* A third of the letters may differ, and one always may: of "foo" and "pool" half do. */
	best = (length < 6 ? 1 : length / 3) + 1;
	for (size_t i = 0; i < config_keys_n; i++) {
		const char *known = config_keys[i].path;

		/* The key, and each group that it is in. */
		for (n = strlen(known); n > 0; n--) {
			if (known[n] != '\0' && known[n] != '.')
				continue;
			distance = distance_to(path, known, n);
			if (distance >= best)
				continue;
			best = distance;
			found = true;
			snprintf(out, size, "%.*s", (int)n, known);
		}
	}
	return found ? out : NULL;
}

static void *
field(const struct config_key *key, struct config *cfg)
{
	return (char *)cfg + key->offset;
}

int64_t
config_key_number(const struct config_key *key, const struct config *cfg)
{
	const char *at = (const char *)cfg + key->offset;
	int64_t number;
	bool on;
	int choice;

	switch (key->type) {
	case CONFIG_TYPE_CHOICE:
		memcpy(&choice, at, sizeof(choice));
		return choice;
	case CONFIG_TYPE_NUMBER:
		memcpy(&number, at, sizeof(number));
		return number;
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		memcpy(&on, at, sizeof(on));
		return on;
	case CONFIG_TYPE_TEXT:
	case CONFIG_TYPE_LIST:
		break;
	}
	assert(!"a key that is no number");
	return 0;
}

void
config_key_set_number(const struct config_key *key, struct config *cfg, int64_t value)
{
	int choice = (int)value;
	bool on = value != 0;

	if (key->type == CONFIG_TYPE_CHOICE)
		memcpy(field(key, cfg), &choice, sizeof(choice));
	else if (key->type == CONFIG_TYPE_NUMBER)
		memcpy(field(key, cfg), &value, sizeof(value));
	else
		memcpy(field(key, cfg), &on, sizeof(on));
}

char **
config_key_text(const struct config_key *key, struct config *cfg)
{
	assert(key->type == CONFIG_TYPE_TEXT);
	return field(key, cfg);
}

struct config_strings *
config_key_list(const struct config_key *key, struct config *cfg)
{
	assert(key->type == CONFIG_TYPE_LIST);
	return field(key, cfg);
}

static bool
strings_equal(const struct config_strings *a, const struct config_strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return false;
	return true;
}

size_t
config_key_told(const struct config_key *key, const char *text)
{
	return key->rule == config_rule_url || key->rule == config_rule_tracing
	    ? config_url_told(text) : strlen(text);
}

bool
config_key_equal(const struct config_key *key, const struct config *a, const struct config *b)
{
	/* Only looked at: the accessors serve those who change them as well. */
	struct config *x = (struct config *)a, *y = (struct config *)b;

	if (key->type == CONFIG_TYPE_TEXT)
		return strcmp(*config_key_text(key, x), *config_key_text(key, y)) == 0;
	if (key->type == CONFIG_TYPE_LIST)
		return strings_equal(config_key_list(key, x), config_key_list(key, y));
	return config_key_number(key, a) == config_key_number(key, b);
}

const char *
config_key_choice(const struct config_key *key, int64_t n, size_t *length)
{
	const char *word = key->choices;

	for (; n > 0 && word != NULL; n--) {
		word = strchr(word, ' ');
		word = word == NULL ? NULL : word + 1;
	}
	*length = word == NULL ? 0 : strcspn(word, " ");
	return word;
}

const char *
config_key_allowed(const struct config_key *key, char *out, size_t size)
{
	const char *word;
	size_t at, n;

	switch (key->type) {
	case CONFIG_TYPE_NUMBER:
		snprintf(out, size, "%" PRId64 " to %" PRId64 "%s%s", key->min, key->max,
		    *key->unit == '\0' ? "" : " ", key->unit);
		break;
	case CONFIG_TYPE_CHOICE:
		at = (size_t)snprintf(out, size, "one of");
		for (int i = 0; (word = config_key_choice(key, i, &n)) != NULL && at < size; i++)
			at += (size_t)snprintf(out + at, size - at, "%s \"%.*s\"",
			    i == 0 ? "" : ",", (int)n, word);
		break;
	case CONFIG_TYPE_SWITCH:
		snprintf(out, size, "true or false");
		break;
	case CONFIG_TYPE_ALWAYS:
		snprintf(out, size, "only true");
		break;
	case CONFIG_TYPE_TEXT:
		snprintf(out, size, "text in double quotes");
		break;
	case CONFIG_TYPE_LIST:
		snprintf(out, size, "a list of texts: [\"...\", \"...\"]");
		break;
	}
	return out;
}

void
config_strings_add(struct config_strings *list, const char *item)
{
	list->item = reallocarray(list->item, list->n + 1, sizeof(*list->item));
	assert(list->item != NULL);
	list->item[list->n] = strdup(item);
	assert(list->item[list->n] != NULL);
	list->n++;
}

void
config_strings_free(struct config_strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct config_strings){NULL, 0};
}
