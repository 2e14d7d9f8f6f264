#include "tools/exchange-sim/kline.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

/* Lengths in seconds of stream_intervals[]; 1w and 1M are not simply multiples. */
static const int64_t length_s[KLINE_INTERVALS - 2] = {
	1, 60, 180, 300, 900, 1800, 3600, 7200, 14400, 21600, 28800, 43200, 86400, 259200};

/* Days since 1970 of the first day of a month; months counted from January of year 0. */
static int64_t
month_start(int64_t month)
{
	/* Years begin in March, so that the leap day is the last of its year. */
	int64_t y = (month - 2) / 12, m = (month - 2) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468;
}

static void
month_bounds(int64_t wall_ns, int64_t *start_ns, int64_t *end_ns)
{
	int64_t day = wall_ns / DAY;
	/* A month number that is at most one too small, then the exact one. */
	int64_t month = 1970 * 12 + day * 12 / 366;

	while (month_start(month + 1) <= day)
		month++;
	*start_ns = month_start(month) * DAY;
	*end_ns = month_start(month + 1) * DAY;
}

void
klines_bounds(int i, int64_t wall_ns, int64_t *start_ns, int64_t *end_ns)
{
	int64_t length = 7 * DAY, shift = 0;

	if (i == KLINE_INTERVALS - 1) {
		month_bounds(wall_ns, start_ns, end_ns);
		return;
	}
	if (i < KLINE_INTERVALS - 2)
		length = length_s[i] * SECOND;
	else
		shift = 4 * DAY; /* weeks start on Monday, 1970-01-01 was a Thursday */
	*start_ns = wall_ns - (wall_ns - shift) % length;
	*end_ns = *start_ns + length;
}

static void
bar_start(struct kline *bar, int i, int64_t wall_ns, int64_t price)
{
	*bar = (struct kline){.first_trade = -1, .last_trade = -1, .open = price,
		.high = price, .low = price, .close = price};
	klines_bounds(i, wall_ns, &bar->start_ns, &bar->end_ns);
}

void
klines_init(struct klines *k, int64_t wall_ns, int64_t price)
{
	for (int i = 0; i < KLINE_INTERVALS; i++)
		bar_start(&k->bar[i], i, wall_ns, price);
}

void
klines_on_trade(struct klines *k, int64_t id, int64_t price, int64_t qty, bool buyer_is_maker)
{
	struct kline *bar = &k->bar[0];
	__int128 quote = (__int128)price * qty;

	if (bar->trades++ == 0) {
		bar->first_trade = id;
		bar->open = bar->high = bar->low = price;
	}
	bar->last_trade = id;
	bar->high = price > bar->high ? price : bar->high;
	bar->low = price < bar->low ? price : bar->low;
	bar->close = price;
	bar->volume += qty;
	bar->quote += quote;
	if (!buyer_is_maker) {
		bar->taker_volume += qty;
		bar->taker_quote += quote;
	}
}

void
klines_fold_second(struct klines *k)
{
	const struct kline *second = &k->bar[0];

	if (second->trades == 0)
		return;
	for (int i = 1; i < KLINE_INTERVALS; i++) {
		struct kline *bar = &k->bar[i];
		bool first = bar->trades == 0;

		if (first) {
			bar->first_trade = second->first_trade;
			bar->open = second->open;
		}
		if (first || second->high > bar->high)
			bar->high = second->high;
		if (first || second->low < bar->low)
			bar->low = second->low;
		bar->last_trade = second->last_trade;
		bar->close = second->close;
		bar->trades += second->trades;
		bar->volume += second->volume;
		bar->taker_volume += second->taker_volume;
		bar->quote += second->quote;
		bar->taker_quote += second->taker_quote;
	}
}

bool
klines_roll(struct klines *k, int i, int64_t wall_ns)
{
	if (wall_ns < k->bar[i].end_ns)
		return false;
	bar_start(&k->bar[i], i, wall_ns, k->bar[i].close);
	return true;
}
