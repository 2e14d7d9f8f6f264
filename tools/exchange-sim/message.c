#include "tools/exchange-sim/message.h"

#include <string.h>

static void
put_time(struct text *t, int64_t ns, enum time_unit unit)
{
	text_int(t, unit == UNIT_US ? ns / 1000 : ns / 1000000);
}

static void
put_name(struct text *t, const struct market *m)
{
	text_lit(t, ",\"s\":\"");
	text_add(t, m->what.name, strlen(m->what.name));
	text_lit(t, "\"");
}

/* {"e":"<type>","E":<time>,"s":"<symbol>" */
static void
put_head(struct text *t, const struct market_event *e, const char *type, enum time_unit unit)
{
	text_lit(t, "{\"e\":\"");
	text_add(t, type, strlen(type));
	text_lit(t, "\",\"E\":");
	put_time(t, e->at.ns, unit);
	put_name(t, e->market);
}

static void
put_price_qty(struct text *t, int64_t price, int64_t qty)
{
	text_lit(t, ",\"p\":");
	text_decimal(t, price);
	text_lit(t, ",\"q\":");
	text_decimal(t, qty);
}

/* ,"T":<time>,"m":<maker>,"M":true} */
static void
put_trade_tail(struct text *t, int64_t ns, bool buyer_is_maker, enum time_unit unit)
{
	text_lit(t, ",\"T\":");
	put_time(t, ns, unit);
	if (buyer_is_maker)
		text_lit(t, ",\"m\":true,\"M\":true}");
	else
		text_lit(t, ",\"m\":false,\"M\":true}");
}

static bool
is_futures(const struct market *m)
{
	return m->what.product != PRODUCT_SPOT;
}

/* COIN-M names the pair, too: "BTCUSD" of "BTCUSD_PERP". */
static void
put_pair(struct text *t, const struct market *m)
{
	if (m->what.product != PRODUCT_COINM)
		return;
	text_lit(t, ",\"ps\":\"");
	text_add(t, m->what.name, strcspn(m->what.name, "_"));
	text_lit(t, "\"");
}

/* {"e":"<type>","E":<time>,"T":<time> */
static void
put_futures_head(
    struct text *t, const struct market_event *e, const char *type, enum time_unit unit)
{
	text_lit(t, "{\"e\":\"");
	text_add(t, type, strlen(type));
	text_lit(t, "\",\"E\":");
	put_time(t, e->at.ns, unit);
	text_lit(t, ",\"T\":");
	put_time(t, e->at.ns, unit);
}

static void
put_maker(struct text *t, bool buyer_is_maker)
{
	if (buyer_is_maker)
		text_lit(t, ",\"m\":true}");
	else
		text_lit(t, ",\"m\":false}");
}

/* e E T s t p q X m */
static void
put_futures_trade(struct text *t, const struct market_event *e, enum time_unit unit)
{
	put_futures_head(t, e, "trade", unit);
	put_name(t, e->market);
	text_lit(t, ",\"t\":");
	text_int(t, e->u.trade.id);
	put_price_qty(t, e->u.trade.price, e->u.trade.qty);
	text_lit(t, ",\"X\":\"MARKET\"");
	put_maker(t, e->u.trade.buyer_is_maker);
}

/* e E a s p q f l T m */
static void
put_futures_agg_trade(struct text *t, const struct market_event *e, enum time_unit unit)
{
	text_lit(t, "{\"e\":\"aggTrade\",\"E\":");
	put_time(t, e->at.ns, unit);
	text_lit(t, ",\"a\":");
	text_int(t, e->u.agg.id);
	put_name(t, e->market);
	put_price_qty(t, e->u.agg.first.price, e->u.agg.qty);
	text_lit(t, ",\"f\":");
	text_int(t, e->u.agg.first.id);
	text_lit(t, ",\"l\":");
	text_int(t, e->u.agg.last_id);
	text_lit(t, ",\"T\":");
	put_time(t, e->at.ns, unit);
	put_maker(t, e->u.agg.first.buyer_is_maker);
}

static void
put_trade(struct text *t, const struct market_event *e, enum time_unit unit)
{
	put_head(t, e, "trade", unit);
	text_lit(t, ",\"t\":");
	text_int(t, e->u.trade.id);
	put_price_qty(t, e->u.trade.price, e->u.trade.qty);
	put_trade_tail(t, e->at.ns, e->u.trade.buyer_is_maker, unit);
}

