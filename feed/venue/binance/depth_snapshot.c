#include "feed/venue/binance/depth_snapshot.h"

#include "feed/base/fixed.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/walk.h"

/* One number of a level at its exponent. */
static enum depth_snapshot_result
number_read(struct walk *level, int exponent, int64_t *out)
{
	struct walk_item item;
	struct fixed value;

	if (!walk_next(level, &item))
		return DEPTH_SNAPSHOT_MALFORMED;
	switch (walk_decimal(item.value, &value)) {
	case FIXED_OK:
		break;
	case FIXED_MALFORMED:
		return DEPTH_SNAPSHOT_MALFORMED;
	case FIXED_UNFIT:
		return DEPTH_SNAPSHOT_UNFIT;
	}
	if (value.mantissa <= 0)
		return DEPTH_SNAPSHOT_MALFORMED;
	return fixed_rescale(value, exponent, out) == FIXED_OK ? DEPTH_SNAPSHOT_OK
							       : DEPTH_SNAPSHOT_UNFIT;
}

static enum depth_snapshot_result
level_read(const struct depth_snapshot *snapshot, struct bytes text, struct tick_level *out)
{
	enum depth_snapshot_result result;
	struct walk level;

	if (!walk_begin(&level, text, 2) || walk_is_object(&level))
		return DEPTH_SNAPSHOT_MALFORMED;
	result = number_read(&level, snapshot->price_exponent, &out->price);
	if (result != DEPTH_SNAPSHOT_OK)
		return result;
	/* What may follow was checked with the array around it. */
	return number_read(&level, snapshot->qty_exponent, &out->qty);
}

static enum depth_snapshot_result
side_read(const struct depth_snapshot *snapshot, struct bytes text, struct tick_level *levels,
    uint32_t *count, bool bids)
{
	struct walk_item item;
	struct walk side;
	uint32_t n = 0;

	*count = 0;
	if (!walk_begin(&side, text, 1) || walk_is_object(&side))
		return DEPTH_SNAPSHOT_MALFORMED;
	while (walk_next(&side, &item)) {
		enum depth_snapshot_result result;

		if (n == snapshot->room)
			return DEPTH_SNAPSHOT_TOO_MANY;
		result = level_read(snapshot, item.value, &levels[n]);
		if (result != DEPTH_SNAPSHOT_OK)
			return result;
		if (n > 0 && (bids ? levels[n].price >= levels[n - 1].price
				   : levels[n].price <= levels[n - 1].price))
			return DEPTH_SNAPSHOT_MALFORMED;
		n++;
	}
	*count = n;
	return DEPTH_SNAPSHOT_OK;
}

/* A stamp that may be missing; false: it is there and wrong. */
static bool
time_read(struct bytes value, int64_t *ns)
{
	*ns = TICK_ABSENT;
	return value.p == NULL || walk_time(value, ns);
}

/* The body from its first character on that is no white space. */
static struct bytes
without_space(struct bytes body)
{
	const char *p;

	if (body.n == 0)
		return body;
	p = scan_space(body.p, body.p + body.n);
	return (struct bytes){p, (size_t)(body.p + body.n - p)};
}

/* Is there nothing but white space behind the object that `body` begins with? */
static bool
ends_there(struct bytes body)
{
	const char *end = body.p + body.n, *p = scan_value(body.p, end, 0);

	return p != NULL && scan_space(p, end) == end;
}

enum depth_snapshot_result
depth_snapshot_parse(struct depth_snapshot *snapshot, struct bytes body)
{
	enum { ID, BIDS, ASKS, EVENT_TIME, TRADE_TIME, CODE, MSG, KEYS };
	static const char *const keys[KEYS] = {
		"lastUpdateId", "bids", "asks", "E", "T", "code", "msg"};
	enum depth_snapshot_result result;
	struct bytes value[KEYS];

	body = without_space(body);
	if (!walk_members(body, 0, keys, value, KEYS) || !ends_there(body))
		return DEPTH_SNAPSHOT_MALFORMED;
	if (value[ID].p == NULL && value[MSG].p != NULL &&
	    walk_integer(value[CODE], &snapshot->code))
		return DEPTH_SNAPSHOT_REFUSED;
	if (!walk_integer(value[ID], &snapshot->last_update_id) || snapshot->last_update_id < 0 ||
	    !time_read(value[EVENT_TIME], &snapshot->exch_ns) ||
	    !time_read(value[TRADE_TIME], &snapshot->trade_ns))
		return DEPTH_SNAPSHOT_MALFORMED;
	result = side_read(snapshot, value[BIDS], snapshot->bids, &snapshot->nbids, true);
	if (result != DEPTH_SNAPSHOT_OK)
		return result;
	return side_read(snapshot, value[ASKS], snapshot->asks, &snapshot->nasks, false);
}
