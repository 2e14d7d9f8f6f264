#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/group.h"
#include "feed/core/pool.h"
#include "tests/pool_rig.h"

/* Of every five streams one is at path 1. */
static uint8_t
path_of(uint32_t stream)
{
	return stream % 5 == 4;
}

static enum pool_result
init(const struct pool_cfg *cfg, unsigned streams)
{
	static uint8_t path[RIG_STREAMS];
	const struct pool_memory memory = {.entry = rig.entry, .stream = rig.stream,
	    .stall = rig.stall, .item = rig.item, .class = rig.class, .path = path,
	    .streams_max = RIG_STREAMS};

	rig.now = mono_add(MONO_ZERO, span_s(RIG_START_S));
	for (unsigned i = 0; i < RIG_STREAMS; i++) {
		rig.bytes[i] = STREAM_BYTES;
		rig.class[i] = STALL_RARE;
		path[i] = path_of(i);
	}
	return pool_init(&rig.pool, cfg, rig.bytes, streams, &memory, 42);
}

static struct pool_cfg
two_paths(void)
{
	struct pool_cfg cfg = core_pool_cfg();

	cfg.paths = 2;
	return cfg;
}

static void
add(uint32_t stream, uint8_t path)
{
	rig_step(&(struct pool_event){.kind = POOL_ADD, .stream = stream, .bytes = STREAM_BYTES,
	    .class = STALL_RARE, .path = path});
}

static unsigned
lines_of(unsigned leg, unsigned path)
{
	return group_lines(&rig.pool, group_of(leg, path));
}

/* Every stream has one place in every leg, on a line of its path. */
static void
check_places(unsigned streams, unsigned legs)
{
	for (uint32_t stream = 0; stream < streams; stream++) {
		unsigned places = 0;

		for (unsigned line = 0; line < pool_lines(&rig.pool); line++) {
			if (place_of(&rig.pool, line, stream) == NULL)
				continue;
			assert_int_equal(rig_view(line).path, path_of(stream));
			places++;
		}
		assert_int_equal(places, legs);
	}
}

static void
every_leg_has_lines_for_each_path_as_its_streams_need(void **state)
{
	struct pool_cfg cfg = two_paths();

	(void)state;
	cfg.redundancy = 2;
	cfg.max_connections = 10;
	cfg.initial_connections = 6;
	cfg.max_streams_per_connection = 40;
	assert_int_equal(init(&cfg, 100), POOL_OK);
	for (unsigned leg = 0; leg < 2; leg++) {
		assert_int_equal(lines_of(leg, 0), 2);
		assert_int_equal(lines_of(leg, 1), 1);
	}
	check_places(100, 2);
	rig_start();
	check_places(100, 2);
}

static void
spare_lines_go_where_most_streams_share_one(void **state)
{
	struct pool_cfg cfg = two_paths();
	const unsigned streams[GROUP_PATHS_MAX] = {80, 20};
	unsigned lines[GROUP_PATHS_MAX];

	(void)state;
	cfg.max_connections = cfg.initial_connections = 5;
	assert_true(group_share(&cfg, streams, lines));
	assert_int_equal(lines[0], 4);
	assert_int_equal(lines[1], 1);
	/* No path that has streams goes without a line, none has more lines than streams. */
	assert_true(group_share(&cfg, (unsigned[]){1, 1}, lines));
	assert_int_equal(lines[0], 1);
	assert_int_equal(lines[1], 1);
	assert_true(group_share(&cfg, (unsigned[]){0, 1}, lines));
	assert_int_equal(lines[0], 0);
	assert_int_equal(lines[1], 1);
	cfg.max_connections = cfg.initial_connections = 1;
	assert_false(group_share(&cfg, (unsigned[]){1, 1}, lines));
}

static void
a_line_connects_to_the_path_of_its_streams(void **state)
{
	struct pool_cfg cfg = two_paths();
	unsigned seen[2] = {0};

	(void)state;
	cfg.initial_connections = 3;
	assert_int_equal(init(&cfg, 10), POOL_OK);
	rig_step(&(struct pool_event){.kind = POOL_START});
	for (unsigned k = 0; k < rig_count(ACT_CONNECT); k++) {
		const struct pool_action *act = rig_action(ACT_CONNECT, k);

		assert_int_equal(act->path, rig_view(act->line).path);
		seen[act->path]++;
	}
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], 1);
}

