#include "feed/venue/binance/predict.h"

#include "feed/venue/binance/json.h"
#include "feed/venue/binance/levels.h"
#include "feed/venue/binance/pair.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/streams.h"
#include "feed/venue/binance/usual.h"

/*
 * A position is asked whether it is before the end after at most two values:
 * a key and a number are 26 bytes at most, and the readers look 16 further.
 */
_Static_assert(JSON_PADDING >= 2 * 26 + 12, "two values and what is read with them");

/* Where a payload stands. */
struct place {
	const char *end; /* of the message */
	size_t braces;   /* that end it: 2 in an envelope, else 1 */
	struct event_scratch *scratch;
};

/* Is `p` in front of the braces that end the message? */
static inline bool
ends(const struct place *at, const char *p)
{
	return p + at->braces == at->end && p[0] == '}' && p[at->braces - 1] == '}';
}

/* ,"s":"ABC" with the quote that ends it, from its comma. */
static inline const char *
symbol_read(const struct place *at, const char *p, struct event *out)
{
	return USUAL_SAYS(p, ",\"s\":\"") ? usual_text(p + 6, at->end, &out->symbol) : NULL;
}

/* Skips a text under a key of two letters that tells nothing new, if it is there. */
static inline const char *
skip_pair_symbol(const struct place *at, const char *p)
{
	struct bytes ignored;

	if (!USUAL_SAYS(p, ",\"ps\":\""))
		return p;
	p = usual_text(p + 7, at->end, &ignored);
	return p == NULL ? NULL : p + 1;
}

/* ---- quotes ----------------------------------------------------------------- */

/* From the comma before the symbol to the end. */
static inline bool
quote_rest(const struct place *at, const char *p, bool futures, struct event *out)
{
	p = symbol_read(at, p, out);
	if (p == NULL || (futures && (p = skip_pair_symbol(at, p + 1)) == NULL))
		return false;
	p += !futures;
	if (!USUAL_SAYS(p, ",\"b\":\""))
		return false;
	p = usual_decimals(p + 6, "\",\"B\":\"", &out->u.quote.bid_px, &out->u.quote.bid_qty);
	if (p == NULL || p >= at->end || !USUAL_SAYS(p, "\",\"a\":\""))
		return false;
	p = usual_decimals(p + 7, "\",\"A\":\"", &out->u.quote.ask_px, &out->u.quote.ask_qty);
	if (p == NULL || p >= at->end)
		return false;
	out->kind = EVENT_QUOTE;
	if (!futures)
		return ends(at, p + 1);
	if (!USUAL_SAYS(p, "\",\"T\":") || (p = usual_time(p + 6, &out->trade_ns)) == NULL ||
	    !USUAL_SAYS(p, ",\"E\":") || (p = usual_time(p + 5, &out->exch_ns)) == NULL)
		return false;
	return ends(at, p);
}

/* {"u":400,... on spot, {"u":400,"e":"bookTicker",... on COIN-M */
static bool
quote_by_id(const struct place *at, const char *p, struct event *out)
{
	p = usual_integer(p + 4, &out->id);
	if (p == NULL)
		return false;
	if (!USUAL_SAYS(p, ",\"e\":\"bookTicker\""))
		return quote_rest(at, p, false, out);
	out->name = (struct bytes){p + 6, 10};
	return quote_rest(at, p + 17, true, out);
}

/* {"e":"bookTicker","u":400,... on USD-M */
static bool
quote_by_name(const struct place *at, const char *p, struct event *out)
{
	if (!USUAL_SAYS(p, "\"e\":\"bookTicker\",\"u\":"))
		return false;
	out->name = (struct bytes){p + 5, 10};
	p = usual_integer(p + 21, &out->id);
	return p != NULL && quote_rest(at, p, true, out);
}

/* ---- trades ----------------------------------------------------------------- */

/* From the quote behind the quantity: the time on spot, the kind of trade on futures. */
static inline bool
trade_rest(const struct place *at, const char *p, bool futures, struct event *out)
{
	if (p == NULL || p >= at->end)
		return false;
	if (futures) {
		if (!USUAL_SAYS(p, "\",\"X\":\"MARKET\",\"m\":"))
			return false;
		p += 19;
	} else {
		if (!USUAL_SAYS(p, "\",\"T\":") ||
		    (p = usual_time(p + 6, &out->trade_ns)) == NULL || !USUAL_SAYS(p, ",\"m\":"))
			return false;
		p += 5;
	}
	p = usual_flag(p, &out->u.trade.buyer_maker);
	if (p == NULL)
		return false;
	p += !futures && USUAL_SAYS(p, ",\"M\":true") ? 9 : 0;
	return ends(at, p);
}

