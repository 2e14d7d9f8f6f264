/* Binary messages as ticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"
#include "tests/sbe_frame.h"

#define US INT64_C(1000)
#define WHOLE (TICK_FLAG_FIRST | TICK_FLAG_LAST)

static struct sbe_frame f;

/* The rig speaks the binary venue. */
static int
setup(void **state)
{
	return pipeline_rig_setup_venue(state, "spot-sbe");
}

static void
feed(struct pipeline_rig *rig, unsigned line)
{
	pipeline_on_frame(
	    rig->pipeline, line, TRANSPORT_BINARY, sbe_bytes(&f), rig->stamps);
}

static void
expect_trade(struct pipeline_rig *rig, int64_t id)
{
	struct tick t = pipeline_rig_tick(rig);

	assert_int_equal(t.type, TICK_TRADE);
	assert_int_equal(t.id, id);
	assert_int_equal(t.trade.price, 1234000000);
	assert_int_equal(t.trade.qty, 50000000);
	assert_int_equal(t.exch_ns, 1700000000123456 * US);
}

static void
each_trade_of_a_message_is_a_tick(void **state)
{
	struct pipeline_rig *rig = *state;

	sbe_trades(&f, 77, 3, 0);
	feed(rig, 2);
	for (int i = 0; i < 3; i++)
		expect_trade(rig, 77 + i);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_TRADES), 3);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_MESSAGES), 1);
}

static void
quotes_and_both_depths_are_as_those_of_text(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick t;

	sbe_quote(&f, 400);
	feed(rig, 2);
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.type, TICK_QUOTE);
	assert_int_equal(t.flags, WHOLE);
	assert_int_equal(t.id, 400);
	assert_int_equal(t.quote.bid_px, 1234000000);
	assert_int_equal(t.quote.bid_qty, 50000000);
	sbe_depth(&f, 10003, 5, 9, 1, 0);
	feed(rig, 2);
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.type, TICK_BOOK_DELTA);
	assert_int_equal(t.id, 9);
	assert_int_equal(t.first_id, 5);
	assert_int_equal(t.book.first[0].price, 10000000000);
	sbe_depth(&f, 10002, 0, 9, 1, 1);
	feed(rig, 2);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_BOOK_CLEAR);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_BOOK_DELTA);
	assert_int_equal(pipeline_rig_tick(rig).type, TICK_BOOK_DELTA);
	pipeline_rig_no_tick(rig);
}

static void
a_gap_is_told_between_the_trades_of_two_messages(void **state)
{
	struct pipeline_rig *rig = *state;

	sbe_trades(&f, 1, 2, 0);
	feed(rig, 2);
	expect_trade(rig, 1);
	expect_trade(rig, 2);
	sbe_trades(&f, 5, 2, 0);
	feed(rig, 2);
	assert_int_equal(pipeline_rig_event(rig, TICK_REASON_GAP).event.b, 3);
	expect_trade(rig, 5);
	expect_trade(rig, 6);
	/* What came before does not come again. */
	feed(rig, 2);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_DUPLICATES), 2);
}

static void
replies_still_come_as_text(void **state)
{
	struct pipeline_rig *rig = *state;
	struct pipeline_control control;

	pipeline_rig_feed(rig, 2, "{\"result\":null,\"id\":1}");
	assert_true(pipeline_next_control(rig->pipeline, &control));
	assert_int_equal(control.kind, EVENT_REPLY);
}

static void
another_schema_is_counted_and_named_once(void **state)
{
	struct pipeline_rig *rig = *state;
	int64_t schema, version;

	assert_false(pipeline_take_foreign(rig->pipeline, &schema, &version));
	sbe_trades(&f, 1, 1, 0);
	f.bytes[4] = 3;
	f.bytes[6] = 2;
	feed(rig, 2);
	feed(rig, 2);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_FOREIGN), 2);
	assert_true(pipeline_take_foreign(rig->pipeline, &schema, &version));
	assert_int_equal(schema, 3);
	assert_int_equal(version, 2);
	assert_false(pipeline_take_foreign(rig->pipeline, &schema, &version));
	f.bytes[4] = 4;
	feed(rig, 2);
	assert_true(pipeline_take_foreign(rig->pipeline, &schema, &version));
	assert_int_equal(schema, 4);
}

static void
a_cut_off_message_is_counted_as_malformed(void **state)
{
	struct pipeline_rig *rig = *state;

	sbe_trades(&f, 1, 2, 0);
	f.n--;
	feed(rig, 2);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_MALFORMED), 1);
}

static void
a_text_venue_counts_binary_messages_only(void **state)
{
	struct pipeline_rig *rig = *state;

	sbe_trades(&f, 1, 2, 0);
	feed(rig, 2);
	pipeline_rig_no_tick(rig);
	assert_int_equal(pipeline_rig_count(rig, TICK_COUNTER_BINARY), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pipeline_rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_trade_of_a_message_is_a_tick),
		TEST(quotes_and_both_depths_are_as_those_of_text),
		TEST(a_gap_is_told_between_the_trades_of_two_messages),
		TEST(replies_still_come_as_text),
		TEST(another_schema_is_counted_and_named_once),
		TEST(a_cut_off_message_is_counted_as_malformed),
		cmocka_unit_test_setup_teardown(a_text_venue_counts_binary_messages_only,
		    pipeline_rig_setup, pipeline_rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
