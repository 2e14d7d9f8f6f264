/*
 * The instruments of a REST exchangeInfo body, one after the other: spot
 * (/api/v3), USD-M (/fapi/v1), COIN-M (/dapi/v1) and options (/eapi/v1). Pure:
 * no tree, no allocation; the body is read once and stays where it is.
 *
 * Which product it is does not matter: instruments are the elements of
 * "symbols", or of "optionSymbols" where there is one; the state is "status",
 * or COIN-M's "contractStatus".
 */
#ifndef FEED_VENUE_BINANCE_EXCHANGE_INFO_H
#define FEED_VENUE_BINANCE_EXCHANGE_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/layout.h>

#include "feed/base/bytes.h"
#include "feed/base/fixed.h"
#include "feed/venue/binance/walk.h"

/* Exponents where the exchange states no step: what its prices have at most. */
#define EXCHANGE_EXPONENT_DEFAULT (-8)

#define EXCHANGE_WORD_MAX 32

/* Texts are in the body, or in the iterator: valid until its next call. */
struct exchange_symbol {
	struct bytes name;         /* valid UTF-8, 1 to TICK_SYMBOL_MAX bytes */
	struct bytes status;       /* the exchange's word, "TRADING", or empty */
	enum tick_trading trading; /* the same; words that we do not know: UNKNOWN */
	struct bytes contract;     /* contractType; options: side; else empty */
	int64_t deliver_ns;        /* deliveryDate, expiryDate, or TICK_ABSENT */
	/*
	 * The coarsest exponents, none above 0, at which the step and the
	 * smallest value are whole: so is every price (quantity) that the
	 * rules of the day allow. Orders that are older than a rule may be
	 * finer; fixed_rescale() refuses those.
	 */
	int price_exponent, qty_exponent;
	int64_t price_step, qty_step; /* at these exponents; 0: the exchange states none */
};

enum exchange_info_result {
	EXCHANGE_INFO_SYMBOL,    /* *out is filled */
	EXCHANGE_INFO_UNUSABLE,  /* an entry without a usable name or with wrong values: go on */
	EXCHANGE_INFO_END,       /* all of the body was read, and it is whole */
	EXCHANGE_INFO_MALFORMED, /* no exchangeInfo, cut off, no JSON: what came may be half */
};

struct exchange_info {
	struct walk body, symbols;
	bool seen; /* the list was found */
	bool inside;
	bool malformed;
	char name[TICK_SYMBOL_MAX], status[EXCHANGE_WORD_MAX], contract[EXCHANGE_WORD_MAX];
};

/*
 * Begins with a body, which must stay as it is, and be readable for SCAN_AHEAD
 * bytes behind its end, until the last call of exchange_info_next().
 */
void exchange_info_begin(struct exchange_info *info, struct bytes body);

/* The next instrument. After END or MALFORMED the answer stays the same. */
enum exchange_info_result exchange_info_next(
    struct exchange_info *info, struct exchange_symbol *out);

/*
 * The state behind an exchange's word for it: of spot's "status", of futures'
 * and of contractInfo's "cs". TICK_TRADING_UNKNOWN for words that we do not know.
 */
enum tick_trading exchange_trading_of(struct bytes word);

#endif
