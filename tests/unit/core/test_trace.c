/* Spans: which there are, whose part they are, when they begin and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/core/trace_book.h"

#define MAX 64

static struct trace trace;
static struct trace_span told[MAX];
static unsigned n;

static void
take(void *context, const struct trace_span *span)
{
	(void)context;
	assert_true(n < MAX);
	told[n++] = *span;
}

static mono_t
at(int64_t ms)
{
	return (mono_t){ms * 1000000};
}

static int
setup(void **state)
{
	(void)state;
	n = 0;
	trace_init(&trace, take, NULL);
	return 0;
}

static void
act(enum pool_action_kind kind, unsigned line, int64_t ms)
{
	const struct pool_action action = {.kind = kind, .line = line, .to = SESSION_LIVE};

	trace_on_action(&trace, &action, at(ms));
}

static void
rotation(enum pool_rotation step, unsigned line, unsigned peer, int64_t ms)
{
	const struct pool_action action = {.kind = ACT_ROTATION, .line = line, .peer = peer,
	    .step = step, .why = TICK_REASON_STOP};

	trace_on_action(&trace, &action, at(ms));
}

static void
expect(unsigned i, enum trace_kind kind, int64_t begin, int64_t end, enum tick_reason why)
{
	assert_true(i < n);
	assert_string_equal(trace_kind_name((int)told[i].kind), trace_kind_name((int)kind));
	assert_int_equal(told[i].begin.ns, at(begin).ns);
	assert_int_equal(told[i].end.ns, at(end).ns);
	assert_int_equal(told[i].why, why);
}

static void
a_connection_has_four_parts_that_follow_one_another(void **state)
{
	const struct trace_phases phases = {at(30), at(70), at(90)};

	(void)state;
	act(ACT_CONNECT, 3, 10);
	trace_on_outcome(&trace, 3, &phases, TICK_REASON_NONE, at(95));
	act(ACT_TRANSITION, 3, 120);
	assert_int_equal(n, 5);
	expect(0, TRACE_CONNECT, 10, 30, TICK_REASON_NONE);
	expect(1, TRACE_TLS, 30, 70, TICK_REASON_NONE);
	expect(2, TRACE_UPGRADE, 70, 90, TICK_REASON_NONE);
	expect(3, TRACE_SUBSCRIBE, 90, 120, TICK_REASON_NONE);
	expect(4, TRACE_CONNECTION, 10, 120, TICK_REASON_NONE);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(told[i].line, 3);
		assert_int_equal(told[i].trace, told[4].trace);
		assert_int_equal(told[i].parent, i < 4 ? told[4].id : 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(told[i].id, told[j].id);
	}
}

static void
an_attempt_ends_in_the_part_that_failed(void **state)
{
	const struct trace_phases phases = {at(30), MONO_NEVER, MONO_NEVER};

	(void)state;
	act(ACT_CONNECT, 0, 10);
	trace_on_outcome(&trace, 0, &phases, TICK_REASON_TLS_EXPIRED, at(50));
	assert_int_equal(n, 3);
	expect(0, TRACE_CONNECT, 10, 30, TICK_REASON_NONE);
	expect(1, TRACE_TLS, 30, 50, TICK_REASON_TLS_EXPIRED);
	expect(2, TRACE_CONNECTION, 10, 50, TICK_REASON_TLS_EXPIRED);
}

static void
a_line_that_breaks_while_it_subscribes_fails_there(void **state)
{
	const struct trace_phases phases = {at(1), at(2), at(3)};

	(void)state;
	act(ACT_CONNECT, 0, 0);
	trace_on_outcome(&trace, 0, &phases, TICK_REASON_NONE, at(3));
	trace_on_outcome(&trace, 0, &phases, TICK_REASON_PEER_RESET, at(9));
	assert_int_equal(n, 5);
	expect(3, TRACE_SUBSCRIBE, 3, 9, TICK_REASON_PEER_RESET);
	expect(4, TRACE_CONNECTION, 0, 9, TICK_REASON_PEER_RESET);
}

static void
the_end_of_a_live_line_is_no_span(void **state)
{
	const struct trace_phases phases = {at(1), at(2), at(3)};

	(void)state;
	act(ACT_CONNECT, 0, 0);
	trace_on_outcome(&trace, 0, &phases, TICK_REASON_NONE, at(3));
	act(ACT_TRANSITION, 0, 4);
	n = 0;
	trace_on_outcome(&trace, 0, &phases, TICK_REASON_PEER_RESET, at(900));
	act(ACT_TRANSITION, 0, 901);
	assert_int_equal(n, 0);
}

static void
the_successors_connection_is_part_of_the_rotation(void **state)
{
	const struct trace_phases phases = {at(12), at(13), at(14)};

	(void)state;
	rotation(ROTATION_BEGUN, 0, 1, 10);
	act(ACT_CONNECT, 1, 11);
	trace_on_outcome(&trace, 1, &phases, TICK_REASON_NONE, at(14));
	act(ACT_TRANSITION, 1, 20);
	rotation(ROTATION_DONE, 0, 1, 40);
	assert_int_equal(n, 6);
	expect(4, TRACE_CONNECTION, 11, 20, TICK_REASON_NONE);
	expect(5, TRACE_ROTATION, 10, 40, TICK_REASON_NONE);
	assert_int_equal(told[4].parent, told[5].id);
	assert_int_equal(told[4].trace, told[5].trace);
	assert_int_equal(told[5].parent, 0);
	/* Later ones of that line are on their own. */
	act(ACT_CONNECT, 1, 50);
	trace_on_outcome(&trace, 1, &phases, TICK_REASON_PEER_RESET, at(60));
	assert_int_equal(told[n - 1].parent, 0);
	assert_int_not_equal(told[n - 1].trace, told[5].trace);
}

