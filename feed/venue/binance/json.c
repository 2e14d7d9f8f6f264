#include "feed/venue/binance/json.h"

#include <limits.h>

#include "feed/venue/binance/json_market.h"
#include "feed/venue/binance/predict.h"
#include "feed/venue/binance/reading.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/streams.h"

#define KEY(letter) FIELD_BIT(FIELD(letter))

_Static_assert(JSON_PADDING >= SCAN_AHEAD, "the scanner reads ahead");

/* ---- events ----------------------------------------------------------------- */

static void
fill_trade(struct reading *r, struct event *out)
{
	out->symbol = read_text(r, FIELD('s'));
	out->exch_ns = read_time(r, FIELD('E'));
	out->trade_ns = read_time(r, FIELD('T'));
	out->u.trade.price = read_decimal(r, FIELD('p'));
	out->u.trade.qty = read_decimal(r, FIELD('q'));
	out->u.trade.buyer_maker = read_flag(r, FIELD('m'));
	out->u.trade.off_market = false;
	if (out->kind == EVENT_TRADE) {
		out->id = read_integer(r, FIELD('t'));
		if (reading_has(r, FIELD('X')))
			out->u.trade.off_market =
			    !bytes_equal(read_text(r, FIELD('X')), BYTES_LIT("MARKET"));
	} else {
		out->id = read_integer(r, FIELD('a'));
		out->first_id = read_integer(r, FIELD('f'));
		out->last_id = read_integer(r, FIELD('l'));
	}
}

static void
fill_quote(struct reading *r, struct event *out)
{
	out->symbol = read_text(r, FIELD('s'));
	out->exch_ns = read_time_if_there(r, FIELD('E'));
	out->trade_ns = read_time_if_there(r, FIELD('T'));
	out->id = read_integer(r, FIELD('u'));
	out->u.quote.bid_px = read_decimal(r, FIELD('b'));
	out->u.quote.bid_qty = read_decimal(r, FIELD('B'));
	out->u.quote.ask_px = read_decimal(r, FIELD('a'));
	out->u.quote.ask_qty = read_decimal(r, FIELD('A'));
}

static void
fill_depth(struct reading *r, struct event *out)
{
	enum stream_class class = stream_classify(out->stream);

	if (class == STREAM_PARTIAL_DEPTH)
		out->kind = EVENT_PARTIAL_DEPTH;
	else if (class == STREAM_RPI_DEPTH)
		out->kind = EVENT_UNKNOWN;
	out->symbol = read_text(r, FIELD('s'));
	out->exch_ns = read_time(r, FIELD('E'));
	out->trade_ns = read_time_if_there(r, FIELD('T'));
	out->id = read_integer(r, FIELD('u'));
	out->first_id = read_integer(r, FIELD('U'));
	if (reading_has(r, FIELD_PREV_ID))
		out->prev_id = read_integer(r, FIELD_PREV_ID);
	out->u.depth.bids = read_levels(r, FIELD('b'), &out->u.depth.nbids);
	out->u.depth.asks = read_levels(r, FIELD('a'), &out->u.depth.nasks);
}

/* The top of the book on spot, and REST's answer; both name no symbol. */
static void
fill_snapshot(struct reading *r, struct event *out)
{
	out->exch_ns = read_time_if_there(r, FIELD('E'));
	out->trade_ns = read_time_if_there(r, FIELD('T'));
	out->id = read_integer(r, FIELD_LAST_UPDATE_ID);
	out->u.depth.bids = read_levels(r, FIELD_BIDS, &out->u.depth.nbids);
	out->u.depth.asks = read_levels(r, FIELD_ASKS, &out->u.depth.nasks);
}