static void
put_agg_trade(struct text *t, const struct market_event *e, enum time_unit unit)
{
	put_head(t, e, "aggTrade", unit);
	text_lit(t, ",\"a\":");
	text_int(t, e->u.agg.id);
	put_price_qty(t, e->u.agg.first.price, e->u.agg.qty);
	text_lit(t, ",\"f\":");
	text_int(t, e->u.agg.first.id);
	text_lit(t, ",\"l\":");
	text_int(t, e->u.agg.last_id);
	put_trade_tail(t, e->at.ns, e->u.agg.first.buyer_is_maker, unit);
}

/* spot: u s b B a A; USD-M: e u s b B a A T E; COIN-M: u e s ps b B a A T E */
static void
put_quote(struct text *t, const struct market_event *e, enum time_unit unit)
{
	const struct market *m = e->market;
	const struct level *bid = book_level(&m->book, BOOK_BID, 0);
	const struct level *ask = book_level(&m->book, BOOK_ASK, 0);

	if (m->what.product == PRODUCT_USDM)
		text_lit(t, "{\"e\":\"bookTicker\",\"u\":");
	else
		text_lit(t, "{\"u\":");
	text_int(t, m->book.last_id);
	if (m->what.product == PRODUCT_COINM)
		text_lit(t, ",\"e\":\"bookTicker\"");
	put_name(t, m);
	put_pair(t, m);
	text_lit(t, ",\"b\":");
	text_decimal(t, market_price(m, bid->ticks));
	text_lit(t, ",\"B\":");
	text_decimal(t, market_qty(m, bid->lots));
	text_lit(t, ",\"a\":");
	text_decimal(t, market_price(m, ask->ticks));
	text_lit(t, ",\"A\":");
	text_decimal(t, market_qty(m, ask->lots));
	if (is_futures(m)) {
		text_lit(t, ",\"T\":");
		put_time(t, e->at.ns, unit);
		text_lit(t, ",\"E\":");
		put_time(t, e->at.ns, unit);
	}
	text_lit(t, "}");
}

static void
put_level(struct text *t, const struct market *m, int64_t ticks, int64_t lots, bool first)
{
	if (!first)
		text_lit(t, ",");
	text_lit(t, "[");
	text_decimal(t, market_price(m, ticks));
	text_lit(t, ",");
	text_decimal(t, market_qty(m, lots));
	text_lit(t, "]");
}

/* ,"U":..,"u":..,"pu":.. */
static void
put_futures_ids(struct text *t, int64_t first_id, int64_t last_id)
{
	text_lit(t, ",\"U\":");
	/* Ids are shared with other symbols: U does not follow on the last u. */
	text_int(t, first_id < last_id ? first_id + 1 : first_id);
	text_lit(t, ",\"u\":");
	text_int(t, last_id);
	text_lit(t, ",\"pu\":");
	text_int(t, first_id - 1);
}

/* USD-M: e E T s U u pu b a; COIN-M with ps behind s; bids ascend, as asks do */
static void
put_futures_diff(struct text *t, const struct market_event *e, enum time_unit unit)
{
	const struct market *m = e->market;
	const struct change *item = e->u.diff.item;
	uint32_t nbids = 0;

	while (nbids < e->u.diff.n && item[nbids].side == BOOK_BID)
		nbids++;
	put_futures_head(t, e, "depthUpdate", unit);
	put_name(t, m);
	put_pair(t, m);
	put_futures_ids(t, e->u.diff.first_id, e->u.diff.last_id);
	text_lit(t, ",\"b\":[");
	for (uint32_t i = nbids; i-- > 0;)
		put_level(t, m, item[i].ticks, book_lots(&m->book, BOOK_BID, item[i].ticks),
		    i == nbids - 1);
	text_lit(t, "],\"a\":[");
	for (uint32_t i = nbids; i < e->u.diff.n; i++)
		put_level(t, m, item[i].ticks, book_lots(&m->book, BOOK_ASK, item[i].ticks),
		    i == nbids);
	text_lit(t, "]}");
}

