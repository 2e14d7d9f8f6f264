#include "tools/exchange-sim/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COLUMNS 5
enum { FILE_NAME, CAPTURE, PRODUCT, SYMBOL, TIME };

static char *
read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;
	ssize_t got;

	if (f == NULL)
		return NULL;
	got = getdelim(&text, &cap, '\0', f);
	fclose(f);
	if (got < 0) {
		free(text);
		return NULL;
	}
	*n = (size_t)got;
	return text;
}

/* Is `name` what the capture's file is called, less its endings? */
static bool
is_capture(const char *name, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t n = strlen(name);

	base = base != NULL ? base + 1 : path;
	return strncmp(base, name, n) == 0 && strncmp(base + n, ".jsonl", 6) == 0;
}

static int
add_book(struct shelf *shelf, const char *index, char *const *column, char *error, size_t cap)
{
	struct shelf_book *book = &shelf->book[shelf->n];
	const char *slash = strrchr(index, '/');
	char path[4096];

	if (shelf->n == SHELF_BOOKS_MAX) {
		snprintf(error, cap, "%s: more than %d books", index, SHELF_BOOKS_MAX);
		return -1;
	}
	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - index) : 0, index,
	    column[FILE_NAME]);
	*book = (struct shelf_book){
		.time_us = strtoll(column[TIME], NULL, 10), .served = MONO_NEVER};
	snprintf(book->symbol, sizeof(book->symbol), "%s", column[SYMBOL]);
	book->body = read_file(path, &book->n);
	if (book->body == NULL) {
		snprintf(error, cap, "%s: cannot be read", path);
		return -1;
	}
	shelf->n++;
	return 0;
}

int
shelf_load(struct shelf *shelf, const char *index, const char *capture, char *error, size_t cap)
{
	char *text, *rest, *line, *column[COLUMNS];
	size_t n;
	int rc = 0;

	*shelf = (struct shelf){.waits_until = MONO_NEVER};
	rest = text = read_file(index, &n);
	if (text == NULL) {
		snprintf(error, cap, "%s: cannot be read", index);
		return -1;
	}
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '#' || line[0] == '\0')
			continue;
		for (int i = 0; i < COLUMNS; i++)
			column[i] = strsep(&line, "\t");
		if (column[TIME] != NULL && is_capture(column[CAPTURE], capture))
			rc = add_book(shelf, index, column, error, cap);
	}
	free(text);
	return rc;
}

void
shelf_free(struct shelf *shelf)
{
	for (unsigned i = 0; i < shelf->n; i++)
		free(shelf->book[i].body);
	shelf->n = 0;
}

struct bytes
shelf_take(struct shelf *shelf, struct bytes symbol, mono_t now)
{
	for (unsigned i = 0; i < shelf->n; i++) {
		struct shelf_book *book = &shelf->book[i];

		if (!bytes_equal(bytes_of(book->symbol), symbol))
			continue;
		if (mono_is_never(book->served))
			book->served = now;
		return (struct bytes){book->body, book->n};
	}
	return BYTES_NONE;
}

/* "btcusdt@depth", "btcusdt@depth@100ms" of BTCUSDT; not "btcusdt@depth20". */
static bool
is_changes_of(struct bytes stream, const char *symbol)
{
	static const char type[] = "@depth";
	size_t n = strlen(symbol), whole = n + sizeof(type) - 1;

	return stream.n >= whole && strncasecmp(stream.p, symbol, n) == 0 &&
	    memcmp(stream.p + n, type, sizeof(type) - 1) == 0 &&
	    (stream.n == whole || stream.p[whole] == '@');
}

void
shelf_on_message(struct shelf *shelf, struct bytes stream)
{
	for (unsigned i = 0; i < shelf->n; i++)
		if (!shelf->book[i].flows && is_changes_of(stream, shelf->book[i].symbol))
			shelf->book[i].flows = true;
}

mono_t
shelf_holds(struct shelf *shelf, int64_t time_us, mono_t now)
{
	mono_t until = MONO_ZERO, settled;
	bool asked = true;

	for (unsigned i = 0; i < shelf->n; i++) {
		const struct shelf_book *book = &shelf->book[i];

		if (book->time_us > time_us || !book->flows)
			continue;
		asked = asked && !mono_is_never(book->served);
		if (mono_is_never(book->served))
			continue;
		settled = mono_add(book->served, span_ms(SHELF_SETTLE_MS));
		if (mono_before(now, settled) && mono_before(until, settled))
			until = settled;
	}
	if (asked) {
		shelf->waits_until = MONO_NEVER;
		return until;
	}
	if (mono_is_never(shelf->waits_until))
		shelf->waits_until = mono_add(now, span_s(SHELF_PATIENCE_S));
	return mono_before(now, shelf->waits_until) ? shelf->waits_until : until;
}
