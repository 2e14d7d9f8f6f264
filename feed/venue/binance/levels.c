#include "feed/venue/binance/levels.h"

#include "feed/venue/binance/pair.h"
#include "feed/venue/binance/scan.h"

#define DECIMAL_TEXT_MAX 128 /* a decimal that was written with escapes */

/* Takes `result` unless something worse was seen. */
static void
levels_note(struct levels *levels, enum fixed_result result)
{
	if (levels->result != FIXED_MALFORMED && result != FIXED_OK)
		levels->result = result;
}

/* Any quoted decimal: escapes, many digits. Returns the position behind its quote. */
static const char *
level_number(struct levels *levels, const char *p, const char *end, struct fixed *out)
{
	char plain[DECIMAL_TEXT_MAX];
	struct bytes text;
	const char *close;

	close = p < end && *p == '"' ? scan_string_rest(p + 1, end) : NULL;
	if (close == NULL)
		return NULL;
	text = (struct bytes){p + 1, (size_t)(close - p - 1)};
	if (memchr(text.p, '\\', text.n) != NULL) {
		if (scan_unescape(text, plain, sizeof(plain), &text.n))
			text.p = plain;
	}
	levels_note(levels, fixed_parse(text, out));
	return close + 1;
}

/* Any level, with white space and more elements. NULL when it is no level. */
static const char *
level_any(struct levels *levels, const char *p, const char *end, int depth,
    struct event_level *out)
{
	*out = (struct event_level){{0, 0}, {0, 0}};
	if (p >= end || *p != '[' || depth >= SCAN_DEPTH_MAX)
		return NULL;
	p = level_number(levels, scan_space(p + 1, end), end, &out->price);
	if (p == NULL || (p = scan_space(p, end)) >= end || *p != ',')
		return NULL;
	p = level_number(levels, scan_space(p + 1, end), end, &out->qty);
	while (p != NULL) {
		p = scan_space(p, end);
		if (p >= end)
			return NULL;
		if (*p == ']')
			return p + 1;
		if (*p != ',')
			return NULL;
		p = scan_value(scan_space(p + 1, end), end, depth + 1);
	}
	return NULL;
}

/* `"],["` and `"]]`, the first byte lowest: what follows a usual level. */
#define LEVEL_AND_NEXT UINT64_C(0x225b2c5d22)
#define LEVEL_AND_END UINT64_C(0x5d5d22)

/*
 * Reads usual levels, ["price","quantity"] of usual decimals, one behind the
 * other from the bracket at p. Returns the position of the bracket that ends
 * the array, of the first level that is not usual, or any at or behind `end`.
 */
static const char *
levels_run(struct levels *levels, const char *p, const char *end)
{
	struct event_level *level = levels->level + levels->count;
	struct event_level *last = levels->level + levels->room;
	uint64_t behind = LEVEL_AND_NEXT;

	if (p[0] != '[' || p[1] != '"')
		return p;
	while (p < end && level < last) {
		struct pair_place price, qty;
		const char *close;

		if (!pair_find_both(p + 2, &price, &qty))
			break;
		close = qty.p + qty.whole + qty.rest;
		behind = scan_load(close);
		if ((behind & 0xffffffffff) != LEVEL_AND_NEXT &&
		    (behind & 0xffffff) != LEVEL_AND_END)
			break;
		if (!pair_read(price, qty, &level->price, &level->qty))
			break;
		level++;
		if ((behind & 0xffffff) == LEVEL_AND_END) {
			p = close + 2;
			break;
		}
		p = close + 3;
	}
	levels->count = (uint32_t)(level - levels->level);
	return p;
}

const char *
levels_read(struct levels *levels, const char *p, const char *end, int depth)
{
	const char *start = p;

	levels->count = 0;
	levels->result = FIXED_OK;
	if (depth >= SCAN_DEPTH_MAX)
		return NULL;
	p = scan_gap(p + 1, end);
	if (p < end && *p == ']')
		return p + 1;
	while (p < end) {
		p = levels_run(levels, p, end);
		if (p < end && *p == ']')
			return p + 1;
		if (levels->count == levels->room)
			return NULL;
		p = level_any(levels, p, end, depth + 1, &levels->level[levels->count]);
		if (p == NULL)
			break;
		levels->count++;
		p = scan_gap(p, end);
		if (p < end && *p == ']')
			return p + 1;
		if (p >= end || *p != ',')
			return NULL;
		p = scan_gap(p + 1, end);
	}
	/* Something else than levels, or malformed. */
	levels->count = 0;
	levels->result = FIXED_MALFORMED;
	return scan_value(start, end, depth);
}
