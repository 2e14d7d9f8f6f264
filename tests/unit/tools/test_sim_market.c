/*
 * The synthetic market must agree with itself: everything here reads the JSON
 * that clients get, and rebuilds the book from it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/floor.h"
#include "tools/exchange-sim/message.h"

#define START INT64_C(1795456294050000000)
#define LEVELS 8192

struct replica_level {
	int64_t price, qty;
};

/* What a client knows. */
struct client {
	struct replica_level level[2][LEVELS];
	size_t n[2];
	int64_t book_id;      /* u of the last diff, or the snapshot's id */
	int64_t quote_id, trade_id, agg_id, last_of_agg;
	int64_t agg_qty;      /* of trades since the last aggTrade */
	int64_t second_trades, second_volume;
	uint64_t hash;        /* of all bytes */
	unsigned trades, aggs, quotes, diffs, partials, klines;
};

static char room[1 << 20];

static int64_t
units(const cJSON *json)
{
	const char *s = cJSON_GetStringValue(json);
	int64_t value = 0;

	assert_non_null(s);
	assert_int_equal(strlen(strchr(s, '.')), 9); /* 8 places */
	for (; *s != '\0'; s++)
		if (*s != '.')
			value = value * 10 + (*s - '0');
	return value;
}

static int64_t
integer(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_true(cJSON_IsNumber(item));
	return (int64_t)item->valuedouble;
}

static const cJSON *
get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void
set_level(struct client *c, int side, int64_t price, int64_t qty)
{
	size_t i = 0;

	while (i < c->n[side] && c->level[side][i].price != price)
		i++;
	if (i == c->n[side])
		assert_true(++c->n[side] <= LEVELS);
	c->level[side][i] = (struct replica_level){price, qty};
	if (qty == 0)
		c->level[side][i] = c->level[side][--c->n[side]];
}

static void
set_levels(struct client *c, int side, const cJSON *levels)
{
	const cJSON *level;

	cJSON_ArrayForEach(level, levels)
		set_level(c, side, units(cJSON_GetArrayItem(level, 0)),
		    units(cJSON_GetArrayItem(level, 1)));
}

/* The replica holds exactly what the market's book holds. */
static void
assert_same_book(const struct client *c, const struct market *m)
{
	struct text t = {.p = room, .cap = sizeof(room)};
	static struct client now;
	cJSON *json;

	memset(&now, 0, sizeof(now));
	message_snapshot(&t, m, 5000, (wall_t){0});
	assert_false(t.full);
	json = cJSON_ParseWithLength(t.p, t.n);
	assert_int_equal(integer(json, "lastUpdateId"), c->book_id);
	set_levels(&now, BOOK_BID, get(json, "bids"));
	set_levels(&now, BOOK_ASK, get(json, "asks"));
	cJSON_Delete(json);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(now.n[side], c->n[side]);
		for (size_t i = 0; i < now.n[side]; i++) {
			size_t k = 0;

			while (k < c->n[side] &&
			    c->level[side][k].price != now.level[side][i].price)
				k++;
			assert_true(k < c->n[side]);
			assert_int_equal(c->level[side][k].qty, now.level[side][i].qty);
		}
	}
}

static void
on_trade(struct client *c, const cJSON *json, const struct market *m)
{
	int64_t best[2] = {market_price(m, book_level(&m->book, BOOK_BID, 0)->ticks),
		market_price(m, book_level(&m->book, BOOK_ASK, 0)->ticks)};
	int64_t price = units(get(json, "p"));
	bool sold = cJSON_IsTrue(get(json, "m"));

	if (c->trade_id != 0)
		assert_int_equal(integer(json, "t"), c->trade_id + 1);
	c->trade_id = integer(json, "t");
	/* At the best price, which the trade may just have emptied. */
	assert_true(sold ? price >= best[BOOK_BID] : price <= best[BOOK_ASK]);
	assert_true(units(get(json, "q")) > 0);
	c->agg_qty += units(get(json, "q"));
	c->second_trades++;
	c->second_volume += units(get(json, "q"));
	c->trades++;
}

