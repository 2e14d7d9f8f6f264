#include "feed/venue/binance/predict.h"

#include "feed/venue/binance/json.h"
#include "feed/venue/binance/levels.h"
#include "feed/venue/binance/scan.h"
#include "feed/venue/binance/streams.h"
#include "feed/venue/binance/usual.h"

#define INLINE static inline __attribute__((always_inline))

/*
 * Every value begins before the end of the message, which is asked for with its
 * key. From there it goes two decimals, their key and the next key at most.
 */
_Static_assert(JSON_PADDING >= 17 + 7 + 17 + USUAL_AHEAD, "looks ahead");

/* The payload that is read. */
struct place {
	const char *end; /* of the message */
	size_t braces;   /* that end it: 2 in an envelope, else 1 */
	size_t symbol;   /* bytes before the stream's '@', below 16; 0: no idea */
	struct event_scratch *scratch;
};

/*
 * A layout is a row of these: each takes the position behind the value before,
 * or NULL, and returns the one behind its own value, or NULL. Behind strings
 * that is their closing quote, so that the next key begins with it.
 */
#define KEY(p, key) key_read(at, p, key, sizeof(key) - 1)
#define INTEGER(p, key, out) integer_read(KEY(p, key), out)
#define TIME(p, key, out) time_read(KEY(p, key), out)
#define FLAG(p, key, out) flag_read(KEY(p, key), out)
#define TEXT(p, key, out) text_read(at, KEY(p, key), out)
#define SYMBOL(p, key, out) symbol_read(at, KEY(p, key), out)
#define PAIR(p, key, key2, a, b) pair_read_at(KEY(p, key), key2, sizeof(key2) - 1, a, b)
#define SIDE(p, key, levels) side_read(at, KEY(p, key), levels)

/* The key, and that its value begins before the end. */
INLINE const char *
key_read(const struct place *at, const char *p, const char *key, size_t n)
{
	return p != NULL && usual_says(p, key, n) && p + n < at->end ? p + n : NULL;
}

INLINE const char *
integer_read(const char *p, int64_t *out)
{
	return p == NULL ? NULL : usual_integer(p, out);
}

INLINE const char *
time_read(const char *p, int64_t *out)
{
	return p == NULL ? NULL : usual_time(p, out);
}

INLINE const char *
flag_read(const char *p, bool *out)
{
	return p == NULL ? NULL : usual_flag(p, out);
}

INLINE const char *
text_read(const struct place *at, const char *p, struct bytes *out)
{
	return p == NULL ? NULL : usual_text(p, at->end, out);
}

/*
 * The symbol, which has as many bytes as in the stream's name. So what is behind
 * it is found without waiting for where it ends.
 */
INLINE const char *
symbol_read(const struct place *at, const char *p, struct bytes *out)
{
	if (p == NULL || at->symbol >= (size_t)(at->end - p) || !usual_text_ends(p, at->symbol))
		return text_read(at, p, out);
	*out = (struct bytes){p, at->symbol};
	return p + at->symbol;
}

INLINE const char *
pair_read_at(const char *p, const char *key, size_t n, struct fixed *a, struct fixed *b)
{
	return p == NULL ? NULL : usual_decimals(p, key, n, a, b);
}

/* One side of a book, behind its opening bracket, into the room that is left. */
static inline const char *
side_read(const struct place *at, const char *p, struct levels *levels)
{
	p = p == NULL ? NULL : levels_read(levels, p - 1, at->end, (int)at->braces);
	return p != NULL && p < at->end && levels->result == FIXED_OK ? p : NULL;
}

/* Are these the braces that end the message? */
INLINE bool
ends(const struct place *at, const char *p)
{
	return p != NULL && p + at->braces == at->end && p[0] == '}' && p[at->braces - 1] == '}';
}

/* ---- quotes ----------------------------------------------------------------- */

