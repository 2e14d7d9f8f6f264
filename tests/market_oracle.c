#include "tests/market_oracle.h"

#include <stdlib.h>
#include <string.h>

enum event_kind
market_kind_expected(const cJSON *payload)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} kinds[] = {
		{"blockTrade", EVENT_BLOCK_TRADE}, {"24hrMiniTicker", EVENT_MINI_TICKER},
		{"24hrTicker", EVENT_TICKER}, {"1hTicker", EVENT_TICKER},
		{"4hTicker", EVENT_TICKER}, {"1dTicker", EVENT_TICKER},
		{"avgPrice", EVENT_AVG_PRICE}, {"referencePrice", EVENT_REFERENCE_PRICE},
		{"markPriceUpdate", EVENT_MARK_PRICE}, {"indexPriceUpdate", EVENT_MARK_PRICE},
		{"compositeIndex", EVENT_MARK_PRICE}, {"forceOrder", EVENT_LIQUIDATION},
		{"continuous_kline", EVENT_KLINE}, {"contractInfo", EVENT_STATUS},
	};
	const cJSON *e = check_item(payload, "e");

	for (size_t i = 0; cJSON_IsString(e) && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(e->valuestring, kinds[i].name) == 0)
			return kinds[i].kind;
	return EVENT_UNKNOWN;
}

static bool
is_named(const struct check *c, const char *name)
{
	return strcmp(check_item(c->payload, "e")->valuestring, name) == 0;
}

/* null, "" and a missing member are none. */
static void
check_maybe(struct check *c, const char *key, struct fixed ours)
{
	const cJSON *theirs = check_item(c->payload, key);
	bool none = theirs == NULL || cJSON_IsNull(theirs) ||
	    (cJSON_IsString(theirs) && theirs->valuestring[0] == '\0');

	if (!none)
		check_decimal(c, c->payload, key, ours);
	else if (ours.mantissa != INT64_MIN)
		check_differ(c, key, "a decimal out of nowhere");
}

static void
check_none(struct check *c, const char *key, struct fixed ours)
{
	if (ours.mantissa != INT64_MIN)
		check_differ(c, key, "a decimal out of nowhere");
}

/* A small number is none. */
static void
check_stamp(struct check *c, const char *key, int64_t ours)
{
	const cJSON *theirs = check_item(c->payload, key);

	if (theirs == NULL || (theirs->valuedouble >= 0 && theirs->valuedouble < 1e12)) {
		if (ours != VENUE_NO_TIME)
			check_differ(c, key, "a time out of nowhere");
		return;
	}
	check_time(c, c->payload, key, ours);
}

static void
check_block_trade(struct check *c)
{
	const struct event *e = c->event;

	check_integer(c, c->payload, "t", e->id);
	check_decimal(c, c->payload, "p", e->u.trade.price);
	check_decimal(c, c->payload, "q", e->u.trade.qty);
	check_time(c, c->payload, "T", e->trade_ns);
	check_flag(c, c->payload, "m", e->u.trade.buyer_maker);
}

static void
check_ticker(struct check *c)
{
	const struct event *e = c->event;
	enum tick_window window = is_named(c, "1hTicker") ? TICK_WINDOW_1H
	    : is_named(c, "4hTicker")			  ? TICK_WINDOW_4H
	    : is_named(c, "1dTicker")			  ? TICK_WINDOW_1D
							  : TICK_WINDOW_24H;

	check_decimal(c, c->payload, "o", e->u.ticker.open);
	check_decimal(c, c->payload, "h", e->u.ticker.high);
	check_decimal(c, c->payload, "l", e->u.ticker.low);
	check_decimal(c, c->payload, "c", e->u.ticker.last);
	check_decimal(c, c->payload, "v", e->u.ticker.volume);
	check_decimal(c, c->payload, "q", e->u.ticker.quote_volume);
	if (e->u.ticker.window != window)
		check_differ(c, "e", "window differs");
	if (e->kind == EVENT_MINI_TICKER)
		return;
	check_integer(c, c->payload, "F", e->first_id);
	check_integer(c, c->payload, "L", e->id);
	check_integer(c, c->payload, "n", e->u.ticker.trades);
	check_stamp(c, "O", e->u.ticker.start_ns);
	check_stamp(c, "C", e->trade_ns);
	check_decimal(c, c->payload, "p", e->u.ticker.change);
	check_decimal(c, c->payload, "P", e->u.ticker.change_percent);
	check_decimal(c, c->payload, "w", e->u.ticker.average);
	check_maybe(c, "x", e->u.ticker.previous);
	check_maybe(c, "Q", e->u.ticker.last_qty);
	check_maybe(c, "b", e->u.ticker.bid_px);
	check_maybe(c, "B", e->u.ticker.bid_qty);
	check_maybe(c, "a", e->u.ticker.ask_px);
	check_maybe(c, "A", e->u.ticker.ask_qty);
}