/* e,E,s,t,p,q,T,m,M on spot; e,E,T,s,t,p,q,X,m on futures. */
static bool
trade(const struct place *at, const char *p, struct event *out)
{
	bool futures;

	if (!USUAL_SAYS(p, "\"e\":\"trade\",\"E\":"))
		return false;
	out->name = (struct bytes){p + 5, 5};
	p = usual_time(p + 16, &out->exch_ns);
	if (p == NULL)
		return false;
	futures = USUAL_SAYS(p, ",\"T\":");
	if (futures && (p = usual_time(p + 5, &out->trade_ns)) == NULL)
		return false;
	p = p >= at->end ? NULL : symbol_read(at, p, out);
	if (p == NULL || !USUAL_SAYS(p, "\",\"t\":") ||
	    (p = usual_integer(p + 6, &out->id)) == NULL || !USUAL_SAYS(p, ",\"p\":\""))
		return false;
	out->kind = EVENT_TRADE;
	out->u.trade.off_market = false;
	if (p >= at->end)
		return false;
	p = usual_decimals(p + 6, "\",\"q\":\"", &out->u.trade.price, &out->u.trade.qty);
	return trade_rest(at, p, futures, out);
}

/* From the quote behind the quantity: f, l, T, m and on spot M; new futures have nq first. */
static inline bool
aggregate_rest(const struct place *at, const char *p, struct event *out)
{
	struct bytes ignored;

	if (p == NULL || p >= at->end)
		return false;
	if (USUAL_SAYS(p, "\",\"nq\":\"")) {
		p = usual_text(p + 8, at->end, &ignored);
		if (p == NULL)
			return false;
	}
	if (!USUAL_SAYS(p, "\",\"f\":") || (p = usual_integer(p + 6, &out->first_id)) == NULL ||
	    !USUAL_SAYS(p, ",\"l\":") || (p = usual_integer(p + 5, &out->last_id)) == NULL ||
	    p >= at->end)
		return false;
	if (!USUAL_SAYS(p, ",\"T\":") || (p = usual_time(p + 5, &out->trade_ns)) == NULL ||
	    !USUAL_SAYS(p, ",\"m\":") ||
	    (p = usual_flag(p + 5, &out->u.trade.buyer_maker)) == NULL)
		return false;
	p += USUAL_SAYS(p, ",\"M\":true") ? 9 : 0;
	return ends(at, p);
}

/* e,E,s,a,p,q,... on spot; e,E,a,s,p,q,... on futures. */
static bool
aggregate(const struct place *at, const char *p, struct event *out)
{
	bool futures;

	if (!USUAL_SAYS(p, "\"e\":\"aggTrade\",\"E\":"))
		return false;
	out->name = (struct bytes){p + 5, 8};
	p = usual_time(p + 19, &out->exch_ns);
	if (p == NULL)
		return false;
	futures = USUAL_SAYS(p, ",\"a\":");
	if (futures && (p = usual_integer(p + 5, &out->id)) == NULL)
		return false;
	p = p >= at->end ? NULL : symbol_read(at, p, out);
	if (p == NULL)
		return false;
	p++;
	if (!futures && (!USUAL_SAYS(p, ",\"a\":") || (p = usual_integer(p + 5, &out->id)) == NULL))
		return false;
	if (p >= at->end || !USUAL_SAYS(p, ",\"p\":\""))
		return false;
	out->kind = EVENT_AGG_TRADE;
	out->u.trade.off_market = false;
	p = usual_decimals(p + 6, "\",\"q\":\"", &out->u.trade.price, &out->u.trade.qty);
	return aggregate_rest(at, p, out);
}

/* ---- books ------------------------------------------------------------------ */

/* Both sides from the bracket of the first; `key` stands between them. */
static inline const char *
sides_read(const struct place *at, const char *p, const char *key, size_t n, struct event *out)
{
	struct levels bids = {at->scratch->level, VENUE_LEVELS_MAX, 0, FIXED_OK};
	struct levels asks = bids;

	p = *p == '[' ? levels_read(&bids, p, at->end, (int)at->braces) : NULL;
	if (p == NULL || bids.result != FIXED_OK || p >= at->end || memcmp(p, key, n) != 0)
		return NULL;
	asks.level += bids.count;
	asks.room -= bids.count;
	p = levels_read(&asks, p + n - 1, at->end, (int)at->braces);
	if (p == NULL || asks.result != FIXED_OK || p >= at->end)
		return NULL;
	out->u.depth.bids = bids.level;
	out->u.depth.nbids = bids.count;
	out->u.depth.asks = asks.level;
	out->u.depth.nasks = asks.count;
	return p;
}

