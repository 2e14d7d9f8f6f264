#include "tests/decode_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "tests/market_oracle.h"
#include "tests/oracle_check.h"

static void
check_levels(struct check *c, const char *key, const struct event_level *ours, uint32_t count)
{
	const cJSON *array = check_item(c->payload, key);
	const cJSON *theirs;

	if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) != (int)count) {
		check_differ(c, key, "number of levels differs");
		return;
	}
	cJSON_ArrayForEach(theirs, array) {
		if (!cJSON_IsArray(theirs) ||
		    !check_same_decimal(cJSON_GetArrayItem(theirs, 0), ours->price) ||
		    !check_same_decimal(cJSON_GetArrayItem(theirs, 1), ours->qty))
			check_differ(c, key, "level differs");
		ours++;
	}
}

static void
check_trade(struct check *c)
{
	const struct event *e = c->event;
	const cJSON *x = check_item(c->payload, "X");

	check_time(c, c->payload, "T", e->trade_ns);
	check_decimal(c, c->payload, "p", e->u.trade.price);
	check_decimal(c, c->payload, "q", e->u.trade.qty);
	check_flag(c, c->payload, "m", e->u.trade.buyer_maker);
	if (e->kind == EVENT_AGG_TRADE) {
		check_integer(c, c->payload, "a", e->id);
		check_integer(c, c->payload, "f", e->first_id);
		check_integer(c, c->payload, "l", e->last_id);
		return;
	}
	check_integer(c, c->payload, "t", e->id);
	if (e->u.trade.off_market != (x != NULL && strcmp(x->valuestring, "MARKET") != 0))
		check_differ(c, "X", "off_market differs");
}

static void
check_quote(struct check *c)
{
	const struct event *e = c->event;

	check_time(c, c->payload, "T", e->trade_ns);
	check_integer(c, c->payload, "u", e->id);
	check_decimal(c, c->payload, "b", e->u.quote.bid_px);
	check_decimal(c, c->payload, "B", e->u.quote.bid_qty);
	check_decimal(c, c->payload, "a", e->u.quote.ask_px);
	check_decimal(c, c->payload, "A", e->u.quote.ask_qty);
}

static void
check_depth(struct check *c)
{
	const struct event *e = c->event;
	bool diff = check_item(c->payload, "e") != NULL;

	check_time(c, c->payload, "T", e->trade_ns);
	check_integer(c, c->payload, diff ? "u" : "lastUpdateId", e->id);
	check_optional_integer(c, c->payload, "U", e->first_id);
	check_optional_integer(c, c->payload, "pu", e->prev_id);
	check_levels(c, diff ? "b" : "bids", e->u.depth.bids, e->u.depth.nbids);
	check_levels(c, diff ? "a" : "asks", e->u.depth.asks, e->u.depth.nasks);
}

/* Whether two values print the same: cJSON_Compare() stumbles over infinity and double keys. */
static bool
same_json(const cJSON *a, const cJSON *b)
{
	char *ours = cJSON_PrintUnformatted(a), *theirs = cJSON_PrintUnformatted(b);
	bool same = ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0;

	free(ours);
	free(theirs);
	return same;
}

static void
check_reply(struct check *c)
{
	const struct event *e = c->event;
	const cJSON *id = check_item(c->payload, "id");
	const cJSON *inner = check_item(c->payload, "error");

	if (cJSON_IsNumber(id))
		check_integer(c, c->payload, "id", e->id);
	else if (e->id != VENUE_NO_ID)
		check_differ(c, "id", "an id out of nowhere");
	if (e->kind == EVENT_REPLY) {
		cJSON *ours = cJSON_ParseWithLength(e->u.reply.text.p, e->u.reply.text.n);

		if (!same_json(ours, check_item(c->payload, "result")))
			check_differ(c, "result", "text differs");
		cJSON_Delete(ours);
		return;
	}
	if (!cJSON_IsObject(inner))
		inner = c->payload;
	check_integer(c, inner, "code", e->u.reply.code);
	check_text(c, inner, "msg", e->u.reply.text);
}

