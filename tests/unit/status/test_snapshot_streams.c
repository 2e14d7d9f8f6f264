/* The rows of streams in the status: whose turn it is, and what stands in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/status/snapshot_streams.h"
#include "tests/pool_rig.h"

#define WALL_NS INT64_C(1785585600000000000) /* when the rig's clock begins */

static struct {
	struct tick_status_record *record;
	struct status_writer writer;
	struct snapshot_streams streams;
	char *name[RIG_STREAMS];
	char room[RIG_STREAMS][24];
} s;

static int
setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	s.record = aligned_alloc(128, sizeof(*s.record));
	assert_non_null(s.record);
	memset(s.record, 0, sizeof(*s.record));
	s.writer.record = s.record;
	for (unsigned i = 0; i < RIG_STREAMS; i++) {
		snprintf(s.room[i], sizeof(s.room[i]), "s%u@trade", i);
		s.name[i] = s.room[i];
	}
	rig_class = STALL_RARE;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(s.record);
	return 0;
}

/* The wall clock at a point of the rig's. */
static int64_t
wall(mono_t at)
{
	return WALL_NS + mono_diff(at, rig_time_s(0)).ns;
}

static unsigned
take(unsigned n)
{
	return snapshot_streams_take(
	    &s.streams, &s.writer, &rig.pool, s.name, n, (wall_t){wall(rig.now)}, rig.now);
}

static void
pass_ms(int64_t ms)
{
	rig.now = mono_add(rig.now, span_ms(ms));
}

static const struct tick_stream_status *
row(unsigned number)
{
	return &s.record->stream[number].status;
}

/* How often it was written. */
static uint64_t
writes(unsigned number)
{
	return s.record->stream[number].seq / 2;
}

static void
start(unsigned streams, unsigned redundancy)
{
	struct pool_cfg cfg = core_pool_cfg();

	cfg.initial_connections = redundancy;
	cfg.redundancy = redundancy;
	rig_init(&cfg, streams);
	rig_start();
}

static void
the_first_snapshot_writes_every_row_the_next_ones_a_share_of_the_second(void **state)
{
	(void)state;
	start(200, 1);
	assert_int_equal(take(200), 200);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(writes(i), 1);
		assert_string_equal(row(i)->name, s.name[i]);
	}
	pass_ms(100);
	assert_int_equal(take(200), 200);
	assert_int_equal(writes(0), 2);
	assert_int_equal(writes(20), 2);
	assert_int_equal(writes(21), 1);
	for (unsigned i = 0; i < 10; i++) {
		pass_ms(100);
		take(200);
	}
	for (unsigned i = 0; i < 200; i++) /* all round once, some again */
		assert_in_range(writes(i), 2, 3);
	assert_int_equal(writes(200), 0);
}

static void
a_late_snapshot_writes_every_row_once_and_no_more(void **state)
{
	(void)state;
	start(50, 1);
	take(50);
	pass_ms(60000);
	take(50);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(writes(i), 2);
}

static void
no_more_rows_are_written_than_there_is_room_for(void **state)
{
	static char *names[TICK_STREAMS_MAX + 5];

	(void)state;
	start(1, 1);
	names[0] = s.name[0];
	assert_int_equal(snapshot_streams_take(&s.streams, &s.writer, &rig.pool, names,
	                     TICK_STREAMS_MAX + 5, (wall_t){WALL_NS}, rig.now),
	    TICK_STREAMS_MAX);
	assert_int_equal(row(0)->wanted, 1);
	assert_int_equal(row(1)->wanted, 0);
}

static void
fewer_streams_than_before_begin_anew_at_the_first(void **state)
{
	(void)state;
	start(200, 1);
	take(200);
	pass_ms(500);
	take(200); /* up to number 100 */
	pass_ms(100);
	assert_int_equal(take(3), 3);
	assert_int_equal(writes(0), 3);
	assert_int_equal(writes(101), 1);
}

static void
a_stream_is_followed_from_its_acknowledgement_to_its_messages(void **state)
{
	const struct tick_stream_status *r = row(1);

	(void)state;
	start(2, 1);
	take(2);
	assert_int_equal(r->wanted, 1);
	assert_int_equal(r->stale, 0);
	assert_int_equal(r->stale_since_ns, TICK_ABSENT);
	assert_int_equal(r->last_message_ns, TICK_ABSENT);
	assert_int_equal(r->retry_at_ns, TICK_ABSENT);
	assert_int_equal(r->rate_milli, 0);
	assert_int_equal(r->leg[0].line, 0);
	assert_int_equal(r->leg[0].state, TICK_LEDGER_ACKED);
	assert_int_equal(r->leg[0].heard_ns, TICK_ABSENT);
	assert_int_equal(r->leg[1].line, -1);

	pass_ms(500);
	rig_heard(1, 0);
	pass_ms(1500);
	rig_heard(1, 0);
	pass_ms(500);
	take(2);
	assert_int_equal(r->messages, 2);
	assert_int_equal(r->rate_milli, 800); /* two in 2.5 s */
	assert_int_equal(r->last_message_ns, wall(rig.now) - 500000000);
	assert_int_equal(r->leg[0].state, TICK_LEDGER_PRODUCING);
	assert_int_equal(r->leg[0].heard_ns, r->last_message_ns);
	assert_true(r->limit_ns > 0);
	assert_int_equal(r->limit_learned, 0);
	assert_int_equal(row(0)->messages, 0);
}

