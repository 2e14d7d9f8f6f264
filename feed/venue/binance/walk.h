/*
 * Steps through the members of a JSON object, or the elements of an array,
 * one at a time: for messages and bodies whose speed does not matter. Pure,
 * no allocation; every step checks what it passes (RFC 8259).
 *
 * The text must be readable for SCAN_AHEAD bytes behind its end; those bytes
 * never decide anything.
 */
#ifndef FEED_VENUE_BINANCE_WALK_H
#define FEED_VENUE_BINANCE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"

#define WALK_KEY_MAX 32    /* a longer key that was written with escapes keeps them */
#define WALK_NUMBER_MAX 96 /* longest text of a decimal that was written with escapes */

/* A place in an object or array; copies go their own way. */
struct walk {
	const char *p, *end;
	int depth;
	char close; /* what ends it: '}' or ']' */
	bool begun; /* behind the first element, so a comma comes first */
	bool whole; /* its end was reached, and all of it is well-formed */
	char key[WALK_KEY_MAX];
};

struct walk_item {
	struct bytes key;   /* without quotes and escapes; elements of an array: empty */
	struct bytes value; /* as written, quotes included */
};

/*
 * Begins at `text`, which starts with the opening bracket and may go on behind
 * the closing one. `depth` is how many arrays and objects surround it. Returns
 * false when it is neither an object nor an array, or nested too deep.
 */
bool walk_begin(struct walk *walk, struct bytes text, int depth);

/* Is it an object? If not, it is an array. */
static inline bool
walk_is_object(const struct walk *walk)
{
	return walk->close == '}';
}

/*
 * Takes the next member or element; *item is valid until the next call.
 * Returns false at the end, and when the text is malformed: walk->whole tells
 * which. At the end walk->p is behind the closing bracket.
 */
bool walk_next(struct walk *walk, struct walk_item *item);

/*
 * One object of a fixed set of members: finds the value of each of `keys`
 * (count of them, at most 32), in any order, and skips the others. values[i] has no
 * pointer when the key is not there. Returns false when the text is no
 * well-formed object, or has one of the keys twice: which one is meant cannot
 * be known.
 */
bool walk_members(struct bytes text, int depth, const char *const *keys, struct bytes *values,
    size_t count);

/*
 * The text of a value that is a string: without quotes, and without escapes,
 * for which it is written into room[size] if it has any. Returns false when
 * the value is no string, does not fit, or holds U+0000.
 */
bool walk_text(struct bytes value, char *room, size_t size, struct bytes *out);

/* A value that is an integer of 64 bits; false: it is none. */
bool walk_integer(struct bytes value, int64_t *out);

/* A value that is a quoted plain decimal; FIXED_MALFORMED when it is anything else. */
enum fixed_result walk_decimal(struct bytes value, struct fixed *out);

/*
 * A value that is a stamp of 13 digits (milliseconds) or 16 (microseconds), as
 * nanoseconds since 1970; false: it is none.
 */
bool walk_time(struct bytes value, int64_t *ns);

#endif