static void
check_price(struct check *c)
{
	static const char units[] = "smhdw";
	static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
	const struct event *e = c->event;
	char *unit;
	int64_t n;

	if (e->kind == EVENT_REFERENCE_PRICE) {
		check_maybe(c, "r", e->u.price.price);
		check_time(c, c->payload, "t", e->trade_ns);
		return;
	}
	check_decimal(c, c->payload, "w", e->u.price.price);
	check_time(c, c->payload, "T", e->trade_ns);
	n = strtoll(check_item(c->payload, "i")->valuestring, &unit, 10);
	if (*unit == '\0' || strchr(units, *unit) == NULL ||
	    (__int128)n * seconds[strchr(units, *unit) - units] * 1000000000 !=
		e->u.price.interval_ns)
		check_differ(c, "i", "interval differs");
}

static void
check_mark(struct check *c)
{
	const struct event *e = c->event;

	if (!is_named(c, "markPriceUpdate")) {
		check_decimal(c, c->payload, "p", e->u.mark.index);
		check_none(c, "p", e->u.mark.mark);
		check_none(c, "P", e->u.mark.settle);
		check_none(c, "ap", e->u.mark.average);
		check_none(c, "r", e->u.mark.funding_rate);
		if (e->u.mark.next_funding_ns != VENUE_NO_TIME)
			check_differ(c, "T", "a time out of nowhere");
		return;
	}
	check_decimal(c, c->payload, "p", e->u.mark.mark);
	check_maybe(c, "i", e->u.mark.index);
	check_maybe(c, "P", e->u.mark.settle);
	check_maybe(c, "ap", e->u.mark.average);
	check_maybe(c, "r", e->u.mark.funding_rate);
	check_stamp(c, "T", e->u.mark.next_funding_ns);
}

