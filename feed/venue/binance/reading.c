#include "feed/venue/binance/reading.h"

#include "feed/venue/binance/scan.h"

struct bytes
read_text(struct reading *r, unsigned slot)
{
	const struct field *field = &r->fields->slot[slot];
	struct bytes raw = {field->text, field->length};
	char *plain = r->scan.scratch->text + r->text_used;
	size_t n;

	if (field->type == FIELD_STRING || field->type == FIELD_DECIMAL)
		return raw;
	if (field->type != FIELD_ESCAPED ||
	    !scan_unescape(raw, plain, VENUE_TEXT_MAX - r->text_used, &n)) {
		r->malformed = true;
		return BYTES_NONE;
	}
	r->text_used += n;
	return (struct bytes){plain, n};
}

struct fixed
read_decimal_any(struct reading *r, unsigned slot)
{
	struct fixed value = {0, 0};

	switch (fixed_parse(read_text(r, slot), &value)) {
	case FIXED_OK:
		break;
	case FIXED_MALFORMED:
		r->malformed = true;
		break;
	case FIXED_UNFIT:
		r->unfit = true;
		break;
	}
	return value;
}

/* Binance: milliseconds, or microseconds where timeUnit=MICROSECOND asked for them (2026-08) */
int64_t
read_time(struct reading *r, unsigned slot)
{
	int64_t stamp = read_integer(r, slot), ns;

	if (stamp >= 1000000000000 && stamp <= 9999999999999 &&
	    !__builtin_mul_overflow(stamp, 1000000, &ns))
		return ns;
	if (stamp >= 1000000000000000 && stamp <= 9999999999999999 &&
	    !__builtin_mul_overflow(stamp, 1000, &ns))
		return ns;
	r->malformed = true;
	return VENUE_NO_TIME;
}

int64_t
read_time_if_there(struct reading *r, unsigned slot)
{
	return reading_has(r, slot) ? read_time(r, slot) : VENUE_NO_TIME;
}

bool
read_flag(struct reading *r, unsigned slot)
{
	enum field_type type = r->fields->slot[slot].type;

	if (type != FIELD_TRUE && type != FIELD_FALSE)
		r->malformed = true;
	return type == FIELD_TRUE;
}

const struct event_level *
read_levels(struct reading *r, unsigned slot, uint32_t *count)
{
	const struct field *field = &r->fields->slot[slot];

	*count = 0;
	if (field->type == FIELD_LEVELS_UNFIT) {
		r->unfit = true;
		return NULL;
	}
	if (field->type != FIELD_LEVELS) {
		r->malformed = true;
		return NULL;
	}
	*count = field->count;
	return r->scan.scratch->level + field->number;
}
