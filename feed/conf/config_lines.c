#include "feed/conf/config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "feed/conf/config_key.h"

#define LIST_SHOWN 96 /* a longer list is shown as a count */

struct text {
	char *p;
	size_t n, size; /* written, of room; n may exceed it: that was cut */
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *text, const char *format, ...)
{
	size_t room = text->n < text->size ? text->size - text->n : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(room > 0 ? text->p + text->n : NULL, room, format, args);
	va_end(args);
	text->n += n > 0 ? (size_t)n : 0;
}

static void
add_item(struct text *text, const struct config_key *key, const char *item)
{
	size_t n = strlen(item), told = config_key_told(key, item);

	add(text, "%.*s%s", (int)told, item, told < n ? "/..." : "");
}

static void
add_list(struct text *text, const struct config_key *key, const struct config_strings *list)
{
	size_t begin = text->n;

	for (size_t i = 0; i < list->n && text->n - begin <= LIST_SHOWN; i++) {
		add(text, "%s", i == 0 ? "" : ",");
		add_item(text, key, list->item[i]);
	}
	if (text->n - begin <= LIST_SHOWN)
		return;
	text->n = begin;
	add(text, "(%zu entries)", list->n);
}

static void
add_value(struct text *text, const struct config_key *key, struct config *cfg)
{
	const char *word;
	size_t n;

	switch (key->type) {
	case CONFIG_TYPE_CHOICE:
		word = config_key_choice(key, config_key_number(key, cfg), &n);
		add(text, "%.*s", (int)n, word);
		break;
	case CONFIG_TYPE_TEXT:
		add_item(text, key, *config_key_text(key, cfg));
		break;
	case CONFIG_TYPE_LIST:
		add_list(text, key, config_key_list(key, cfg));
		break;
	case CONFIG_TYPE_NUMBER:
		add(text, "%" PRId64, config_key_number(key, cfg));
		break;
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		add(text, "%s", config_key_number(key, cfg) != 0 ? "true" : "false");
		break;
	}
}

/* Is the value what config.def says? */
static bool
is_default(const struct config_key *key, struct config *cfg)
{
	switch (key->type) {
	case CONFIG_TYPE_TEXT:
		return strcmp(*config_key_text(key, cfg), key->text) == 0;
	case CONFIG_TYPE_LIST:
		return config_key_list(key, cfg)->n == 0;
	case CONFIG_TYPE_CHOICE:
	case CONFIG_TYPE_NUMBER:
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		break;
	}
	return config_key_number(key, cfg) == key->number;
}

/* A value ends at the end of its line, and nowhere else. */
static void
hide_controls(struct text *text, size_t from)
{
	for (size_t i = from; i < text->n && i < text->size; i++)
		if ((unsigned char)text->p[i] < ' ' && text->p[i] != '\0')
			text->p[i] = '?';
}

size_t
config_lines(char *out, size_t size, const struct config *cfg)
{
	struct config *fields = (struct config *)cfg; /* only looked at */
	struct text text = {out, 0, size};
	size_t whole = 0;

	assert(size > 0);
	for (size_t i = 0; i < config_keys_n && text.n < size; i++) {
		const struct config_key *key = &config_keys[i];
		size_t begin;

		add(&text, "%c%s=", is_default(key, fields) ? ' ' : '*', key->path);
		begin = text.n;
		add_value(&text, key, fields);
		hide_controls(&text, begin);
		add(&text, "\n");
		if (text.n < size)
			whole = text.n;
	}
	out[whole] = '\0';
	return whole;
}