/* From the symbol to the end. */
INLINE bool
quote_rest(const struct place *at, const char *p, bool futures, struct event *out)
{
	struct bytes pair;

	out->kind = EVENT_QUOTE;
	p = SYMBOL(p, ",\"s\":\"", &out->symbol);
	if (futures && p != NULL && USUAL_SAYS(p, "\",\"ps\":\""))
		p = TEXT(p, "\",\"ps\":\"", &pair);
	p = PAIR(p, "\",\"b\":\"", "\",\"B\":\"", &out->u.quote.bid_px, &out->u.quote.bid_qty);
	p = PAIR(p, "\",\"a\":\"", "\",\"A\":\"", &out->u.quote.ask_px, &out->u.quote.ask_qty);
	if (!futures)
		return p != NULL && ends(at, p + 1);
	p = TIME(p, "\",\"T\":", &out->trade_ns);
	p = TIME(p, ",\"E\":", &out->exch_ns);
	return ends(at, p);
}

/* {"u":400,... on spot, {"u":400,"e":"bookTicker",... on COIN-M */
static bool
quote_by_id(const struct place *at, const char *p, struct event *out)
{
	p = INTEGER(p, "\"u\":", &out->id);
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
	out->name = (struct bytes){p + 5, 10};
	p = INTEGER(p, "\"e\":\"bookTicker\",\"u\":", &out->id);
	return quote_rest(at, p, true, out);
}

/* ---- trades ----------------------------------------------------------------- */

/* e,E,s,t,p,q,T,m,M on spot; e,E,T,s,t,p,q,X,m on futures. */
static bool
trade(const struct place *at, const char *p, struct event *out)
{
	bool futures;

	out->kind = EVENT_TRADE;
	out->name = (struct bytes){p + 5, 5};
	out->u.trade.off_market = false;
	p = TIME(p, "\"e\":\"trade\",\"E\":", &out->exch_ns);
	futures = p != NULL && USUAL_SAYS(p, ",\"T\":");
	if (futures)
		p = TIME(p, ",\"T\":", &out->trade_ns);
	p = SYMBOL(p, ",\"s\":\"", &out->symbol);
	p = INTEGER(p, "\",\"t\":", &out->id);
	p = PAIR(p, ",\"p\":\"", "\",\"q\":\"", &out->u.trade.price, &out->u.trade.qty);
	if (futures) {
		p = FLAG(p, "\",\"X\":\"MARKET\",\"m\":", &out->u.trade.buyer_maker);
		return ends(at, p);
	}
	p = TIME(p, "\",\"T\":", &out->trade_ns);
	p = FLAG(p, ",\"m\":", &out->u.trade.buyer_maker);
	p = KEY(p, ",\"M\":true");
	return ends(at, p);
}

/* e,E,s,a,p,q,f,l,T,m,M on spot; e,E,a,s,p,q,f,l,T,m on futures, now with nq behind q. */
static bool
aggregate(const struct place *at, const char *p, struct event *out)
{
	struct bytes ignored;
	bool futures;

	out->kind = EVENT_AGG_TRADE;
	out->name = (struct bytes){p + 5, 8};
	out->u.trade.off_market = false;
	p = TIME(p, "\"e\":\"aggTrade\",\"E\":", &out->exch_ns);
	futures = p != NULL && USUAL_SAYS(p, ",\"a\":");
	if (futures) {
		p = INTEGER(p, ",\"a\":", &out->id);
		p = SYMBOL(p, ",\"s\":\"", &out->symbol);
		p = PAIR(p, "\",\"p\":\"", "\",\"q\":\"", &out->u.trade.price, &out->u.trade.qty);
		if (p != NULL && USUAL_SAYS(p, "\",\"nq\":\""))
			p = TEXT(p, "\",\"nq\":\"", &ignored);
	} else {
		p = SYMBOL(p, ",\"s\":\"", &out->symbol);
		p = INTEGER(p, "\",\"a\":", &out->id);
		p = PAIR(p, ",\"p\":\"", "\",\"q\":\"", &out->u.trade.price, &out->u.trade.qty);
	}
	p = INTEGER(p, "\",\"f\":", &out->first_id);
	p = INTEGER(p, ",\"l\":", &out->last_id);
	p = TIME(p, ",\"T\":", &out->trade_ns);
	p = FLAG(p, ",\"m\":", &out->u.trade.buyer_maker);
	return ends(at, futures ? p : KEY(p, ",\"M\":true"));
}

