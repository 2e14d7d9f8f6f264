#include "tools/common/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/exits.h"
#include "tools/common/text.h"

void
table_init(struct table *t, unsigned columns)
{
	assert(columns > 0 && columns <= TABLE_COLUMNS);
	memset(t, 0, sizeof(*t));
	t->columns = columns;
}

void
table_fini(struct table *t)
{
	for (unsigned i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	memset(t, 0, sizeof(*t));
}

/* A tool without memory for a line of text has nothing left to say. */
static void *
or_exit(void *memory)
{
	if (memory == NULL) {
		perror("table");
		exit(EXIT_OTHER);
	}
	return memory;
}

void
table_cell(struct table *t, const char *text, bool right)
{
	unsigned column = t->count % t->columns;
	int width = text_columns(text);

	if (t->count == t->room) {
		t->room = t->room == 0 ? 64 : 2 * t->room;
		t->cells = or_exit(realloc(t->cells, t->room * sizeof(*t->cells)));
	}
	t->cells[t->count++] = or_exit(strdup(text));
	t->right[column] = right;
	if (width > t->width[column])
		t->width[column] = width;
}

void
table_print(const struct table *t, FILE *out)
{
	for (unsigned i = 0; i < t->count; i++) {
		unsigned column = i % t->columns;
		bool last = column == t->columns - 1;

		if (t->right[column])
			text_pad(out, t->cells[i], t->width[column]);
		else if (last)
			fputs(t->cells[i], out);
		else
			text_pad(out, t->cells[i], -t->width[column]);
		fputs(last ? "\n" : "  ", out);
	}
}
