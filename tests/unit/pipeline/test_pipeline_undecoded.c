/* Streams of which nothing can be made: they are counted, so that health can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"

#define TRADE(id, price) "{\"stream\":\"abcusdt@aggTrade\",\"data\":{\"e\":\"aggTrade\"," \
	"\"E\":1700000000000,\"s\":\"ABCUSDT\",\"a\":" id ",\"" price "\":\"1\",\"q\":\"1\"," \
	"\"f\":1,\"l\":1,\"T\":1700000000000,\"m\":true}}"
#define GOOD TRADE("%d", "p")
#define BAD TRADE("9", "price") /* the exchange has renamed the price */
#define NEW "{\"stream\":\"abcusdt@aggTrade\",\"data\":{\"e\":\"newTrade\",\"E\":1700000000000}}"

static void
a_stream_of_a_kind_that_is_never_decoded_counts_while_it_is_wanted(void **state)
{
	struct pipeline_rig *rig = *state;

	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
	pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@aggTrade"));
	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
	pipeline_add_stream(rig->pipeline, 1, BYTES_LIT("abcusdt@rpiDepth@500ms"));
	pipeline_add_stream(rig->pipeline, 2, BYTES_LIT("!assetIndex@arr"));
	assert_int_equal(pipeline_undecoded(rig->pipeline), 2);
	pipeline_add_stream(rig->pipeline, 2, BYTES_LIT("!assetIndex@arr"));
	assert_int_equal(pipeline_undecoded(rig->pipeline), 2);
	pipeline_remove_stream(rig->pipeline, 1);
	pipeline_remove_stream(rig->pipeline, 1);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 1);
	pipeline_add_stream(rig->pipeline, 2, BYTES_LIT("abcusdt@trade"));
	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
}

static void
three_messages_in_a_row_that_mean_nothing_count_until_one_does(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@aggTrade"));
	pipeline_rig_feed(rig, 0, BAD);
	pipeline_rig_feed(rig, 0, NEW);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
	pipeline_rig_feedf(rig, GOOD, 1);
	pipeline_rig_feed(rig, 0, BAD);
	pipeline_rig_feed(rig, 0, NEW);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
	pipeline_rig_feed(rig, 0, BAD);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 1);
	pipeline_rig_feed(rig, 0, BAD);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 1);
	pipeline_rig_feedf(rig, GOOD, 2);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
}

static void
a_garbled_stream_that_is_given_up_does_not_count(void **state)
{
	struct pipeline_rig *rig = *state;

	pipeline_add_stream(rig->pipeline, 0, BYTES_LIT("abcusdt@aggTrade"));
	for (int i = 0; i < 4; i++)
		pipeline_rig_feed(rig, 0, BAD);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 1);
	pipeline_remove_stream(rig->pipeline, 0);
	assert_int_equal(pipeline_undecoded(rig->pipeline), 0);
}

int
main(void)
{
#define RIG_TEST(test) \
	cmocka_unit_test_setup_teardown(test, pipeline_rig_setup, pipeline_rig_teardown)
	const struct CMUnitTest tests[] = {
		RIG_TEST(a_stream_of_a_kind_that_is_never_decoded_counts_while_it_is_wanted),
		RIG_TEST(three_messages_in_a_row_that_mean_nothing_count_until_one_does),
		RIG_TEST(a_garbled_stream_that_is_given_up_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
