/* Records told to a pipeline again: what a capture may say, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include <tickring/reader.h>
#include <tickring/reasons.h>

#include "feed/base/log.h"
#include "feed/replay/replay_apply.h"
#include "tests/shm_fixture.h"

#define WALL_NS INT64_C(1700000000000000000)
#define SLOTS 1024

struct rig {
	struct shm_fixture fixture;
	struct config cfg;
	struct stores stores;
	struct replay_apply apply;
	struct tick_reader *reader;
	uint64_t session;
};

static int
setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct board_cfg board = {.feed = "t", .group = (gid_t)-1, .instruments_max = 64,
	    .depth = 5, .heartbeat_every_ns = 1000000};
	char why[SEGMENT_WHY_MAX];

	assert_non_null(rig);
	log_set_level(LOG_LEVEL_ERROR);
	config_defaults(&rig->cfg);
	shm_fixture_init(&rig->fixture);
	shm_fixture_ring(&rig->fixture, &rig->stores.ring, SLOTS);
	board.directory = rig->fixture.directory;
	assert_int_equal(board_open(&rig->stores.board, &board, why), 0);
	assert_int_equal(tick_reader_open(&rig->reader, rig->fixture.feed, TICK_FROM_OLDEST), 0);
	rig->apply = (struct replay_apply){.cfg = &rig->cfg, .stores = &rig->stores};
	rig->session = 1;
	*state = rig;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *rig = *state;

	replay_apply_end(&rig->apply);
	tick_reader_close(&rig->reader);
	board_close(&rig->stores.board, true);
	ring_close(&rig->stores.ring, true);
	shm_fixture_fini(&rig->fixture);
	config_free(&rig->cfg);
	free(rig);
	return 0;
}

static int
tell(struct rig *rig, enum tape_kind kind, unsigned flags, const void *payload, size_t n)
{
	/* As a reader gives it: readable beyond its end. */
	char *bytes = calloc(1, n + TRANSPORT_PADDING);
	const struct tape_record record = {.kind = kind, .flags = (uint8_t)flags,
	    .wall = {WALL_NS}, .mono = {1000}, .payload = {bytes, n}};
	int rc;

	assert_non_null(bytes);
	if (n > 0)
		memcpy(bytes, payload, n);
	rc = replay_apply(&rig->apply, &record, rig->session);
	free(bytes);
	return rc;
}

static int
tell_instrument(struct rig *rig, uint64_t id, const char *symbol, int64_t trade_id)
{
	struct tape_instrument i = {.id = id, .venue = TICK_VENUE_BINANCE_SPOT,
	    .price_exponent = -8, .qty_exponent = -8, .state = TICK_DATA_STALE,
	    .trade_id = trade_id, .agg_trade_id = TICK_ABSENT, .quote_id = TICK_ABSENT,
	    .depth_id = TICK_ABSENT, .symbol_bytes = strlen(symbol)};

	memcpy(i.symbol, symbol, strlen(symbol));
	return tell(rig, TAPE_INSTRUMENT, TAPE_FLAG_PREAMBLE, &i, sizeof(i));
}

static void
tell_trade(struct rig *rig, int64_t id)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "{\"e\":\"trade\",\"E\":1700000000123,"
	    "\"s\":\"ABCUSDT\",\"t\":%lld,\"p\":\"12.34\",\"q\":\"0.5\","
	    "\"T\":1700000000120,\"m\":true,\"M\":true}", (long long)id);

	assert_int_equal(tell(rig, TAPE_IN, 0, text, (size_t)n), 0);
}

static struct tick
next_tick(struct rig *rig)
{
	struct tick t;

	assert_int_equal(tick_reader_next(rig->reader, &t), TICK_MORE);
	return t;
}

static struct tick
next_event(struct rig *rig, enum tick_reason reason)
{
	struct tick t = next_tick(rig);

	assert_int_equal(t.type, TICK_FEED_EVENT);
	assert_int_equal(t.event.reason, reason);
	return t;
}

static void
messages_become_ticks_with_the_stamps_of_the_capture(void **state)
{
	struct rig *rig = *state;
	struct tick t;

	tell_trade(rig, 7);
	next_event(rig, TICK_REASON_START);
	t = next_tick(rig);
	assert_int_equal(t.type, TICK_TRADE);
	assert_int_equal(t.id, 7);
	assert_int_equal(t.recv_ns, WALL_NS);
}

static void
a_session_goes_on_from_the_ids_that_its_capture_names(void **state)
{
	struct rig *rig = *state;
	struct tick t;

	assert_int_equal(tell_instrument(rig, 0, "ABCUSDT", 41), 0);
	tell_trade(rig, 42);
	next_event(rig, TICK_REASON_START);
	t = next_tick(rig);
	assert_int_equal(t.id, 42);
	assert_int_equal(t.flags & TICK_FLAG_GAP_BEFORE, 0);
	/* The next one lost some that no capture holds. */
	rig->session = 2;
	assert_int_equal(tell_instrument(rig, 0, "ABCUSDT", 50), 0);
	tell_trade(rig, 53);
	next_event(rig, TICK_REASON_STOP);
	next_event(rig, TICK_REASON_START);
	t = next_event(rig, TICK_REASON_GAP);
	assert_int_equal(t.event.b, 51);
	assert_int_equal(t.event.c, 52);
	assert_int_equal(next_tick(rig).id, 53);
	assert_int_equal(rig->apply.sessions, 2);
}