static void
fill_kline(struct reading *r, struct event *out)
{
	const uint64_t keys = KEY('t') | KEY('T') | KEY('i') | KEY('f') | KEY('L') | KEY('o') |
	    KEY('c') | KEY('h') | KEY('l') | KEY('v') | KEY('n') | KEY('x') | KEY('V');
	const struct field *k = &r->fields->slot[FIELD('k')];
	struct fields inner;
	struct fields *outer = r->fields;

	out->symbol = read_text(r, FIELD('s'));
	out->exch_ns = read_time(r, FIELD('E'));
	if (k->type != FIELD_OBJECT || fields_read(&inner, &r->scan, k->text, 2) == NULL ||
	    (inner.seen & keys) != keys || (inner.twice & keys) != 0) {
		r->malformed = true;
		return;
	}
	r->fields = &inner;
	out->trade_ns = read_time(r, FIELD('T'));
	out->id = read_integer(r, FIELD('L'));
	out->first_id = read_integer(r, FIELD('f'));
	out->u.kline.start_ns = read_time(r, FIELD('t'));
	out->u.kline.open = read_decimal(r, FIELD('o'));
	out->u.kline.high = read_decimal(r, FIELD('h'));
	out->u.kline.low = read_decimal(r, FIELD('l'));
	out->u.kline.close = read_decimal(r, FIELD('c'));
	out->u.kline.volume = read_decimal(r, FIELD('v'));
	out->u.kline.taker_volume = read_decimal(r, FIELD('V'));
	out->u.kline.trades = read_integer(r, FIELD('n'));
	out->u.kline.interval = read_text(r, FIELD('i'));
	out->u.kline.closed = read_flag(r, FIELD('x'));
	r->fields = outer;
}

static void
fill_shutdown(struct reading *r, struct event *out)
{
	out->exch_ns = read_time_if_there(r, FIELD('E'));
}

/* The id of a request: an integer, or a string or null, which are not ours. */
static void
fill_reply_id(struct reading *r, struct event *out)
{
	const struct field *field = &r->fields->slot[FIELD_ID];

	if (!reading_has(r, FIELD_ID))
		return;
	switch (field->type) {
	case FIELD_INTEGER:
		out->id = field->number;
		break;
	case FIELD_STRING:
	case FIELD_ESCAPED:
	case FIELD_DECIMAL:
		break;
	default:
		if (field->text[0] != 'n')
			r->malformed = true;
	}
}

/* {"result":...,"id":...}; the result's text keeps its quotes. */
static void
fill_reply(struct reading *r, struct event *out)
{
	const struct field *result = &r->fields->slot[FIELD_RESULT];
	bool quoted = result->type == FIELD_STRING || result->type == FIELD_ESCAPED ||
	    result->type == FIELD_DECIMAL;

	fill_reply_id(r, out);
	out->u.reply.code = 0;
	out->u.reply.text = (struct bytes){result->text - quoted, result->length + 2u * quoted};
}

/* {"code":2,"msg":"...","id":...} and {"error":{"code":2,"msg":"..."},"id":...} */
static void
fill_error_reply(struct reading *r, struct event *out)
{
	const uint64_t keys = FIELD_BIT(FIELD_CODE) | FIELD_BIT(FIELD_MSG);
	struct fields inner;
	struct fields *outer = r->fields;
	int64_t code;

	fill_reply_id(r, out);
	if (reading_has(r, FIELD_ERROR)) {
		if (fields_read(&inner, &r->scan, r->fields->slot[FIELD_ERROR].text, 1) == NULL ||
		    (inner.seen & keys) != keys || (inner.twice & keys) != 0) {
			r->malformed = true;
			return;
		}
		r->fields = &inner;
	}
	code = read_integer(r, FIELD_CODE);
	if (code < INT_MIN || code > INT_MAX)
		r->malformed = true;
	out->u.reply.code = (int)code;
	out->u.reply.text = read_text(r, FIELD_MSG);
	r->fields = outer;
}

/* ---- which event ------------------------------------------------------------ */

/* What an event needs and where it is taken from. */
struct schema {
	enum event_kind kind;
	char name[16];               /* of "e"; empty: known by its keys */
	size_t length;               /* of name */
	uint64_t required, optional; /* keys */
	void (*fill)(struct reading *r, struct event *out);
};

#define SIDES (KEY('b') | KEY('a'))
#define TIMES (KEY('E') | KEY('T'))

