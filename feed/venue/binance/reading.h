/*
 * Typed values out of the fields of one message. A value of the wrong type or
 * form is noted in the reading and something harmless returned, so that an
 * event is filled without asking after every field; the notes count at the
 * end. The slot must be there (reading_has()). Pure.
 */
#ifndef FEED_VENUE_BINANCE_READING_H
#define FEED_VENUE_BINANCE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"
#include "feed/venue/binance/fields.h"
#include "feed/venue/venue.h"

/* One message on its way from fields to an event. */
struct reading {
	struct fields *fields; /* of the object that is read */
	struct fields_scan scan;
	size_t text_used; /* of the scratch's text */
	bool malformed;   /* a field has the wrong type or value */
	bool unfit;       /* a decimal does not fit 64 bits */
};

static inline bool
reading_has(const struct reading *r, unsigned slot)
{
	return (r->fields->seen & FIELD_BIT(slot)) != 0;
}

/* The text of a string; escapes are resolved into the scratch. */
struct bytes read_text(struct reading *r, unsigned slot);

/* A quoted decimal that is not a usual one; read_decimal() calls it. */
struct fixed read_decimal_any(struct reading *r, unsigned slot);

/*
 * Nanoseconds since 1970 of a stamp of 13 digits (milliseconds) or 16
 * (microseconds); anything else, and what does not fit, is malformed.
 */
int64_t read_time(struct reading *r, unsigned slot);

/* The same, or VENUE_NO_TIME when the key is not there. */
int64_t read_time_if_there(struct reading *r, unsigned slot);

/* true or false. */
bool read_flag(struct reading *r, unsigned slot);

/* One side of a book: its levels in the scratch and how many they are. */
const struct event_level *read_levels(struct reading *r, unsigned slot, uint32_t *count);

/* A quoted decimal. */
static inline struct fixed
read_decimal(struct reading *r, unsigned slot)
{
	const struct field *field = &r->fields->slot[slot];

	if (field->type == FIELD_DECIMAL)
		return (struct fixed){field->number, field->exponent};
	return read_decimal_any(r, slot);
}

/* An integer of 64 bits. */
static inline int64_t
read_integer(struct reading *r, unsigned slot)
{
	const struct field *field = &r->fields->slot[slot];

	if (field->type != FIELD_INTEGER) {
		r->malformed = true;
		return 0;
	}
	return field->number;
}

#endif
