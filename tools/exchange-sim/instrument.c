#include <stdio.h>
#include <string.h>

#include "tools/exchange-sim/market.h"

#define LOT_5 1000    /* 0.00001 */
#define LOT_2 1000000 /* 0.01 */
#define LOT_0 UNITS_IN_ONE
#define UNITS_IN_ONE INT64_C(100000000)

static const struct {
	const char *base, *quote;
	int64_t start_ticks, tick_units, lot_units;
} known[] = {
	{"BTC", "USDT", 8664000, 1000000, LOT_5},
	{"ETH", "USDT", 284000, 1000000, LOT_5 * 10},
	{"BNB", "USDT", 86300, 1000000, LOT_5 * 100},
	{"SOL", "USDT", 13150, 1000000, LOT_5 * 100},
	{"XRP", "USDT", 20750, 10000, LOT_2 * 10},
	{"DOGE", "USDT", 14120, 1000, LOT_0},
	{"ADA", "USDT", 41210, 1000, LOT_2 * 10},
	{"LINK", "USDT", 12340, 100000, LOT_2},
	{"LTC", "USDT", 8410, 1000000, LOT_5 * 100},
	{"AVAX", "USDT", 13280, 100000, LOT_2},
	{"DOT", "USDT", 23300, 10000, LOT_2},
	{"TRX", "USDT", 27510, 1000, LOT_2 * 10},
	{"ETH", "BTC", 32780, 100, LOT_5 * 10},
	{"BNB", "BTC", 99610, 100, LOT_5 * 100},
	{"BTC", "USDC", 8663000, 1000000, LOT_5},
	{"ETH", "USDC", 283900, 1000000, LOT_5 * 10},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

void
instrument_numbered(struct instrument *out, uint32_t i)
{
	memset(out, 0, sizeof(*out));
	if (i < KNOWN) {
		snprintf(out->base, sizeof(out->base), "%s", known[i].base);
		snprintf(out->quote, sizeof(out->quote), "%s", known[i].quote);
		out->start_ticks = known[i].start_ticks;
		out->tick_units = known[i].tick_units;
		out->lot_units = known[i].lot_units;
	} else {
		snprintf(out->base, sizeof(out->base), "COIN%04u", (unsigned)(i - KNOWN + 1));
		snprintf(out->quote, sizeof(out->quote), "USDT");
		out->start_ticks = 10000 + (int64_t)i * 37;
		out->tick_units = 10000;
		out->lot_units = LOT_2;
	}
	snprintf(out->name, sizeof(out->name), "%.15s%.7s", out->base, out->quote);
}

/* Cuts the quote asset off an unknown symbol's name. */
static void
split_name(struct instrument *out)
{
	static const char *const quotes[] = {"USDT", "USDC", "FDUSD", "BTC", "ETH", "EUR", "USD"};
	size_t n = strlen(out->name);

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		size_t q = strlen(quotes[i]);

		if (n > q && n - q < sizeof(out->base) &&
		    strcmp(out->name + n - q, quotes[i]) == 0) {
			memcpy(out->base, out->name, n - q);
			memcpy(out->quote, quotes[i], q + 1);
			return;
		}
	}
	snprintf(out->base, sizeof(out->base), "%.15s", out->name);
	snprintf(out->quote, sizeof(out->quote), "USDT");
}

bool
instrument_named(struct instrument *out, const char *name)
{
	char upper[sizeof(out->name)];
	size_t n = strlen(name);

	if (n == 0 || n >= sizeof(upper))
		return false;
	for (size_t i = 0; i <= n; i++) {
		unsigned char c = (unsigned char)name[i];

		upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
		if (i < n && c < 0x80 && strchr("\"\\@/,%&?#", c) != NULL)
			return false;
		if (i < n && c <= ' ')
			return false;
	}
	for (uint32_t i = 0; i < KNOWN; i++) {
		instrument_numbered(out, i);
		if (strcmp(out->name, upper) == 0)
			return true;
	}
	instrument_numbered(out, KNOWN);
	memset(out->base, 0, sizeof(out->base));
	memcpy(out->name, upper, n + 1);
	split_name(out);
	return true;
}
