#include "feed/venue/binance/market_value.h"

#include "feed/venue/binance/exchange_info.h"
#include "feed/venue/binance/walk.h"

#define WORD_MAX 32

struct bytes
market_text(struct market *m, struct bytes value)
{
	struct bytes text = BYTES_NONE;

	if (!walk_text(value, m->room, m->left, &text)) {
		m->malformed = true;
		return BYTES_NONE;
	}
	if (text.p == m->room) {
		m->room += text.n;
		m->left -= text.n;
	}
	return text;
}

/* `head` and a text, with a '_' between them. */
struct bytes
market_tail(struct market *m, struct bytes head, struct bytes value)
{
	struct bytes tail = market_text(m, value), joined = {m->room, head.n + 1 + tail.n};

	if (m->malformed || joined.n > m->left) {
		m->malformed = true;
		return BYTES_NONE;
	}
	if (head.n > 0)
		memcpy(m->room, head.p, head.n);
	m->room[head.n] = '_';
	if (tail.n > 0)
		memcpy(m->room + head.n + 1, tail.p, tail.n);
	m->room += joined.n;
	m->left -= joined.n;
	return joined;
}

static bool
is_none(struct bytes value)
{
	return bytes_equal(value, BYTES_LIT("null")) || bytes_equal(value, BYTES_LIT("\"\""));
}

struct fixed
market_decimal(struct market *m, struct bytes value, bool optional)
{
	struct fixed decimal = VENUE_NO_DECIMAL;

	if (optional && is_none(value))
		return decimal;
	switch (walk_decimal(value, &decimal)) {
	case FIXED_OK:
		break;
	case FIXED_MALFORMED:
		m->malformed = true;
		break;
	case FIXED_UNFIT:
		m->unfit = true;
		break;
	}
	return decimal;
}

int64_t
market_integer(struct market *m, struct bytes value)
{
	int64_t number = 0;

	if (!walk_integer(value, &number))
		m->malformed = true;
	return number;
}

int64_t
market_time(struct market *m, struct bytes value)
{
	int64_t ns = VENUE_NO_TIME;

	if (!walk_time(value, &ns))
		m->malformed = true;
	return ns;
}

/* Less than any stamp of this century means none. */
int64_t
market_stamp(struct market *m, struct bytes value)
{
	int64_t stamp = market_integer(m, value);

	return stamp >= 0 && stamp < 1000000000000 ? VENUE_NO_TIME : market_time(m, value);
}

bool
market_flag(struct market *m, struct bytes value)
{
	bool yes = bytes_equal(value, BYTES_LIT("true"));

	if (!yes && !bytes_equal(value, BYTES_LIT("false")))
		m->malformed = true;
	return yes;
}

bool
market_sell(struct market *m, struct bytes value)
{
	char room[WORD_MAX];
	struct bytes word = BYTES_NONE;
	bool sell = walk_text(value, room, sizeof(room), &word) &&
	    bytes_equal(word, BYTES_LIT("SELL"));

	if (!sell && !bytes_equal(word, BYTES_LIT("BUY")))
		m->malformed = true;
	return sell;
}

/* A number and s, m, h, d or w. */
int64_t
market_interval(struct market *m, struct bytes value)
{
	static const struct {
		char unit;
		int64_t ns;
	} units[] = {
		{'s', 1000000000}, {'m', 60000000000}, {'h', 3600000000000},
		{'d', 86400000000000}, {'w', 604800000000000},
	};
	char room[WORD_MAX];
	struct bytes word;
	int64_t n, ns;

	if (walk_text(value, room, sizeof(room), &word) && word.n > 1 &&
	    walk_integer((struct bytes){word.p, word.n - 1}, &n) && n > 0)
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (word.p[word.n - 1] == units[i].unit &&
			    !__builtin_mul_overflow(n, units[i].ns, &ns))
				return ns;
	m->malformed = true;
	return VENUE_NO_TIME;
}

enum tick_trading
market_trading(struct market *m, struct bytes value)
{
	char room[WORD_MAX];
	struct bytes word = BYTES_NONE;

	if (!walk_text(value, room, sizeof(room), &word))
		m->malformed = true;
	return exchange_trading_of(word);
}

enum tick_order_state
market_order(struct market *m, struct bytes value)
{
	static const struct {
		struct bytes word;
		enum tick_order_state state;
	} words[] = {
		{{"NEW", 3}, TICK_ORDER_NEW},
		{{"PARTIALLY_FILLED", 16}, TICK_ORDER_PARTIALLY_FILLED},
		{{"FILLED", 6}, TICK_ORDER_FILLED},
		{{"CANCELED", 8}, TICK_ORDER_CANCELED},
		{{"EXPIRED", 7}, TICK_ORDER_EXPIRED},
	};
	char room[WORD_MAX];
	struct bytes word = BYTES_NONE;

	if (!walk_text(value, room, sizeof(room), &word))
		m->malformed = true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bytes_equal(word, words[i].word))
			return words[i].state;
	return TICK_ORDER_UNKNOWN;
}