static void
a_rotation_that_is_given_up_failed(void **state)
{
	(void)state;
	rotation(ROTATION_BEGUN, 0, 1, 10);
	rotation(ROTATION_ABANDONED, 0, 1, 30);
	assert_int_equal(n, 1);
	expect(0, TRACE_ROTATION, 10, 30, TICK_REASON_STOP);
}

/* ---- books --------------------------------------------------------------------- */

static void
a_resync_goes_from_the_first_wish_to_live(void **state)
{
	static const struct tick_instrument entry[3];
	struct trace_open memory[3] = {{0}}, first, again;
	struct trace_books books;

	(void)state;
	trace_books_init(&books, &trace, memory, 3);
	first = trace_book_wanted(&books, 1, at(10));
	again = trace_book_wanted(&books, 1, at(20)); /* the snapshot was of no use */
	assert_int_not_equal(first.id, 0);
	assert_int_equal(again.id, first.id);
	assert_int_equal(again.trace, first.trace);
	trace_book_joined(&books, 2, &entry[2], at(30)); /* renewed: it was LIVE */
	assert_int_equal(n, 0);
	trace_book_joined(&books, 1, &entry[1], at(50));
	assert_int_equal(n, 1);
	expect(0, TRACE_RESYNC, 10, 50, TICK_REASON_NONE);
	assert_ptr_equal(told[0].instrument, &entry[1]);
	assert_int_equal(told[0].parent, 0);
	again = trace_book_wanted(&books, 1, at(60));
	assert_int_not_equal(again.trace, first.trace);
	assert_int_equal(trace_book_wanted(&books, 3, at(60)).id, 0); /* no such one */
	trace_book_joined(&books, 3, &entry[0], at(70));
	trace_book_gone(&books, 3);
	trace_book_gone(&books, 1);
	trace_book_joined(&books, 1, &entry[1], at(80));
	assert_int_equal(n, 1);
}

static void
kinds_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < TRACE_KINDS; i++)
		assert_string_not_equal(trace_kind_name(i), "unknown");
	assert_string_equal(trace_kind_name(TRACE_KINDS), "unknown");
	assert_string_equal(trace_kind_name(-1), "unknown");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_has_four_parts_that_follow_one_another),
		TEST(an_attempt_ends_in_the_part_that_failed),
		TEST(a_line_that_breaks_while_it_subscribes_fails_there),
		TEST(the_end_of_a_live_line_is_no_span),
		TEST(the_successors_connection_is_part_of_the_rotation),
		TEST(a_rotation_that_is_given_up_failed),
		TEST(a_resync_goes_from_the_first_wish_to_live),
		TEST(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