static void
the_first_stream_of_a_path_opens_a_line_there(void **state)
{
	struct pool_cfg cfg = two_paths();
	unsigned line;

	(void)state;
	cfg.max_connections = 3;
	cfg.initial_connections = 2;
	assert_int_equal(init(&cfg, 4), POOL_OK); /* all of them at path 0 */
	rig_start();
	assert_int_equal(lines_of(0, 0), 2);
	assert_int_equal(lines_of(0, 1), 0);
	add(4, 1);
	assert_int_equal(rig_action(ACT_CONNECT, 0)->path, 1);
	line = rig_action(ACT_CONNECT, 0)->line;
	assert_non_null(place_of(&rig.pool, line, 4));
	rig_up(line);
	assert_int_equal(place_of(&rig.pool, line, 4)->state, STREAM_ACKED);
	/* Without any stream left there the line is closed, be it the last one. */
	rig_step(&(struct pool_event){.kind = POOL_DROP, .stream = 4});
	rig_acknowledge(line);
	rig_at_s(400);
	assert_int_equal(lines_of(0, 1), 0);
	assert_int_equal(lines_of(0, 0), 2);
}

static void
one_path_leaves_a_line_to_the_other(void **state)
{
	struct pool_cfg cfg = two_paths();

	(void)state;
	cfg.max_connections = 3;
	cfg.initial_connections = 1;
	cfg.max_streams_per_connection = 2;
	cfg.line_room = 4;
	assert_int_equal(init(&cfg, 4), POOL_OK);
	rig_start();
	assert_int_equal(group_lines_max(&rig.pool, group_of(0, 0)), 2);
	assert_int_equal(group_lines_max(&rig.pool, group_of(0, 1)), 1);
	add(9, 1);
	assert_int_equal(rig_count(ACT_STREAM_REFUSED), 0);
	/* Now all three are taken. */
	add(10, 0);
	assert_int_equal(rig_action(ACT_STREAM_REFUSED, 0)->stream, 10);
	add(14, 1);
	assert_int_equal(rig_count(ACT_STREAM_REFUSED), 0);
	add(19, 1);
	assert_int_equal(rig_action(ACT_STREAM_REFUSED, 0)->stream, 19);
}

static void
the_first_lines_leave_one_to_a_path_that_has_no_stream_yet(void **state)
{
	struct pool_cfg cfg = two_paths();

	(void)state;
	cfg.max_connections = cfg.initial_connections = 2;
	assert_int_equal(init(&cfg, 4), POOL_OK); /* all of them at path 0 */
	rig_start();
	add(4, 1);
	assert_int_equal(rig_count(ACT_STREAM_REFUSED), 0);
	assert_int_equal(lines_of(0, 1), 1);
}

static void
a_line_is_replaced_by_one_of_its_path(void **state)
{
	struct pool_cfg cfg = two_paths();
	unsigned old, next;

	(void)state;
	cfg.initial_connections = 2;
	assert_int_equal(init(&cfg, 5), POOL_OK);
	rig_start();
	old = rig_view(0).path == 1 ? 0 : 1;
	assert_int_equal(rig_view(old).path, 1);
	rig.now = mono_add(rig.now, span_s(60));
	rig_tell(old, (struct session_event){.kind = SESSION_SHUTDOWN});
	next = rig_view(old).peer;
	assert_int_not_equal(next, POOL_NO_LINE);
	assert_int_equal(rig_view(next).path, 1);
	assert_int_equal(rig_action(ACT_CONNECT, 0)->path, 1);
	rig_up(next);
	rig_heard(4, next);
	assert_int_equal(rig_view(next).role, POOL_LINE_MEMBER);
	check_places(5, 1);
}

static void
paths_that_there_are_not_are_refused(void **state)
{
	struct pool_cfg cfg = two_paths();

	(void)state;
	cfg.paths = 0;
	assert_int_equal(init(&cfg, 5), POOL_BAD_CFG);
	cfg.paths = POOL_PATHS_MAX + 1;
	assert_int_equal(init(&cfg, 5), POOL_BAD_CFG);
	cfg.paths = 1;
	assert_int_equal(init(&cfg, 5), POOL_BAD_CFG);
	assert_int_equal(init(&cfg, 4), POOL_OK);
	rig_start();
	add(4, 1);
	assert_int_equal(rig.pool.strays, 1);
	cfg = two_paths();
	assert_false(pool_may_retune(&rig.pool, &cfg));
	cfg.max_connections = cfg.initial_connections = 1;
	assert_int_equal(init(&cfg, 5), POOL_TOO_MANY_STREAMS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leg_has_lines_for_each_path_as_its_streams_need),
		cmocka_unit_test(spare_lines_go_where_most_streams_share_one),
		cmocka_unit_test(a_line_connects_to_the_path_of_its_streams),
		cmocka_unit_test(the_first_stream_of_a_path_opens_a_line_there),
		cmocka_unit_test(one_path_leaves_a_line_to_the_other),
		cmocka_unit_test(the_first_lines_leave_one_to_a_path_that_has_no_stream_yet),
		cmocka_unit_test(a_line_is_replaced_by_one_of_its_path),
		cmocka_unit_test(paths_that_there_are_not_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