static void
put_diff(struct text *t, const struct market_event *e, enum time_unit unit)
{
	const struct market *m = e->market;
	uint32_t i = 0, first;

	put_head(t, e, "depthUpdate", unit);
	text_lit(t, ",\"U\":");
	text_int(t, e->u.diff.first_id);
	text_lit(t, ",\"u\":");
	text_int(t, e->u.diff.last_id);
	for (enum book_side side = BOOK_BID; side <= BOOK_ASK; side++) {
		if (side == BOOK_BID)
			text_lit(t, ",\"b\":[");
		else
			text_lit(t, "],\"a\":[");
		for (first = i; i < e->u.diff.n && e->u.diff.item[i].side == side; i++) {
			int64_t ticks = e->u.diff.item[i].ticks;

			put_level(t, m, ticks, book_lots(&m->book, side, ticks), i == first);
		}
	}
	text_lit(t, "]}");
}

/* "<bids>":[...],"<asks>":[...]} */
static void
put_levels(struct text *t, const struct market *m, int limit, const char *bids, const char *asks)
{
	for (enum book_side side = BOOK_BID; side <= BOOK_ASK; side++) {
		const char *key = side == BOOK_BID ? bids : asks;
		uint32_t n = m->book.n[side];

		if (n > (uint32_t)limit)
			n = (uint32_t)limit;
		text_add(t, key, strlen(key));
		for (uint32_t i = 0; i < n; i++) {
			const struct level *level = book_level(&m->book, side, i);

			put_level(t, m, level->ticks, level->lots, i == 0);
		}
	}
	text_lit(t, "]}");
}

void
message_snapshot(struct text *t, const struct market *m, int limit, wall_t now)
{
	text_lit(t, "{\"lastUpdateId\":");
	text_int(t, m->book.last_id);
	if (is_futures(m)) {
		text_lit(t, ",\"E\":");
		put_time(t, now.ns, UNIT_MS);
		text_lit(t, ",\"T\":");
		put_time(t, now.ns, UNIT_MS);
	}
	put_levels(t, m, limit, ",\"bids\":[", "],\"asks\":[");
}

/* The best levels: spot as a snapshot, futures as a depthUpdate. */
static void
put_partial(struct text *t, const struct market_event *e, enum time_unit unit)
{
	const struct market *m = e->market;

	if (!is_futures(m)) {
		message_snapshot(t, m, e->u.levels, e->at);
		return;
	}
	put_futures_head(t, e, "depthUpdate", unit);
	put_name(t, m);
	put_pair(t, m);
	put_futures_ids(t, m->book.last_id, m->book.last_id);
	put_levels(t, m, e->u.levels, ",\"b\":[", "],\"a\":[");
}

static void
put_bar_decimal(struct text *t, const char *key, int64_t units)
{
	text_lit(t, ",\"");
	text_add(t, key, 1);
	text_lit(t, "\":");
	text_decimal(t, units);
}

static void
put_kline(struct text *t, const struct market_event *e, enum time_unit unit)
{
	const struct kline *bar = e->u.kline.bar;
	const char *interval = stream_intervals[e->u.kline.interval];

	put_head(t, e, "kline", unit);
	text_lit(t, ",\"k\":{\"t\":");
	put_time(t, bar->start_ns, unit);
	text_lit(t, ",\"T\":");
	put_time(t, bar->end_ns - 1, unit);
	put_name(t, e->market);
	text_lit(t, ",\"i\":\"");
	text_add(t, interval, strlen(interval));
	text_lit(t, "\",\"f\":");
	text_int(t, bar->first_trade);
	text_lit(t, ",\"L\":");
	text_int(t, bar->last_trade);
	put_bar_decimal(t, "o", bar->open);
	put_bar_decimal(t, "c", bar->close);
	put_bar_decimal(t, "h", bar->high);
	put_bar_decimal(t, "l", bar->low);
	put_bar_decimal(t, "v", bar->volume);
	text_lit(t, ",\"n\":");
	text_int(t, bar->trades);
	if (e->u.kline.closed)
		text_lit(t, ",\"x\":true");
	else
		text_lit(t, ",\"x\":false");
	put_bar_decimal(t, "q", (int64_t)(bar->quote / UNITS_PER_ONE));
	put_bar_decimal(t, "V", bar->taker_volume);
	put_bar_decimal(t, "Q", (int64_t)(bar->taker_quote / UNITS_PER_ONE));
	text_lit(t, ",\"B\":\"0\"}}");
}