static void
both_legs_stand_in_their_places(void **state)
{
	const struct tick_stream_status *r = row(0);

	(void)state;
	start(1, 2);
	rig_heard(0, 1);
	take(1);
	assert_int_equal(r->leg[0].line, 0);
	assert_int_equal(r->leg[0].state, TICK_LEDGER_ACKED);
	assert_int_equal(r->leg[1].line, 1);
	assert_int_equal(r->leg[1].state, TICK_LEDGER_PRODUCING);
	assert_int_equal(r->leg[1].heard_ns, wall(rig.now));
	assert_int_equal(r->leg[2].line, -1);
}

static void
a_line_that_went_makes_its_streams_stale_since_then(void **state)
{
	mono_t down;

	(void)state;
	start(2, 1);
	rig_heard(0, 0);
	down = rig.now;
	rig_end(0, TICK_REASON_PEER_CLOSED);
	pass_ms(300);
	take(2);
	assert_int_equal(row(0)->stale, 1);
	assert_int_equal(row(0)->stale_since_ns, wall(down));
	assert_int_equal(row(0)->reason, TICK_REASON_PEER_CLOSED);
	assert_int_equal(row(0)->leg[0].state, TICK_LEDGER_WANTED);
}

static void
a_refused_stream_tells_why_and_when_it_is_asked_for_again(void **state)
{
	struct pool_cfg cfg = core_pool_cfg();

	(void)state;
	cfg.initial_connections = 1;
	rig_init(&cfg, 1);
	rig_step(&(struct pool_event){.kind = POOL_START});
	rig_tell(0,
	    (struct session_event){.kind = SESSION_WENT_UP, .attempt = rig_view(0).attempt});
	rig_tell(0, (struct session_event){.kind = SESSION_REFUSED,
	    .request_id = rig_action(ACT_SEND_SUBSCRIBE, 0)->request_id, .error_code = 2});
	take(1);
	assert_int_equal(row(0)->refused_code, 2);
	assert_int_equal(row(0)->reason, TICK_REASON_ACK_ERROR);
	assert_int_equal(row(0)->leg[0].state, TICK_LEDGER_REFUSED);
	assert_true(row(0)->retry_at_ns > wall(rig.now));
}

static void
a_number_without_a_name_is_an_empty_row(void **state)
{
	(void)state;
	start(3, 1);
	s.name[1] = NULL;
	take(3);
	assert_string_equal(row(1)->name, "");
	assert_int_equal(row(1)->wanted, 0);
	assert_int_equal(row(1)->last_message_ns, TICK_ABSENT);
	assert_int_equal(row(1)->leg[0].line, -1);
	assert_int_equal(row(2)->wanted, 1);
}

static void
a_name_that_is_too_long_is_cut(void **state)
{
	char name[2 * sizeof(((struct tick_stream_status *)0)->name)];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	start(1, 1);
	s.name[0] = name;
	take(1);
	assert_int_equal(strlen(row(0)->name), sizeof(row(0)->name) - 1);
}

static void
another_stream_under_the_same_number_has_no_rate_of_the_first(void **state)
{
	(void)state;
	start(2, 1);
	for (unsigned i = 0; i < 5; i++)
		rig_heard(0, 0);
	take(2);
	assert_int_equal(row(0)->messages, 5);
	rig_step(&(struct pool_event){.kind = POOL_DROP, .stream = 0});
	rig_acknowledge(0);
	rig_step(&(struct pool_event){.kind = POOL_ADD, .stream = 0, .bytes = STREAM_BYTES,
	    .class = STALL_RARE});
	rig_acknowledge(0);
	rig_heard(0, 0);
	pass_ms(1000);
	take(2);
	assert_int_equal(row(0)->messages, 1);
	assert_int_equal(row(0)->rate_milli, 0);
}

static void
a_stream_of_an_unlisted_symbol_is_marked_until_it_is_listed(void **state)
{
	struct pool_event event = {
	    .kind = POOL_QUIET, .stream = 0, .why = TICK_REASON_UNLISTED};

	(void)state;
	start(1, 1);
	rig_step(&event);
	take(1);
	assert_int_equal(row(0)->reason, TICK_REASON_UNLISTED);
	assert_int_equal(row(0)->stale, 0);
	event.why = TICK_REASON_NONE;
	rig_step(&event);
	pass_ms(2000);
	take(1);
	assert_int_not_equal(row(0)->reason, TICK_REASON_UNLISTED);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_snapshot_writes_every_row_the_next_ones_a_share_of_the_second),
		TEST(a_late_snapshot_writes_every_row_once_and_no_more),
		TEST(no_more_rows_are_written_than_there_is_room_for),
		TEST(fewer_streams_than_before_begin_anew_at_the_first),
		TEST(a_stream_is_followed_from_its_acknowledgement_to_its_messages),
		TEST(both_legs_stand_in_their_places),
		TEST(a_line_that_went_makes_its_streams_stale_since_then),
		TEST(a_refused_stream_tells_why_and_when_it_is_asked_for_again),
		TEST(a_stream_of_an_unlisted_symbol_is_marked_until_it_is_listed),
		TEST(a_number_without_a_name_is_an_empty_row),
		TEST(a_name_that_is_too_long_is_cut),
		TEST(another_stream_under_the_same_number_has_no_rate_of_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
