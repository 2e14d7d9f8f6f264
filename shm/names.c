/* Names and texts of the public enums, and exact decimals as text. */
#include <string.h>

#include <tickring/reader.h>
#include <tickring/status.h>

static const char *const type_names[TICK_TYPE_COUNT] = {
	[TICK_TYPE_EMPTY] = "empty",
	[TICK_TRADE] = "trade",
	[TICK_AGG_TRADE] = "agg_trade",
	[TICK_BLOCK_TRADE] = "block_trade",
	[TICK_QUOTE] = "quote",
	[TICK_BOOK_DELTA] = "book_delta",
	[TICK_BOOK_CLEAR] = "book_clear",
	[TICK_KLINE] = "kline",
	[TICK_TICKER_24H] = "ticker_24h",
	[TICK_MINI_TICKER] = "mini_ticker",
	[TICK_AVG_PRICE] = "avg_price",
	[TICK_MARK_PRICE] = "mark_price",
	[TICK_LIQUIDATION] = "liquidation",
	[TICK_REFERENCE_PRICE] = "reference_price",
	[TICK_INSTRUMENT_STATUS] = "instrument_status",
	[TICK_FEED_EVENT] = "feed_event",
};

static const char *const line_state_names[TICK_LINE_STATE_COUNT] = {
	[TICK_LINE_IDLE] = "idle",
	[TICK_LINE_CONNECTING] = "connecting",
	[TICK_LINE_HANDSHAKE] = "handshake",
	[TICK_LINE_SUBSCRIBING] = "subscribing",
	[TICK_LINE_LIVE] = "live",
	[TICK_LINE_DRAINING] = "draining",
	[TICK_LINE_BACKOFF] = "backoff",
	[TICK_LINE_OPEN_CIRCUIT] = "open_circuit",
};

static const char *const ledger_state_names[TICK_LEDGER_STATE_COUNT] = {
	[TICK_LEDGER_NONE] = "none",
	[TICK_LEDGER_WANTED] = "wanted",
	[TICK_LEDGER_SENT] = "sent",
	[TICK_LEDGER_ACKED] = "acked",
	[TICK_LEDGER_LISTED] = "listed",
	[TICK_LEDGER_PRODUCING] = "producing",
	[TICK_LEDGER_REFUSED] = "refused",
	[TICK_LEDGER_LEAVING] = "leaving",
};

static const struct {
	const char *name, *help;
} counter_rows[] = {
#define TICK_COUNTER(NAME, name, help) {#name, help},
#include <tickring/counters.def>
#undef TICK_COUNTER
};

const char *
tick_type_name(unsigned type)
{
	return type < TICK_TYPE_COUNT ? type_names[type] : "unknown";
}

int
tick_type_from_name(const char *name)
{
	for (int type = 1; type < TICK_TYPE_COUNT; type++)
		if (strcmp(name, type_names[type]) == 0)
			return type;
	return -1;
}

const char *
tick_line_state_name(int64_t state)
{
	return state >= 0 && state < TICK_LINE_STATE_COUNT ? line_state_names[state] : "unknown";
}

const char *
tick_ledger_state_name(int64_t state)
{
	return state >= 0 && state < TICK_LEDGER_STATE_COUNT ? ledger_state_names[state]
	                                                     : "unknown";
}

const char *
tick_counter_name(unsigned counter)
{
	return counter < TICK_COUNTER_COUNT ? counter_rows[counter].name : NULL;
}

const char *
tick_counter_help(unsigned counter)
{
	return counter < TICK_COUNTER_COUNT ? counter_rows[counter].help : NULL;
}

const char *
tick_outcome_text(int outcome)
{
	switch (outcome) {
	case TICK_MORE:
		return "a tick";
	case TICK_END:
		return "nothing new";
	case TICK_E_OVERRUN:
		return "the writer lapped this reader";
	case TICK_E_STALE:
		return "the writer shows no sign of life, but still holds its lock";
	case TICK_E_DEAD:
		return "there is no writer";
	case TICK_E_RESTARTED:
		return "a writer started anew";
	case TICK_E_REPLACED:
		return "the segment was replaced by another one";
	case TICK_E_ABI:
		return "the segment has another ABI version or byte order";
	case TICK_E_ABSENT:
		return "there is no such segment";
	case TICK_E_FOREIGN:
		return "the file is no tickring segment of this kind";
	case TICK_E_TRUNCATED:
		return "the file is shorter than its header says";
	case TICK_E_ACCESS:
		return "permission denied";
	case TICK_E_BUSY:
		return "it was being written at each attempt";
	case TICK_E_RANGE:
		return "no such instrument, or a bad argument";
	case TICK_E_DAMAGED:
		return "the ring is damaged here; what that cost is counted as lost";
	case TICK_E_SYSTEM:
		return "the system refused";
	default:
		return "unknown outcome";
	}
}

unsigned
tick_abi_version(void)
{
	return TICK_ABI_MAJOR * 1000 + TICK_ABI_MINOR;
}

/* Digits of `value`, least significant first. Returns how many. */
static size_t
digits_of(uint64_t value, char *out)
{
	size_t n = 0;

	do
		out[n++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	return n;
}

size_t
tick_format(int64_t mantissa, int exponent, char *out, size_t size)
{
	char digits[20], text[64];
	uint64_t magnitude = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
	size_t n, at = 0, decimals = exponent < 0 ? (size_t)-exponent : 0;

	if (exponent < -18 || exponent > 18)
		return 0;
	if (mantissa == TICK_ABSENT) {
		text[at++] = '-';
	} else {
		n = digits_of(magnitude, digits);
		if (mantissa < 0)
			text[at++] = '-';
		for (size_t i = n > decimals ? n : decimals + 1; i-- > 0;) {
			text[at++] = i < n ? digits[i] : '0';
			if (i == decimals && decimals > 0)
				text[at++] = '.';
		}
		for (int i = 0; magnitude != 0 && i < exponent; i++)
			text[at++] = '0';
	}
	if (at >= size)
		return 0;
	memcpy(out, text, at);
	out[at] = '\0';
	return at;
}
