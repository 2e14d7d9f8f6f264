/*
 * Reads recorded messages for tests and benchmarks: lines of
 * "<receive time, microseconds> TAB <message>", and the rows that an
 * independent program derived from them. Files may be compressed with zstd.
 * Every failure ends the test program with a message: a recording that cannot
 * be read must not look like one that was compared.
 */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define CAPTURES_MAX 128
#define CAPTURES_NAME_MAX 256
#define CAPTURES_PADDING 64 /* readable bytes behind every message */

/* The recordings of the folder, by name, without ".jsonl" and ".zst". */
struct captures {
	char folder[CAPTURES_NAME_MAX];
	char name[CAPTURES_MAX][CAPTURES_NAME_MAX];
	size_t count;
};

/*
 * Finds the folder: $TICKRING_CAPTURES, or ../shared/captures from where the
 * program was started. Returns false, and says so on stdout, when it is absent.
 */
bool captures_find(struct captures *captures);

/*
 * The text of any file below the folder, unpacked if its name ends with
 * ".zst", with CAPTURES_PADDING bytes behind it; NULL when it does not exist.
 * The caller frees it.
 */
char *captures_file(const struct captures *captures, const char *name, size_t *size);

/* A file in memory, read line by line. */
struct capture {
	char *text;
	size_t size, at;
	unsigned line; /* 1-based number of the line that was read last */
};

struct capture_message {
	unsigned line;
	int64_t recv_us; /* 0: unknown */
	struct bytes text;
};

/* Reads a recording by its name in the list. */
void captures_open(struct capture *capture, const struct captures *captures, size_t index);

/* Takes the next message. Returns false at the end. */
bool captures_next(struct capture *capture, struct capture_message *out);

void captures_close(struct capture *capture);

enum norm_column {
	NORM_LINE,
	NORM_EVENT,
	NORM_SYMBOL,
	NORM_ID,
	NORM_FIRST,
	NORM_LAST,
	NORM_PRICE_E8,
	NORM_QTY_E8,
	NORM_ASK_E8,
	NORM_ASKQTY_E8,
	NORM_MAKER,
	NORM_EVENT_US,
	NORM_TRADE_US,
	NORM_COLUMNS
};

/*
 * Opens the expected rows of a recording. Returns false when it has none
 * (there are recordings without trades and quotes).
 */
bool norm_open(struct capture *norm, const struct captures *captures, size_t index);

/* Takes the next row's columns, which point into the file. Returns false at the end. */
bool norm_next(struct capture *norm, struct bytes columns[NORM_COLUMNS]);

#endif
