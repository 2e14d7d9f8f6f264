/*
 * Where shall streams run, how many lines does that take, and what should
 * move? Decides by measured load and health, not by count.
 *
 * Pure functions over arrays that the caller owns (and a hysteresis state);
 * feed thread; no clock. Moves are make before break: the caller subscribes on
 * the new line, waits for the first message, then unsubscribes the old one.
 *
 * Load is whatever the caller measures, in the unit of load_high and load_low
 * (scale.c: bytes per second).
 *
 * Legs of one stream never share a line; they share an endpoint only when no
 * other one has room. All loops are bounded by the arrays' lengths.
 */
#ifndef FEED_CORE_BALANCE_H
#define FEED_CORE_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define BALANCE_LINES_MAX 64
#define BALANCE_LEGS_MAX 3
#define BALANCE_NONE UINT16_MAX /* no line */

struct balance_line {
	uint64_t load;      /* of the streams placed on it */
	unsigned streams;   /* placed on it */
	int health;         /* permille, 0 to 1000 */
	uint16_t endpoint;
	bool open;          /* takes new streams (wanted, not being closed or replaced) */
	bool down;          /* not connected: counts as a line, but nothing is moved there */
};

/* A stream's leg; item [stream * legs + leg]. */
struct balance_item {
	uint32_t load;
	uint16_t line;      /* BALANCE_NONE: nowhere */
	bool fixed;         /* is being moved, or may not be: not in a plan */
	bool rests;         /* was moved not long ago: moved only where it cannot stay */
};

struct balance_cfg {
	unsigned streams_max;   /* per line */
	unsigned lines_min;     /* initial_connections */
	unsigned lines_max;     /* max_connections, <= BALANCE_LINES_MAX */
	uint64_t load_high;     /* per line: above it a line is added; >= load_low */
	uint64_t load_low;      /* per line: one is closed when the rest would stay below it,
	                         * and below three quarters of load_high */
	span_t grow_after;      /* so long above, >= 0; 10 s */
	span_t shrink_after;    /* so long below, >= 0; idle_timeout, 300 s */
	int unbalance;          /* permille: fullest / emptiest line worth a move, > 1000; 1500 */
};

/*
 * Since when the load asks for another number of lines; and how often it was
 * a mistake to have closed one: a load that goes up and down must not take the
 * lines with it for ever.
 */
struct balance_scale {
	const struct balance_cfg *cfg;
	mono_t high_since, low_since; /* MONO_NEVER: not */
	mono_t grown;                 /* by load, last; MONO_NEVER: not yet */
	bool shrunk;                  /* since then */
	uint8_t regrets;              /* lines closed that were missed afterwards */
};

enum balance_wish {
	BALANCE_STAY,
	BALANCE_GROW,   /* open one more line */
	BALANCE_SHRINK, /* empty and close the line that is told */
};

struct balance_move {
	uint32_t item;
	uint16_t from, to;
};

/* ---- placement ---- */

/*
 * The line for one more leg of a stream with that load: an open one with room
 * whose load after it, divided by its health, is the least; not a line of
 * `peers` (the lines of its other legs, `npeers` of them, BALANCE_NONE
 * skipped), and not on an endpoint of theirs while another has room. The first
 * among equals; BALANCE_NONE when there is none.
 */
uint16_t balance_place(const struct balance_cfg *cfg, const struct balance_line *line,
    unsigned nlines, uint32_t load, const uint16_t *peers, unsigned npeers);

/* ---- number of lines ---- */

/* `cfg` outlives it. */
void balance_scale_init(struct balance_scale *scale, const struct balance_cfg *cfg);

/* What is to be carried, beside the lines' own figures. */
struct balance_demand {
	unsigned items;  /* stream legs wanted */
	bool divisible;  /* one more line would take some of the load: balance_would_spread() */
};

/*
 * Call it now and then. Lines that are not open count for nothing; no more lines are
 * wanted than there are items. GROW: the mean load per open line was above load_high for
 * grow_after and can be divided (at once when there is no room for all items, or there
 * are fewer lines than lines_min), and lines_max is not reached. SHRINK: for as long as
 * balance_scale_patience() says the load of all would, on one line fewer, stay below
 * load_low and within streams_max per line, and lines_min is not reached; *victim is the
 * line to close: the least healthy, then the least loaded. After either, time counts afresh.
 */
enum balance_wish balance_scale_step(struct balance_scale *scale, const struct balance_line *line,
    unsigned nlines, const struct balance_demand *demand, mono_t now, uint16_t *victim);

/*
 * How long a line has to be superfluous before it is closed: shrink_after, and twice
 * as long, a minute at least, for every one that was missed after it was closed. A day
 * without growth forgets that.
 */
span_t balance_scale_patience(const struct balance_scale *scale, mono_t now);

/* A line was closed for another reason: because nothing ran on it. */
void balance_scale_on_closed(struct balance_scale *scale);

/* How many lines there have to be for so many items. */
unsigned balance_lines_min(const struct balance_cfg *cfg, unsigned items);

/* ---- moves ---- */

/*
 * Plans at most `max` moves of items [0, nstreams * legs). Lines that are not
 * open are emptied first, then those with more than streams_max are relieved,
 * whatever their load. After that lines are made more even: from the line with
 * the most load for its health to the one with the least, once they differ by
 * more than `unbalance`, until they differ by half of that. Every move is worth
 * its cost: it takes a third of the item's load at least off the fuller of the
 * two, so that it takes a change of two thirds of it to make the way back
 * worthwhile. Fills move[0..], works on a copy of `line`, changes nothing else.
 * Returns how many.
 */
unsigned balance_plan(const struct balance_cfg *cfg, const struct balance_line *line,
    unsigned nlines, const struct balance_item *item, unsigned nstreams, unsigned legs,
    struct balance_move *move, unsigned max);

/* Would some of the load move to one more, empty line? */
bool balance_would_spread(const struct balance_cfg *cfg, const struct balance_line *line,
    unsigned nlines, const struct balance_item *item, unsigned nstreams, unsigned legs);

#endif
