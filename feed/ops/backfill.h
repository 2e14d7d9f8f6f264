/*
 * Trades that were missed: asks REST for them, one gap after the other, and
 * passes on what it has. A part of REST (rest.h), in its thread and within its
 * budget; every snapshot goes first.
 *
 * Every gap is answered up to its last id, also where nothing is to be had: it
 * is too old, REST refuses, or the trades need an API key and there is none.
 */
#ifndef FEED_OPS_BACKFILL_H
#define FEED_OPS_BACKFILL_H

#include "feed/conf/config.h"
#include "feed/ops/ops.h"
#include "feed/ops/rest.h"

struct backfill;

/* Where the configuration wants it, else *out is NULL. Returns 0, or -errno (logged). */
int backfill_open(struct backfill **out, struct rest *rest, const struct config *cfg);

/* Nulls; NULL is fine, here and below. */
void backfill_close(struct backfill **backfill);

/* OPS_GAP_WANTED. */
void backfill_on_gap(struct backfill *backfill, const struct ops_note *note, mono_t now);

/* Sends what may be sent. */
void backfill_pump(struct backfill *backfill, mono_t now);

/* When backfill_pump() may have something to do. */
mono_t backfill_deadline(const struct backfill *backfill, mono_t now);

/* Any thread. */
struct backfill_counts {
	uint64_t requests, refused;
};

struct backfill_counts backfill_counts(const struct backfill *backfill);

#endif
