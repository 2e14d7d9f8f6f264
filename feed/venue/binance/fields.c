#include "feed/venue/binance/fields.h"

#include "feed/venue/binance/levels.h"
#include "feed/venue/binance/scan.h"

#define KEY_TEXT_MAX 16    /* longer than any key that we know */
#define SLOT_UNKNOWN 32768 /* no slot */

/* "?": as four bytes, the first one lowest, without the letter. */
#define KEY_FRAME ('"' | (uint32_t)'"' << 16 | (uint32_t)':' << 24)

/* The slot of a key of any length. */
static unsigned
slot_of(struct bytes key)
{
	static const struct {
		struct bytes key;
		unsigned slot;
	} known[] = {
		{{"pu", 2}, FIELD_PREV_ID},
		{{"id", 2}, FIELD_ID},
		{{"msg", 3}, FIELD_MSG},
		{{"bids", 4}, FIELD_BIDS},
		{{"asks", 4}, FIELD_ASKS},
		{{"code", 4}, FIELD_CODE},
		{{"data", 4}, FIELD_DATA},
		{{"event", 5}, FIELD_EVENT},
		{{"error", 5}, FIELD_ERROR},
		{{"stream", 6}, FIELD_STREAM},
		{{"result", 6}, FIELD_RESULT},
		{{"lastUpdateId", 12}, FIELD_LAST_UPDATE_ID},
	};

	if (key.n == 1 && (unsigned)((key.p[0] | 0x20) - 'a') < 26)
		return FIELD((unsigned char)key.p[0]);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bytes_equal(key, known[i].key))
			return known[i].slot;
	return SLOT_UNKNOWN;
}

/* Reads any key and its colon from its quote at p. Returns the position of the value. */
static const char *
key_any(const char *p, const char *end, unsigned *slot)
{
	char plain[KEY_TEXT_MAX];
	const char *close = scan_string_rest(p + 1, end);
	struct bytes key;

	if (close == NULL)
		return NULL;
	key = (struct bytes){p + 1, (size_t)(close - p - 1)};
	if (memchr(key.p, '\\', key.n) != NULL) {
		if (scan_unescape(key, plain, sizeof(plain), &key.n))
			key.p = plain;
	}
	*slot = slot_of(key);
	p = scan_space(close + 1, end);
	return p < end && *p == ':' ? scan_space(p + 1, end) : NULL;
}

/* Reads a key from its quote at p: one letter in most cases, so four bytes: "X": */
static inline const char *
key_read(const char *p, const char *end, unsigned *slot)
{
	uint32_t word = (uint32_t)scan_load(p), letter = word >> 8 & 0xff;

	if ((word & 0xffff00ff) == KEY_FRAME && (letter | 0x20) - 'a' < 26) {
		*slot = FIELD(letter);
		return scan_gap(p + 4, end);
	}
	return key_any(p, end, slot);
}

/* Reads a string from its quote at p. */
static inline const char *
string_read(struct field *field, const char *p, const char *end)
{
	struct fixed decimal;
	const char *close;

	field->text = ++p;
	close = scan_decimal(p, &decimal);
	if (close != NULL) {
		field->type = FIELD_DECIMAL;
		field->number = decimal.mantissa;
		field->exponent = decimal.exponent;
	} else {
		field->type = FIELD_STRING;
		close = scan_plain(p, end);
		if (close < end && *close == '\\')
			field->type = FIELD_ESCAPED;
		if (close >= end || *close != '"')
			close = scan_string_rest(close, end);
		if (close == NULL)
			return NULL;
	}
	field->length = (uint32_t)(close - p);
	return close + 1;
}

/* An integer longer than scan_integer() takes; false when it is none of 64 bits. */
static bool
integer_long(struct bytes text, int64_t *out)
{
	struct fixed value;

	if (memchr(text.p, '.', text.n) != NULL || fixed_parse(text, &value) != FIXED_OK)
		return false;
	return fixed_rescale(value, 0, out) == FIXED_OK;
}

/* Reads a number from its first character at p. */
static inline const char *
number_read(struct field *field, const char *p, const char *end)
{
	const char *next = scan_integer(p, &field->number);

	field->text = p;
	field->type = FIELD_INTEGER;
	if (next == NULL) {
		next = scan_number(p, end);
		if (next == NULL)
			return NULL;
		if (!integer_long((struct bytes){p, (size_t)(next - p)}, &field->number))
			field->type = FIELD_OTHER;
	}
	field->length = (uint32_t)(next - p);
	return next;
}

