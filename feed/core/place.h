/*
 * Which stream is on which line: every leg of a stream on a line of that leg,
 * and on the line's successor as well while a line is being replaced.
 *
 * The part of a pool (pool.h) that keeps the lists of its sessions and the way
 * back from a stream to its places in them. Pure; feed thread.
 */
#ifndef FEED_CORE_PLACE_H
#define FEED_CORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/balance.h"
#include "feed/core/session.h"
#include "feed/core/shift.h"

#define PLACE_NONE UINT32_MAX
#define PLACE_COPIES_MAX 8 /* three legs, each on a line, its successor, and on the move */

struct pool;

/* A stream, wherever it is. */
struct pool_stream {
	uint16_t bytes;                  /* what it adds to a request */
	uint8_t class;                   /* enum stall_class: how long it may be silent */
	uint8_t path;                    /* its lines connect to: group.h */
	bool wanted;                     /* configured */
	bool quiet;                      /* nothing is expected of it: silence is no alarm ... */
	bool unlisted;                   /* ... for there is no such symbol, it seems */
	bool stale;                      /* nothing carries it, or it is silent beyond its limit */
	bool untold;                     /* `stale` changed and was not told yet */
	enum tick_reason why;            /* of the last change of `stale` */
	mono_t since;                    /* of that change; MONO_NEVER: never stale */
	mono_t heard;                    /* last message on any line, MONO_NEVER: none */
	uint64_t messages, measured;     /* so far; until the last review */
	int64_t fast, steady;            /* load on one leg, moving averages; unit: scale.c */
	uint8_t reviews;                 /* that `steady` is made of */
	struct shift_rest rest[BALANCE_LEGS_MAX]; /* by leg: it was moved */
	uint32_t at[PLACE_COPIES_MAX];   /* positions in the lines' lists, PLACE_NONE: unused */
};

/* Spreads the wanted streams over the lines of each leg, in turn. Once, at start. */
void place_spread(struct pool *pool);

/* Puts a stream on a line. Returns false when the line or the stream has no room for that. */
bool place_add(struct pool *pool, unsigned line, uint32_t stream);

/* Takes it off again; nothing happens when it is not there. */
void place_remove(struct pool *pool, unsigned line, uint32_t stream);

/* Is that entry of a line's list a stream, and not one that only waits for its UNSUBSCRIBE? */
bool place_is_used(const struct session_stream *entry);

/* Has the line no streams, not even one that is being asked for anew? */
bool place_is_empty(const struct pool *pool, unsigned line);

/* Puts all streams of a line on another, empty one, which has as much room. */
void place_copy(struct pool *pool, unsigned from, unsigned to);

/* Takes all streams off a line that is about to end. */
void place_clear(struct pool *pool, unsigned line);

/* The stream's place on that line; NULL: it is not there. */
struct session_stream *place_of(struct pool *pool, unsigned line, uint32_t stream);

/* Which line's list is that position in, and is there such a stream? */
unsigned place_line(const struct pool *pool, uint32_t position);

/*
 * Moves it from a line to the emptiest other one of its leg that is up. False:
 * there is none with room, or it is on its way between two lines already.
 */
bool place_move(struct pool *pool, unsigned line, uint32_t stream);

/* Is there a line that is up and on which the stream is acknowledged? `but` is not asked. */
bool place_is_carried(const struct pool *pool, uint32_t stream, unsigned but);

#endif