static void
the_preamble_of_a_later_file_changes_nothing(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(tell_instrument(rig, 0, "ABCUSDT", 41), 0);
	tell_trade(rig, 42);
	assert_int_equal(tell_instrument(rig, 0, "ABCUSDT", 99), 0);
	assert_int_equal(tell(rig, TAPE_CONFIG, TAPE_FLAG_PREAMBLE, "{}", 2), 0);
	tell_trade(rig, 43);
	next_event(rig, TICK_REASON_START);
	assert_int_equal(next_tick(rig).id, 42);
	assert_int_equal(next_tick(rig).id, 43);
	assert_int_equal(rig->apply.sessions, 1);
}

static void
an_instrument_of_another_id_is_refused(void **state)
{
	struct rig *rig = *state;

	log_set_fd(-1);
	assert_int_equal(tell_instrument(rig, 3, "ABCUSDT", 41), -EEXIST);
	log_set_fd(2);
}

static struct tick
next_past(struct rig *rig, int64_t id)
{
	struct tick t = next_tick(rig);

	assert_int_equal(t.type, TICK_TRADE);
	assert_int_equal(t.id, id);
	assert_int_equal(t.flags & TICK_FLAG_REPLAY, TICK_FLAG_REPLAY);
	return t;
}

/* As the session had it: a gap, and what REST had of it. */
static void
what_rest_had_of_a_gap_becomes_the_same_ticks(void **state)
{
	struct {
		struct tape_fill head;
		struct tape_trade trade[2];
	} part = {{.ticket = 1, .last = 13, .trades = 2},
	    {{.id = 11, .price = 5, .qty = 6, .first_id = TICK_ABSENT, .last_id = TICK_ABSENT,
	         .trade_ns = WALL_NS, .buyer_maker = 1}, {.id = 13, .price = 7, .qty = 8}}};
	struct rig *rig = *state;
	struct tick t;

	/* Where the session's configuration asks for nothing, such a record changes nothing. */
	tell_trade(rig, 10);
	tell_trade(rig, 14);
	assert_int_equal(tell(rig, TAPE_FILL, 0, &part, sizeof(part)), 0);
	next_event(rig, TICK_REASON_START);
	assert_int_equal(next_tick(rig).id, 10);
	next_event(rig, TICK_REASON_GAP);
	assert_int_equal(next_tick(rig).id, 14);
	assert_int_equal(tick_reader_next(rig->reader, &t), TICK_END);

	rig->cfg.backfill.enabled = true;
	rig->session = 2;
	tell_instrument(rig, 0, "ABCUSDT", 10);
	tell_trade(rig, 14);
	assert_int_equal(tell(rig, TAPE_FILL, 0, &part, sizeof(part)), 0);
	next_event(rig, TICK_REASON_STOP);
	next_event(rig, TICK_REASON_START);
	next_event(rig, TICK_REASON_GAP);
	assert_int_equal(next_tick(rig).id, 14);
	t = next_past(rig, 11);
	assert_int_equal(t.trade.price, 5);
	assert_int_equal(t.trade.qty, 6);
	assert_int_equal(t.trade_ns, WALL_NS);
	assert_int_equal(t.recv_ns, WALL_NS);
	assert_int_equal(t.flags & TICK_FLAG_SIDE, TICK_FLAG_SIDE);
	t = next_event(rig, TICK_REASON_UNFILLED);
	assert_int_equal(t.event.b, 12);
	assert_int_equal(t.event.c, 12);
	assert_int_equal(next_past(rig, 13).flags & TICK_FLAG_SIDE, 0);
	next_event(rig, TICK_REASON_BACKFILLED);
	assert_int_equal(rig->apply.senseless, 0);
	part.head.trades = 3; /* more than there are */
	assert_int_equal(tell(rig, TAPE_FILL, 0, &part, sizeof(part)), 0);
	part.head.trades = 2;
	part.head.instrument = 1; /* unknown */
	assert_int_equal(tell(rig, TAPE_FILL, 0, &part, sizeof(part)), 0);
	assert_int_equal(rig->apply.senseless, 2);
}

/* One instrument, or (n: 0) none of it. */
static void
tell_list(struct rig *rig, enum tick_trading trading, uint64_t n)
{
	struct {
		struct tape_list head;
		struct tape_listed item[1];
	} part = {{.instruments = n}, {{.trading = trading, .price_exponent = -2,
	    .qty_exponent = 0, .price_step = 1, .qty_step = 1, .symbol_bytes = 7}}};

	memcpy(part.item[0].symbol, "ABCUSDT", 7);
	assert_int_equal(tell(rig, TAPE_LIST, 0, &part,
	    sizeof(part.head) + n * sizeof(part.item[0])), 0);
}