/* What a depthUpdate is on a stream of that name; NULL: no envelope. */
static enum event_kind
depth_expected(const char *stream)
{
	static const char *const partial[] = {"depth5", "depth10", "depth20"};
	char type[64] = "";

	if (stream == NULL)
		return EVENT_DEPTH;
	if (stream[0] == '!')
		sscanf(stream, "!%63[^@]", type);
	else if (stream[0] == '@')
		sscanf(stream, "@%63[^@]", type);
	else
		sscanf(stream, "%*[^@]@%63[^@]", type);
	for (size_t i = 0; i < 3; i++)
		if (strcmp(type, partial[i]) == 0)
			return EVENT_PARTIAL_DEPTH;
	return strcmp(type, "rpiDepth") == 0 ? EVENT_UNKNOWN : EVENT_DEPTH;
}

/* The kind that the message must have. */
static enum event_kind
kind_expected(const cJSON *root, const cJSON *payload, const char *stream)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} kinds[] = {
		{"trade", EVENT_TRADE}, {"aggTrade", EVENT_AGG_TRADE},
		{"bookTicker", EVENT_QUOTE}, {"depthUpdate", EVENT_DEPTH},
		{"kline", EVENT_KLINE}, {"serverShutdown", EVENT_SERVER_SHUTDOWN},
	};
	const cJSON *e = check_item(payload, "e");

	if (cJSON_IsArray(payload) && payload != check_item(root, "event"))
		return EVENT_LIST;
	if (!cJSON_IsObject(payload))
		return EVENT_UNKNOWN;
	for (size_t i = 0; cJSON_IsString(e) && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(e->valuestring, kinds[i].name) != 0)
			continue;
		if (payload == check_item(root, "event") && kinds[i].kind != EVENT_SERVER_SHUTDOWN)
			return EVENT_UNKNOWN;
		return kinds[i].kind == EVENT_DEPTH ? depth_expected(stream) : kinds[i].kind;
	}
	if (payload == check_item(root, "event"))
		return EVENT_UNKNOWN;
	if (e != NULL)
		return market_kind_expected(payload);
	if (check_item(payload, "u") != NULL && check_item(payload, "s") != NULL &&
	    check_item(payload, "b") != NULL && check_item(payload, "B") != NULL &&
	    check_item(payload, "a") != NULL && check_item(payload, "A") != NULL)
		return EVENT_QUOTE;
	if (check_item(payload, "lastUpdateId") != NULL)
		return EVENT_PARTIAL_DEPTH;
	if (cJSON_IsObject(check_item(payload, "error")) ||
	    (check_item(payload, "code") != NULL && check_item(payload, "msg") != NULL))
		return EVENT_ERROR_REPLY;
	if (check_item(payload, "result") != NULL && check_item(payload, "id") != NULL)
		return EVENT_REPLY;
	return EVENT_UNKNOWN;
}

static void
check_event(struct check *c, const cJSON *root)
{
	const struct event *e = c->event;
	const cJSON *stream = check_item(root, "stream");
	bool combined = stream != NULL && check_item(root, "data") != NULL;

	c->payload = root;
	if (combined)
		c->payload = check_item(root, "data");
	else if (check_item(root, "e") == NULL && check_item(root, "event") != NULL)
		c->payload = check_item(root, "event");
	if (e->kind != kind_expected(root, c->payload, combined ? stream->valuestring : NULL)) {
		check_differ(c, "kind", "differs");
		return;
	}
	if (combined)
		check_text(c, root, "stream", e->stream);
	if (cJSON_IsString(check_item(c->payload, "e")))
		check_text(c, c->payload, "e", e->name);
	if (e->kind == EVENT_UNKNOWN)
		return;
	if (e->kind == EVENT_LIST || market_kind_expected(c->payload) != EVENT_UNKNOWN) {
		market_check(c);
		return;
	}
	if (e->kind == EVENT_REPLY || e->kind == EVENT_ERROR_REPLY)
		check_time(c, NULL, "E", e->exch_ns); /* replies have no time of ours */
	else
		check_time(c, c->payload, "E", e->exch_ns);
	if (check_item(c->payload, "s") != NULL && e->kind <= EVENT_KLINE && e->symbol.n > 0)
		check_text(c, c->payload, "s", e->symbol);
	switch (e->kind) {
	case EVENT_TRADE:
	case EVENT_AGG_TRADE:
		check_trade(c);
		break;
	case EVENT_QUOTE:
		check_quote(c);
		break;
	case EVENT_DEPTH:
	case EVENT_PARTIAL_DEPTH:
		check_depth(c);
		break;
	case EVENT_KLINE:
		check_candle(c);
		break;
	case EVENT_REPLY:
	case EVENT_ERROR_REPLY:
		check_reply(c);
		break;
	default:
		break;
	}
}

