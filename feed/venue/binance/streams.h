/*
 * Binance's stream names: "btcusdt@aggTrade", "btcusdt@depth5@100ms",
 * "!ticker@arr". Pure; no state.
 */
#ifndef FEED_VENUE_BINANCE_STREAMS_H
#define FEED_VENUE_BINANCE_STREAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/bytes.h"

#define STREAM_NAME_MAX 128 /* bytes; the longest real ones have about 50 */

enum stream_class {
	STREAM_TRADE,
	STREAM_AGG_TRADE,
	STREAM_BOOK_TICKER,
	STREAM_DEPTH,         /* changes of the book */
	STREAM_PARTIAL_DEPTH, /* depth5, depth10, depth20 */
	STREAM_KLINE, /* also continuousKline, and of other time zones */
	STREAM_BLOCK_TRADE,
	STREAM_MINI_TICKER,
	STREAM_TICKER, /* ticker, ticker_1h, ticker_4h, ticker_1d */
	STREAM_AVG_PRICE,
	STREAM_REFERENCE_PRICE,
	STREAM_MARK_PRICE,
	STREAM_INDEX_PRICE, /* indexPrice, compositeIndex */
	STREAM_LIQUIDATION, /* forceOrder */
	STREAM_STATUS,      /* contractInfo */
	STREAM_RPI_DEPTH, /* futures: depthUpdate messages of another book; not decoded */
	STREAM_OTHER,     /* not decoded */
	STREAM_CLASSES
};

/* What is wrong with a name. */
enum stream_fault {
	STREAM_FINE,
	STREAM_EMPTY,         /* no name at all */
	STREAM_TOO_LONG,      /* over STREAM_NAME_MAX bytes */
	STREAM_BAD_CHARACTER, /* white space, control character, quote, backslash, slash */
	STREAM_BAD_UTF8,      /* not valid UTF-8 */
	STREAM_NO_SYMBOL,     /* nothing before the '@', or after the '!' */
	STREAM_NO_TYPE,       /* no '@', or nothing behind it */
	STREAM_UPPER_CASE,    /* the exchange accepts such a symbol and stays silent */
	STREAM_FAULTS
};

/* The parts point into the name. */
struct stream_name {
	enum stream_class class;
	struct bytes symbol; /* "btcusdt"; empty when the name starts with '!' */
	struct bytes type;   /* "depth5"; "ticker" of "!ticker@arr" */
	struct bytes option; /* "100ms", "arr@1s", "+08:00", or empty */
	bool decoded;        /* its messages become events other than EVENT_UNKNOWN */
};

/*
 * Checks a name and takes it apart. STREAM_FINE also for types that we do not
 * know: class is then STREAM_OTHER and decoded is false. With a fault *out is
 * not filled.
 */
enum stream_fault stream_parse(struct bytes name, struct stream_name *out);

/*
 * Does the exchange's list of instruments name its symbol, if that exists? Not
 * where it is a pair, an index, or the underlying of options.
 */
bool stream_is_of_instrument(const struct stream_name *name);

/* The fault in words that go on after the name: "is empty", with what to do about it. */
const char *stream_fault_text(enum stream_fault fault);

/* Only the class, for names that the exchange sent; STREAM_OTHER when in doubt. */
enum stream_class stream_classify(struct bytes name);

/*
 * Writes the symbol as the exchange's messages have it: ASCII letters in upper
 * case, all other bytes as they are. Returns the length, 0 when it is longer
 * than `room`. No NUL is added.
 */
size_t stream_symbol_upper(struct bytes symbol, char *out, size_t room);

#endif
