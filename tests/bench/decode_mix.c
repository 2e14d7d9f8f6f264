#include "tests/bench/decode_mix.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/rng.h"
#include "tests/captures.h"

#define MESSAGES_MAX (1 << 19)
#define SYNTHETIC_MESSAGES 200000
#define SYNTHETIC_BYTES ((size_t)80 << 20)
#define TEXT_MAX 40000

static struct captures captures;
static struct capture capture[CAPTURES_MAX];

static void *
room(size_t n)
{
	void *p = malloc(n);

	if (p == NULL) {
		fprintf(stderr, "bench_decode: no memory\n");
		exit(1);
	}
	return p;
}

static void
add(struct decode_mix *mix, struct bytes text, enum rival_product product)
{
	mix->message[mix->count++] = (struct decode_message){text, product};
	mix->bytes += text.n;
}

/* ---- made up ------------------------------------------------------------------ */

/* A text that grows; the caller knows that it is large enough. */
struct text {
	char *p;
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->n += (size_t)vsnprintf(t->p + t->n, TEXT_MAX - t->n, format, args);
	va_end(args);
}

/* Spot pads decimals to eight places; futures write as many as there are. */
struct market {
	bool spot;
	int64_t id, ms, price; /* price in cents */
	struct rng rng;
};

static void
put_price(struct text *t, struct market *m, int64_t cents)
{
	put(t, m->spot ? "\"%" PRId64 ".%02" PRId64 "000000\"" : "\"%" PRId64 ".%" PRId64 "\"",
	    cents / 100, m->spot ? cents % 100 : cents % 100 / 10);
}

static void
put_qty(struct text *t, struct market *m, bool may_be_zero)
{
	uint64_t whole = rng_below(&m->rng, 12) == 0 ? rng_below(&m->rng, 40) : 0;
	uint64_t part = rng_below(&m->rng, m->spot ? 100000 : 1000);

	if (may_be_zero && rng_below(&m->rng, 2) == 0)
		whole = part = 0;
	put(t, m->spot ? "\"%" PRIu64 ".%05" PRIu64 "000\"" : "\"%" PRIu64 ".%03" PRIu64 "\"",
	    whole, part);
}