/* Reads levels into the scratch, behind those that are there. */
static const char *
array_of_levels(struct field *field, struct fields_scan *scan, const char *p, int depth)
{
	struct levels levels = {scan->scratch->level + scan->levels,
	    VENUE_LEVELS_MAX - scan->levels, 0, FIXED_OK};
	const char *next = levels_read(&levels, p, scan->end, depth);

	if (next == NULL)
		return NULL;
	field->type = FIELD_LEVELS;
	if (levels.result == FIXED_MALFORMED)
		field->type = FIELD_OTHER;
	else if (levels.result == FIXED_UNFIT)
		field->type = FIELD_LEVELS_UNFIT;
	field->number = scan->levels;
	field->count = levels.count;
	scan->levels += levels.count;
	return next;
}

/* Reads arrays, objects, true, false, null; `slot` says whether levels are to be expected. */
static const char *
value_other(struct field *field, struct fields_scan *scan, const char *p, int depth, unsigned slot)
{
	const uint64_t sides = FIELD_BIT(FIELD('b')) | FIELD_BIT(FIELD('a')) |
	    FIELD_BIT(FIELD_BIDS) | FIELD_BIT(FIELD_ASKS);
	const char *next;

	field->text = p;
	field->type = FIELD_OTHER;
	if (*p == '[' && slot < FIELD_SLOTS && (sides & FIELD_BIT(slot)) != 0) {
		next = array_of_levels(field, scan, p, depth);
	} else {
		next = scan_value(p, scan->end, depth);
		if (*p == '{')
			field->type = FIELD_OBJECT;
		else if (*p == 't')
			field->type = FIELD_TRUE;
		else if (*p == 'f')
			field->type = FIELD_FALSE;
	}
	field->length = next == NULL ? 0 : (uint32_t)(next - p);
	return next;
}

/* Reads any value at p into the field. */
static inline const char *
value_read(struct field *field, struct fields_scan *scan, const char *p, int depth, unsigned slot)
{
	if (p >= scan->end)
		return NULL;
	if (*p == '"')
		return string_read(field, p, scan->end);
	if ((unsigned)(*p - '0') <= 9 || *p == '-')
		return number_read(field, p, scan->end);
	return value_other(field, scan, p, depth, slot);
}

/*
 * Looks for a key, or for the brace that ends the object if `may_end`. Returns
 * false when there is no key: *next is then behind the object, or NULL when it
 * is malformed.
 */
static bool
member_begins(const char *p, const char *end, bool may_end, const char **next)
{
	*next = NULL;
	p = scan_gap(p, end);
	if (p >= end)
		return false;
	if (*p == '}' && may_end) {
		*next = p + 1;
		return false;
	}
	*next = *p == '"' ? p : NULL;
	return *next != NULL;
}

/* Steps from behind a value to the next key, as member_begins(). */
static inline bool
member_next(const char *p, const char *end, const char **next)
{
	if (p < end && p[0] == ',' && p[1] == '"') {
		*next = p + 1;
		return true;
	}
	p = scan_gap(p, end);
	if (p < end && *p == ',')
		return member_begins(p + 1, end, false, next);
	*next = p < end && *p == '}' ? p + 1 : NULL;
	return false;
}

const char *
fields_read(struct fields *fields, struct fields_scan *scan, const char *p, int depth)
{
	const char *end = scan->end;
	uint64_t seen = 0, twice = 0;
	bool more;

	if (depth >= SCAN_DEPTH_MAX)
		return NULL;
	more = member_begins(p + 1, end, true, &p);
	while (more) {
		struct field ignored, *field = &ignored;
		unsigned slot;

		p = key_read(p, end, &slot);
		if (p == NULL)
			return NULL;
		if (slot != SLOT_UNKNOWN) {
			twice |= seen & FIELD_BIT(slot);
			seen |= FIELD_BIT(slot);
			field = &fields->slot[slot];
		}
		p = value_read(field, scan, p, depth + 1, slot);
		if (p == NULL)
			return NULL;
		more = member_next(p, end, &p);
	}
	fields->seen = seen;
	fields->twice = twice;
	return p;
}
