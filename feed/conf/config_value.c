#include "feed/conf/config_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *
kind_name(enum json_kind kind)
{
	switch (kind) {
	case JSON_NULL:
		return "nothing";
	case JSON_BOOL:
		return "true or false";
	case JSON_NUMBER:
		return "a number";
	case JSON_STRING:
		return "text";
	case JSON_ARRAY:
		return "a list";
	case JSON_OBJECT:
		return "an object";
	}
	return "";
}

/* Adds `key "x": value V is WHY`. Always false. */
static bool
refuse(const struct config_key *key, const struct json_value *v, const char *why,
    struct config_problems *problems)
{
	size_t told = v->kind == JSON_STRING ? config_key_told(key, v->text) : 0;
	char shown[JSON_SHOW_MAX], cut[JSON_SHOW_MAX];
	struct json_value value = *v;

	if (v->kind == JSON_STRING && v->text[told] != '\0') {
		snprintf(cut, sizeof(cut), "%.*s/...", (int)told, v->text);
		value.text = cut;
	}
	json_show(&value, shown);
	if (key->rule == config_rule_proxy && strchr(shown, '@') != NULL)
		snprintf(shown, sizeof(shown), "\"...\""); /* is likely to hold a password */
	config_problem(problems, v->at, "key \"%s\": value %s %s", key->path, shown, why);
	return false;
}

static bool
refuse_allowed(const struct config_key *key, const struct json_value *v, const char *why,
    struct config_problems *problems)
{
	char allowed[256], text[320];

	snprintf(text, sizeof(text), "is %s, allowed: %s", why,
	    config_key_allowed(key, allowed, sizeof(allowed)));
	return refuse(key, v, text, problems);
}

static bool
set_number(const struct config_key *key, const struct json_value *v, struct config *cfg,
    struct config_problems *problems)
{
	long long number;

	if (strpbrk(v->text, ".eE") != NULL)
		return refuse_allowed(key, v, "not a whole number written in digits", problems);
	errno = 0;
	number = strtoll(v->text, NULL, 10);
	if (errno == ERANGE || number < key->min || number > key->max)
		return refuse_allowed(key, v,
		    *v->text == '-' && number < key->min ? "too small" :
		    errno != ERANGE && number < key->min ? "too small" : "too large", problems);
	config_key_set_number(key, cfg, number);
	return true;
}

static bool
set_choice(const struct config_key *key, const struct json_value *v, struct config *cfg,
    struct config_problems *problems)
{
	const char *word;
	size_t n;

	for (int i = 0; (word = config_key_choice(key, i, &n)) != NULL; i++) {
		if (strlen(v->text) != n || memcmp(v->text, word, n) != 0)
			continue;
		config_key_set_number(key, cfg, i);
		return true;
	}
	return refuse_allowed(key, v, "unknown", problems);
}

static bool
set_switch(const struct config_key *key, const struct json_value *v, struct config *cfg,
    struct config_problems *problems)
{
	bool on = strcmp(v->text, "true") == 0;
	char why[160];

	if (key->type == CONFIG_TYPE_ALWAYS && !on) {
		snprintf(why, sizeof(why), "is refused, allowed: only true: %s", key->why);
		return refuse(key, v, why, problems);
	}
	config_key_set_number(key, cfg, on);
	return true;
}

static bool
set_text(const struct config_key *key, const struct json_value *v, struct config *cfg,
    struct config_problems *problems)
{
	const char *why = key->rule(v->text);
	char **text = config_key_text(key, cfg);

	if (why != NULL)
		return refuse(key, v, why, problems);
	free(*text);
	*text = strdup(v->text);
	assert(*text != NULL);
	return true;
}

static bool
holds(const struct config_strings *list, const char *item)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], item) == 0)
			return true;
	return false;
}

static bool
add_item(const struct config_key *key, const struct json_value *v, struct config_strings *list,
    struct config_problems *problems)
{
	const char *why;

	if (v->kind != JSON_STRING)
		return refuse(key, v, "is in the list, allowed: only texts", problems);
	why = key->rule(v->text);
	if (why == NULL && holds(list, v->text))
		why = "is in the list twice";
	if (why != NULL)
		return refuse(key, v, why, problems);
	config_strings_add(list, v->text);
	return true;
}

/* A text like "a@trade,b@trade" as the value of --set. */
static bool
add_items_of_text(const struct config_key *key, const struct json_value *v,
    struct config_strings *list, struct config_problems *problems)
{
	char *copy = strdup(v->text), *rest = copy, *word;
	struct json_value item = *v;
	bool good = true;

	assert(copy != NULL);
	while ((word = strsep(&rest, ",")) != NULL) {
		item.kind = JSON_STRING;
		item.text = word;
		good = add_item(key, &item, list, problems) && good;
	}
	free(copy);
	return good;
}

static bool
set_list(const struct config_key *key, const struct json_value *v, size_t n, struct config *cfg,
    struct config_problems *problems)
{
	struct config_strings list = {NULL, 0};
	bool good = true;

	if (v->kind == JSON_STRING)
		good = add_items_of_text(key, v, &list, problems);
	for (size_t i = 1; i < n && v[i].element; i++)
		good = add_item(key, &v[i], &list, problems) && good;
	if (good) {
		config_strings_free(config_key_list(key, cfg));
		*config_key_list(key, cfg) = list;
	} else {
		config_strings_free(&list);
	}
	return good;
}

static bool
kind_fits(const struct config_key *key, enum json_kind kind, bool lenient)
{
	switch (key->type) {
	case CONFIG_TYPE_CHOICE:
		return kind == JSON_STRING;
	case CONFIG_TYPE_TEXT:
		return kind == JSON_STRING || (lenient && kind < JSON_ARRAY);
	case CONFIG_TYPE_LIST:
		return kind == JSON_ARRAY || (lenient && kind == JSON_STRING);
	case CONFIG_TYPE_NUMBER:
		return kind == JSON_NUMBER;
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		return kind == JSON_BOOL;
	}
	return false;
}

bool
config_value_set(const struct config_key *key, const struct json_value *v, size_t n, bool lenient,
    struct config *cfg, struct config_problems *problems)
{
	if (!kind_fits(key, v->kind, lenient))
		return refuse_allowed(key, v, kind_name(v->kind), problems);
	switch (key->type) {
	case CONFIG_TYPE_CHOICE:
		return set_choice(key, v, cfg, problems);
	case CONFIG_TYPE_TEXT:
		return set_text(key, v, cfg, problems);
	case CONFIG_TYPE_LIST:
		return set_list(key, v, n, cfg, problems);
	case CONFIG_TYPE_NUMBER:
		return set_number(key, v, cfg, problems);
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		return set_switch(key, v, cfg, problems);
	}
	return false;
}
