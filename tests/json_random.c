#include "tests/json_random.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 2, 3)))
put(struct json_random *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out->n += (size_t)vsnprintf(out->text + out->n, JSON_RANDOM_MAX - out->n, format, args);
	va_end(args);
}

static void
put_digits(struct json_random *out, struct rng *rng, size_t n)
{
	while (n-- > 0)
		put(out, "%u", (unsigned)rng_below(rng, 10));
}

/* Up to 8 digits on either side of the point, 15 in all; now and then more. */
static void
put_decimal(struct json_random *out, struct rng *rng)
{
	size_t most = rng_below(rng, 40) == 0 ? 12 : 8;
	size_t whole = 1 + rng_below(rng, most), fraction = rng_below(rng, most + 1);

	put(out, "\"");
	if (rng_below(rng, 8) == 0)
		put(out, "%0*d", (int)whole, 0);
	else
		put_digits(out, rng, whole);
	if (fraction > 0)
		put(out, ".");
	put_digits(out, rng, fraction);
	put(out, "\"");
	out->usual &= whole <= 8 && fraction <= 8 && whole + fraction < 16;
}

/* An id of up to 16 digits; now and then longer. */
static void
put_id(struct json_random *out, struct rng *rng, const char *key)
{
	size_t n = 1 + rng_below(rng, rng_below(rng, 40) == 0 ? 18 : 16);

	put(out, "\"%s\":%u", key, n == 1 ? 0 : 1 + (unsigned)rng_below(rng, 9));
	put_digits(out, rng, n - 1);
	out->usual &= n <= 16;
}

/* Milliseconds, or microseconds; now and then some that do not fit nanoseconds. */
static void
put_time(struct json_random *out, struct rng *rng, const char *key)
{
	bool late = rng_below(rng, 40) == 0;

	put(out, "\"%s\":%u", key, late ? 9 : 1 + (unsigned)rng_below(rng, 8));
	put_digits(out, rng, rng_below(rng, 4) == 0 ? 15 : 12);
	out->usual &= !late;
}

static void
put_symbol(struct json_random *out, struct rng *rng, bool coinm)
{
	static const char *const names[] = {"BTCUSDT", "A", "1000SHIBUSDT", "ABCDEFGHIJKLMNOP",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "\xe5\xb8\x81USDT", "ETHUSD_PERP"};

	put(out, "\"s\":\"%s\"", names[rng_below(rng, sizeof(names) / sizeof(names[0]))]);
	if (coinm)
		put(out, ",\"ps\":\"ETHUSD\"");
}

void
json_random_levels(struct json_random *out, struct rng *rng, size_t n)
{
	/* Within a side, numbers have the same places behind the point. */
	unsigned price = (unsigned)rng_below(rng, 9), qty = (unsigned)rng_below(rng, 9);
	size_t whole = 1 + rng_below(rng, 7);

	put(out, "[");
	for (size_t i = 0; i < n; i++) {
		put(out, i == 0 ? "[\"" : ",[\"");
		put_digits(out, rng, whole + rng_below(rng, 2));
		put(out, price == 0 ? "" : ".");
		put_digits(out, rng, price);
		put(out, "\",\"");
		put_digits(out, rng, 1 + rng_below(rng, 4));
		put(out, qty == 0 ? "" : ".");
		put_digits(out, rng, qty);
		put(out, "\"]");
	}
	put(out, "]");
}

static void
put_sides(struct json_random *out, struct rng *rng, const char *bids, const char *asks)
{
	put(out, ",\"%s\":", bids);
	json_random_levels(out, rng, rng_below(rng, 12));
	put(out, ",\"%s\":", asks);
	json_random_levels(out, rng, rng_below(rng, 12));
}

enum product { SPOT, USDM, COINM };

static void
put_quote(struct json_random *out, struct rng *rng, enum product product)
{
	static const char *const keys[] = {",\"b\":", ",\"B\":", ",\"a\":", ",\"A\":"};

	put(out, product == USDM ? "\"e\":\"bookTicker\"," : "");
	put_id(out, rng, "u");
	put(out, product == COINM ? ",\"e\":\"bookTicker\"," : ",");
	put_symbol(out, rng, product == COINM);
	for (size_t i = 0; i < 4; i++) {
		put(out, "%s", keys[i]);
		put_decimal(out, rng);
	}
	if (product == SPOT)
		return;
	put(out, ",");
	put_time(out, rng, "T");
	put(out, ",");
	put_time(out, rng, "E");
}

static void
put_pair(struct json_random *out, struct rng *rng)
{
	put(out, ",\"p\":");
	put_decimal(out, rng);
	put(out, ",\"q\":");
	put_decimal(out, rng);
}

