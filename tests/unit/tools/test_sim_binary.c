/* The simulator's binary messages say what its JSON says, as feedd's decoders read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/json.h"
#include "feed/venue/binance/sbe.h"
#include "tests/decode_oracle.h"
#include "tools/exchange-sim/binary.h"
#include "tools/exchange-sim/message.h"

#define START INT64_C(1795456294050000000)
#define STEP_NS INT64_C(1000000)

struct seen {
	unsigned kinds[EVENT_KINDS];
	unsigned silent;
};

static char json_room[1 << 20], binary_room[1 << 20];
static struct event_scratch scratch[2];

static bool
wanted(void *ctx, const struct market *m, enum slot slot)
{
	(void)ctx;
	(void)m;
	(void)slot;
	return true;
}

static void
compare(void *ctx, const struct market_event *e)
{
	struct text json = {.p = json_room, .cap = sizeof(json_room) - JSON_PADDING};
	struct text binary = {.p = binary_room, .cap = sizeof(binary_room)};
	struct event a, b;
	struct seen *seen = ctx;
	uint32_t count;

	if (!binary_event(&binary, e)) {
		seen->silent++;
		assert_int_equal(binary.n, 0);
		return;
	}
	message_event(&json, e, UNIT_US);
	assert_int_equal(json_decode(text_bytes(&json), &scratch[0], &a), DECODE_OK);
	assert_int_equal(sbe_decode(text_bytes(&binary), 0, &scratch[1], &b, &count), DECODE_OK);
	assert_int_equal(count, 1);
	assert_true(bytes_equal(b.symbol, bytes_of(e->market->what.name)));
	assert_int_equal(b.exch_ns, e->at.ns / 1000 * 1000);
	/* What JSON does not say here: symbol and time of quotes and partial books. */
	b.name = a.name;
	if (a.symbol.n == 0)
		b.symbol = a.symbol;
	if (a.exch_ns == VENUE_NO_TIME)
		b.exch_ns = a.exch_ns;
	if (!events_equal(&a, &b))
		fail_msg("differs in binary: %.*s", (int)json.n, json.p);
	seen->kinds[a.kind]++;
}

static void
binary_says_what_json_says(void **state)
{
	struct market_sink sink = {wanted, compare, NULL};
	struct seen seen = {{0}, 0};
	struct instrument what;
	struct market m;
	wall_t now = {START};

	(void)state;
	sink.ctx = &seen;
	instrument_numbered(&what, 0);
	assert_true(market_init(&m, &what, 7));
	for (int i = 0; i < 5000; i++, now.ns += STEP_NS) {
		market_advance(&m, now, &sink);
		market_step(&m, now, &sink);
	}
	market_fini(&m);
	assert_true(seen.kinds[EVENT_TRADE] > 500);
	assert_true(seen.kinds[EVENT_QUOTE] > 500);
	assert_true(seen.kinds[EVENT_DEPTH] > 40);
	assert_true(seen.kinds[EVENT_PARTIAL_DEPTH] > 40);
	assert_true(seen.silent > 0);
}

static void
binary_streams_are_known_by_their_own_names(void **state)
{
	static const struct {
		const char *binary, *text;
	} rows[] = {
		{"btcusdt@trade", "btcusdt@trade"}, {"btcusdt@bestBidAsk", "btcusdt@bookTicker"},
		{"btcusdt@depth", "btcusdt@depth@100ms"},
		{"btcusdt@depth20", "btcusdt@depth20@100ms"},
		{"btcusdt@depth5", "btcusdt@depth5"}, {"depth", "depth"},
	};
	char room[STREAM_NAME_MAX], longest[STREAM_NAME_MAX];
	struct bytes name = {longest, sizeof(longest)};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(bytes_equal(
		    binary_stream(bytes_of(rows[i].binary), room), bytes_of(rows[i].text)));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + sizeof(longest) - 6, "@depth", 6);
	assert_true(bytes_equal(binary_stream(name, room), name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary_says_what_json_says),
		cmocka_unit_test(binary_streams_are_known_by_their_own_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
