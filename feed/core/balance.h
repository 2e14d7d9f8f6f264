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
};

/* A stream's leg; item [stream * legs + leg]. */
struct balance_item {
	uint32_t load;
	uint16_t line;      /* BALANCE_NONE: nowhere */
	bool fixed;         /* is being moved, or may not be: not in a plan */
};

struct balance_cfg {
	unsigned streams_max;   /* per line */
	unsigned lines_min;     /* initial_connections */
	unsigned lines_max;     /* max_connections, <= BALANCE_LINES_MAX */
	uint64_t load_high;     /* per line: above it a line is added; > load_low */
	uint64_t load_low;      /* per line: one is closed when the rest would stay below it */
	span_t grow_after;      /* so long above, >= 0; 10 s */
	span_t shrink_after;    /* so long below, >= 0; idle_timeout, 300 s */
	int unbalance;          /* permille: fullest / emptiest line worth a move, > 1000; 1500 */
};

/* Since when the load asks for another number of lines. */
struct balance_scale {
	const struct balance_cfg *cfg;
	mono_t high_since, low_since; /* MONO_NEVER: not */
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

/*
 * Call it now and then. Lines that are not open count for nothing. GROW: the mean load
 * per open line was above load_high for grow_after (at once when there is no room for
 * all `items_wanted` stream legs), and lines_max is not reached. SHRINK: for
 * shrink_after the load of all would, on one line fewer, stay below load_low and within
 * streams_max per line, and lines_min is not reached; *victim is the line to close: the
 * least healthy, then the least loaded. After either, time counts afresh.
 */
enum balance_wish balance_scale_step(struct balance_scale *scale, const struct balance_line *line,
    unsigned nlines, unsigned items_wanted, mono_t now, uint16_t *victim);

/* ---- moves ---- */

/*
 * Plans at most `max` moves of items [0, nstreams * legs) that make the lines
 * more even: from the line with the most load for its health to the one with
 * the least, while they differ by more than `unbalance`, every move an
 * improvement. Lines that are not open are emptied first, whatever their load.
 * Fills move[0..], works on a copy of `line`, changes nothing else. Returns how many.
 */
unsigned balance_plan(const struct balance_cfg *cfg, const struct balance_line *line,
    unsigned nlines, const struct balance_item *item, unsigned nstreams, unsigned legs,
    struct balance_move *move, unsigned max);

#endif