static const struct schema named[] = {
	{EVENT_TRADE, "trade", 5,
	    TIMES | KEY('e') | KEY('s') | KEY('t') | KEY('p') | KEY('q') | KEY('m'), KEY('X'),
	    fill_trade},
	{EVENT_AGG_TRADE, "aggTrade", 8,
	    TIMES | KEY('e') | KEY('s') | KEY('a') | KEY('p') | KEY('q') | KEY('f') | KEY('l') |
	    KEY('m'), 0, fill_trade},
	{EVENT_QUOTE, "bookTicker", 10,
	    SIDES | KEY('e') | KEY('u') | KEY('s') | KEY('B') | KEY('A'), TIMES, fill_quote},
	{EVENT_DEPTH, "depthUpdate", 11,
	    SIDES | KEY('e') | KEY('E') | KEY('s') | KEY('U') | KEY('u'),
	    KEY('T') | FIELD_BIT(FIELD_PREV_ID), fill_depth},
	{EVENT_KLINE, "kline", 5, KEY('e') | KEY('E') | KEY('s') | KEY('k'), 0, fill_kline},
	{EVENT_SERVER_SHUTDOWN, "serverShutdown", 14, KEY('e'), KEY('E'), fill_shutdown},
};

static const struct schema quote = {EVENT_QUOTE, "", 0,
	SIDES | KEY('u') | KEY('s') | KEY('B') | KEY('A'), TIMES, fill_quote};
static const struct schema snapshot = {EVENT_PARTIAL_DEPTH, "", 0,
	FIELD_BIT(FIELD_LAST_UPDATE_ID) | FIELD_BIT(FIELD_BIDS) | FIELD_BIT(FIELD_ASKS), TIMES,
	fill_snapshot};
static const struct schema error_reply = {EVENT_ERROR_REPLY, "", 0,
	FIELD_BIT(FIELD_CODE) | FIELD_BIT(FIELD_MSG), FIELD_BIT(FIELD_ID), fill_error_reply};
static const struct schema error_inside = {EVENT_ERROR_REPLY, "", 0,
	FIELD_BIT(FIELD_ERROR), FIELD_BIT(FIELD_ID), fill_error_reply};
static const struct schema reply = {EVENT_REPLY, "", 0,
	FIELD_BIT(FIELD_RESULT) | FIELD_BIT(FIELD_ID), 0, fill_reply};

static const struct schema *
schema_named(struct bytes name)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (name.n == named[i].length && memcmp(name.p, named[i].name, name.n) == 0)
			return &named[i];
	return NULL;
}

static bool
schema_has_keys(const struct schema *schema, const struct fields *fields)
{
	return (fields->seen & schema->required) == schema->required;
}

/* The event without a name that these keys make, or NULL. */
static const struct schema *
schema_by_keys(const struct fields *fields)
{
	if (schema_has_keys(&quote, fields))
		return &quote;
	if ((fields->seen & FIELD_BIT(FIELD_LAST_UPDATE_ID)) != 0)
		return &snapshot;
	if (schema_has_keys(&error_inside, fields) &&
	    fields->slot[FIELD_ERROR].type == FIELD_OBJECT)
		return &error_inside;
	if (schema_has_keys(&error_reply, fields))
		return &error_reply;
	return schema_has_keys(&reply, fields) ? &reply : NULL;
}

/* Makes the event of the payload's fields; `wrapped` is true inside {"event":...}. */
static enum decode_result
reading_finish(struct reading *r, bool wrapped, struct event *out)
{
	const struct fields *fields = r->fields;
	const struct schema *schema = NULL;

	if ((fields->twice & KEY('e')) != 0)
		return DECODE_MALFORMED;
	if (!reading_has(r, FIELD('e'))) {
		schema = schema_by_keys(fields);
	} else if (fields->slot[FIELD('e')].type <= FIELD_DECIMAL) {
		out->name = read_text(r, FIELD('e'));
		schema = schema_named(out->name);
	}
	if (wrapped && schema != NULL && schema->kind != EVENT_SERVER_SHUTDOWN)
		schema = NULL;
	if (schema != NULL) {
		uint64_t used = schema->required | schema->optional;

		if (!schema_has_keys(schema, fields) || (fields->twice & used) != 0)
			return DECODE_MALFORMED;
		out->kind = schema->kind;
		schema->fill(r, out);
	}
	if (r->malformed)
		return DECODE_MALFORMED;
	return r->unfit ? DECODE_UNFIT : DECODE_OK;
}

/* ---- envelopes -------------------------------------------------------------- */