void
message_event(struct text *t, const struct market_event *e, enum time_unit unit)
{
	bool futures = is_futures(e->market);

	switch (e->slot) {
	case SLOT_TRADE:
		(futures ? put_futures_trade : put_trade)(t, e, unit);
		return;
	case SLOT_AGG_TRADE:
		(futures ? put_futures_agg_trade : put_agg_trade)(t, e, unit);
		return;
	case SLOT_QUOTE:
		put_quote(t, e, unit);
		return;
	case SLOT_DEPTH_100MS:
	case SLOT_DEPTH_1S:
		(futures ? put_futures_diff : put_diff)(t, e, unit);
		return;
	default:
		if (e->slot < SLOT_KLINE)
			put_partial(t, e, unit);
		else
			put_kline(t, e, unit);
		return;
	}
}

static void
put_flag(struct text *t, const char *key, bool value)
{
	text_lit(t, ",\"");
	text_add(t, key, strlen(key));
	if (value)
		text_lit(t, "\":true");
	else
		text_lit(t, "\":false");
}

/* spot: id price qty quoteQty time isBuyerMaker isBestMatch; COIN-M: baseQty, no isBestMatch */
void
message_past_trade(struct text *t, const struct market *m, const struct past_trade_kept *p)
{
	int64_t other = (int64_t)((__int128)p->price * p->qty / UNITS_PER_ONE);

	text_lit(t, "{\"id\":");
	text_int(t, p->id);
	text_lit(t, ",\"price\":");
	text_decimal(t, p->price);
	text_lit(t, ",\"qty\":");
	text_decimal(t, p->qty);
	if (m->what.product == PRODUCT_COINM)
		text_lit(t, ",\"baseQty\":");
	else
		text_lit(t, ",\"quoteQty\":");
	text_decimal(t, other);
	text_lit(t, ",\"time\":");
	put_time(t, p->at_ns, UNIT_MS);
	put_flag(t, "isBuyerMaker", p->buyer_is_maker);
	if (!is_futures(m))
		put_flag(t, "isBestMatch", true);
	text_lit(t, "}");
}

void
message_past_aggregate(struct text *t, const struct market *m, const struct past_aggregate *p)
{
	text_lit(t, "{\"a\":");
	text_int(t, p->first.agg_id);
	put_price_qty(t, p->first.price, p->qty);
	text_lit(t, ",\"f\":");
	text_int(t, p->first.id);
	text_lit(t, ",\"l\":");
	text_int(t, p->last_id);
	text_lit(t, ",\"T\":");
	put_time(t, p->first.at_ns, UNIT_MS);
	put_flag(t, "m", p->first.buyer_is_maker);
	if (!is_futures(m))
		put_flag(t, "M", true);
	text_lit(t, "}");
}

static void
put_text_field(struct text *t, const char *key, const char *value)
{
	text_lit(t, ",\"");
	text_add(t, key, strlen(key));
	text_lit(t, "\":\"");
	text_add(t, value, strlen(value));
	text_lit(t, "\"");
}

void
message_symbol_info(struct text *t, const struct instrument *what, bool halted)
{
	text_lit(t, "{\"symbol\":\"");
	text_add(t, what->name, strlen(what->name));
	text_lit(t, "\"");
	put_text_field(t, "status", halted ? "HALT" : "TRADING");
	put_text_field(t, "baseAsset", what->base);
	text_lit(t, ",\"baseAssetPrecision\":8");
	put_text_field(t, "quoteAsset", what->quote);
	text_lit(t, ",\"quotePrecision\":8,\"quoteAssetPrecision\":8,"
		    "\"orderTypes\":[\"LIMIT\",\"MARKET\"],\"icebergAllowed\":true,"
		    "\"isSpotTradingAllowed\":true,\"isMarginTradingAllowed\":false,"
		    "\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"minPrice\":");
	text_decimal(t, what->tick_units);
	text_lit(t, ",\"maxPrice\":");
	text_decimal(t, what->tick_units * 100000000);
	text_lit(t, ",\"tickSize\":");
	text_decimal(t, what->tick_units);
	text_lit(t, "},{\"filterType\":\"LOT_SIZE\",\"minQty\":");
	text_decimal(t, what->lot_units);
	text_lit(t, ",\"maxQty\":");
	text_decimal(t, what->lot_units * 100000000);
	text_lit(t, ",\"stepSize\":");
	text_decimal(t, what->lot_units);
	text_lit(t, "}],\"permissions\":[\"SPOT\"]}");
}
