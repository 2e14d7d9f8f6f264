#include "feed/conf/config.h"

#include <inttypes.h>
#include <string.h>

#include "feed/conf/config_key.h"

/* Beside the values. */
struct extras {
	bool comments;
	bool hides; /* secrets */
};

static void
indent(FILE *out, int depth)
{
	fprintf(out, "%*s", 2 * depth, "");
}

/* Texts are UTF-8 by construction: only what JSON reserves is escaped. */
static void
print_text(FILE *out, const struct config_key *key, const char *text, bool hides)
{
	const char *end = text + (hides ? config_key_told(key, text) : strlen(text));
	bool cut = *end != '\0';

	fputc('"', out);
	for (; text < end; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputs(cut ? "/...\"" : "\"", out);
}

static void
print_list(FILE *out, const struct config_key *key, const struct config_strings *list, int depth,
    bool hides)
{
	fputc('[', out);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i == 0 ? "\n" : ",\n", out);
		indent(out, depth + 1);
		print_text(out, key, list->item[i], hides);
	}
	if (list->n > 0) {
		fputc('\n', out);
		indent(out, depth);
	}
	fputc(']', out);
}

static void
print_value(FILE *out, const struct config_key *key, struct config *cfg, int depth, bool hides)
{
	const char *word;
	size_t n;

	switch (key->type) {
	case CONFIG_TYPE_CHOICE:
		word = config_key_choice(key, config_key_number(key, cfg), &n);
		fprintf(out, "\"%.*s\"", (int)n, word);
		break;
	case CONFIG_TYPE_TEXT:
		print_text(out, key, *config_key_text(key, cfg), hides);
		break;
	case CONFIG_TYPE_LIST:
		print_list(out, key, config_key_list(key, cfg), depth, hides);
		break;
	case CONFIG_TYPE_NUMBER:
		fprintf(out, "%" PRId64, config_key_number(key, cfg));
		break;
	case CONFIG_TYPE_SWITCH:
	case CONFIG_TYPE_ALWAYS:
		fputs(config_key_number(key, cfg) != 0 ? "true" : "false", out);
		break;
	}
}

static void
print_comment(FILE *out, const struct config_key *key, int depth)
{
	char allowed[256];

	indent(out, depth);
	fprintf(out, "// %s", key->help);
	if (key->type != CONFIG_TYPE_TEXT && key->type != CONFIG_TYPE_LIST)
		fprintf(out, " Allowed: %s.", config_key_allowed(key, allowed, sizeof(allowed)));
	fputc('\n', out);
}

/* Number of groups that `path` is in. */
static int
groups(const char *path)
{
	int n = 0;

	for (; *path != '\0'; path++)
		n += *path == '.';
	return n;
}

/* Number of groups that both paths are in. */
static int
groups_shared(const char *a, const char *b)
{
	int n = 0;

	for (; *a == *b && *a != '\0'; a++, b++)
		n += *a == '.';
	return n;
}

/* The n-th name of a path, n from 0. */
static const char *
name_at(const char *path, int n)
{
	for (; n > 0; n--)
		path = strchr(path, '.') + 1;
	return path;
}

static void
print_all(FILE *out, const struct config *cfg, struct extras extras)
{
	struct config *fields = (struct config *)cfg; /* only looked at */
	const char *before = "";
	int open = 0; /* groups that are open */

	fputs("{", out);
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		int shared = groups_shared(before, key->path);

		for (; open > shared; open--) {
			fputc('\n', out);
			indent(out, open);
			fputc('}', out);
		}
		fputs(i == 0 ? "\n" : ",\n", out);
		for (; open < groups(key->path); open++) {
			const char *name = name_at(key->path, open);

			indent(out, open + 1);
			fprintf(out, "\"%.*s\": {\n", (int)strcspn(name, "."), name);
		}
		if (extras.comments)
			print_comment(out, key, open + 1);
		indent(out, open + 1);
		fprintf(out, "\"%s\": ", name_at(key->path, open));
		print_value(out, key, fields, open + 1, extras.hides);
		before = key->path;
	}
	fputs("\n}\n", out);
}

void
config_print(FILE *out, const struct config *cfg, bool comments)
{
	print_all(out, cfg, (struct extras){.comments = comments});
}

void
config_show(FILE *out, const struct config *cfg)
{
	print_all(out, cfg, (struct extras){.hides = true});
}
