#include "feed/venue/binance/json_market.h"

#include <assert.h>

#include "feed/venue/binance/market_value.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/walk.h"

#define FIELDS_MAX 24
#define NAME_MAX_BYTES 32

/* ---- the table -------------------------------------------------------------- */

enum field_type {
	MARKET_TEXT,     /* struct bytes */
	MARKET_TAIL,     /* struct bytes: joined to what is there with a '_' */
	MARKET_TIME,     /* int64_t, ns */
	MARKET_STAMP,    /* int64_t, ns: too small a number means none */
	MARKET_INTEGER,  /* int64_t */
	MARKET_DECIMAL,  /* struct fixed; may be null or "", which means none, where it may lack */
	MARKET_NULLABLE, /* struct fixed; must be there, but may be null or "" */
	MARKET_FLAG,     /* bool */
	MARKET_SELL,     /* bool, of "SELL" or "BUY" */
	MARKET_INTERVAL, /* int64_t, ns, of "5m" */
	MARKET_TRADING,  /* enum tick_trading */
	MARKET_ORDER,    /* enum tick_order_state */
	MARKET_ORDER_OF, /* an object with fields of its own */
	MARKET_KLINE_OF,
};

struct market_field {
	const char *key;
	enum field_type type;
	bool optional;
	size_t at; /* in struct event */
};

#define AT(member) offsetof(struct event, member)
#define MUST(key, type, member) {key, MARKET_##type, false, AT(member)}
#define MAY(key, type, member) {key, MARKET_##type, true, AT(member)}
#define HEAD MUST("E", TIME, exch_ns), MUST("s", TEXT, symbol)

static const struct market_field block_trade[] = {
	HEAD, MUST("t", INTEGER, id), MUST("p", DECIMAL, u.trade.price),
	MUST("q", DECIMAL, u.trade.qty), MUST("T", TIME, trade_ns),
	MUST("m", FLAG, u.trade.buyer_maker),
};

#define FIGURES \
	MUST("o", DECIMAL, u.ticker.open), MUST("h", DECIMAL, u.ticker.high), \
	MUST("l", DECIMAL, u.ticker.low), MUST("c", DECIMAL, u.ticker.last), \
	MUST("v", DECIMAL, u.ticker.volume), MUST("q", DECIMAL, u.ticker.quote_volume)

static const struct market_field mini_ticker[] = {HEAD, FIGURES};

static const struct market_field ticker[] = {
	HEAD, FIGURES, MUST("O", STAMP, u.ticker.start_ns), MUST("C", STAMP, trade_ns),
	MUST("F", INTEGER, first_id), MUST("L", INTEGER, id), MUST("n", INTEGER, u.ticker.trades),
	MUST("p", DECIMAL, u.ticker.change), MUST("P", DECIMAL, u.ticker.change_percent),
	MUST("w", DECIMAL, u.ticker.average), MAY("x", DECIMAL, u.ticker.previous),
	MAY("Q", DECIMAL, u.ticker.last_qty), MAY("b", DECIMAL, u.ticker.bid_px),
	MAY("B", DECIMAL, u.ticker.bid_qty), MAY("a", DECIMAL, u.ticker.ask_px),
	MAY("A", DECIMAL, u.ticker.ask_qty),
};

static const struct market_field avg_price[] = {
	HEAD, MUST("w", DECIMAL, u.price.price), MUST("i", INTERVAL, u.price.interval_ns),
	MUST("T", TIME, trade_ns),
};

/* "r" is null when there is no reference price (2026). */
static const struct market_field reference_price[] = {
	MAY("E", TIME, exch_ns), MUST("s", TEXT, symbol), MUST("r", NULLABLE, u.price.price),
	MUST("t", TIME, trade_ns),
};

/* Contracts with a delivery have "r":"" and "T":0. */
static const struct market_field mark_price[] = {
	HEAD, MUST("p", DECIMAL, u.mark.mark), MAY("i", DECIMAL, u.mark.index),
	MAY("P", DECIMAL, u.mark.settle), MAY("ap", DECIMAL, u.mark.average),
	MAY("r", DECIMAL, u.mark.funding_rate), MAY("T", STAMP, u.mark.next_funding_ns),
};

static const struct market_field index_price[] = {
	MUST("E", TIME, exch_ns), MUST("i", TEXT, symbol), MUST("p", DECIMAL, u.mark.index),
};

static const struct market_field composite_index[] = {HEAD, MUST("p", DECIMAL, u.mark.index)};

static const struct market_field liquidation_order[] = {
	MUST("s", TEXT, symbol), MUST("S", SELL, u.liquidation.sell),
	MUST("p", DECIMAL, u.liquidation.price), MUST("q", DECIMAL, u.liquidation.qty),
	MUST("ap", DECIMAL, u.liquidation.average), MUST("z", DECIMAL, u.liquidation.filled),
	MUST("l", DECIMAL, u.liquidation.last_qty), MUST("X", ORDER, u.liquidation.state),
	MUST("T", TIME, trade_ns),
};

