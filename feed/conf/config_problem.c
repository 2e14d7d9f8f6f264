#include "feed/conf/config_problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
config_problem(struct config_problems *problems, struct config_origin at, const char *fmt, ...)
{
	char *text = NULL;
	size_t size = 0;
	va_list ap;
	FILE *f;

	if (problems == NULL)
		return;
	if (problems->n == CONFIG_PROBLEMS_MAX) {
		problems->more++;
		return;
	}
	f = open_memstream(&text, &size);
	assert(f != NULL);
	fputs(at.source, f);
	if (at.line > 0)
		fprintf(f, ":%zu", at.line);
	fputs(": ", f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
	assert(text != NULL);
	/* One problem is one line, whatever bytes the user wrote. */
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	problems->line = reallocarray(problems->line, problems->n + 1, sizeof(*problems->line));
	assert(problems->line != NULL);
	problems->line[problems->n++] = text;
}

void
config_problems_print(FILE *out, const struct config_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		fprintf(out, "%s\n", problems->line[i]);
	if (problems->more > 0)
		fprintf(out, "%zu more problem%s not shown\n", problems->more,
		    problems->more == 1 ? " is" : "s are");
}

void
config_problems_free(struct config_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		free(problems->line[i]);
	free(problems->line);
	memset(problems, 0, sizeof(*problems));
}
