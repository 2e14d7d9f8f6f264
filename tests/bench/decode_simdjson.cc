/*
 * The same events as json_decode()'s by simdjson's on-demand parser, written
 * as its documentation recommends: parser reused, padded input, members found
 * in the order in which they stand, every value read once, no exceptions. It
 * is told the product, as a program knows what it connected to.
 * Decimals are read from the raw strings with the product's own fast routine,
 * for simdjson has none without floating point.
 */
#include <simdjson.h>

extern "C" {
#include "feed/venue/binance/scan.h"
#include "tests/bench/decode_rival.h"
}

static_assert(RIVAL_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads further");

namespace {

using simdjson::SUCCESS;
namespace od = simdjson::ondemand;

od::parser parser;

/* Fields of a payload, by letter; what they mean is known when "e" is. */
struct letters {
	int64_t number[128];
	fixed decimal[128];
	bytes text[128];
	bool flag[128];
	uint64_t seen[2];
	const event_level *levels[128];
	uint32_t count[128];
};

letters top, inner;

void
note(letters &l, unsigned char key)
{
	l.seen[key >> 6] |= UINT64_C(1) << (key & 63);
}

bool
has(const letters &l, unsigned char key)
{
	return (l.seen[key >> 6] >> (key & 63) & 1) != 0;
}

inline bool
decimal_of(od::value value, fixed *out)
{
	od::raw_json_string raw;

	if (value.get_raw_json_string().get(raw) != SUCCESS)
		return false;
	if (scan_decimal(raw.raw(), out) != nullptr)
		return true;
	bytes text{raw.raw(), strcspn(raw.raw(), "\"")};
	return fixed_parse(text, out) == FIXED_OK;
}

bool
text_of(od::value value, bytes *out)
{
	std::string_view text;

	if (value.get_string().get(text) != SUCCESS)
		return false;
	*out = bytes{text.data(), text.size()};
	return true;
}

inline bool
levels_of(od::value value, event_level **next, const event_level **first, uint32_t *count)
{
	od::array side;

	if (value.get_array().get(side) != SUCCESS)
		return false;
	*first = *next;
	for (auto item : side) {
		od::array level;
		fixed *to = &(*next)->price;

		if (item.get_array().get(level) != SUCCESS)
			return false;
		for (auto number : level) {
			od::value v;

			if (to == nullptr || number.get(v) != SUCCESS || !decimal_of(v, to))
				return false;
			to = to == &(*next)->price ? &(*next)->qty : nullptr;
		}
		++*next;
	}
	*count = (uint32_t)(*next - *first);
	return true;
}

/* Reads a member's value into its letter, by what it is. */
bool
member(letters &l, unsigned char key, od::value value, event_level **next)
{
	od::json_type type;

	if (value.type().get(type) != SUCCESS)
		return false;
	note(l, key);
	switch (type) {
	case od::json_type::string:
		if (strchr("esXi", key) != nullptr)
			return text_of(value, &l.text[key]);
		return decimal_of(value, &l.decimal[key]);
	case od::json_type::number:
		return value.get_int64().get(l.number[key]) == SUCCESS;
	case od::json_type::boolean:
		return value.get_bool().get(l.flag[key]) == SUCCESS;
	case od::json_type::array:
		return levels_of(value, next, &l.levels[key], &l.count[key]);
	default:
		return true;
	}
}

/* The member of an object that has no name of one letter. */
bool
named(letters &l, od::field &field, const char *name, event_level **next)
{
	if (name[0] == 'p' && name[1] == 'u' && name[2] == '"')
		return member(l, 0, field.value(), next);
	if (strncmp(name, "lastUpdateId\"", 13) == 0)
		return member(l, 'u', field.value(), next);
	if (strncmp(name, "bids\"", 5) == 0)
		return member(l, 'b', field.value(), next);
	if (strncmp(name, "asks\"", 5) == 0)
		return member(l, 'a', field.value(), next);
	return true;
}

bool
walk(od::object object, letters &l, event_level **next)
{
	l.seen[0] = l.seen[1] = 0;
	for (auto result : object) {
		od::field field;

		if (std::move(result).get(field) != SUCCESS)
			return false;
		const char *name = field.key().raw();
		if (name[1] != '"') {
			if (!named(l, field, name, next))
				return false;
			continue;
		}
		unsigned char key = (unsigned char)name[0] & 127;
		if (key == 'k') {
			od::object k;

			if (field.value().get_object().get(k) != SUCCESS || !walk(k, inner, next))
				return false;
		} else if (key != 'M' && !member(l, key, field.value(), next)) {
			return false;
		}
	}
	return true;
}

int64_t
time_of(const letters &l, unsigned char key)
{
	if (!has(l, key))
		return VENUE_NO_TIME;
	return l.number[key] * (l.number[key] < 10000000000000 ? 1000000 : 1000);
}

void
fill_trade(event *out)
{
	out->u.trade.price = top.decimal['p'];
	out->u.trade.qty = top.decimal['q'];
	out->u.trade.buyer_maker = top.flag['m'];
	out->u.trade.off_market = false;
	if (out->kind == EVENT_TRADE) {
		out->id = top.number['t'];
		if (has(top, 'X'))
			out->u.trade.off_market = !bytes_equal(top.text['X'], BYTES_LIT("MARKET"));
	} else {
		out->id = top.number['a'];
		out->first_id = top.number['f'];
		out->last_id = top.number['l'];
	}
}

void
fill_quote(event *out)
{
	out->id = top.number['u'];
	out->u.quote.bid_px = top.decimal['b'];
	out->u.quote.bid_qty = top.decimal['B'];
	out->u.quote.ask_px = top.decimal['a'];
	out->u.quote.ask_qty = top.decimal['A'];
}

void
fill_depth(event *out)
{
	out->id = top.number['u'];
	if (has(top, 'U'))
		out->first_id = top.number['U'];
	if (has(top, 0))
		out->prev_id = top.number[0];
	out->u.depth.bids = top.levels['b'];
	out->u.depth.nbids = top.count['b'];
	out->u.depth.asks = top.levels['a'];
	out->u.depth.nasks = top.count['a'];
}

void
fill_kline(event *out)
{
	out->trade_ns = time_of(inner, 'T');
	out->id = inner.number['L'];
	out->first_id = inner.number['f'];
	out->u.kline.start_ns = time_of(inner, 't');
	out->u.kline.open = inner.decimal['o'];
	out->u.kline.high = inner.decimal['h'];
	out->u.kline.low = inner.decimal['l'];
	out->u.kline.close = inner.decimal['c'];
	out->u.kline.volume = inner.decimal['v'];
	out->u.kline.taker_volume = inner.decimal['V'];
	out->u.kline.trades = inner.number['n'];
	out->u.kline.interval = inner.text['i'];
	out->u.kline.closed = inner.flag['x'];
}

enum event_kind
kind_of(bytes name, bytes stream)
{
	if (bytes_equal(name, BYTES_LIT("trade")))
		return EVENT_TRADE;
	if (bytes_equal(name, BYTES_LIT("aggTrade")))
		return EVENT_AGG_TRADE;
	if (bytes_equal(name, BYTES_LIT("bookTicker")))
		return EVENT_QUOTE;
	if (bytes_equal(name, BYTES_LIT("kline")))
		return EVENT_KLINE;
	if (!bytes_equal(name, BYTES_LIT("depthUpdate")))
		return EVENT_UNKNOWN;
	const char *at = (const char *)memchr(stream.p, '@', stream.n);
	/* "@depth5" and the like; "@depth" and "@depth@100ms" are changes of the book. */
	bool partial = at != nullptr && at[6] >= '0' && at[6] <= '9';
	return partial ? EVENT_PARTIAL_DEPTH : EVENT_DEPTH;
}

void
fill(event *out)
{
	out->symbol = has(top, 's') ? top.text['s'] : BYTES_NONE;
	out->exch_ns = time_of(top, 'E');
	out->trade_ns = time_of(top, 'T');
	out->name = BYTES_NONE;
	if (has(top, 'e')) {
		out->name = top.text['e'];
		out->kind = kind_of(out->name, out->stream);
	} else {
		out->kind = has(top, 'B') ? EVENT_QUOTE : EVENT_PARTIAL_DEPTH;
	}
	switch (out->kind) {
	case EVENT_TRADE:
	case EVENT_AGG_TRADE:
		fill_trade(out);
		break;
	case EVENT_QUOTE:
		fill_quote(out);
		break;
	case EVENT_KLINE:
		fill_kline(out);
		break;
	case EVENT_DEPTH:
	case EVENT_PARTIAL_DEPTH:
		fill_depth(out);
		break;
	default:
		break;
	}
}

/* ---- the layouts that a product's streams have ---------------------------------- */

/*
 * Members in the order in which they stand: each is found at once. False: they
 * do not stand so, and walk() has to look.
 */
struct ordered {
	od::object object;
	event *out;
	event_level *next;

	bool
	integer(const char *key, int64_t *to)
	{
		return object.find_field(key).get_int64().get(*to) == SUCCESS;
	}

	bool
	time(const char *key, int64_t *to)
	{
		if (!integer(key, to))
			return false;
		*to *= *to < 10000000000000 ? 1000000 : 1000;
		return true;
	}

	bool
	text(const char *key, bytes *to)
	{
		std::string_view text;

		if (object.find_field(key).get_string().get(text) != SUCCESS)
			return false;
		*to = bytes{text.data(), text.size()};
		return true;
	}

	bool
	decimal(const char *key, fixed *to)
	{
		od::value value;

		return object.find_field(key).get(value) == SUCCESS && decimal_of(value, to);
	}

	bool
	flag(const char *key, bool *to)
	{
		return object.find_field(key).get_bool().get(*to) == SUCCESS;
	}

	bool
	levels(const char *key, const event_level **first, uint32_t *count)
	{
		od::value value;

		return object.find_field(key).get(value) == SUCCESS &&
		    levels_of(value, &next, first, count);
	}

	bool
	quote(rival_product product)
	{
		bool futures = product != RIVAL_SPOT, coinm = product == RIVAL_COINM;

		out->kind = EVENT_QUOTE;
		out->name = BYTES_NONE;
		out->exch_ns = out->trade_ns = VENUE_NO_TIME;
		return (!futures || coinm || text("e", &out->name)) && integer("u", &out->id) &&
		    (!coinm || text("e", &out->name)) && text("s", &out->symbol) &&
		    decimal("b", &out->u.quote.bid_px) && decimal("B", &out->u.quote.bid_qty) &&
		    decimal("a", &out->u.quote.ask_px) && decimal("A", &out->u.quote.ask_qty) &&
		    (!futures || (time("T", &out->trade_ns) && time("E", &out->exch_ns)));
	}

	bool
	trade(rival_product product)
	{
		bool futures = product != RIVAL_SPOT;
		bytes x = BYTES_LIT("MARKET");

		out->kind = EVENT_TRADE;
		if (!text("e", &out->name) || !time("E", &out->exch_ns) ||
		    (futures && !time("T", &out->trade_ns)) || !text("s", &out->symbol) ||
		    !integer("t", &out->id) || !decimal("p", &out->u.trade.price) ||
		    !decimal("q", &out->u.trade.qty) ||
		    !(futures ? text("X", &x) : time("T", &out->trade_ns)) ||
		    !flag("m", &out->u.trade.buyer_maker))
			return false;
		out->u.trade.off_market = !bytes_equal(x, BYTES_LIT("MARKET"));
		return true;
	}

	bool
	aggregate(rival_product product)
	{
		bool futures = product != RIVAL_SPOT;

		out->kind = EVENT_AGG_TRADE;
		out->u.trade.off_market = false;
		return text("e", &out->name) && time("E", &out->exch_ns) &&
		    (!futures || integer("a", &out->id)) && text("s", &out->symbol) &&
		    (futures || integer("a", &out->id)) &&
		    decimal("p", &out->u.trade.price) && decimal("q", &out->u.trade.qty) &&
		    integer("f", &out->first_id) && integer("l", &out->last_id) &&
		    time("T", &out->trade_ns) && flag("m", &out->u.trade.buyer_maker);
	}

	bool
	depth(rival_product product)
	{
		bool futures = product != RIVAL_SPOT;

		out->kind = EVENT_DEPTH;
		out->trade_ns = VENUE_NO_TIME;
		return text("e", &out->name) && time("E", &out->exch_ns) &&
		    (!futures || time("T", &out->trade_ns)) && text("s", &out->symbol) &&
		    integer("U", &out->first_id) && integer("u", &out->id) &&
		    (!futures || integer("pu", &out->prev_id)) &&
		    levels("b", &out->u.depth.bids, &out->u.depth.nbids) &&
		    levels("a", &out->u.depth.asks, &out->u.depth.nasks);
	}
};

/* Opens a message; *object is the payload. */
bool
open(bytes text, od::document &doc, od::object &object, bytes *stream)
{
	if (parser.iterate(text.p, text.n, text.n + RIVAL_PADDING).get(doc) != SUCCESS ||
	    doc.get_object().get(object) != SUCCESS)
		return false;
	/* The envelope's two members stand in front, or they are not there at all. */
	if (memcmp(text.p, "{\"stream\"", 9) == 0) {
		std::string_view name;
		od::object data;

		if (object.find_field("stream").get_string().get(name) != SUCCESS ||
		    object.find_field("data").get_object().get(data) != SUCCESS)
			return false;
		*stream = bytes{name.data(), name.size()};
		object = data;
	}
	return true;
}

/* The stream's name says which event to expect. */
bool
expected(od::object object, rival_product product, event_level *next, event *out)
{
	ordered o{object, out, next};
	std::string_view name(out->stream.p, out->stream.n);
	size_t at = name.find('@');

	if (product == RIVAL_UNKNOWN || at == std::string_view::npos)
		return false;
	name.remove_prefix(at + 1);
	if (name == "bookTicker")
		return o.quote(product);
	if (name == "trade")
		return o.trade(product);
	if (name == "aggTrade")
		return o.aggregate(product);
	if (name.substr(0, 5) == "depth" && (name.size() == 5 || name[5] == '@'))
		return o.depth(product);
	return false;
}

} // namespace

extern "C" bool
rival_simdjson(struct bytes text, enum rival_product product, struct event_scratch *scratch,
    struct event *out)
{
	event_level *next = scratch->level;
	od::document doc, again;
	od::object object;

	out->stream = BYTES_NONE;
	out->id = out->first_id = out->last_id = out->prev_id = VENUE_NO_ID;
	if (!open(text, doc, object, &out->stream))
		return false;
	if (out->stream.n > 0 && expected(object, product, next, out))
		return true;
	out->id = out->first_id = out->last_id = out->prev_id = VENUE_NO_ID;
	if (!open(text, again, object, &out->stream) || !walk(object, top, &next))
		return false;
	fill(out);
	return true;
}

extern "C" const char *
rival_simdjson_kernel(void)
{
	static std::string name = simdjson::get_active_implementation()->name();

	return name.c_str();
}
