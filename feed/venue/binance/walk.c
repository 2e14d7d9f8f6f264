#include "feed/venue/binance/walk.h"

#include <assert.h>

#include "feed/venue/binance/scan.h"

bool
walk_begin(struct walk *walk, struct bytes text, int depth)
{
	walk->begun = walk->whole = false;
	walk->p = walk->end = text.p;
	if (text.n == 0)
		return false;
	walk->end += text.n;
	walk->depth = depth + 1;
	if (depth >= SCAN_DEPTH_MAX || (*text.p != '{' && *text.p != '['))
		return false;
	walk->close = *text.p == '{' ? '}' : ']';
	walk->p++;
	return true;
}

/* Reads a member's key and its colon from p. Returns the position of the value, or NULL. */
static const char *
key_read(struct walk *walk, const char *p, struct bytes *key)
{
	const char *close = p < walk->end && *p == '"' ? scan_string_rest(p + 1, walk->end) : NULL;
	size_t n;

	if (close == NULL)
		return NULL;
	*key = (struct bytes){p + 1, (size_t)(close - p - 1)};
	if (memchr(key->p, '\\', key->n) != NULL &&
	    scan_unescape(*key, walk->key, sizeof(walk->key), &n))
		*key = (struct bytes){walk->key, n};
	p = scan_space(close + 1, walk->end);
	return p < walk->end && *p == ':' ? scan_space(p + 1, walk->end) : NULL;
}

bool
walk_next(struct walk *walk, struct walk_item *item)
{
	const char *p = scan_space(walk->p, walk->end), *next;

	if (walk->whole || p >= walk->end)
		return false;
	if (*p == walk->close) {
		walk->p = p + 1;
		walk->whole = true;
		return false;
	}
	if (walk->begun) {
		if (*p != ',')
			return false;
		p = scan_space(p + 1, walk->end);
	}
	item->key = BYTES_NONE;
	if (walk_is_object(walk))
		p = key_read(walk, p, &item->key);
	next = p == NULL ? NULL : scan_value(p, walk->end, walk->depth);
	if (next == NULL || next > walk->end) {
		walk->end = walk->p; /* no way on from here */
		return false;
	}
	item->value = (struct bytes){p, (size_t)(next - p)};
	walk->p = next;
	walk->begun = true;
	return true;
}

bool
walk_members(struct bytes text, int depth, const char *const *keys, struct bytes *values,
    size_t count)
{
	struct walk_item item;
	struct walk walk;
	bool twice = false;

	assert(count <= 32);
	for (size_t i = 0; i < count; i++)
		values[i] = BYTES_NONE;
	if (!walk_begin(&walk, text, depth) || !walk_is_object(&walk))
		return false;
	while (walk_next(&walk, &item))
		for (size_t i = 0; i < count; i++) {
			if (!bytes_equal(item.key, bytes_of(keys[i])))
				continue;
			twice |= values[i].p != NULL;
			values[i] = item.value;
			break;
		}
	return walk.whole && !twice;
}

bool
walk_text(struct bytes value, char *room, size_t size, struct bytes *out)
{
	struct bytes text;

	if (value.n < 2 || value.p[0] != '"')
		return false;
	text = (struct bytes){value.p + 1, value.n - 2};
	if (text.n > 0 && memchr(text.p, '\\', text.n) != NULL) {
		if (!scan_unescape(text, room, size, &text.n))
			return false;
		text.p = room;
	}
	*out = text;
	return true;
}

bool
walk_integer(struct bytes value, int64_t *out)
{
	struct fixed number;

	if (value.n == 0 || memchr(value.p, '.', value.n) != NULL ||
	    fixed_parse(value, &number) != FIXED_OK)
		return false;
	return fixed_rescale(number, 0, out) == FIXED_OK;
}

enum fixed_result
walk_decimal(struct bytes value, struct fixed *out)
{
	char room[WALK_NUMBER_MAX];
	struct bytes text;

	if (!walk_text(value, room, sizeof(room), &text))
		return FIXED_MALFORMED;
	return fixed_parse(text, out);
}

/* Binance: milliseconds, or microseconds where timeUnit=MICROSECOND asked for them (2026-08) */
bool
walk_time(struct bytes value, int64_t *ns)
{
	int64_t stamp;

	if (!walk_integer(value, &stamp))
		return false;
	if (stamp >= 1000000000000 && stamp <= 9999999999999)
		return !__builtin_mul_overflow(stamp, 1000000, ns);
	return stamp >= 1000000000000000 && stamp <= 9999999999999999 &&
	    !__builtin_mul_overflow(stamp, 1000, ns);
}
