#include "tools/exchange-sim/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (1 << 20) /* bytes of a file */

static int
say(char *error, size_t cap, const char *origin, int line, const char *what)
{
	snprintf(error, cap, "%s:%d: %s", origin, line, what);
	return -1;
}

static bool
has_endpoint(const struct exchange *x, const char *name)
{
	for (uint32_t i = 0; i < x->nendpoints; i++)
		if (strcmp(x->endpoint[i].name, name) == 0)
			return true;
	return name[0] == '\0';
}

/* Counts the faults, after looking at every line. -1: one is wrong. */
static int
check(const struct exchange *x, struct bytes text, const char *origin, char *error, size_t cap)
{
	struct bytes line;
	struct fault f;
	char what[256];
	int number = 0, n = 0, r;

	while (http_part(&text, '\n', &line)) {
		number++;
		r = fault_parse(line, &f, what, sizeof(what));
		if (r < 0)
			return say(error, cap, origin, number, what);
		n += r;
		if (r == 1 && !has_endpoint(x, f.endpoint)) {
			snprintf(what, sizeof(what), "endpoint: there is no \"%s\"", f.endpoint);
			return say(error, cap, origin, number, what);
		}
		if (x->faults.n + (uint32_t)n > FAULTS_MAX)
			return say(error, cap, origin, number, "too many faults");
	}
	return n;
}

int
script_add(struct exchange *x, struct bytes text, const char *origin, mono_t now,
    struct text *ids, char *error, size_t cap)
{
	int n = check(x, text, origin, error, cap);
	struct bytes line;
	struct fault f;
	bool first = true;

	while (n > 0 && http_part(&text, '\n', &line)) {
		uint32_t id;

		if (fault_parse(line, &f, error, cap) != 1)
			continue;
		id = faults_add(&x->faults, &f, now);
		if (ids == NULL)
			continue;
		if (!first)
			text_lit(ids, ",");
		text_int(ids, id);
		first = false;
	}
	return n;
}

int
script_load(struct exchange *x, const char *path, mono_t now, char *error, size_t cap)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(SCRIPT_MAX + 1);
	size_t n = 0;
	int r = -1;

	if (f != NULL && text != NULL)
		n = fread(text, 1, SCRIPT_MAX + 1, f);
	if (f == NULL || text == NULL || ferror(f) != 0)
		snprintf(error, cap, "%s: %s", path, strerror(errno));
	else if (n > SCRIPT_MAX)
		snprintf(error, cap, "%s: larger than %d bytes", path, SCRIPT_MAX);
	else
		r = script_add(x, (struct bytes){text, n}, path, now, NULL, error, cap);
	if (f != NULL)
		fclose(f);
	free(text);
	return r;
}