static void
on_agg(struct client *c, const cJSON *json)
{
	if (c->agg_id != 0) {
		assert_int_equal(integer(json, "a"), c->agg_id + 1);
		assert_int_equal(integer(json, "f"), c->last_of_agg + 1);
	}
	c->agg_id = integer(json, "a");
	c->last_of_agg = integer(json, "l");
	assert_int_equal(c->last_of_agg, c->trade_id);
	assert_int_equal(units(get(json, "q")), c->agg_qty);
	c->agg_qty = 0;
	c->aggs++;
}

static void
on_quote(struct client *c, const cJSON *json, const struct market *m)
{
	const struct level *bid = book_level(&m->book, BOOK_BID, 0);
	const struct level *ask = book_level(&m->book, BOOK_ASK, 0);

	assert_true(integer(json, "u") > c->quote_id);
	c->quote_id = integer(json, "u");
	assert_int_equal(c->quote_id, m->book.last_id);
	assert_int_equal(units(get(json, "b")), market_price(m, bid->ticks));
	assert_int_equal(units(get(json, "B")), market_qty(m, bid->lots));
	assert_int_equal(units(get(json, "a")), market_price(m, ask->ticks));
	assert_int_equal(units(get(json, "A")), market_qty(m, ask->lots));
	c->quotes++;
}

static void
on_diff(struct client *c, const cJSON *json, const struct market *m)
{
	assert_int_equal(integer(json, "U"), c->book_id + 1);
	assert_true(integer(json, "u") >= integer(json, "U"));
	c->book_id = integer(json, "u");
	set_levels(c, BOOK_BID, get(json, "b"));
	set_levels(c, BOOK_ASK, get(json, "a"));
	assert_same_book(c, m);
	c->diffs++;
}

static void
on_second(struct client *c, const cJSON *json)
{
	const cJSON *k = get(json, "k");

	assert_int_equal(integer(k, "n"), c->second_trades);
	assert_int_equal(units(get(k, "v")), c->second_volume);
	assert_int_equal(integer(k, "T"), integer(k, "t") + 999);
	if (c->second_trades > 0) {
		assert_int_equal(integer(k, "L"), c->trade_id);
		assert_int_equal(integer(k, "L") - integer(k, "f") + 1, c->second_trades);
	}
	c->second_trades = c->second_volume = 0;
	c->klines++;
}

static bool
wants_all(void *ctx, const struct market *m, enum slot slot)
{
	(void)ctx;
	(void)m;
	(void)slot;
	return true;
}

static void
on_event(void *ctx, const struct market_event *e)
{
	struct client *c = ctx;
	struct text t = {.p = room, .cap = sizeof(room)};
	cJSON *json;

	message_event(&t, e, UNIT_MS);
	assert_false(t.full);
	for (size_t i = 0; i < t.n; i++)
		c->hash = (c->hash ^ (unsigned char)t.p[i]) * UINT64_C(1099511628211);
	json = cJSON_ParseWithLength(t.p, t.n);
	assert_non_null(json);
	if (e->slot == SLOT_TRADE)
		on_trade(c, json, e->market);
	else if (e->slot == SLOT_AGG_TRADE)
		on_agg(c, json);
	else if (e->slot == SLOT_QUOTE)
		on_quote(c, json, e->market);
	else if (e->slot == SLOT_DEPTH_100MS)
		on_diff(c, json, e->market);
	else if (e->slot == SLOT_KLINE)
		on_second(c, json);
	else if (e->slot == SLOT_PARTIAL_100MS)
		c->partials++;
	cJSON_Delete(json);
}

