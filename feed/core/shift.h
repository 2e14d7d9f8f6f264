/*
 * Streams on their way from one line to another of the same leg: subscribed on
 * the new line, heard there, then unsubscribed on the old one.
 *
 * The part of a pool (pool.h) that carries out what balance.h plans. A stream
 * that was moved rests: two minutes, then twice as long every time, up to four
 * hours; a day without a move forgets that. So a load that goes up and down
 * does not take the streams with it. Pure; feed thread.
 */
#ifndef FEED_CORE_SHIFT_H
#define FEED_CORE_SHIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/mono.h"

#define SHIFT_RESCUES 4 /* from lines that were down; then even those that must go rest */

struct pool;

struct shift_rest {
	mono_t until;      /* not moved again before that */
	uint8_t doublings; /* of the rest after the next move */
	uint8_t rescues;   /* since an hour without one */
	mono_t rescued;    /* the last of them */
};

/* Begins to move a stream; not while it is on its way, or one of the lines is being replaced. */
void shift_begin(struct pool *pool, uint32_t stream, unsigned from, unsigned to, mono_t now);

/* Was it moved not long ago? */
bool shift_rests(const struct shift_rest *rest, mono_t now);

/* Was it rescued so often, and just now, that it stays for once even where it should not? */
bool shift_is_weary(const struct shift_rest *rest, mono_t now);

/*
 * Its line is down: moves it to one that is up, if there is one with room, and
 * it is not weary. Returns whether it moved.
 */
bool shift_rescue(struct pool *pool, uint32_t stream, unsigned from, mono_t now);

/* A stream was heard for the first time on a line: a move that waited for it is done. */
void shift_on_produced(struct pool *pool, uint32_t stream, unsigned line);

/* The line is about to be replaced: its moves, to and from, are taken back. */
void shift_on_rotation(struct pool *pool, unsigned line);

/* Ends the moves of streams that are quiet, and gives up those that lead nowhere. */
void shift_look(struct pool *pool, mono_t now);

#endif