/*
 * The usual combined envelope, {"stream":"NAME","data":{...}}, in one pass.
 * False when it is not exactly that; then envelope_any() has the last word.
 */
static bool
envelope_usual(struct reading *r, struct bytes frame, struct event *out)
{
	static const char open[] = "{\"stream\":\"", data[] = "\",\"data\":{";
	const char *end = r->scan.end, *p = frame.p, *name;

	if (memcmp(p, open, sizeof(open) - 1) != 0)
		return false;
	name = p + sizeof(open) - 1;
	p = scan_plain(name, end);
	if (p >= end || memcmp(p, data, sizeof(data) - 1) != 0)
		return false;
	out->stream = (struct bytes){name, (size_t)(p - name)};
	p = fields_read(r->fields, &r->scan, p + sizeof(data) - 2, 1);
	return p != NULL && p + 1 == end && *p == '}';
}

/*
 * Any message: checks it all, then steps into its envelope if it has one.
 * *known is false when there is no payload to look at.
 */
static enum decode_result
envelope_any(struct reading *r, struct bytes frame, struct event *out, bool *known, bool *wrapped)
{
	const uint64_t both = FIELD_BIT(FIELD_STREAM) | FIELD_BIT(FIELD_DATA);
	const char *p = scan_space(frame.p, r->scan.end);
	struct fields *fields = r->fields;
	struct field payload;
	bool object = p < r->scan.end && *p == '{';

	r->scan.levels = 0;
	p = object ? fields_read(fields, &r->scan, p, 0) : scan_value(p, r->scan.end, 0);
	if (p == NULL || scan_space(p, r->scan.end) != r->scan.end)
		return DECODE_MALFORMED;
	*known = object;
	if (!object)
		return DECODE_OK;

	if ((fields->seen & both) == both) {
		if ((fields->twice & both) != 0)
			return DECODE_MALFORMED;
		out->stream = read_text(r, FIELD_STREAM);
		payload = fields->slot[FIELD_DATA];
	} else if (reading_has(r, FIELD_EVENT) && !reading_has(r, FIELD('e'))) {
		if ((fields->twice & FIELD_BIT(FIELD_EVENT)) != 0)
			return DECODE_MALFORMED;
		payload = fields->slot[FIELD_EVENT];
		*wrapped = true;
	} else {
		return DECODE_OK;
	}
	*known = payload.type == FIELD_OBJECT;
	r->scan.levels = 0;
	if (*known && fields_read(fields, &r->scan, payload.text, 1) == NULL)
		return DECODE_MALFORMED;
	return r->malformed ? DECODE_MALFORMED : DECODE_OK;
}

/* Nothing is known of the message yet. */
static inline void
event_begin(struct event *out)
{
	out->kind = EVENT_UNKNOWN;
	/* One by one: chained, each would wait for the stores of the one before. */
	out->stream = BYTES_NONE;
	out->symbol = BYTES_NONE;
	out->name = BYTES_NONE;
	out->exch_ns = out->trade_ns = VENUE_NO_TIME;
	out->id = out->first_id = out->last_id = out->prev_id = VENUE_NO_ID;
}

/* Any message, in any layout. */
static enum decode_result
decode_any(struct bytes frame, struct event_scratch *scratch, struct event *out)
{
	struct fields fields;
	struct reading r = {&fields, {frame.p + frame.n, scratch, 0}, 0, false, false};
	bool known = true, wrapped = false;
	enum decode_result result;

	event_begin(out);
	if (!envelope_usual(&r, frame, out)) {
		out->stream = BYTES_NONE;
		result = envelope_any(&r, frame, out, &known, &wrapped);
		if (result != DECODE_OK)
			return result;
	}
	result = known ? reading_finish(&r, wrapped, out) : DECODE_OK;
	if (result == DECODE_OK && out->kind == EVENT_UNKNOWN && !wrapped)
		result = json_market_decode(frame, scratch, r.text_used, out);
	return result;
}

enum decode_result
json_decode(struct bytes frame, struct event_scratch *scratch, struct event *out)
{
	if (frame.n == 0 || frame.n > INT32_MAX)
		return DECODE_MALFORMED;
	event_begin(out);
	if (predict_decode(frame, scratch, out))
		return DECODE_OK;
	return decode_any(frame, scratch, out);
}
