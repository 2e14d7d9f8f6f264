#include "feed/venue/binance/streams.h"

#include <assert.h>
#include <stdint.h>

static const struct {
	struct bytes type;
	enum stream_class class;
} classes[] = {
	{{"trade", 5}, STREAM_TRADE},
	{{"aggTrade", 8}, STREAM_AGG_TRADE},
	{{"bookTicker", 10}, STREAM_BOOK_TICKER},
	{{"bestBidAsk", 10}, STREAM_BOOK_TICKER}, /* of SBE */
	{{"depth", 5}, STREAM_DEPTH},
	{{"depth5", 6}, STREAM_PARTIAL_DEPTH},
	{{"depth10", 7}, STREAM_PARTIAL_DEPTH},
	{{"depth20", 7}, STREAM_PARTIAL_DEPTH},
	{{"rpiDepth", 8}, STREAM_RPI_DEPTH},
	{{"blockTrade", 10}, STREAM_BLOCK_TRADE},
	{{"miniTicker", 10}, STREAM_MINI_TICKER},
	{{"ticker", 6}, STREAM_TICKER},
	{{"ticker_1h", 9}, STREAM_TICKER},
	{{"ticker_4h", 9}, STREAM_TICKER},
	{{"ticker_1d", 9}, STREAM_TICKER},
	{{"avgPrice", 8}, STREAM_AVG_PRICE},
	{{"referencePrice", 14}, STREAM_REFERENCE_PRICE},
	{{"markPrice", 9}, STREAM_MARK_PRICE},
	{{"indexPrice", 10}, STREAM_INDEX_PRICE},
	{{"compositeIndex", 14}, STREAM_INDEX_PRICE},
	{{"forceOrder", 10}, STREAM_LIQUIDATION},
	{{"contractInfo", 12}, STREAM_STATUS},
};

static const char *const fault_texts[STREAM_FAULTS] = {
	[STREAM_FINE] = "fine",
	[STREAM_EMPTY] = "is empty",
	[STREAM_TOO_LONG] = "is longer than 128 bytes",
	[STREAM_BAD_CHARACTER] =
	    "holds white space, a control character, a quote, a slash or a backslash",
	[STREAM_BAD_UTF8] = "is not valid UTF-8",
	[STREAM_NO_SYMBOL] =
	    "has no symbol: a stream is a symbol, \"@\" and a type, like \"btcusdt@trade\"",
	[STREAM_NO_TYPE] =
	    "has no type: a stream is a symbol, \"@\" and a type, like \"btcusdt@trade\"",
	[STREAM_UPPER_CASE] =
	    "has a symbol in upper case: stream names have it in lower case",
};

static bool
begins_with(struct bytes text, struct bytes start)
{
	return text.n > start.n && memcmp(text.p, start.p, start.n) == 0;
}

static enum stream_class
class_of_type(struct bytes type)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (bytes_equal(type, classes[i].type))
			return classes[i].class;
	return begins_with(type, BYTES_LIT("kline_")) ||
		begins_with(type, BYTES_LIT("continuousKline_"))
	    ? STREAM_KLINE
	    : STREAM_OTHER;
}

/* Cuts *rest at its first '@'. Returns what was before it; false when there is no '@'. */
static bool
cut_at(struct bytes *rest, struct bytes *before)
{
	const char *at = rest->n == 0 ? NULL : memchr(rest->p, '@', rest->n);

	*before = *rest;
	if (at == NULL) {
		*rest = BYTES_NONE;
		return false;
	}
	before->n = (size_t)(at - rest->p);
	*rest = (struct bytes){at + 1, rest->n - before->n - 1};
	return true;
}

enum stream_class
stream_classify(struct bytes name)
{
	struct bytes symbol, type;

	if (name.n > 0 && name.p[0] == '!')
		name = (struct bytes){name.p + 1, name.n - 1};
	else if (!cut_at(&name, &symbol))
		return STREAM_OTHER;
	cut_at(&name, &type);
	return class_of_type(type);
}