/* ---- books ------------------------------------------------------------------ */

static void
depth_fill(const struct levels *bids, const struct levels *asks, struct event *out)
{
	out->u.depth.bids = bids->level;
	out->u.depth.nbids = bids->count;
	out->u.depth.asks = asks->level;
	out->u.depth.nasks = asks->count;
}

/* The room behind the bids. */
static struct levels
room_behind(const struct levels *bids)
{
	return (struct levels){bids->level + bids->count, bids->room - bids->count, 0, FIXED_OK};
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
	struct levels bids = {at->scratch->level, VENUE_LEVELS_MAX, 0, FIXED_OK}, asks;
	struct bytes pair;
	int64_t state;
	bool futures;

	out->name = (struct bytes){p + 5, 11};
	p = TIME(p, "\"e\":\"depthUpdate\",\"E\":", &out->exch_ns);
	futures = p != NULL && USUAL_SAYS(p, ",\"T\":");
	if (futures)
		p = TIME(p, ",\"T\":", &out->trade_ns);
	p = SYMBOL(p, ",\"s\":\"", &out->symbol);
	if (futures && p != NULL && USUAL_SAYS(p, "\",\"ps\":\""))
		p = TEXT(p, "\",\"ps\":\"", &pair);
	p = INTEGER(p, "\",\"U\":", &out->first_id);
	p = INTEGER(p, ",\"u\":", &out->id);
	if (futures)
		p = INTEGER(p, ",\"pu\":", &out->prev_id);
	p = SIDE(p, ",\"b\":[", &bids);
	asks = room_behind(&bids);
	p = SIDE(p, ",\"a\":[", &asks);
	if (p != NULL && USUAL_SAYS(p, ",\"st\":"))
		p = INTEGER(p, ",\"st\":", &state);
	depth_fill(&bids, &asks, out);
	out->kind = depth_kind(out->stream);
	return ends(at, p);
}

/* {"lastUpdateId":160,"bids":[...],"asks":[...]}: the top of the book on spot. */
static bool
snapshot(const struct place *at, const char *p, struct event *out)
{
	struct levels bids = {at->scratch->level, VENUE_LEVELS_MAX, 0, FIXED_OK}, asks;

	out->kind = EVENT_PARTIAL_DEPTH;
	p = INTEGER(p, "\"lastUpdateId\":", &out->id);
	p = SIDE(p, ",\"bids\":[", &bids);
	asks = room_behind(&bids);
	p = SIDE(p, ",\"asks\":[", &asks);
	depth_fill(&bids, &asks, out);
	return ends(at, p);
}

/* ---- which event ------------------------------------------------------------ */

static bool
payload(const struct place *at, const char *p, struct event *out)
{
	if (p == NULL)
		return false;
	if (USUAL_SAYS(p, "\"u\":"))
		return quote_by_id(at, p, out);
	switch (p[5]) { /* the first letter of what "e" says */
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
	struct place in = {frame.p + frame.n, 2, 0, scratch}, *at = &in;
	const char *p = TEXT(frame.p, "{\"stream\":\"", &out->stream), *sign;

	if (p != NULL) {
		sign = usual_find(out->stream, '@');
		if (sign != NULL)
			in.symbol = (size_t)(sign - out->stream.p);
		return payload(at, KEY(p, "\",\"data\":{"), out);
	}
	/* Alone, a payload begins so: usual_integer() looks back further than to its start. */
	in.braces = 1;
	return USUAL_SAYS(frame.p, "{\"e\":\"") && payload(at, frame.p + 1, out);
}
