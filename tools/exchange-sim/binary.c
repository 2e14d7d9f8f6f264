#include "tools/exchange-sim/binary.h"

#include <string.h>

#define UNITS_EXPONENT (-8) /* of prices and quantities: UNITS_PER_ONE */

/* Little endian. */
static void
put(struct text *t, unsigned size, int64_t value)
{
	char bytes[8];

	for (unsigned i = 0; i < size; i++)
		bytes[i] = (char)((uint64_t)value >> 8 * i);
	text_add(t, bytes, size);
}

static void
put_header(struct text *t, unsigned block, unsigned template_id)
{
	put(t, 2, block);
	put(t, 2, template_id);
	put(t, 2, 1); /* schema */
	put(t, 2, 0); /* version */
}

static void
put_exponents(struct text *t)
{
	put(t, 1, UNITS_EXPONENT);
	put(t, 1, UNITS_EXPONENT);
}

static void
put_symbol(struct text *t, const struct market *m)
{
	put(t, 1, (int64_t)strlen(m->what.name));
	text_add(t, m->what.name, strlen(m->what.name));
}

static void
put_level(struct text *t, const struct market *m, int64_t ticks, int64_t lots)
{
	put(t, 8, market_price(m, ticks));
	put(t, 8, market_qty(m, lots));
}

static void
put_trade(struct text *t, const struct market_event *e)
{
	put_header(t, 18, 10000);
	put(t, 8, e->at.ns / 1000);
	put(t, 8, e->at.ns / 1000);
	put_exponents(t);
	put(t, 2, 25); /* length of an element */
	put(t, 4, 1);  /* how many */
	put(t, 8, e->u.trade.id);
	put(t, 8, e->u.trade.price);
	put(t, 8, e->u.trade.qty);
	put(t, 1, e->u.trade.buyer_is_maker);
	put_symbol(t, e->market);
}

static void
put_quote(struct text *t, const struct market_event *e)
{
	const struct market *m = e->market;

	put_header(t, 50, 10001);
	put(t, 8, e->at.ns / 1000);
	put(t, 8, m->book.last_id);
	put_exponents(t);
	for (enum book_side side = BOOK_BID; side <= BOOK_ASK; side++) {
		const struct level *best = book_level(&m->book, side, 0);

		put_level(t, m, best->ticks, best->lots);
	}
	put_symbol(t, m);
}

static void
put_partial(struct text *t, const struct market_event *e)
{
	const struct market *m = e->market;

	put_header(t, 18, 10002);
	put(t, 8, e->at.ns / 1000);
	put(t, 8, m->book.last_id);
	put_exponents(t);
	for (enum book_side side = BOOK_BID; side <= BOOK_ASK; side++) {
		uint32_t n = m->book.n[side];

		if (n > (uint32_t)e->u.levels)
			n = (uint32_t)e->u.levels;
		put(t, 2, 16);
		put(t, 2, n);
		for (uint32_t i = 0; i < n; i++) {
			const struct level *level = book_level(&m->book, side, i);

			put_level(t, m, level->ticks, level->lots);
		}
	}
	put_symbol(t, m);
}

static void
put_diff(struct text *t, const struct market_event *e)
{
	const struct market *m = e->market;
	const struct change *item = e->u.diff.item;
	uint32_t i = 0, end = 0;

	put_header(t, 26, 10003);
	put(t, 8, e->at.ns / 1000);
	put(t, 8, e->u.diff.first_id);
	put(t, 8, e->u.diff.last_id);
	put_exponents(t);
	for (enum book_side side = BOOK_BID; side <= BOOK_ASK; side++) {
		while (end < e->u.diff.n && item[end].side == side)
			end++;
		put(t, 2, 16);
		put(t, 2, end - i);
		for (; i < end; i++)
			put_level(t, m, item[i].ticks, book_lots(&m->book, side, item[i].ticks));
	}
	put_symbol(t, m);
}

bool
binary_event(struct text *t, const struct market_event *e)
{
	switch (e->slot) {
	case SLOT_TRADE:
		put_trade(t, e);
		return true;
	case SLOT_QUOTE:
		put_quote(t, e);
		return true;
	case SLOT_DEPTH_100MS:
		put_diff(t, e);
		return true;
	default:
		if ((int)e->slot != SLOT_PARTIAL_100MS + 2) /* that of 20 levels */
			return false;
		put_partial(t, e);
		return true;
	}
}

struct bytes
binary_stream(struct bytes name, char *room)
{
	static const struct {
		const char *binary, *text;
	} kinds[] = {{"@bestBidAsk", "@bookTicker"}, {"@depth", "@depth@100ms"},
		{"@depth20", "@depth20@100ms"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t from = strlen(kinds[i].binary), to = strlen(kinds[i].text);

		if (name.n < from || memcmp(name.p + name.n - from, kinds[i].binary, from) != 0 ||
		    name.n - from + to > STREAM_NAME_MAX)
			continue;
		memcpy(room, name.p, name.n - from);
		memcpy(room + name.n - from, kinds[i].text, to);
		return (struct bytes){room, name.n - from + to};
	}
	return name;
}