/* The length of the UTF-8 character at p, 0 when it is none (RFC 3629). */
static size_t
utf8_length(const unsigned char *p, size_t n)
{
	uint32_t code;
	size_t length = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (length == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || length > n)
		return 0;
	code = p[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

static enum stream_fault
check_characters(struct bytes name)
{
	const unsigned char *p = (const unsigned char *)name.p;

	for (size_t i = 0; i < name.n;) {
		size_t length = utf8_length(p + i, name.n - i);

		if (length == 0)
			return STREAM_BAD_UTF8;
		if (p[i] <= ' ' || p[i] == 0x7f || memchr("\"'`\\/", p[i], 5) != NULL)
			return STREAM_BAD_CHARACTER;
		/* U+0080 to U+00A0: control characters and the no-break space. */
		if (p[i] == 0xc2 && p[i + 1] <= 0xa0)
			return STREAM_BAD_CHARACTER;
		i += length;
	}
	return STREAM_FINE;
}

static bool
has_upper_case(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'Z')
			return true;
	return false;
}

enum stream_fault
stream_parse(struct bytes name, struct stream_name *out)
{
	struct bytes symbol = BYTES_NONE, type;
	enum stream_fault fault;

	if (name.n == 0)
		return STREAM_EMPTY;
	if (name.n > STREAM_NAME_MAX)
		return STREAM_TOO_LONG;
	fault = check_characters(name);
	if (fault != STREAM_FINE)
		return fault;

	if (name.p[0] == '!') {
		name = (struct bytes){name.p + 1, name.n - 1};
		cut_at(&name, &type);
		if (type.n == 0)
			return STREAM_NO_SYMBOL;
	} else {
		bool at = cut_at(&name, &symbol);

		if (symbol.n == 0)
			return STREAM_NO_SYMBOL;
		if (!at)
			return STREAM_NO_TYPE;
		if (has_upper_case(symbol))
			return STREAM_UPPER_CASE;
		cut_at(&name, &type);
		if (type.n == 0)
			return STREAM_NO_TYPE;
	}
	out->class = class_of_type(type);
	out->symbol = symbol;
	out->type = type;
	out->option = name;
	out->decoded = out->class != STREAM_OTHER && out->class != STREAM_RPI_DEPTH;
	return STREAM_FINE;
}

/* Binance, 2026-08: pairs are "btcusd", their instruments "btcusd_perp", "btcusd_261225". */
bool
stream_is_of_instrument(const struct stream_name *name)
{
	switch (name->class) {
	case STREAM_INDEX_PRICE:
	case STREAM_STATUS:
	case STREAM_OTHER: /* whatever it is */
	case STREAM_CLASSES:
		return false;
	case STREAM_KLINE:
		return name->symbol.n > 0 && begins_with(name->type, BYTES_LIT("kline_"));
	case STREAM_TRADE:
	case STREAM_AGG_TRADE:
	case STREAM_BOOK_TICKER:
	case STREAM_DEPTH:
	case STREAM_PARTIAL_DEPTH:
	case STREAM_BLOCK_TRADE:
	case STREAM_MINI_TICKER:
	case STREAM_TICKER:
	case STREAM_AVG_PRICE:
	case STREAM_REFERENCE_PRICE:
	case STREAM_MARK_PRICE:
	case STREAM_LIQUIDATION:
	case STREAM_RPI_DEPTH:
		break;
	}
	return name->symbol.n > 0;
}

const char *
stream_fault_text(enum stream_fault fault)
{
	assert(fault < STREAM_FAULTS);
	return fault_texts[fault];
}

size_t
stream_symbol_upper(struct bytes symbol, char *out, size_t room)
{
	if (symbol.n > room)
		return 0;
	for (size_t i = 0; i < symbol.n; i++) {
		char c = symbol.p[i];

		out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	return symbol.n;
}
