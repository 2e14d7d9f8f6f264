#include "feed/venue/binance/trades_page.h"

#include "feed/base/fixed.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/walk.h"

/* Binance, 2026-08: the same things have short names in aggTrades and long ones elsewhere. */
enum trade_key { ID, PRICE, QTY, TIME, MAKER, FIRST, LAST, TRADE_KEYS };

static const char *const aggregate_keys[TRADE_KEYS] = {"a", "p", "q", "T", "m", "f", "l"};
static const char *const single_keys[TRADE_KEYS - 2] = {
	"id", "price", "qty", "time", "isBuyerMaker"};

/* How one element turned out. */
enum element_result { ELEMENT_FINE, ELEMENT_UNFIT, ELEMENT_MALFORMED };

static enum element_result
number_read(struct bytes text, int exponent, int64_t *out)
{
	struct fixed value;

	switch (walk_decimal(text, &value)) {
	case FIXED_OK:
		break;
	case FIXED_MALFORMED:
		return ELEMENT_MALFORMED;
	case FIXED_UNFIT:
		return ELEMENT_UNFIT;
	}
	if (fixed_rescale(value, exponent, out) != FIXED_OK || *out <= 0)
		return ELEMENT_UNFIT;
	return ELEMENT_FINE;
}

static bool
flag_read(struct bytes text, int64_t *out)
{
	*out = bytes_equal(text, BYTES_LIT("true"));
	return *out || bytes_equal(text, BYTES_LIT("false"));
}

/* The trades that an aggregate stands for; those that the exchange voided have -1. */
static bool
range_read(const struct trades_page *page, const struct bytes *value, struct past_trade *out)
{
	out->first_id = out->last_id = TICK_ABSENT;
	if (!page->aggregate)
		return true;
	return walk_integer(value[FIRST], &out->first_id) &&
	    walk_integer(value[LAST], &out->last_id) && out->first_id >= -1 &&
	    out->first_id <= out->last_id;
}

static enum element_result
element_read(const struct trades_page *page, struct bytes text, struct past_trade *out)
{
	struct bytes value[TRADE_KEYS];
	enum element_result price, qty;

	if (!walk_members(text, 1, page->aggregate ? aggregate_keys : single_keys, value,
		page->aggregate ? TRADE_KEYS : TRADE_KEYS - 2))
		return ELEMENT_MALFORMED;
	if (!walk_integer(value[ID], &out->id) || out->id < 0 ||
	    !walk_time(value[TIME], &out->trade_ns) ||
	    !flag_read(value[MAKER], &out->buyer_maker) || !range_read(page, value, out))
		return ELEMENT_MALFORMED;
	price = number_read(value[PRICE], page->price_exponent, &out->price);
	qty = number_read(value[QTY], page->qty_exponent, &out->qty);
	return price > qty ? price : qty;
}

static enum trades_page_result
list_read(struct trades_page *page, struct walk *list)
{
	struct past_trade trade = {0};
	struct walk_item item;

	while (walk_next(list, &item)) {
		enum element_result result;

		if (page->elements == page->elements_max)
			return TRADES_PAGE_TOO_MANY;
		page->elements++;
		result = element_read(page, item.value, &trade);
		if (result == ELEMENT_MALFORMED || trade.id <= page->highest)
			return TRADES_PAGE_MALFORMED;
		page->highest = trade.id;
		page->unfit += result == ELEMENT_UNFIT;
		if (result == ELEMENT_FINE && trade.id >= page->first && trade.id <= page->last)
			page->trade[page->trades++] = trade;
	}
	return list->whole ? TRADES_PAGE_OK : TRADES_PAGE_MALFORMED;
}

/* The object that says why there is no list. */
static enum trades_page_result
refusal_read(struct trades_page *page, struct bytes body)
{
	static const char *const keys[] = {"code", "msg"};
	const char *end = body.p + body.n, *p = scan_value(body.p, end, 0);
	struct bytes value[2];

	if (p == NULL || scan_space(p, end) != end ||
	    !walk_members(body, 0, keys, value, 2) || value[1].p == NULL ||
	    !walk_integer(value[0], &page->code))
		return TRADES_PAGE_MALFORMED;
	return TRADES_PAGE_REFUSED;
}

enum trades_page_result
trades_page_parse(struct trades_page *page, struct bytes body)
{
	enum trades_page_result result;
	const char *begin, *end = body.p + body.n;
	struct walk list;

	page->trades = page->elements = page->unfit = 0;
	page->highest = INT64_MIN;
	begin = body.n > 0 ? scan_space(body.p, end) : end;
	body = (struct bytes){begin, (size_t)(end - begin)};
	if (!walk_begin(&list, body, 0))
		return TRADES_PAGE_MALFORMED;
	if (walk_is_object(&list))
		return refusal_read(page, body);
	result = list_read(page, &list);
	if (result == TRADES_PAGE_OK && scan_space(list.p, list.end) != list.end)
		result = TRADES_PAGE_MALFORMED;
	return result;
}