static void
put_side(struct text *t, struct market *m, const char *key, size_t n, int step)
{
	int64_t price = m->price + step;

	put(t, ",\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		put(t, i == 0 ? "[" : ",[");
		put_price(t, m, price);
		put(t, ",");
		put_qty(t, m, true);
		put(t, "]");
		price += step * (int64_t)(1 + rng_below(&m->rng, 300));
	}
	put(t, "]");
}

static void
put_quote(struct text *t, struct market *m)
{
	put(t, "{\"stream\":\"btcusdt@bookTicker\",\"data\":{");
	if (!m->spot)
		put(t, "\"e\":\"bookTicker\",");
	put(t, "\"u\":%" PRId64 ",\"s\":\"BTCUSDT\",\"b\":", m->id);
	put_price(t, m, m->price);
	put(t, ",\"B\":");
	put_qty(t, m, false);
	put(t, ",\"a\":");
	put_price(t, m, m->price + 10);
	put(t, ",\"A\":");
	put_qty(t, m, false);
	if (!m->spot)
		put(t, ",\"T\":%" PRId64 ",\"E\":%" PRId64, m->ms - 2, m->ms);
	put(t, "}}");
}

static void
put_trade(struct text *t, struct market *m)
{
	put(t, "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",\"E\":%" PRId64, m->ms);
	if (!m->spot)
		put(t, ",\"T\":%" PRId64, m->ms - 1);
	put(t, ",\"s\":\"BTCUSDT\",\"t\":%" PRId64 ",\"p\":", m->id);
	put_price(t, m, m->price);
	put(t, ",\"q\":");
	put_qty(t, m, false);
	if (m->spot)
		put(t, ",\"T\":%" PRId64 ",\"m\":%s,\"M\":true}}", m->ms - 1,
		    m->id % 2 == 0 ? "true" : "false");
	else
		put(t, ",\"X\":\"MARKET\",\"m\":%s}}", m->id % 2 == 0 ? "true" : "false");
}

static void
put_aggregate(struct text *t, struct market *m)
{
	put(t, "{\"stream\":\"btcusdt@aggTrade\",\"data\":{\"e\":\"aggTrade\",\"E\":%" PRId64,
	    m->ms);
	if (m->spot)
		put(t, ",\"s\":\"BTCUSDT\",\"a\":%" PRId64 ",\"p\":", m->id);
	else
		put(t, ",\"a\":%" PRId64 ",\"s\":\"BTCUSDT\",\"p\":", m->id);
	put_price(t, m, m->price);
	put(t, ",\"q\":");
	put_qty(t, m, false);
	put(t, ",\"f\":%" PRId64 ",\"l\":%" PRId64 ",\"T\":%" PRId64 ",\"m\":%s%s}}", m->id,
	    m->id + 1, m->ms - 1, m->id % 2 == 0 ? "true" : "false",
	    m->spot ? ",\"M\":true" : "");
}

static void
put_depth(struct text *t, struct market *m)
{
	/* A few levels in most messages, hundreds in some. */
	uint64_t most = rng_below(&m->rng, 50) == 0 ? 150 : 8;

	put(t, "{\"stream\":\"btcusdt@depth@100ms\",\"data\":{\"e\":\"depthUpdate\",\"E\":%" PRId64,
	    m->ms);
	if (!m->spot)
		put(t, ",\"T\":%" PRId64, m->ms - 1);
	put(t, ",\"s\":\"BTCUSDT\",\"U\":%" PRId64 ",\"u\":%" PRId64, m->id - 10, m->id);
	if (!m->spot)
		put(t, ",\"pu\":%" PRId64, m->id - 11);
	put_side(t, m, "b", rng_below(&m->rng, most), -1);
	put_side(t, m, "a", 1 + rng_below(&m->rng, most), 1);
	put(t, "}}");
}

static void
make_up(struct decode_mix *mix)
{
	struct text t = {room(SYNTHETIC_BYTES), 0};
	struct market market[2] = {
		{true, 50093260810, 1723161300929, 6183199, {{0}}},
		{false, 4943267821, 1723161300929, 6180550, {{0}}},
	};
	char *end = t.p + SYNTHETIC_BYTES - TEXT_MAX;

	rng_seed(&market[0].rng, 1);
	rng_seed(&market[1].rng, 2);
	while (mix->count < SYNTHETIC_MESSAGES && t.p < end) {
		struct market *m = &market[mix->count % 3 == 0];
		uint64_t share = rng_below(&m->rng, 100);

		m->id += 1 + (int64_t)rng_below(&m->rng, 30);
		m->ms += (int64_t)rng_below(&m->rng, 20);
		m->price += (int64_t)rng_below(&m->rng, 21) - 10;
		t.n = 0;
		if (share < 62)
			put_quote(&t, m);
		else if (share < 84)
			put_depth(&t, m);
		else if (share < 98)
			put_trade(&t, m);
		else
			put_aggregate(&t, m);
		add(mix, (struct bytes){t.p, t.n}, m->spot ? RIVAL_SPOT : RIVAL_USDM);
		t.p += t.n + 1;
	}
}

/* ---- recorded ----------------------------------------------------------------- */

/* The recordings' names begin with their product's. */
static enum rival_product
product_of(const char *name)
{
	if (strncmp(name, "spot_", 5) == 0 || strncmp(name, "us_", 3) == 0)
		return RIVAL_SPOT;
	if (strncmp(name, "usdm_", 5) == 0)
		return RIVAL_USDM;
	return strncmp(name, "coinm_", 6) == 0 ? RIVAL_COINM : RIVAL_UNKNOWN;
}

void
decode_mix_load(struct decode_mix *mix)
{
	*mix = (struct decode_mix){.message = room(MESSAGES_MAX * sizeof(mix->message[0]))};
	mix->recorded = captures_find(&captures);
	if (!mix->recorded) {
		make_up(mix);
		return;
	}
	for (size_t i = 0; i < captures.count; i++) {
		enum rival_product product = product_of(captures.name[i]);
		struct capture_message next;

		captures_open(&capture[i], &captures, i);
		while (mix->count < MESSAGES_MAX && captures_next(&capture[i], &next))
			add(mix, next.text, product);
	}
}
