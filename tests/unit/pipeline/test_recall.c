/* What a pipeline takes over from segments that do not belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/pipeline_rig.h"

static void
a_board_without_its_ring_knows_nothing_of_the_new_instruments(void **state)
{
	struct pipeline_rig *rig = *state;
	struct tick_data data;
	char path[256];
	struct tick t;

	pipeline_rig_trade(rig, 1000);
	pipeline_rig_kill(rig);
	snprintf(path, sizeof(path), "%s.ring", rig->fixture.feed);
	assert_int_equal(unlink(path), 0);
	tick_reader_close(&rig->reader);
	tick_board_close(&rig->look);
	pipeline_rig_open(rig, PIPELINE_RIG_RECV_NS);
	pipeline_rig_event(rig, TICK_REASON_START);
	assert_int_equal(
	    pipeline_add_instrument(rig->pipeline, bytes_of("OTHERUSDT")), 0);
	assert_int_equal(tick_board_data(rig->look, 0, &data), TICK_E_ABSENT);
	assert_int_equal(
	    tick_board_trade(rig->look, 0, &(struct tick_last_trade){0}), TICK_E_ABSENT);
	pipeline_rig_feedf(rig, "{\"e\":\"trade\",\"E\":1700000000123,\"s\":\"OTHERUSDT\",\"t\":7,"
	    "\"p\":\"1\",\"q\":\"1\",\"T\":1700000000120,\"m\":true,\"M\":true}");
	t = pipeline_rig_tick(rig);
	assert_int_equal(t.type, TICK_TRADE);
	assert_int_equal(t.id, 7);
	assert_int_equal(t.flags & TICK_FLAG_GAP_BEFORE, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_board_without_its_ring_knows_nothing_of_the_new_instruments,
		    pipeline_rig_setup, pipeline_rig_teardown),
	};

	return cmocka_run_group_tests_name("recall", tests, NULL, NULL);
}