static const struct market_field liquidation[] = {
	MUST("E", TIME, exch_ns), MUST("o", ORDER_OF, u),
};

/* A pair and a kind of contract: together they are what the stream is called after. */
static const struct market_field continuous_kline[] = {
	MUST("E", TIME, exch_ns), MUST("ps", TEXT, symbol), MUST("ct", TAIL, symbol),
	MUST("k", KLINE_OF, u),
};

static const struct market_field kline[] = {
	MUST("t", TIME, u.kline.start_ns), MUST("T", TIME, trade_ns),
	MUST("i", TEXT, u.kline.interval), MUST("f", INTEGER, first_id), MUST("L", INTEGER, id),
	MUST("o", DECIMAL, u.kline.open), MUST("c", DECIMAL, u.kline.close),
	MUST("h", DECIMAL, u.kline.high), MUST("l", DECIMAL, u.kline.low),
	MUST("v", DECIMAL, u.kline.volume), MUST("n", INTEGER, u.kline.trades),
	MUST("x", FLAG, u.kline.closed), MUST("V", DECIMAL, u.kline.taker_volume),
};

static const struct market_field contract_info[] = {
	HEAD, MUST("cs", TRADING, u.status.trading), MAY("dt", STAMP, u.status.deliver_ns),
	MAY("ot", STAMP, u.status.onboard_ns),
};

#define FIELDS(table) table, sizeof(table) / sizeof(table[0])

static const struct schema {
	struct bytes name; /* of "e" */
	enum event_kind kind;
	const struct market_field *field;
	size_t count;
	enum tick_window window;
} schemas[] = {
	{{"24hrTicker", 10}, EVENT_TICKER, FIELDS(ticker), TICK_WINDOW_24H},
	{{"24hrMiniTicker", 14}, EVENT_MINI_TICKER, FIELDS(mini_ticker), TICK_WINDOW_24H},
	{{"markPriceUpdate", 15}, EVENT_MARK_PRICE, FIELDS(mark_price), 0},
	{{"1hTicker", 8}, EVENT_TICKER, FIELDS(ticker), TICK_WINDOW_1H},
	{{"4hTicker", 8}, EVENT_TICKER, FIELDS(ticker), TICK_WINDOW_4H},
	{{"1dTicker", 8}, EVENT_TICKER, FIELDS(ticker), TICK_WINDOW_1D},
	{{"avgPrice", 8}, EVENT_AVG_PRICE, FIELDS(avg_price), 0},
	{{"referencePrice", 14}, EVENT_REFERENCE_PRICE, FIELDS(reference_price), 0},
	{{"blockTrade", 10}, EVENT_BLOCK_TRADE, FIELDS(block_trade), 0},
	{{"indexPriceUpdate", 16}, EVENT_MARK_PRICE, FIELDS(index_price), 0},
	{{"compositeIndex", 14}, EVENT_MARK_PRICE, FIELDS(composite_index), 0},
	{{"forceOrder", 10}, EVENT_LIQUIDATION, FIELDS(liquidation), 0},
	{{"continuous_kline", 16}, EVENT_KLINE, FIELDS(continuous_kline), 0},
	{{"contractInfo", 12}, EVENT_STATUS, FIELDS(contract_info), 0},
};

/* ---- fields ----------------------------------------------------------------- */

/* Says "none" where a message does not have the field. */
static void
field_clear(const struct market_field *f, struct event *out)
{
	char *at = (char *)out + f->at;

	if (f->type == MARKET_DECIMAL)
		memcpy(at, &VENUE_NO_DECIMAL, sizeof(struct fixed));
	else if (f->type == MARKET_STAMP)
		memcpy(at, &(int64_t){VENUE_NO_TIME}, sizeof(int64_t));
}

static void
field_fill(struct market *m, const struct market_field *f, struct bytes value, struct event *out)
{
	void *at = (char *)out + f->at;

	switch (f->type) {
	case MARKET_TEXT:
		*(struct bytes *)at = market_text(m, value);
		break;
	case MARKET_TAIL:
		*(struct bytes *)at = market_tail(m, *(struct bytes *)at, value);
		break;
	case MARKET_TIME:
		*(int64_t *)at = market_time(m, value);
		break;
	case MARKET_STAMP:
		*(int64_t *)at = market_stamp(m, value);
		break;
	case MARKET_INTEGER:
		*(int64_t *)at = market_integer(m, value);
		break;
	case MARKET_DECIMAL:
		*(struct fixed *)at = market_decimal(m, value, f->optional);
		break;
	case MARKET_NULLABLE:
		*(struct fixed *)at = market_decimal(m, value, true);
		break;
	case MARKET_FLAG:
		*(bool *)at = market_flag(m, value);
		break;
	case MARKET_SELL:
		*(bool *)at = market_sell(m, value);
		break;
	case MARKET_INTERVAL:
		*(int64_t *)at = market_interval(m, value);
		break;
	case MARKET_TRADING:
		*(enum tick_trading *)at = market_trading(m, value);
		break;
	case MARKET_ORDER:
		*(enum tick_order_state *)at = market_order(m, value);
		break;
	case MARKET_ORDER_OF:
	case MARKET_KLINE_OF:
		break;
	}
}

