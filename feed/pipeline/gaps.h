/*
 * The gaps that are being filled: ids that were told missing, and how far they
 * have been told again since. In the order in which they were found, which is
 * that in which they are asked for and end.
 *
 * Feed thread; allocates at start only. What is in here follows from what the
 * pipeline was told and from nothing else.
 */
#ifndef FEED_PIPELINE_GAPS_H
#define FEED_PIPELINE_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/venue/venue.h"

struct gaps_cfg {
	uint32_t gaps_max; /* that are open at a time */
	int64_t ids_max;   /* of one; a longer one is not asked for */
};

struct gap {
	uint64_t ticket; /* from 1 on */
	uint32_t instrument;
	enum event_kind kind; /* EVENT_TRADE, EVENT_AGG_TRADE */
	int64_t first, last;  /* ids */
	int64_t next;         /* the first of them that is not told yet */
	bool asked;           /* gaps_next_wish() gave it out */
	bool over;            /* told to its end: only its answer is not here yet */
};

struct gaps;

/* Returns 0 or -ENOMEM. */
int gaps_new(struct gaps **out, const struct gaps_cfg *cfg);
void gaps_free(struct gaps **gaps);

/* Notes a gap. False: it is too long, or too many are open. */
bool gaps_add(struct gaps *gaps, uint32_t instrument, enum event_kind kind, int64_t first,
    int64_t last);

/* The gap of that ticket, valid until the next call; NULL: it was removed. */
struct gap *gaps_find(struct gaps *gaps, uint64_t ticket);

/* The oldest gap of an instrument and a kind that is not over; NULL: there is none. */
struct gap *gaps_find_of(struct gaps *gaps, uint32_t instrument, enum event_kind kind);

/* It is answered to its end: its place is free. */
void gaps_remove(struct gaps *gaps, struct gap *gap);

/* The oldest gap that was not given out yet; false: there is none. */
bool gaps_next_wish(struct gaps *gaps, struct gap *out);

#endif