static void
check_liquidation(struct check *c)
{
	static const char *const states[] = {
		"", "NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"};
	const struct event *e = c->event;
	const cJSON *o = check_item(c->payload, "o");
	const char *state = check_item(o, "X")->valuestring;
	size_t expected = 0;

	check_text(c, o, "s", e->symbol);
	check_text(c, o, "S",
	    e->u.liquidation.sell ? BYTES_LIT("SELL") : BYTES_LIT("BUY"));
	check_decimal(c, o, "p", e->u.liquidation.price);
	check_decimal(c, o, "q", e->u.liquidation.qty);
	check_decimal(c, o, "ap", e->u.liquidation.average);
	check_decimal(c, o, "z", e->u.liquidation.filled);
	check_decimal(c, o, "l", e->u.liquidation.last_qty);
	check_time(c, o, "T", e->trade_ns);
	for (size_t i = 1; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			expected = i;
	if (e->u.liquidation.state != expected)
		check_differ(c, "X", "state differs");
}

static void
check_kline(struct check *c)
{
	const struct event *e = c->event;
	const char *pair = check_item(c->payload, "ps")->valuestring;
	const char *contract = check_item(c->payload, "ct")->valuestring;
	size_t n = strlen(pair);

	if (e->symbol.n != n + 1 + strlen(contract) || memcmp(e->symbol.p, pair, n) != 0 ||
	    e->symbol.p[n] != '_' ||
	    memcmp(e->symbol.p + n + 1, contract, strlen(contract)) != 0)
		check_differ(c, "ps", "symbol differs");
	check_candle(c);
}

static void
check_status(struct check *c)
{
	const struct event *e = c->event;
	const char *word = check_item(c->payload, "cs")->valuestring;

	if ((strcmp(word, "TRADING") == 0) != (e->u.status.trading == TICK_TRADING_ON) ||
	    (strcmp(word, "PENDING_TRADING") == 0 &&
		e->u.status.trading != TICK_TRADING_PENDING))
		check_differ(c, "cs", "state differs");
	check_stamp(c, "dt", e->u.status.deliver_ns);
	check_stamp(c, "ot", e->u.status.onboard_ns);
}

static void
check_list(struct check *c)
{
	cJSON *ours = cJSON_ParseWithLength(c->event->u.list.items.p, c->event->u.list.items.n);
	char *a = cJSON_PrintUnformatted(ours), *b = cJSON_PrintUnformatted(c->payload);

	if (a == NULL || b == NULL || strcmp(a, b) != 0)
		check_differ(c, "list", "items differ");
	free(a);
	free(b);
	cJSON_Delete(ours);
}

void
market_check(struct check *c)
{
	const struct event *e = c->event;

	if (e->kind == EVENT_LIST) {
		check_list(c);
		return;
	}
	check_time(c, c->payload, "E", e->exch_ns);
	if (check_item(c->payload, "s") != NULL && e->kind != EVENT_KLINE &&
	    !is_named(c, "indexPriceUpdate") && !is_named(c, "forceOrder"))
		check_text(c, c->payload, "s", e->symbol);
	switch (e->kind) {
	case EVENT_BLOCK_TRADE:
		check_block_trade(c);
		break;
	case EVENT_MINI_TICKER:
	case EVENT_TICKER:
		check_ticker(c);
		break;
	case EVENT_AVG_PRICE:
	case EVENT_REFERENCE_PRICE:
		check_price(c);
		break;
	case EVENT_MARK_PRICE:
		if (is_named(c, "indexPriceUpdate"))
			check_text(c, c->payload, "i", e->symbol);
		check_mark(c);
		break;
	case EVENT_LIQUIDATION:
		check_liquidation(c);
		break;
	case EVENT_KLINE:
		check_kline(c);
		break;
	case EVENT_STATUS:
		check_status(c);
		break;
	default:
		check_differ(c, "kind", "is unknown to the oracle");
		break;
	}
}

static bool
same(struct fixed a, struct fixed b)
{
	return a.mantissa == b.mantissa && a.exponent == b.exponent;
}

static bool
same_ticker(const struct event *x, const struct event *y)
{
	bool mini = x->kind == EVENT_MINI_TICKER;

	return same(x->u.ticker.open, y->u.ticker.open) &&
	    same(x->u.ticker.high, y->u.ticker.high) && same(x->u.ticker.low, y->u.ticker.low) &&
	    same(x->u.ticker.last, y->u.ticker.last) &&
	    same(x->u.ticker.volume, y->u.ticker.volume) &&
	    same(x->u.ticker.quote_volume, y->u.ticker.quote_volume) &&
	    x->u.ticker.window == y->u.ticker.window &&
	    (mini ||
		(same(x->u.ticker.bid_px, y->u.ticker.bid_px) &&
		    same(x->u.ticker.bid_qty, y->u.ticker.bid_qty) &&
		    same(x->u.ticker.ask_px, y->u.ticker.ask_px) &&
		    same(x->u.ticker.ask_qty, y->u.ticker.ask_qty) &&
		    same(x->u.ticker.last_qty, y->u.ticker.last_qty) &&
		    same(x->u.ticker.average, y->u.ticker.average) &&
		    same(x->u.ticker.previous, y->u.ticker.previous) &&
		    same(x->u.ticker.change, y->u.ticker.change) &&
		    same(x->u.ticker.change_percent, y->u.ticker.change_percent) &&
		    x->u.ticker.start_ns == y->u.ticker.start_ns &&
		    x->u.ticker.trades == y->u.ticker.trades));
}

bool
market_same_payload(const struct event *a, const struct event *b)
{
	switch (a->kind) {
	case EVENT_MINI_TICKER:
	case EVENT_TICKER:
		return same_ticker(a, b);
	case EVENT_AVG_PRICE:
	case EVENT_REFERENCE_PRICE:
		return same(a->u.price.price, b->u.price.price) &&
		    a->u.price.interval_ns == b->u.price.interval_ns;
	case EVENT_MARK_PRICE:
		return same(a->u.mark.mark, b->u.mark.mark) &&
		    same(a->u.mark.index, b->u.mark.index) &&
		    same(a->u.mark.settle, b->u.mark.settle) &&
		    same(a->u.mark.average, b->u.mark.average) &&
		    same(a->u.mark.funding_rate, b->u.mark.funding_rate) &&
		    a->u.mark.next_funding_ns == b->u.mark.next_funding_ns;
	case EVENT_LIQUIDATION:
		return same(a->u.liquidation.price, b->u.liquidation.price) &&
		    same(a->u.liquidation.qty, b->u.liquidation.qty) &&
		    same(a->u.liquidation.average, b->u.liquidation.average) &&
		    same(a->u.liquidation.filled, b->u.liquidation.filled) &&
		    same(a->u.liquidation.last_qty, b->u.liquidation.last_qty) &&
		    a->u.liquidation.sell == b->u.liquidation.sell &&
		    a->u.liquidation.state == b->u.liquidation.state;
	case EVENT_STATUS:
		return a->u.status.trading == b->u.status.trading &&
		    a->u.status.deliver_ns == b->u.status.deliver_ns &&
		    a->u.status.onboard_ns == b->u.status.onboard_ns;
	case EVENT_LIST:
		return bytes_equal(a->u.list.items, b->u.list.items);
	default:
		return true;
	}
}
