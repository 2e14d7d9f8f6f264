/*
 * A table of text whose columns become as wide as their widest cell. Grows on
 * the heap; for what is printed once, not for what is printed often.
 */
#ifndef TOOLS_COMMON_TABLE_H
#define TOOLS_COMMON_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS 32

struct table {
	char **cells; /* row by row */
	unsigned columns, count, room;
	int width[TABLE_COLUMNS];
	bool right[TABLE_COLUMNS];
};

/* An empty table of so many columns. */
void table_init(struct table *t, unsigned columns);

/* Frees the cells. The table is empty afterwards. */
void table_fini(struct table *t);

/* The next cell, row by row; a copy is kept. The last word of `right` in a column wins. */
void table_cell(struct table *t, const char *text, bool right);

/* Prints all rows. */
void table_print(const struct table *t, FILE *out);

#endif
