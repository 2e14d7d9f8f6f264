#include "feed/conf/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/conf/config_product.h"
#include "feed/conf/config_relate.h"
#include "feed/conf/config_streams.h"
#include "feed/conf/config_value.h"

#define FILE_BYTES_MAX (4 * 1024 * 1024) /* far more than 102400 streams need */

/* One place that values come from: the file or a --set. */
struct source {
	struct json_document doc;
	char *name;
	bool lenient;
};

struct load {
	struct config *cfg;
	struct config_problems *problems;
	struct config_origins origins;
	bool unread; /* the file was named and could not be read */
};

static void
apply_preset(enum config_preset preset, struct config *cfg)
{
#define PRESET(set, f, value)                                                                      \
	if (preset == (set))                                                                       \
		cfg->f = (value);
#include "feed/conf/preset.def"
}

/* Reads the whole file into *text. Returns the length, or -errno. */
static ssize_t
read_file(const char *name, char **text)
{
	size_t n = 0;
	FILE *f = fopen(name, "re");
	int error;

	*text = NULL;
	if (f == NULL)
		return -errno;
	*text = malloc(FILE_BYTES_MAX + 1);
	assert(*text != NULL);
	errno = 0;
	n = fread(*text, 1, FILE_BYTES_MAX + 1, f);
	error = ferror(f) ? errno : 0;
	fclose(f);
	if (error != 0)
		return -error;
	return n > FILE_BYTES_MAX ? -EFBIG : (ssize_t)n;
}

/* Returns false when there is nothing to say of what the file holds. */
static bool
load_file(struct source *src, const char *file, struct config_problems *problems)
{
	struct config_origin start = {src->name, 1};
	char *text;
	ssize_t n = read_file(file, &text);

	if (n < 0)
		config_problem(problems, (struct config_origin){src->name, 0}, "cannot be read: %s",
		    strerror((int)-n));
	else
		json_read((struct bytes){text, (size_t)n}, start, "", &src->doc, problems);
	free(text);
	if (src->doc.n > 0 && src->doc.value[0].kind != JSON_OBJECT)
		config_problem(problems, start, "a configuration is an object: { ... }");
	return n >= 0;
}

/* A value that does not read as JSON is a text. */
static void
load_override(struct source *src, const char *text, struct config_problems *problems)
{
	struct config_origin start = {src->name, 0};
	const char *equals = strchr(text, '=');
	char *key;
	struct json_value *v;

	if (equals == NULL || equals == text) {
		config_problem(problems, start, "\"%s\" has not the form key=value", text);
		return;
	}
	key = strndup(text, (size_t)(equals - text));
	assert(key != NULL);
	if (!json_read(bytes_of(equals + 1), start, key, &src->doc, NULL)) {
		json_free(&src->doc);
		v = calloc(1, sizeof(*v));
		assert(v != NULL);
		v->kind = JSON_STRING;
		v->path = strdup(key);
		v->text = strdup(equals + 1);
		v->at = start;
		assert(v->path != NULL && v->text != NULL);
		src->doc.value = v;
		src->doc.n = 1;
	}
	free(key);
}

static void
report_unknown(const struct json_value *v, struct config_problems *problems)
{
	char known[128];
	const char *suggestion = config_key_suggest(v->path, known, sizeof(known));

	if (suggestion == NULL)
		config_problem(problems, v->at, "unknown key \"%s\"", v->path);
	else
		config_problem(problems, v->at, "unknown key \"%s\"; did you mean \"%s\"?", v->path,
		    suggestion);
}

/* Reports a second value for the same key or group of the same source. */
static bool
is_repeated(const struct source *src, size_t i, struct config_problems *problems)
{
	const struct json_value *v = src->doc.value;

	for (size_t j = 0; j < i; j++) {
		if (v[j].element || strcmp(v[j].path, v[i].path) != 0)
			continue;
		if (v[j].at.line == 0)
			config_problem(problems, v[i].at, "key \"%s\" is given twice", v[i].path);
		else
			config_problem(problems, v[i].at,
			    "key \"%s\" is given twice, first in line %zu", v[i].path,
			    v[j].at.line);
		return true;
	}
	return false;
}

/* Number of values after i that belong into the object i. */
static size_t
members(const struct json_document *doc, size_t i)
{
	size_t n = strlen(doc->value[i].path), end = i + 1;

	while (end < doc->n && strncmp(doc->value[end].path, doc->value[i].path, n) == 0 &&
	    doc->value[end].path[n] == '.')
		end++;
	return end - i - 1;
}

static void
apply_key(struct load *load, const struct source *src, const struct config_key *key, size_t i)
{
	const struct json_value *v = &src->doc.value[i];
	size_t row = (size_t)(key - config_keys);

	load->origins.at[row] = v->at;
	load->origins.wrong[row] = !config_value_set(key, v, src->doc.n - i, src->lenient,
	    load->cfg, load->problems);
}