bool
oracle_agrees(struct bytes message, const struct event *event, char *why)
{
	struct check c = {NULL, event, why, false};
	char *text = malloc(message.n + 1);
	cJSON *root;

	memcpy(text, message.p, message.n);
	text[message.n] = '\0';
	root = cJSON_ParseWithLengthOpts(text, message.n + 1, NULL, true);
	if (root == NULL)
		check_differ(&c, "message", "cJSON refuses it");
	else
		check_event(&c, root);
	cJSON_Delete(root);
	free(text);
	return !c.differs;
}

static bool
same_fixed(struct fixed a, struct fixed b)
{
	return a.mantissa == b.mantissa && a.exponent == b.exponent;
}

static bool
same_levels(const struct event_level *a, const struct event_level *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!same_fixed(a[i].price, b[i].price) || !same_fixed(a[i].qty, b[i].qty))
			return false;
	return true;
}

static bool
same_payload(const struct event *a, const struct event *b)
{
	switch (a->kind) {
	case EVENT_TRADE:
	case EVENT_AGG_TRADE:
	case EVENT_BLOCK_TRADE:
		return same_fixed(a->u.trade.price, b->u.trade.price) &&
		    same_fixed(a->u.trade.qty, b->u.trade.qty) &&
		    a->u.trade.buyer_maker == b->u.trade.buyer_maker &&
		    a->u.trade.off_market == b->u.trade.off_market;
	case EVENT_QUOTE:
		return same_fixed(a->u.quote.bid_px, b->u.quote.bid_px) &&
		    same_fixed(a->u.quote.bid_qty, b->u.quote.bid_qty) &&
		    same_fixed(a->u.quote.ask_px, b->u.quote.ask_px) &&
		    same_fixed(a->u.quote.ask_qty, b->u.quote.ask_qty);
	case EVENT_DEPTH:
	case EVENT_PARTIAL_DEPTH:
		return a->u.depth.nbids == b->u.depth.nbids &&
		    a->u.depth.nasks == b->u.depth.nasks &&
		    same_levels(a->u.depth.bids, b->u.depth.bids, a->u.depth.nbids) &&
		    same_levels(a->u.depth.asks, b->u.depth.asks, a->u.depth.nasks);
	case EVENT_KLINE:
		return same_fixed(a->u.kline.open, b->u.kline.open) &&
		    same_fixed(a->u.kline.high, b->u.kline.high) &&
		    same_fixed(a->u.kline.low, b->u.kline.low) &&
		    same_fixed(a->u.kline.close, b->u.kline.close) &&
		    same_fixed(a->u.kline.volume, b->u.kline.volume) &&
		    same_fixed(a->u.kline.taker_volume, b->u.kline.taker_volume) &&
		    a->u.kline.start_ns == b->u.kline.start_ns &&
		    a->u.kline.trades == b->u.kline.trades &&
		    bytes_equal(a->u.kline.interval, b->u.kline.interval) &&
		    a->u.kline.closed == b->u.kline.closed;
	case EVENT_REPLY:
	case EVENT_ERROR_REPLY:
		return a->u.reply.code == b->u.reply.code &&
		    bytes_equal(a->u.reply.text, b->u.reply.text);
	default:
		return market_same_payload(a, b);
	}
}

bool
events_equal(const struct event *a, const struct event *b)
{
	return a->kind == b->kind && bytes_equal(a->stream, b->stream) &&
	    bytes_equal(a->symbol, b->symbol) && bytes_equal(a->name, b->name) &&
	    a->exch_ns == b->exch_ns && a->trade_ns == b->trade_ns && a->id == b->id &&
	    a->first_id == b->first_id && a->last_id == b->last_id &&
	    a->prev_id == b->prev_id && same_payload(a, b);
}