static void
expect_state(struct rig *rig, enum tick_trading trading)
{
	struct tick t = next_tick(rig);

	assert_int_equal(t.type, TICK_INSTRUMENT_STATUS);
	assert_int_equal(t.v[0], trading);
}

static void
what_the_list_said_becomes_the_same_states(void **state)
{
	struct tape_list wrong = {.instruments = 2};
	struct rig *rig = *state;

	tell_list(rig, TICK_TRADING_ON, 1);
	tell_trade(rig, 10);
	next_event(rig, TICK_REASON_START);
	expect_state(rig, TICK_TRADING_ON);
	assert_int_equal(next_tick(rig).id, 10);
	assert_int_equal(rig->stores.ring.directory[0].price_exponent, -4);
	tell_list(rig, TICK_TRADING_HALT, 1);
	expect_state(rig, TICK_TRADING_HALT);
	tell_list(rig, TICK_TRADING_HALT, 0); /* empty: refused then, refused now */
	assert_int_equal(
	    pipeline_counters(rig->apply.pipeline)[TICK_COUNTER_LISTS_REFUSED], 1);
	tell_list(rig, TICK_TRADING_COUNT, 1);
	assert_int_equal(tell(rig, TAPE_LIST, 0, &wrong, sizeof(wrong)), 0);
	assert_int_equal(rig->apply.senseless, 2);
	tell_list(rig, TICK_TRADING_ON, 1);
	expect_state(rig, TICK_TRADING_ON);
	assert_int_equal(tick_reader_next(rig->reader, &(struct tick){0}), TICK_END);
}

static void
a_session_that_began_with_a_halt_begins_with_it_again(void **state)
{
	struct tape_instrument i = {.venue = TICK_VENUE_BINANCE_SPOT, .price_exponent = -8,
	    .qty_exponent = -8, .trade_id = TICK_ABSENT, .agg_trade_id = TICK_ABSENT,
	    .quote_id = TICK_ABSENT, .depth_id = TICK_ABSENT, .symbol_bytes = 7,
	    .trading = TICK_TRADING_HALT};
	struct rig *rig = *state;

	memcpy(i.symbol, "ABCUSDT", 7);
	assert_int_equal(tell(rig, TAPE_INSTRUMENT, TAPE_FLAG_PREAMBLE, &i, sizeof(i)), 0);
	assert_int_equal(tell(rig, TAPE_NO_LIST, 0, NULL, 0), 0);
	next_event(rig, TICK_REASON_START);
	expect_state(rig, TICK_TRADING_UNKNOWN);
	/* An older file does not know it. */
	rig->session = 2;
	assert_int_equal(tell(rig, TAPE_INSTRUMENT, TAPE_FLAG_PREAMBLE, &i,
	    TAPE_INSTRUMENT_BYTES_MIN), 0);
	assert_int_equal(tell(rig, TAPE_NO_LIST, 0, NULL, 0), 0);
	next_event(rig, TICK_REASON_STOP);
	next_event(rig, TICK_REASON_START);
	assert_int_equal(tick_reader_next(rig->reader, &(struct tick){0}), TICK_END);
	assert_int_equal(rig->apply.senseless, 0);
}

static void
what_makes_no_sense_is_counted_and_left_out(void **state)
{
	static const uint64_t words[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	struct tape_record far = {.kind = TAPE_LINE_UP, .line = 200, .mono = {1}};
	struct rig *rig = *state;
	uint64_t before;

	tell_trade(rig, 1);
	for (enum tape_kind kind = TAPE_CONFIG; kind < TAPE_KINDS; kind++) {
		bool any = kind == TAPE_CONFIG || kind == TAPE_IN || kind == TAPE_OUT ||
		    kind == TAPE_TIME || kind == TAPE_WISH ||
		    kind == TAPE_NO_LIST;

		for (size_t n = 0; n <= sizeof(words); n++) {
			before = rig->apply.senseless;
			assert_int_equal(tell(rig, kind, 0, words, n), 0);
			assert_int_equal(rig->apply.senseless - before, any ? 0 : 1);
		}
	}
	before = rig->apply.senseless;
	assert_int_equal(replay_apply(&rig->apply, &far, 1), 0);
	assert_int_equal(rig->apply.senseless - before, 1);
	next_event(rig, TICK_REASON_START);
	assert_int_equal(next_tick(rig).id, 1);
	assert_int_equal(tick_reader_next(rig->reader, &(struct tick){0}), TICK_END);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_become_ticks_with_the_stamps_of_the_capture),
		TEST(a_session_goes_on_from_the_ids_that_its_capture_names),
		TEST(the_preamble_of_a_later_file_changes_nothing),
		TEST(an_instrument_of_another_id_is_refused),
		TEST(what_rest_had_of_a_gap_becomes_the_same_ticks),
		TEST(what_the_list_said_becomes_the_same_states),
		TEST(a_session_that_began_with_a_halt_begins_with_it_again),
		TEST(what_makes_no_sense_is_counted_and_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
