/*
 * Loads a configuration from a text, for tests: through a file of its own
 * that is gone afterwards, whose name is cut from the problems.
 */
#ifndef TESTS_CONFIG_TEXT_H
#define TESTS_CONFIG_TEXT_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/conf/config.h"
#include "feed/conf/config_key.h"

/* Problem lines, each ended by a newline, without the leading file name. */
static inline char *
config_problems_text(const struct config_problems *problems, const char *file)
{
	size_t n = file == NULL ? 0 : strlen(file), size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	assert(f != NULL);
	for (size_t i = 0; i < problems->n; i++) {
		const char *line = problems->line[i];

		fprintf(f, "%s\n", n > 0 && strncmp(line, file, n) == 0 ? line + n : line);
	}
	fclose(f);
	return text;
}

/* Fills *cfg; returns the problems, to be freed. An empty text: none. */
static inline char *
config_of_text(const char *text, const char *const *overrides, size_t n, struct config *cfg)
{
	char file[] = "/tmp/config-text-XXXXXX";
	struct config_problems problems = {0};
	int fd = mkstemp(file);
	char *lines;

	assert(fd >= 0);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		assert(!"cannot write");
	close(fd);
	assert(config_load(file, overrides, n, cfg, &problems) == (problems.n == 0));
	unlink(file);
	lines = config_problems_text(&problems, file);
	config_problems_free(&problems);
	return lines;
}

static inline char *
config_printed(const struct config *cfg, bool comments)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert(f != NULL);
	config_print(f, cfg, comments);
	fclose(f);
	return text;
}

/* Have both the same values, defaults included? */
static inline bool
config_equal(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < config_keys_n; i++)
		if (!config_key_equal(&config_keys[i], a, b))
			return false;
	return true;
}

/* The whole file as text, to be freed; NULL when it cannot be read. */
static inline char *
text_of_file(const char *name)
{
	FILE *in = fopen(name, "re"), *out;
	char *text = NULL, block[4096];
	size_t size, n;

	if (in == NULL)
		return NULL;
	out = open_memstream(&text, &size);
	assert(out != NULL);
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, n, out);
	fclose(in);
	fclose(out);
	return text;
}

#endif
