#include "feed/venue/binance/levels.h"

#include "feed/venue/binance/levels_run.h"
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
		const char *next = levels_run(levels, p, end);

		/* Without a level before it, a bracket is behind a comma, where none may be. */
		if (next > p && next < end && *next == ']')
			return next + 1;
		p = next;
		if (p >= end || levels->count == levels->room)
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