/* What a depthUpdate is on that stream; a little faster where it is the usual one. */
static inline enum event_kind
depth_kind(struct bytes stream)
{
	const char *at;

	if (stream.n == 0)
		return EVENT_DEPTH;
	at = usual_find(stream, '@');
	if (stream.p[0] != '!' && at != NULL && USUAL_SAYS(at, "@depth") &&
	    (at[6] == '@' || at[6] == '"'))
		return EVENT_DEPTH;
	switch (stream_classify(stream)) {
	case STREAM_PARTIAL_DEPTH:
		return EVENT_PARTIAL_DEPTH;
	case STREAM_RPI_DEPTH:
		return EVENT_UNKNOWN;
	default:
		return EVENT_DEPTH;
	}
}

/* e,E,s,U,u,b,a on spot; e,E,T,s,ps,U,u,pu,b,a,st on futures, without ps and st some time ago. */
static bool
depth(const struct place *at, const char *p, struct event *out)
{
	int64_t ignored;
	bool futures;

	if (!USUAL_SAYS(p, "\"e\":\"depthUpdate\",\"E\":"))
		return false;
	out->name = (struct bytes){p + 5, 11};
	p = usual_time(p + 22, &out->exch_ns);
	if (p == NULL)
		return false;
	futures = USUAL_SAYS(p, ",\"T\":");
	if (futures && (p = usual_time(p + 5, &out->trade_ns)) == NULL)
		return false;
	p = p >= at->end ? NULL : symbol_read(at, p, out);
	if (p == NULL || (p = skip_pair_symbol(at, p + 1)) == NULL || !USUAL_SAYS(p, ",\"U\":") ||
	    (p = usual_integer(p + 5, &out->first_id)) == NULL || p >= at->end)
		return false;
	if (!USUAL_SAYS(p, ",\"u\":") || (p = usual_integer(p + 5, &out->id)) == NULL)
		return false;
	if (futures && (!USUAL_SAYS(p, ",\"pu\":") ||
	    (p = usual_integer(p + 6, &out->prev_id)) == NULL))
		return false;
	if (p >= at->end || !USUAL_SAYS(p, ",\"b\":["))
		return false;
	p = sides_read(at, p + 5, ",\"a\":[", 6, out);
	if (p == NULL)
		return false;
	out->kind = depth_kind(out->stream);
	if (USUAL_SAYS(p, ",\"st\":") && (p = usual_integer(p + 6, &ignored)) == NULL)
		return false;
	return ends(at, p);
}

/* {"lastUpdateId":160,"bids":[...],"asks":[...]}: the top of the book on spot. */
static bool
snapshot(const struct place *at, const char *p, struct event *out)
{
	if (!USUAL_SAYS(p, "\"lastUpdateId\":") ||
	    (p = usual_integer(p + 15, &out->id)) == NULL || p >= at->end ||
	    !USUAL_SAYS(p, ",\"bids\":["))
		return false;
	out->kind = EVENT_PARTIAL_DEPTH;
	p = sides_read(at, p + 8, ",\"asks\":[", 9, out);
	return p != NULL && ends(at, p);
}

/* ---- which event ------------------------------------------------------------ */

static bool
payload(const struct place *at, const char *p, struct event *out)
{
	if (USUAL_SAYS(p, "\"u\":"))
		return quote_by_id(at, p, out);
	switch (p[5]) {
	case 'b':
		return quote_by_name(at, p, out);
	case 't':
		return trade(at, p, out);
	case 'd':
		return depth(at, p, out);
	case 'a':
		return aggregate(at, p, out);
	default:
		return snapshot(at, p, out);
	}
}

bool
predict_decode(struct bytes frame, struct event_scratch *scratch, struct event *out)
{
	struct place at = {frame.p + frame.n, 2, scratch};
	const char *p = frame.p;

	if (USUAL_SAYS(p, "{\"stream\":\"")) {
		p = usual_text(p + 11, at.end, &out->stream);
		return p != NULL && USUAL_SAYS(p, "\",\"data\":{") && payload(&at, p + 10, out);
	}
	/* A payload alone; the readers of numbers look back further than to its first key. */
	at.braces = 1;
	return USUAL_SAYS(p, "{\"e\":\"") && payload(&at, p + 1, out);
}