/* Reads all fields of one object; `inner` is the value of the one that is an object itself. */
static void
fields_fill(struct market *m, struct bytes text, int depth, const struct market_field *field,
    size_t count, struct event *out, struct bytes *inner)
{
	const char *keys[FIELDS_MAX] = {NULL};
	struct bytes value[FIELDS_MAX];

	assert(count <= FIELDS_MAX);
	for (size_t i = 0; i < count; i++)
		keys[i] = field[i].key;
	if (!walk_members(text, depth, keys, value, count)) {
		m->malformed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct market_field *f = &field[i];

		if (f->type == MARKET_ORDER_OF || f->type == MARKET_KLINE_OF)
			*inner = value[i];
		if (value[i].p != NULL)
			field_fill(m, f, value[i], out);
		else if (f->optional)
			field_clear(f, out);
		else
			m->malformed = true;
	}
}

static const struct schema *
schema_of(struct bytes name)
{
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
		if (bytes_equal(name, schemas[i].name))
			return &schemas[i];
	return NULL;
}

/* What the tables do not say. */
static void
event_begin(const struct schema *schema, struct event *out)
{
	out->kind = schema->kind;
	if (out->kind == EVENT_TICKER || out->kind == EVENT_MINI_TICKER)
		out->u.ticker.window = schema->window;
	if (out->kind == EVENT_BLOCK_TRADE)
		out->u.trade.off_market = false;
	if (out->kind == EVENT_REFERENCE_PRICE)
		out->u.price.interval_ns = VENUE_NO_TIME;
	if (schema->field == index_price || schema->field == composite_index)
		for (size_t i = 0; i < sizeof(mark_price) / sizeof(mark_price[0]); i++)
			field_clear(&mark_price[i], out);
}

static enum decode_result
payload_decode(struct bytes payload, int depth, struct market *m, struct event *out)
{
	static const char *const names[] = {"e"};
	struct bytes name, inner = BYTES_NONE;
	const struct schema *schema;
	char room[NAME_MAX_BYTES];

	if (!walk_members(payload, depth, names, &name, 1) ||
	    !walk_text(name, room, sizeof(room), &name))
		return DECODE_OK;
	schema = schema_of(name);
	if (schema == NULL)
		return DECODE_OK;
	event_begin(schema, out);
	fields_fill(m, payload, depth, schema->field, schema->count, out, &inner);
	if (!m->malformed && schema->field == liquidation)
		fields_fill(m, inner, depth + 1, FIELDS(liquidation_order), out, &inner);
	if (!m->malformed && schema->field == continuous_kline)
		fields_fill(m, inner, depth + 1, FIELDS(kline), out, &inner);
	if (m->malformed)
		return DECODE_MALFORMED;
	return m->unfit ? DECODE_UNFIT : DECODE_OK;
}

enum decode_result
json_market_decode(struct bytes message, struct event_scratch *scratch, size_t text_used,
    struct event *out)
{
	static const char *const keys[] = {"stream", "data"};
	struct market m = {scratch->text + text_used, VENUE_TEXT_MAX - text_used, false, false};
	const char *p = scan_space(message.p, message.p + message.n);
	struct bytes payload = {p, (size_t)(message.p + message.n - p)}, value[2];
	int depth = 0;

	if (payload.n > 0 && *p == '{' && walk_members(payload, 0, keys, value, 2) &&
	    value[0].p != NULL && value[1].p != NULL) {
		payload = value[1];
		depth = 1;
	}
	if (payload.n > 0 && *payload.p == '[') {
		out->kind = EVENT_LIST;
		out->u.list.items = payload;
		return DECODE_OK;
	}
	return payload.n > 0 && *payload.p == '{' ? payload_decode(payload, depth, &m, out)
						  : DECODE_OK;
}

bool
json_market_next(struct bytes *items, struct bytes *message)
{
	const char *p = items->p, *end = items->p + items->n, *next;

	/* All of it was checked: at p is the bracket, or a comma, before an element. */
	p = items->n == 0 ? end : scan_space(p + 1, end);
	if (p >= end || *p == ']')
		return false;
	next = scan_value(p, end, 1);
	if (next == NULL)
		return false;
	*message = (struct bytes){p, (size_t)(next - p)};
	next = scan_space(next, end);
	*items = (struct bytes){next, (size_t)(end - next)};
	return true;
}
