/*
 * What a start would do: the pool itself, played through in no time against an
 * exchange that answers at once. For --check-config. One thread.
 */
#ifndef FEED_PLAN_FORECAST_H
#define FEED_PLAN_FORECAST_H

#include <stdbool.h>
#include <stdio.h>

#include "feed/base/mono.h"
#include "feed/conf/config.h"
#include "feed/venue/binance/limits.h"

struct forecast {
	unsigned lines;
	unsigned streams;          /* by name */
	unsigned patterns;         /* which stand for streams that are not known yet */
	unsigned streams_per_line; /* on the fullest line */
	unsigned connects;
	unsigned requests;         /* SUBSCRIBE frames, all lines together */
	span_t subscribed_after;   /* until the last answer, not counting network and TLS */
	uint32_t books;            /* that are put together from snapshots */
	uint32_t snapshot_limit;   /* levels a side of these */
	span_t synced_after;       /* until the last of them, not counting the network */
	bool wants_backfill;
	bool has_rest;             /* which backfill needs */
	struct limits_past aggregates, trades; /* that were missed, and what they cost */
	bool has_key;
};

/* Fills *out. Returns 0, or -1 when there is no plan for *cfg (the reason is logged). */
int forecast_make(const struct config *cfg, struct forecast *out);

/* A line of words, and one each for books and backfill if there are any. */
void forecast_print(FILE *out, const struct forecast *forecast);

#endif