/* Ten seconds of a market: 400 steps each. */
static void
live(struct client *c, uint64_t seed)
{
	struct market_sink sink = {wants_all, on_event, c};
	struct instrument what;
	struct market m;

	instrument_numbered(&what, 0);
	assert_true(market_init(&m, &what, seed));
	memset(c, 0, sizeof(*c));
	c->book_id = m.book.last_id;
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < m.book.n[side]; i++)
			set_level(c, side, market_price(&m, m.book.level[side][i].ticks),
			    market_qty(&m, m.book.level[side][i].lots));
	assert_same_book(c, &m);
	for (int i = 0; i < 4000; i++) {
		wall_t now = {START + i * INT64_C(2500000)};

		market_advance(&m, now, &sink);
		market_step(&m, now, &sink);
		assert_true(book_level(&m.book, BOOK_BID, 0)->ticks <
		    book_level(&m.book, BOOK_ASK, 0)->ticks);
	}
	market_fini(&m);
}

static void
diffs_quotes_trades_and_candles_agree(void **state)
{
	static struct client c;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		live(&c, seed);
		assert_true(c.trades > 500 && c.aggs > 300 && c.quotes > 1000);
		assert_true(c.trades > c.aggs);
		assert_int_equal(c.diffs, 100);
		assert_int_equal(c.partials, 100);
		assert_int_equal(c.klines, 10);
	}
}

static void
the_same_seed_gives_the_same_bytes(void **state)
{
	static struct client a, b, other;

	(void)state;
	live(&a, 42);
	live(&b, 42);
	live(&other, 43);
	assert_int_equal(a.hash, b.hash);
	assert_int_not_equal(a.hash, other.hash);
}

static bool
wants_none(void *ctx, const struct market *m, enum slot slot)
{
	(void)ctx;
	(void)m;
	(void)slot;
	return false;
}

static void
a_long_walk_keeps_its_book_and_its_price(void **state)
{
	struct market_sink sink = {wants_none, on_event, NULL};
	struct instrument what;
	struct market m;
	int64_t bid;

	(void)state;
	instrument_numbered(&what, 5); /* few ticks */
	assert_true(market_init(&m, &what, 7));
	for (int i = 0; i < 2000000; i++) {
		wall_t now = {START + i * INT64_C(1000000)};

		market_advance(&m, now, &sink);
		market_step(&m, now, &sink);
		bid = book_level(&m.book, BOOK_BID, 0)->ticks;
		assert_true(bid < book_level(&m.book, BOOK_ASK, 0)->ticks);
		assert_in_range(m.book.n[BOOK_BID], 50, BOOK_LEVELS_MAX);
		assert_in_range(m.book.n[BOOK_ASK], 50, BOOK_LEVELS_MAX);
		assert_in_range(bid, what.start_ticks / 2, what.start_ticks * 2);
	}
	market_fini(&m);
}

static void
candles_begin_where_the_calendar_says(void **state)
{
	/* 2024-02-29 12:34:56 UTC, a Thursday */
	int64_t at = INT64_C(1709210096) * 1000000000, start, end;

	(void)state;
	klines_bounds(1, at, &start, &end);
	assert_int_equal(start / 1000000000, 1709210040);
	assert_int_equal(end - start, INT64_C(60000000000));
	klines_bounds(14, at, &start, &end);
	assert_int_equal(start / 1000000000, 1708905600); /* Monday 2024-02-26 */
	klines_bounds(15, at, &start, &end);
	assert_int_equal(start / 1000000000, 1706745600); /* 2024-02-01 */
	assert_int_equal(end / 1000000000, 1709251200);   /* 2024-03-01 */
	klines_bounds(15, end, &start, &end);
	assert_int_equal(start / 1000000000, 1709251200);
}

static void
no_symbols_and_too_many_are_told_apart(void **state)
{
	static struct floor f;

	(void)state;
	assert_int_equal(floor_init(&f, "0", 1), -EDOM);
	floor_fini(&f);
	assert_int_equal(floor_init(&f, "100000", 1), -ERANGE);
	floor_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_symbols_and_too_many_are_told_apart),
		cmocka_unit_test(diffs_quotes_trades_and_candles_agree),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(a_long_walk_keeps_its_book_and_its_price),
		cmocka_unit_test(candles_begin_where_the_calendar_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
