#include "tools/exchange-sim/stream.h"

#include <string.h>

const int stream_levels[3] = {5, 10, 20};

/* Binance: web-socket-streams.md, kline intervals (2026-08) */
const char *const stream_intervals[16] = {"1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h",
	"4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"};

static const struct {
	const char *suffix;
	enum slot slot;
} fixed_suffixes[] = {
	{"trade", SLOT_TRADE},
	{"aggTrade", SLOT_AGG_TRADE},
	{"bookTicker", SLOT_QUOTE},
	{"depth", SLOT_DEPTH_1S},
	{"depth@100ms", SLOT_DEPTH_100MS},
	{"depth5", SLOT_PARTIAL_1S},
	{"depth10", SLOT_PARTIAL_1S + 1},
	{"depth20", SLOT_PARTIAL_1S + 2},
	{"depth5@100ms", SLOT_PARTIAL_100MS},
	{"depth10@100ms", SLOT_PARTIAL_100MS + 1},
	{"depth20@100ms", SLOT_PARTIAL_100MS + 2},
};

static bool
suffix_slot(struct bytes suffix, enum slot *slot)
{
	struct bytes kline = BYTES_LIT("kline_");

	for (size_t i = 0; i < sizeof(fixed_suffixes) / sizeof(fixed_suffixes[0]); i++) {
		if (bytes_equal(suffix, bytes_of(fixed_suffixes[i].suffix))) {
			*slot = fixed_suffixes[i].slot;
			return true;
		}
	}
	if (suffix.n <= kline.n || memcmp(suffix.p, kline.p, kline.n) != 0)
		return false;
	suffix = (struct bytes){suffix.p + kline.n, suffix.n - kline.n};
	for (int i = 0; i < 16; i++) {
		if (bytes_equal(suffix, bytes_of(stream_intervals[i]))) {
			*slot = (enum slot)(SLOT_KLINE + i);
			return true;
		}
	}
	return false;
}

bool
stream_slot(struct bytes name, struct bytes *symbol, enum slot *slot)
{
	const char *at = name.n > 0 ? memchr(name.p, '@', name.n) : NULL;

	if (at == NULL || at == name.p)
		return false;
	*symbol = (struct bytes){name.p, (size_t)(at - name.p)};
	return suffix_slot((struct bytes){at + 1, name.n - symbol->n - 1}, slot);
}

bool
stream_name_valid(struct bytes name)
{
	if (name.n == 0 || name.n > STREAM_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z') || c >= 0x80;

		if (!plain && (c == 0 || strchr("@_!:+-.", c) == NULL))
			return false;
	}
	return true;
}
