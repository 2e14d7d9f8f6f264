/*
 * One JSON object, its members put into numbered slots: the single pass of the
 * decoder. The exchange's keys are single letters whose meaning depends on the
 * event and whose order depends on the product, so the pass records values by
 * key and leaves it to json.c to say what they mean. Pure.
 *
 * Values are recorded by what they are (a quoted decimal, an integer, levels);
 * nested objects and other arrays are checked, skipped and remembered as text.
 */
#ifndef FEED_VENUE_BINANCE_FIELDS_H
#define FEED_VENUE_BINANCE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/venue/venue.h"

/* The slot of a single-letter key; letters occupy 1 to 26 and 33 to 58. */
#define FIELD(letter) ((letter) & 63)
#define FIELD_BIT(slot) (UINT64_C(1) << (slot))

/* Slots of the longer keys that we know. */
enum field_slot {
	FIELD_PREV_ID = 27, /* pu */
	FIELD_STREAM = 28,
	FIELD_DATA = 29,
	FIELD_EVENT = 30,
	FIELD_RESULT = 31,
	FIELD_ID = 32,
	FIELD_ERROR = 59,
	FIELD_CODE = 60,
	FIELD_MSG = 61,
	FIELD_LAST_UPDATE_ID = 62,
	FIELD_BIDS = 63,
	FIELD_ASKS = 0,
	FIELD_SLOTS = 64
};

enum field_type {
	FIELD_STRING,  /* text without its quotes, no escapes in it */
	FIELD_ESCAPED, /* the same with escapes, which are still there */
	FIELD_DECIMAL, /* a string that is a usual decimal: text and number */
	FIELD_INTEGER, /* fits 64 bits */
	FIELD_TRUE,
	FIELD_FALSE,
	FIELD_OBJECT,
	FIELD_LEVELS,       /* array of [price, quantity]: first level and count */
	FIELD_LEVELS_UNFIT, /* the same, but a decimal does not fit 64 bits */
	FIELD_OTHER,        /* null, another number, another array */
};

struct field {
	const char *text; /* the value as written; strings without their quotes */
	int64_t number;   /* INTEGER; DECIMAL: mantissa; LEVELS: index in the scratch */
	uint32_t length;  /* of text */
	uint32_t count;   /* LEVELS: how many */
	int32_t exponent; /* DECIMAL */
	enum field_type type;
};

struct fields {
	uint64_t seen;  /* FIELD_BIT of every key that is there; other slots are not filled */
	uint64_t twice; /* of every key that is there more than once; the last one is in the slot */
	struct field slot[FIELD_SLOTS];
};

/* Where the pass stands; one per message. */
struct fields_scan {
	const char *end;               /* of the message */
	struct event_scratch *scratch; /* takes the levels */
	uint32_t levels;               /* levels in it so far */
};

/*
 * Reads the object whose opening brace is at p. `depth` is how many arrays and
 * objects surround it. Returns the position behind its closing brace, or NULL
 * when it is not well-formed, nested too deep, or has more than
 * VENUE_LEVELS_MAX levels. Up to SCAN_AHEAD bytes behind scan->end are read,
 * and never decide anything.
 */
const char *fields_read(
    struct fields *fields, struct fields_scan *scan, const char *p, int depth);

#endif
