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

static void
put_quote(struct text *t, const struct market *m)
{
	const struct level *bid = book_level(&m->book, BOOK_BID, 0);
	const struct level *ask = book_level(&m->book, BOOK_ASK, 0);

	text_lit(t, "{\"u\":");
	text_int(t, m->book.last_id);
	put_name(t, m);
	text_lit(t, ",\"b\":");
	text_decimal(t, market_price(m, bid->ticks));
	text_lit(t, ",\"B\":");
	text_decimal(t, market_qty(m, bid->lots));
	text_lit(t, ",\"a\":");
	text_decimal(t, market_price(m, ask->ticks));
	text_lit(t, ",\"A\":");
	text_decimal(t, market_qty(m, ask->lots));
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

void
message_snapshot(struct text *t, const struct market *m, int limit)
{
	text_lit(t, "{\"lastUpdateId\":");
	text_int(t, m->book.last_id);
	for (enum book_side side = BOOK_BID; side <= BOOK_ASK; side++) {
		uint32_t n = m->book.n[side];

		if (n > (uint32_t)limit)
			n = (uint32_t)limit;
		if (side == BOOK_BID)
			text_lit(t, ",\"bids\":[");
		else
			text_lit(t, "],\"asks\":[");
		for (uint32_t i = 0; i < n; i++) {
			const struct level *level = book_level(&m->book, side, i);

			put_level(t, m, level->ticks, level->lots, i == 0);
		}
	}
	text_lit(t, "]}");
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
	switch (e->slot) {
	case SLOT_TRADE:
		put_trade(t, e, unit);
		return;
	case SLOT_AGG_TRADE:
		put_agg_trade(t, e, unit);
		return;
	case SLOT_QUOTE:
		put_quote(t, e->market);
		return;
	case SLOT_DEPTH_100MS:
	case SLOT_DEPTH_1S:
		put_diff(t, e, unit);
		return;
	default:
		if (e->slot < SLOT_KLINE)
			message_snapshot(t, e->market, e->u.levels);
		else
			put_kline(t, e, unit);
		return;
	}
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
message_symbol_info(struct text *t, const struct instrument *what)
{
	text_lit(t, "{\"symbol\":\"");
	text_add(t, what->name, strlen(what->name));
	text_lit(t, "\",\"status\":\"TRADING\"");
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
