#include "feed/venue/binance/exchange_info.h"

#include <tickring/tick.h>

#include "feed/base/utf8.h"
#include "feed/venue/binance/scan.h"

/*
 * Binance, 2026-08. Spot: TRADING, END_OF_DAY, HALT, BREAK, CANCEL_ONLY, and
 * formerly PRE_TRADING, POST_TRADING, AUCTION_MATCH. Futures: PENDING_TRADING,
 * TRADING, PRE_DELIVERING, DELIVERING, DELIVERED, PRE_SETTLE, SETTLING, CLOSE.
 */
enum tick_trading
exchange_trading_of(struct bytes word)
{
	static const struct {
		struct bytes word;
		enum tick_trading trading;
	} words[] = {
		{{"TRADING", 7}, TICK_TRADING_ON},
		{{"HALT", 4}, TICK_TRADING_HALT},
		{{"AUCTION_MATCH", 13}, TICK_TRADING_HALT},
		{{"BREAK", 5}, TICK_TRADING_BREAK},
		{{"END_OF_DAY", 10}, TICK_TRADING_END_OF_DAY},
		{{"POST_TRADING", 12}, TICK_TRADING_END_OF_DAY},
		{{"CANCEL_ONLY", 11}, TICK_TRADING_CANCEL_ONLY},
		{{"PRE_TRADING", 11}, TICK_TRADING_PENDING},
		{{"PENDING_TRADING", 15}, TICK_TRADING_PENDING},
		{{"PRE_DELIVERING", 14}, TICK_TRADING_SETTLING},
		{{"DELIVERING", 10}, TICK_TRADING_SETTLING},
		{{"PRE_SETTLE", 10}, TICK_TRADING_SETTLING},
		{{"SETTLING", 8}, TICK_TRADING_SETTLING},
		{{"DELIVERED", 9}, TICK_TRADING_CLOSED},
		{{"CLOSE", 5}, TICK_TRADING_CLOSED},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal(word, words[i].word))
			return words[i].trading;
	return TICK_TRADING_UNKNOWN;
}

/* ---- steps ------------------------------------------------------------------ */

/* A step and the smallest value, as written. */
struct rule {
	bool there;
	struct fixed step, least;
};

/* The same value with no zeros at its end, and none that stand for tens. */
static struct fixed
lowest_terms(struct fixed value)
{
	if (value.mantissa == 0)
		return (struct fixed){0, 0};
	while (value.exponent < 0 && value.mantissa % 10 == 0) {
		value.mantissa /= 10;
		value.exponent++;
	}
	return value;
}

/* What a rule means; `scale` is the number of decimals that the entry states, or absent. */
static bool
rule_weigh(const struct rule *rule, int64_t scale, int *exponent, int64_t *step)
{
	struct fixed finest = lowest_terms(rule->step), least = lowest_terms(rule->least);

	*step = 0;
	if (rule->there && finest.mantissa < 0)
		return false;
	/* A step of 0 is a rule that is switched off. */
	if (!rule->there || finest.mantissa == 0) {
		*exponent = scale >= 0 && scale <= 18 ? -(int)scale : EXCHANGE_EXPONENT_DEFAULT;
		return true;
	}
	*exponent = finest.exponent < least.exponent ? finest.exponent : least.exponent;
	if (*exponent > 0)
		*exponent = 0;
	return fixed_rescale(finest, *exponent, step) == FIXED_OK;
}

/* One of "filters", if it is one of the two that matter. False: it is one, and wrong. */
static bool
filter_read(struct bytes text, struct rule *price, struct rule *qty)
{
	enum { TYPE, TICK, MIN_PRICE, STEP, MIN_QTY, KEYS };
	static const char *const keys[KEYS] = {
		"filterType", "tickSize", "minPrice", "stepSize", "minQty"};
	char room[EXCHANGE_WORD_MAX];
	struct bytes value[KEYS], type;
	struct rule *rule;
	bool is_price;

	if (!walk_members(text, 4, keys, value, KEYS))
		return false;
	if (!walk_text(value[TYPE], room, sizeof(room), &type))
		return true;
	is_price = bytes_equal(type, BYTES_LIT("PRICE_FILTER"));
	if (!is_price && !bytes_equal(type, BYTES_LIT("LOT_SIZE")))
		return true;
	rule = is_price ? price : qty;
	if (rule->there)
		return false;
	rule->there = true;
	return walk_decimal(value[is_price ? TICK : STEP], &rule->step) == FIXED_OK &&
	    walk_decimal(value[is_price ? MIN_PRICE : MIN_QTY], &rule->least) == FIXED_OK;
}

static bool
filters_read(struct bytes text, struct rule *price, struct rule *qty)
{
	struct walk_item item;
	struct walk walk;

	if (!walk_begin(&walk, text, 3) || walk_is_object(&walk))
		return false;
	while (walk_next(&walk, &item))
		if (*item.value.p != '{' || !filter_read(item.value, price, qty))
			return false;
	return walk.whole;
}

