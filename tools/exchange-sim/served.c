#include "tools/exchange-sim/served.h"

#include <string.h>

/* Binance, USD-M futures since 2026-04-23 (documentation of 2026-08): behind the "@". */
static const struct kind {
	const char *begins;
	enum served_route route;
} kinds[] = {
	{"bookTicker", SERVED_PUBLIC},
	{"depth", SERVED_PUBLIC},
	{"rpiDepth", SERVED_PUBLIC},
	{"aggTrade", SERVED_MARKET},
	{"markPrice", SERVED_MARKET},
	{"kline_", SERVED_MARKET},
	{"continuousKline_", SERVED_MARKET},
	{"ticker", SERVED_MARKET},
	{"miniTicker", SERVED_MARKET},
	{"forceOrder", SERVED_MARKET},
	{"compositeIndex", SERVED_MARKET},
	{"contractInfo", SERVED_MARKET},
	{"assetIndex", SERVED_MARKET},
};

/* "bookTicker" of "btcusdt@bookTicker" and of "!bookTicker". */
static struct bytes
kind_of(struct bytes stream)
{
	const char *at;

	if (stream.n > 0 && *stream.p == '!')
		return (struct bytes){stream.p + 1, stream.n - 1};
	at = memchr(stream.p, '@', stream.n);
	if (at == NULL)
		return BYTES_NONE;
	return (struct bytes){at + 1, stream.n - (size_t)(at + 1 - stream.p)};
}

bool
served_at(enum served_route route, struct bytes stream)
{
	struct bytes kind = kind_of(stream);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].begins);

		if (kind.n >= n && memcmp(kind.p, kinds[i].begins, n) == 0)
			return route == SERVED_ALL || route == kinds[i].route;
	}
	return true;
}