static void
put_trade(struct json_random *out, struct rng *rng, enum product product)
{
	const char *side = rng_below(rng, 2) == 0 ? "true" : "false";

	put(out, "\"e\":\"trade\",");
	put_time(out, rng, "E");
	put(out, ",");
	if (product != SPOT) {
		put_time(out, rng, "T");
		put(out, ",");
	}
	put_symbol(out, rng, false);
	put(out, ",");
	put_id(out, rng, "t");
	put_pair(out, rng);
	if (product != SPOT) {
		put(out, ",\"X\":\"MARKET\",\"m\":%s", side);
		return;
	}
	put(out, ",");
	put_time(out, rng, "T");
	put(out, ",\"m\":%s,\"M\":true", side);
}

static void
put_aggregate(struct json_random *out, struct rng *rng, enum product product)
{
	put(out, "\"e\":\"aggTrade\",");
	put_time(out, rng, "E");
	put(out, ",");
	if (product != SPOT) {
		put_id(out, rng, "a");
		put(out, ",");
	}
	put_symbol(out, rng, false);
	if (product == SPOT) {
		put(out, ",");
		put_id(out, rng, "a");
	}
	put_pair(out, rng);
	if (product == USDM) {
		put(out, ",\"nq\":");
		put_decimal(out, rng);
	}
	put(out, ",");
	put_id(out, rng, "f");
	put(out, ",");
	put_id(out, rng, "l");
	put(out, ",");
	put_time(out, rng, "T");
	put(out, ",\"m\":%s%s", rng_below(rng, 2) == 0 ? "true" : "false",
	    product == SPOT ? ",\"M\":true" : "");
}

static void
put_depth(struct json_random *out, struct rng *rng, enum product product)
{
	put(out, "\"e\":\"depthUpdate\",");
	put_time(out, rng, "E");
	put(out, ",");
	if (product != SPOT) {
		put_time(out, rng, "T");
		put(out, ",");
	}
	put_symbol(out, rng, product == COINM);
	put(out, ",");
	put_id(out, rng, "U");
	put(out, ",");
	put_id(out, rng, "u");
	if (product != SPOT) {
		put(out, ",");
		put_id(out, rng, "pu");
	}
	put_sides(out, rng, "b", "a");
	if (product == COINM) {
		put(out, ",");
		put_id(out, rng, "st");
	}
}

static void
put_snapshot(struct json_random *out, struct rng *rng, enum product product)
{
	(void)product;
	put_id(out, rng, "lastUpdateId");
	put_sides(out, rng, "bids", "asks");
}

void
json_random_message(struct json_random *out, struct rng *rng)
{
	static void (*const payloads[])(struct json_random *, struct rng *, enum product) = {
		put_quote, put_trade, put_aggregate, put_depth, put_snapshot,
	};
	static const char *const streams[] = {"btcusdt@trade", "btcusdt@depth", "@depth5",
		"btcusdt@depth20@100ms", "btcusdt@depth@100ms", "!depth5", "x@rpiDepth", "", "@",
		"abcdefghijklmnopqrstuvwxyzabc@depth5@100ms", "a@depth@depth5", "a@depths"};
	size_t which = rng_below(rng, sizeof(payloads) / sizeof(payloads[0]));
	enum product product = (enum product)rng_below(rng, 3);
	bool wrapped = rng_below(rng, 3) != 0;

	out->n = 0;
	/* Alone, only what begins with "e" is predicted. */
	out->usual = wrapped || (which != 4 && (which != 0 || product == USDM));
	if (wrapped)
		put(out, "{\"stream\":\"%s\",\"data\":",
		    streams[rng_below(rng, sizeof(streams) / sizeof(streams[0]))]);
	put(out, "{");
	payloads[which](out, rng, product);
	put(out, wrapped ? "}}" : "}");
}

void
json_random_spoil(struct json_random *message, struct rng *rng)
{
	static const char bytes[] = "\"\\{}[]:,.-+eE0159 \n\t\x01\x7f\x80\xff" "abtnuXM";
	char byte = bytes[rng_below(rng, sizeof(bytes))]; /* with the NUL */
	size_t at, rest;
	char *p;

	if (message->n == 0)
		return;
	at = rng_below(rng, message->n);
	rest = message->n - at;
	p = message->text + at;
	switch (rng_below(rng, 4)) {
	case 0:
		*p = byte;
		break;
	case 1:
		memmove(p, p + 1, rest - 1);
		message->n--;
		break;
	case 2:
		byte = *p;
		/* fall through */
	default:
		memmove(p + 1, p, rest);
		*p = byte;
		message->n++;
	}
}
