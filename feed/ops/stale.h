/*
 * Which instruments are stale? Read off board and directory as any reader
 * does. Ops thread.
 */
#ifndef FEED_OPS_STALE_H
#define FEED_OPS_STALE_H

#include <stdint.h>
#include <stdio.h>

#include <tickring/board.h>
#include <tickring/reader.h>

#include "feed/base/wall.h"

#define STALE_NAMED_MAX 100 /* the others are only counted */

struct stale {
	struct tick_reader *ring; /* for its directory */
	struct tick_board *board;
};

/* Opens ring and board of that feed, which are there. Returns 0 or as tick_reader_open(). */
int stale_open(struct stale *out, const char *feed);

/* Nulls; zeroes are fine. */
void stale_close(struct stale *stale);

/*
 * Writes {"version":1,"feed":...,"stale":how many,"instruments":[...]} without a
 * newline: symbol, since when, and why, of the first STALE_NAMED_MAX.
 */
void stale_json(FILE *out, const struct stale *stale, const char *feed);

#endif
