#include "tools/pool-status/settings.h"

#include <stdbool.h>
#include <string.h>

#include "tools/common/text.h"

/* Copies a part of the line behind what `out` holds already. */
static const char *
keep(struct settings *out, size_t *used, const char *part, size_t n)
{
	char *at = out->text + *used;

	*used += text_clean(part, n, at, sizeof(out->text) - *used) + 1;
	return at;
}

/* The line without its end; it is one byte longer than key, value and two NULs. */
static void
take_line(struct settings *out, size_t *used, const char *line, size_t n)
{
	const char *equal = memchr(line, '=', n);
	struct setting_row *row = &out->row[out->rows];

	if ((*line != '*' && *line != ' ') || equal == NULL)
		return;
	row->set = *line == '*' ? "*" : "";
	row->key = keep(out, used, line + 1, (size_t)(equal - line) - 1);
	row->value = keep(out, used, equal + 1, n - (size_t)(equal - line) - 1);
	out->rows++;
}

void
settings_take(struct settings *out, const char keys[TICK_KEYS_MAX])
{
	const char *end = keys + strnlen(keys, TICK_KEYS_MAX);
	size_t used = 0;

	out->rows = 0;
	for (const char *line = keys, *next; line < end && out->rows < SETTINGS_MAX; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		next = newline != NULL ? newline + 1 : end;
		if (newline != NULL)
			take_line(out, &used, line, (size_t)(newline - line));
	}
}