/* ---- an entry --------------------------------------------------------------- */

enum entry_key {
	SYMBOL, STATUS, CONTRACT_STATUS, CONTRACT_TYPE, SIDE, FILTERS, DELIVERY_DATE, EXPIRY_DATE,
	PRICE_PRECISION, PRICE_SCALE, QTY_PRECISION, QTY_SCALE, ENTRY_KEYS
};

static const char *const entry_keys[ENTRY_KEYS] = {
	[SYMBOL] = "symbol",
	[STATUS] = "status",
	[CONTRACT_STATUS] = "contractStatus",
	[CONTRACT_TYPE] = "contractType",
	[SIDE] = "side",
	[FILTERS] = "filters",
	[DELIVERY_DATE] = "deliveryDate",
	[EXPIRY_DATE] = "expiryDate",
	[PRICE_PRECISION] = "pricePrecision",
	[PRICE_SCALE] = "priceScale",
	[QTY_PRECISION] = "quantityPrecision",
	[QTY_SCALE] = "quantityScale",
};

/* The value of the first of two keys that is there. */
static struct bytes
either(const struct bytes *value, enum entry_key a, enum entry_key b)
{
	return value[a].p != NULL ? value[a] : value[b];
}

static bool
name_is_usable(struct bytes name)
{
	if (name.n == 0 || name.n > TICK_SYMBOL_MAX || !utf8_is_valid(name.p, name.n))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f)
			return false;
	return true;
}

static bool
entry_read(struct exchange_info *info, struct bytes text, struct exchange_symbol *out)
{
	struct bytes value[ENTRY_KEYS], date;
	struct rule price = {0}, qty = {0};
	int64_t price_scale = -1, qty_scale = -1;

	if (!walk_members(text, 2, entry_keys, value, ENTRY_KEYS) ||
	    !walk_text(value[SYMBOL], info->name, sizeof(info->name), &out->name) ||
	    !name_is_usable(out->name))
		return false;
	if (!walk_text(either(value, STATUS, CONTRACT_STATUS), info->status, sizeof(info->status),
		&out->status))
		out->status = BYTES_NONE;
	out->trading = exchange_trading_of(out->status);
	if (!walk_text(either(value, CONTRACT_TYPE, SIDE), info->contract, sizeof(info->contract),
		&out->contract))
		out->contract = BYTES_NONE;
	date = either(value, DELIVERY_DATE, EXPIRY_DATE);
	if (!walk_time(date, &out->deliver_ns))
		out->deliver_ns = TICK_ABSENT;
	walk_integer(either(value, PRICE_PRECISION, PRICE_SCALE), &price_scale);
	walk_integer(either(value, QTY_PRECISION, QTY_SCALE), &qty_scale);
	if (value[FILTERS].p != NULL && !filters_read(value[FILTERS], &price, &qty))
		return false;
	return rule_weigh(&price, price_scale, &out->price_exponent, &out->price_step) &&
	    rule_weigh(&qty, qty_scale, &out->qty_exponent, &out->qty_step);
}

/* ---- the body --------------------------------------------------------------- */

void
exchange_info_begin(struct exchange_info *info, struct bytes body)
{
	size_t space = body.n == 0 ? 0 : (size_t)(scan_space(body.p, body.p + body.n) - body.p);

	if (space > 0)
		body = (struct bytes){body.p + space, body.n - space};
	info->seen = info->inside = false;
	info->malformed = !walk_begin(&info->body, body, 0) || !walk_is_object(&info->body);
}

/* Is that the key of the list? */
static bool
is_list(struct bytes key)
{
	return bytes_equal(key, BYTES_LIT("symbols")) ||
	    bytes_equal(key, BYTES_LIT("optionSymbols"));
}

/* Steps to the next list of instruments. False: there is none, or the body is malformed. */
static bool
list_find(struct exchange_info *info)
{
	struct walk_item item;

	while (walk_next(&info->body, &item)) {
		if (!is_list(item.key) || *item.value.p != '[')
			continue;
		if (info->seen) { /* which of them is meant cannot be known */
			info->malformed = true;
			return false;
		}
		info->seen = true;
		return walk_begin(&info->symbols, item.value, 1);
	}
	info->malformed = !info->body.whole || !info->seen ||
	    scan_space(info->body.p, info->body.end) != info->body.end;
	return false;
}

enum exchange_info_result
exchange_info_next(struct exchange_info *info, struct exchange_symbol *out)
{
	struct walk_item item;

	while (!info->malformed) {
		if (!info->inside && !list_find(info))
			break;
		info->inside = walk_next(&info->symbols, &item);
		if (!info->inside)
			continue;
		if (*item.value.p != '{' || !entry_read(info, item.value, out))
			return EXCHANGE_INFO_UNUSABLE;
		return EXCHANGE_INFO_SYMBOL;
	}
	return info->malformed ? EXCHANGE_INFO_MALFORMED : EXCHANGE_INFO_END;
}