static void
apply_source(struct load *load, const struct source *src)
{
	const struct json_value *v = src->doc.value;
	char known[256];

	for (size_t i = 0; i < src->doc.n; i++) {
		const struct config_key *key = config_key_find(v[i].path);
		bool group = config_key_is_group(v[i].path);

		if (v[i].element || *v[i].path == '\0')
			continue;
		if (key == NULL && !group) {
			report_unknown(&v[i], load->problems);
			i += members(&src->doc, i);
		} else if (is_repeated(src, i, load->problems)) {
			continue;
		} else if (key != NULL) {
			apply_key(load, src, key, i);
			i += members(&src->doc, i);
		} else if (v[i].kind != JSON_OBJECT) {
			json_show(&v[i], known);
			config_problem(load->problems, v[i].at,
			    "key \"%s\": value %s is no group of keys: { ... }", v[i].path, known);
		}
	}
}

/* Sets one key ahead of all others: the last source counts. */
static void
find_key(const char *path, struct config *cfg, const struct source *src, size_t n)
{
	const struct config_key *key = config_key_find(path);
	const struct json_value *v;

	for (size_t s = 0; s < n; s++)
		for (v = src[s].doc.value; v < src[s].doc.value + src[s].doc.n; v++)
			if (!v->element && strcmp(v->path, key->path) == 0)
				config_value_set(key, v, 1, src[s].lenient, cfg, NULL);
}

/* What other keys are laid over comes first, whatever the order of the keys. */
static void
find_base(struct config *cfg, const struct source *src, size_t n)
{
	find_key("preset", cfg, src, n);
	apply_preset(cfg->preset, cfg);
	find_key("product", cfg, src, n);
	config_product_apply(cfg);
}

static char *
override_name(const char *text)
{
	char *name = NULL;

	if (asprintf(&name, "--set %.*s", (int)strcspn(text, "="), text) < 0)
		assert(!"out of memory");
	return name;
}

static void
apply_all(struct load *load, struct source *src, size_t n, const char *file)
{
	load->origins.at = calloc(config_keys_n, sizeof(*load->origins.at));
	load->origins.wrong = calloc(config_keys_n, sizeof(*load->origins.wrong));
	assert(load->origins.at != NULL && load->origins.wrong != NULL);
	for (size_t i = 0; i < config_keys_n; i++) /* the file may well have them */
		load->origins.wrong[i] = load->unread;
	for (size_t i = 0; i < n; i++)
		apply_source(load, &src[i]);
	config_product_route(load->cfg, &load->origins, file, load->problems);
	config_streams_check(load->cfg, &load->origins, file, load->problems);
	config_relate(load->cfg, &load->origins, file, load->problems);
	free(load->origins.at);
	free(load->origins.wrong);
}

bool
config_load(const char *file, const char *const *overrides, size_t n, struct config *cfg,
    struct config_problems *problems)
{
	struct load load = {.cfg = cfg, .problems = problems};
	struct source *src = calloc(n + 1, sizeof(*src));
	size_t before = problems->n + problems->more;

	assert(src != NULL);
	config_defaults(cfg);
	src[0].name = strdup(file == NULL ? "configuration" : file);
	assert(src[0].name != NULL);
	if (file != NULL)
		load.unread = !load_file(&src[0], file, problems);
	for (size_t i = 0; i < n; i++) {
		src[i + 1].name = override_name(overrides[i]);
		src[i + 1].lenient = true;
		load_override(&src[i + 1], overrides[i], problems);
	}
	find_base(cfg, src, n + 1);
	apply_all(&load, src, n + 1, src[0].name);
	for (size_t i = 0; i <= n; i++) {
		json_free(&src[i].doc);
		free(src[i].name);
	}
	free(src);
	return problems->n + problems->more == before;
}

/* Its values have been laid under the others long ago. */
static void
refuse_preset(const struct source *src, struct config_problems *problems)
{
	const struct json_value *v = src->doc.value;

	for (size_t i = 0; i < src->doc.n; i++)
		if (!v[i].element && strcmp(v[i].path, "preset") == 0)
			config_problem(problems, v[i].at,
			    "key \"preset\": it counts when a configuration is read as a whole");
}

bool
config_amend(const struct config *base, const char *name, struct bytes text, struct config *cfg,
    struct config_problems *problems)
{
	struct load load = {.cfg = cfg, .problems = problems};
	struct source src = {.name = strdup(name)};
	struct config_origin start = {src.name, 1};
	size_t before = problems->n + problems->more;

	assert(src.name != NULL);
	config_copy(cfg, base);
	json_read(text, start, "", &src.doc, problems);
	if (src.doc.n > 0 && src.doc.value[0].kind != JSON_OBJECT)
		config_problem(problems, start, "a configuration is an object: { ... }");
	refuse_preset(&src, problems);
	apply_all(&load, &src, 1, src.name);
	json_free(&src.doc);
	free(src.name);
	return problems->n + problems->more == before;
}
