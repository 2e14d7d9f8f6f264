#include "feed/venue/binance/sbe.h"

#include <endian.h>
#include <string.h>

/*
 * Root blocks and elements of version 0 (Binance, stream_1_0.xml, 2025): later
 * versions only append to them.
 */
enum {
	TRADES_BLOCK = 18,   /* eventTime 0, transactTime 8, exponents 16 17 */
	TRADE_ELEMENT = 25,  /* id 0, price 8, qty 16, isBuyerMaker 24 */
	QUOTE_BLOCK = 50,    /* eventTime 0, updateId 8, exponents 16 17, bid 18 26, ask 34 42 */
	SNAPSHOT_BLOCK = 18, /* eventTime 0, updateId 8, exponents 16 17 */
	DIFF_BLOCK = 26,     /* eventTime 0, first 8, last 16, exponents 24 25 */
	LEVEL_ELEMENT = 16,  /* price 0, qty 8 */
};

/* SBE's "no value" of an int64. */
#define SBE_NO_INT64 INT64_MIN

/* What is left of a message. */
struct cursor {
	const unsigned char *p;
	size_t n;
};

static uint16_t
u16_at(const unsigned char *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return le16toh(value);
}

static uint32_t
u32_at(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static int64_t
i64_at(const unsigned char *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return (int64_t)le64toh(value);
}

/* Takes n bytes; NULL when there are not that many. */
static const unsigned char *
take(struct cursor *c, size_t n)
{
	const unsigned char *p = c->p;

	if (c->n < n)
		return NULL;
	c->p += n;
	c->n -= n;
	return p;
}

bool
sbe_header_read(struct bytes frame, struct sbe_header *out)
{
	const unsigned char *p = (const unsigned char *)frame.p;

	if (frame.n < SBE_HEADER_BYTES)
		return false;
	*out = (struct sbe_header){u16_at(p), u16_at(p + 2), u16_at(p + 4), u16_at(p + 6)};
	return true;
}

/* ---- values ----------------------------------------------------------------- */

/* Microseconds to nanoseconds; false: no time. */
static bool
time_of(int64_t us, int64_t *ns)
{
	return us > 0 && !__builtin_mul_overflow(us, 1000, ns);
}

/* The exponents of a message; false: one is out of the range of fixed.h. */
static bool
exponents_of(const unsigned char *p, int exponent[2])
{
	bool fit = true;

	for (int i = 0; i < 2; i++) {
		exponent[i] = (int8_t)p[i];
		fit = fit && exponent[i] >= FIXED_EXPONENT_MIN && exponent[i] <= FIXED_EXPONENT_MAX;
	}
	return fit;
}

/* A mantissa with its exponent; false: it has no value. */
static bool
decimal_of(const unsigned char *p, int exponent, struct fixed *out)
{
	*out = (struct fixed){i64_at(p), exponent};
	return out->mantissa != SBE_NO_INT64;
}

/*
 * The symbol, behind all groups. What follows it a later version may have
 * appended; in version 0 nothing does.
 */
static bool
symbol_of(struct cursor *c, uint16_t version, struct event *out)
{
	const unsigned char *length = take(c, 1), *text;

	if (length == NULL || *length == 0 || (text = take(c, *length)) == NULL)
		return false;
	out->symbol = (struct bytes){(const char *)text, *length};
	return c->n == 0 || version > 0;
}

/* ---- messages --------------------------------------------------------------- */

static enum decode_result
trades_decode(struct cursor *c, const unsigned char *block, uint16_t version, uint32_t index,
    struct event *out, uint32_t *count)
{
	const unsigned char *group = take(c, 6), *elements, *e;
	uint32_t n, step;
	int exponent[2];
	bool fit = exponents_of(block + 16, exponent);

	if (group == NULL)
		return DECODE_MALFORMED;
	step = u16_at(group);
	n = u32_at(group + 2);
	if (step < TRADE_ELEMENT || n > c->n / step || index >= n)
		return DECODE_MALFORMED;
	elements = take(c, (size_t)n * step);
	if (!symbol_of(c, version, out) || !time_of(i64_at(block), &out->exch_ns) ||
	    !time_of(i64_at(block + 8), &out->trade_ns))
		return DECODE_MALFORMED;
	e = elements + (size_t)index * step;
	*count = n;
	out->kind = EVENT_TRADE;
	out->id = i64_at(e);
	out->u.trade.off_market = false;
	out->u.trade.buyer_maker = e[24] == 1;
	if (!decimal_of(e + 8, exponent[0], &out->u.trade.price) ||
	    !decimal_of(e + 16, exponent[1], &out->u.trade.qty) || e[24] > 1 || out->id < 0)
		return DECODE_MALFORMED;
	return fit ? DECODE_OK : DECODE_UNFIT;
}

static enum decode_result
quote_decode(struct cursor *c, const unsigned char *block, uint16_t version, struct event *out)
{
	int exponent[2];
	bool fit = exponents_of(block + 16, exponent);

	out->kind = EVENT_QUOTE;
	out->id = i64_at(block + 8);
	if (!symbol_of(c, version, out) || !time_of(i64_at(block), &out->exch_ns) || out->id < 0 ||
	    !decimal_of(block + 18, exponent[0], &out->u.quote.bid_px) ||
	    !decimal_of(block + 26, exponent[1], &out->u.quote.bid_qty) ||
	    !decimal_of(block + 34, exponent[0], &out->u.quote.ask_px) ||
	    !decimal_of(block + 42, exponent[1], &out->u.quote.ask_qty))
		return DECODE_MALFORMED;
	return fit ? DECODE_OK : DECODE_UNFIT;
}

/* One side; false: cut off, too many levels, or one without a value. */
static bool
side_of(struct cursor *c, const int exponent[2], struct event_level *room, size_t room_n,
    uint32_t *count)
{
	const unsigned char *group = take(c, 4), *e;
	uint32_t step, n;

	if (group == NULL)
		return false;
	step = u16_at(group);
	n = u16_at(group + 2);
	if (step < LEVEL_ELEMENT || n > room_n || (e = take(c, (size_t)n * step)) == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++, e += step)
		if (!decimal_of(e, exponent[0], &room[i].price) ||
		    !decimal_of(e + 8, exponent[1], &room[i].qty))
			return false;
	*count = n;
	return true;
}

/* Both depth messages; `ids` is how many update ids the block has. */
static enum decode_result
depth_decode(struct cursor *c, const unsigned char *block, uint16_t version, int ids,
    struct event_scratch *scratch, struct event *out)
{
	struct event_level *bids = scratch->level, *asks;
	int exponent[2];
	bool fit = exponents_of(block + 8 + 8 * ids, exponent);

	out->kind = ids == 2 ? EVENT_DEPTH : EVENT_PARTIAL_DEPTH;
	out->id = i64_at(block + 8 * ids);
	if (ids == 2)
		out->first_id = i64_at(block + 8);
	if (!side_of(c, exponent, bids, VENUE_LEVELS_MAX, &out->u.depth.nbids))
		return DECODE_MALFORMED;
	asks = bids + out->u.depth.nbids;
	if (!side_of(c, exponent, asks, VENUE_LEVELS_MAX - out->u.depth.nbids,
		&out->u.depth.nasks) ||
	    !symbol_of(c, version, out) || !time_of(i64_at(block), &out->exch_ns) || out->id < 0 ||
	    (ids == 2 && out->first_id < 0))
		return DECODE_MALFORMED;
	out->u.depth.bids = bids;
	out->u.depth.asks = asks;
	return fit ? DECODE_OK : DECODE_UNFIT;
}

static const struct {
	uint16_t id;
	uint16_t block; /* its least length */
} templates[] = {
	{10000, TRADES_BLOCK}, {10001, QUOTE_BLOCK}, {10002, SNAPSHOT_BLOCK}, {10003, DIFF_BLOCK},
};

enum decode_result
sbe_decode(struct bytes frame, uint32_t index, struct event_scratch *scratch, struct event *out,
    uint32_t *count)
{
	struct cursor c = {(const unsigned char *)frame.p, frame.n};
	const unsigned char *block;
	struct sbe_header header;
	unsigned which = 0;

	*count = 1;
	if (!sbe_header_read(frame, &header))
		return DECODE_MALFORMED;
	if (header.schema_id != SBE_SCHEMA_ID) {
		out->id = header.schema_id;
		out->first_id = header.version;
		return DECODE_FOREIGN;
	}
	out->kind = EVENT_UNKNOWN;
	out->stream = out->symbol = out->name = BYTES_NONE;
	out->exch_ns = out->trade_ns = VENUE_NO_TIME;
	out->id = out->first_id = out->last_id = out->prev_id = VENUE_NO_ID;
	take(&c, SBE_HEADER_BYTES);
	block = take(&c, header.block_length);
	while (which < sizeof(templates) / sizeof(templates[0]) &&
	    templates[which].id != header.template_id)
		which++;
	if (block == NULL)
		return DECODE_MALFORMED;
	if (which == sizeof(templates) / sizeof(templates[0]))
		return DECODE_OK;
	if (header.block_length < templates[which].block || (which > 0 && index > 0))
		return DECODE_MALFORMED;
	switch (which) {
	case 0:
		return trades_decode(&c, block, header.version, index, out, count);
	case 1:
		return quote_decode(&c, block, header.version, out);
	default:
		return depth_decode(
		    &c, block, header.version, which == 2 ? 1 : 2, scratch, out);
	}
}
