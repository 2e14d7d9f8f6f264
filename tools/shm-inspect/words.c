#include "tools/shm-inspect/words.h"

#include <stdio.h>
#include <string.h>

#include <tickring/layout.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define WORD(table, i) ((i) < COUNT(table) && (table)[i] ? (table)[i] : "unknown")

const char *
words_venue(unsigned venue)
{
	static const char *const words[] = {
		[TICK_VENUE_BINANCE_SPOT] = "binance-spot",
		[TICK_VENUE_BINANCE_USDM] = "binance-usdm",
		[TICK_VENUE_BINANCE_COINM] = "binance-coinm",
		[TICK_VENUE_BINANCE_OPTIONS] = "binance-options",
		[TICK_VENUE_BINANCE_US] = "binance-us",
		[TICK_VENUE_BINANCE_TESTNET] = "binance-testnet",
		[TICK_VENUE_BINANCE_DEMO] = "binance-demo",
	};

	return WORD(words, venue);
}

const char *
words_trading(unsigned trading)
{
	static const char *const words[] = {
		[TICK_TRADING_ON] = "trading",
		[TICK_TRADING_HALT] = "halt",
		[TICK_TRADING_BREAK] = "break",
		[TICK_TRADING_END_OF_DAY] = "end-of-day",
		[TICK_TRADING_CANCEL_ONLY] = "cancel-only",
		[TICK_TRADING_PENDING] = "pending",
		[TICK_TRADING_SETTLING] = "settling",
		[TICK_TRADING_CLOSED] = "closed",
	};

	return WORD(words, trading);
}

const char *
words_segment_state(unsigned state)
{
	static const char *const words[] = {
		[TICK_STATE_LIVE] = "live",
		[TICK_STATE_CLOSED] = "closed",
		[TICK_STATE_REPLACED] = "replaced",
	};

	return WORD(words, state);
}

const char *
words_data_state(int64_t state)
{
	static const char *const words[] = {
		[TICK_DATA_NONE] = "none",
		[TICK_DATA_SYNCING] = "syncing",
		[TICK_DATA_LIVE] = "live",
		[TICK_DATA_STALE] = "stale",
		[TICK_DATA_HALTED] = "halted",
	};

	return WORD(words, (uint64_t)state);
}

const char *
words_under(const char *writer, const char *state, bool why, char *out, size_t size)
{
	bool kept_up = strcmp(writer, "alive") == 0 ||
	    (strcmp(state, "live") != 0 && strcmp(state, "syncing") != 0);

	if (kept_up)
		snprintf(out, size, "%s", state);
	else if (why)
		snprintf(out, size, "stale (writer %s)", writer);
	else
		snprintf(out, size, "stale");
	return out;
}
