#include "tools/shm-inspect/figures.h"

#include "tools/shm-inspect/words.h"

static const struct figure ticker[] = {
	{"open", FIGURE_PRICE, 0}, {"high", FIGURE_PRICE, 1}, {"low", FIGURE_PRICE, 2},
	{"last", FIGURE_PRICE, 3}, {"volume", FIGURE_QTY, 5}, {"quote_volume", FIGURE_QUOTE, 6},
	{"trades", FIGURE_COUNT, 7},
};
static const struct figure last_quote[] = {
	{"bid_px", FIGURE_PRICE, 0}, {"bid_qty", FIGURE_QTY, 1}, {"ask_px", FIGURE_PRICE, 2},
	{"ask_qty", FIGURE_QTY, 3}, {"last_qty", FIGURE_QTY, 5}, {"average", FIGURE_PRICE, 6},
	{"previous", FIGURE_PRICE, 7},
};
static const struct figure price[] = {{"price", FIGURE_PRICE, 0}, {"interval_ns", FIGURE_SPAN, 1}};
static const struct figure mark[] = {
	{"mark", FIGURE_PRICE, 0}, {"index", FIGURE_PRICE, 1}, {"settle", FIGURE_PRICE, 2},
	{"average", FIGURE_PRICE, 6}, {"funding_rate", FIGURE_RATE, 3},
	{"next_funding_ns", FIGURE_TIME, 5},
};
static const struct figure liquidation[] = {
	{"price", FIGURE_PRICE, 0}, {"qty", FIGURE_QTY, 1}, {"average", FIGURE_PRICE, 2},
	{"filled", FIGURE_QTY, 3}, {"last_qty", FIGURE_QTY, 5}, {"state", FIGURE_ORDER, 6},
};
static const struct figure status[] = {
	{"trading", FIGURE_TRADING, 0}, {"deliver_ns", FIGURE_TIME, 1},
	{"onboard_ns", FIGURE_TIME, 2},
};

#define TABLE(table) (*count = sizeof(table) / sizeof((table)[0]), (table))

const struct figure *
figures_of_tick(const struct tick *t, size_t *count)
{
	switch (t->type) {
	case TICK_MINI_TICKER:
		return TABLE(ticker);
	case TICK_TICKER_24H:
		return t->flags & TICK_FLAG_FIRST ? TABLE(ticker) : TABLE(last_quote);
	case TICK_AVG_PRICE:
	case TICK_REFERENCE_PRICE:
		return TABLE(price);
	case TICK_MARK_PRICE:
		return TABLE(mark);
	case TICK_LIQUIDATION:
		return TABLE(liquidation);
	case TICK_INSTRUMENT_STATUS:
		return TABLE(status);
	default:
		*count = 0;
		return NULL;
	}
}

int64_t
figure_value(const struct tick *t, const struct figure *f)
{
	return f->word < 4 ? t->v[f->word] : t->w[f->word - 4];
}

int
figure_exponent(const struct tick *t, const struct figure *f)
{
	switch (f->kind) {
	case FIGURE_PRICE:
		return t->scale.price;
	case FIGURE_QTY:
		return t->scale.qty;
	case FIGURE_QUOTE:
		return t->scale.quote;
	case FIGURE_RATE:
		return t->scale.rate;
	case FIGURE_COUNT:
	case FIGURE_TIME:
	case FIGURE_SPAN:
	case FIGURE_TRADING:
	case FIGURE_ORDER:
		break;
	}
	return 0;
}

const char *
figure_word(const struct figure *f, int64_t value)
{
	static const char *const orders[] = {
		"unknown", "new", "partially-filled", "filled", "canceled", "expired"};

	if (f->kind == FIGURE_TRADING)
		return words_trading(value < 0 || value > UINT8_MAX ? UINT8_MAX : (unsigned)value);
	return value > 0 && value < (int64_t)(sizeof(orders) / sizeof(orders[0])) ? orders[value]
										  : orders[0];
}

const char *
figure_window(const struct tick *t)
{
	static const char *const windows[] = {"24h", "1h", "4h", "1d"};

	return t->scale.window < sizeof(windows) / sizeof(windows[0]) ? windows[t->scale.window]
								     : "unknown";
}
