#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/ledger.h"

enum { N = 8 };

/* 5 s for the answer, 10 s for the first message. */
static const struct ledger_cfg cfg = {{5000000000}, {10000000000}};

static struct ledger_entry memory[N];
static struct ledger ledger;

static mono_t
at_s(int64_t s)
{
	return (mono_t){s * 1000000000};
}

static int
new_ledger(void **state)
{
	(void)state;
	ledger_init(&ledger, &cfg, memory, N);
	return 0;
}

static void
subscribe(uint32_t i, uint16_t line, int64_t s)
{
	ledger_want(&ledger, i, line, false, at_s(s));
	ledger_on_sent(&ledger, i, at_s(s));
}

static void
assert_due(mono_t now, enum ledger_verdict verdict, uint32_t entry)
{
	uint32_t got = LEDGER_NOBODY;

	assert_int_equal(ledger_next_due(&ledger, now, &got), verdict);
	assert_int_equal(got, entry);
}

static void
a_stream_goes_from_wanted_to_producing_with_its_times(void **state)
{
	(void)state;
	assert_int_equal(ledger.states[LEDGER_NONE], N);
	subscribe(2, 1, 10);
	assert_int_equal(ledger_state(&ledger, 2), LEDGER_SENT);
	ledger_on_acked(&ledger, 2, at_s(11));
	assert_int_equal(ledger_state(&ledger, 2), LEDGER_ACKED);
	ledger_list_begin(&ledger, 1, at_s(12));
	assert_int_equal(ledger_on_listed(&ledger, 1, 2, at_s(13)), LEDGER_KEEP);
	assert_int_equal(ledger_state(&ledger, 2), LEDGER_LISTED);
	assert_true(ledger_on_data(&ledger, 2, at_s(14)));
	assert_false(ledger_on_data(&ledger, 2, at_s(15)));
	assert_int_equal(ledger_state(&ledger, 2), LEDGER_PRODUCING);
	assert_int_equal(memory[2].wanted.ns, at_s(10).ns);
	assert_int_equal(memory[2].sent.ns, at_s(10).ns);
	assert_int_equal(memory[2].acked.ns, at_s(11).ns);
	assert_int_equal(memory[2].listed.ns, at_s(13).ns);
	assert_int_equal(memory[2].produced.ns, at_s(14).ns);
	assert_int_equal(ledger.line_states[1][LEDGER_PRODUCING], 1);
	assert_int_equal(ledger.states[LEDGER_NONE], N - 1);
	assert_true(mono_is_never(ledger_deadline(&ledger)));
}

static void
a_missing_answer_is_told_at_its_time_and_oldest_first(void **state)
{
	(void)state;
	subscribe(4, 0, 10);
	subscribe(1, 0, 12);
	subscribe(6, 0, 12);
	assert_int_equal(ledger_deadline(&ledger).ns, at_s(15).ns);
	assert_due((mono_t){at_s(15).ns - 1}, LEDGER_NOTHING, LEDGER_NOBODY);
	assert_due(at_s(15), LEDGER_ACK_TIMEOUT, 4);
	assert_int_equal(ledger_state(&ledger, 4), LEDGER_WANTED);
	ledger_on_acked(&ledger, 1, at_s(15));
	assert_int_equal(ledger_deadline(&ledger).ns, at_s(17).ns);
	assert_due(at_s(20), LEDGER_ACK_TIMEOUT, 6);
	assert_due(at_s(20), LEDGER_NOTHING, LEDGER_NOBODY);
	assert_int_equal(ledger.ack_timeouts, 2);
}

static void
acknowledged_but_silent_is_told_once(void **state)
{
	(void)state;
	subscribe(0, 0, 0);
	subscribe(1, 0, 0);
	ledger_on_acked(&ledger, 0, at_s(1));
	ledger_on_acked(&ledger, 1, at_s(2));
	ledger_on_data(&ledger, 1, at_s(3));
	ledger_list_begin(&ledger, 0, at_s(4));
	ledger_on_listed(&ledger, 0, 0, at_s(5)); /* listed is no excuse */
	assert_int_equal(ledger_deadline(&ledger).ns, at_s(11).ns);
	assert_due((mono_t){at_s(11).ns - 1}, LEDGER_NOTHING, LEDGER_NOBODY);
	assert_due(at_s(11), LEDGER_SILENT, 0);
	assert_due(at_s(1000), LEDGER_NOTHING, LEDGER_NOBODY);
	assert_true(mono_is_never(ledger_deadline(&ledger)));
	ledger_again(&ledger, 0, at_s(20));
	ledger_on_sent(&ledger, 0, at_s(20));
	ledger_on_acked(&ledger, 0, at_s(21));
	assert_due(at_s(31), LEDGER_SILENT, 0);
	assert_int_equal(ledger.silent_alarms, 2);
	assert_true(ledger_on_data(&ledger, 0, at_s(40)));
}

static void
silence_is_excused_while_the_instrument_does_not_trade(void **state)
{
	(void)state;
	ledger_want(&ledger, 3, 0, true, at_s(0));
	ledger_on_sent(&ledger, 3, at_s(0));
	subscribe(4, 0, 1);
	ledger_excuse(&ledger, 3, false, at_s(1)); /* while SENT: its place stays */
	ledger_excuse(&ledger, 3, true, at_s(1));
	assert_int_equal(ledger_deadline(&ledger).ns, at_s(5).ns);
	ledger_on_acked(&ledger, 3, at_s(2));
	ledger_on_acked(&ledger, 4, at_s(2));
	ledger_on_data(&ledger, 4, at_s(2));
	assert_true(mono_is_never(ledger_deadline(&ledger)));
	ledger_excuse(&ledger, 3, false, at_s(100));
	assert_int_equal(ledger_deadline(&ledger).ns, at_s(110).ns);
	ledger_excuse(&ledger, 3, true, at_s(105));
	assert_true(mono_is_never(ledger_deadline(&ledger)));
}

static void
refusals_and_requests_taken_back(void **state)
{
	(void)state;
	subscribe(0, 0, 0);
	subscribe(1, 0, 0);
	ledger_on_refused(&ledger, 0);
	ledger_on_unsent(&ledger, 1, at_s(1));
	assert_int_equal(ledger_state(&ledger, 0), LEDGER_REFUSED);
	assert_int_equal(ledger_state(&ledger, 1), LEDGER_WANTED);
	ledger_on_refused(&ledger, 1); /* was not asked */
	ledger_on_acked(&ledger, 1, at_s(1));
	assert_int_equal(ledger_state(&ledger, 1), LEDGER_WANTED);
	ledger_on_sent(&ledger, 0, at_s(2));
	ledger_on_acked(&ledger, 0, at_s(3));
	ledger_on_sent(&ledger, 0, at_s(4)); /* not wanted again */
	assert_int_equal(ledger_state(&ledger, 0), LEDGER_ACKED);
	assert_int_equal(memory[0].sent.ns, at_s(2).ns);
}

static void
data_may_outrun_the_answer(void **state)
{
	(void)state;
	subscribe(0, 0, 0);
	assert_true(ledger_on_data(&ledger, 0, at_s(1)));
	assert_true(mono_is_never(ledger_deadline(&ledger)));
	ledger_on_acked(&ledger, 0, at_s(2));
	ledger_on_acked(&ledger, 0, at_s(3));
	assert_int_equal(ledger_state(&ledger, 0), LEDGER_PRODUCING);
	assert_int_equal(memory[0].acked.ns, at_s(2).ns);
}

static void
a_list_finds_what_is_missing_and_what_is_too_much(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		subscribe(i, 2, 0);
	subscribe(5, 3, 0);
	for (uint32_t i = 0; i < 3; i++)
		ledger_on_acked(&ledger, i, at_s(1));
	ledger_on_data(&ledger, 1, at_s(1));
	assert_int_equal(ledger_next_missing(&ledger, 2, 0, at_s(1)), LEDGER_NOBODY);
	ledger_list_begin(&ledger, 2, at_s(2));
	ledger_on_acked(&ledger, 3, at_s(2)); /* after the list was asked for */
	assert_int_equal(ledger_on_listed(&ledger, 2, 0, at_s(3)), LEDGER_KEEP);
	assert_int_equal(ledger_on_listed(&ledger, 2, 5, at_s(3)), LEDGER_SURPLUS);
	assert_int_equal(ledger_on_listed(&ledger, 2, 7, at_s(3)), LEDGER_SURPLUS);
	assert_int_equal(ledger_on_listed(&ledger, 2, LEDGER_NOBODY, at_s(3)), LEDGER_SURPLUS);
	assert_int_equal(ledger_next_missing(&ledger, 2, 0, at_s(3)), 1);
	assert_int_equal(ledger_state(&ledger, 1), LEDGER_WANTED);
	assert_int_equal(ledger_next_missing(&ledger, 2, 2, at_s(3)), 2);
	assert_int_equal(ledger_next_missing(&ledger, 2, 3, at_s(3)), LEDGER_NOBODY);
	assert_int_equal(ledger_state(&ledger, 3), LEDGER_ACKED);
	assert_int_equal(ledger.missing, 2);
	assert_int_equal(ledger.surplus, 3);
	/* Being in the last list does not count for the next one. */
	ledger_list_begin(&ledger, 2, at_s(4));
	assert_int_equal(ledger_next_missing(&ledger, 2, 0, at_s(5)), 0);
	assert_int_equal(ledger_next_missing(&ledger, 2, 1, at_s(5)), 3);
}

static void
a_line_that_ends_wants_all_of_its_streams_again(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		subscribe(i, i == 4, 0);
	ledger_on_acked(&ledger, 1, at_s(1));
	ledger_on_data(&ledger, 2, at_s(1));
	ledger_on_refused(&ledger, 3);
	ledger_list_begin(&ledger, 0, at_s(1));
	ledger_on_line_down(&ledger, 0, at_s(2));
	assert_int_equal(ledger.line_states[0][LEDGER_WANTED], 4);
	assert_int_equal(ledger.line_states[1][LEDGER_SENT], 1);
	assert_int_equal(ledger_next_missing(&ledger, 0, 0, at_s(3)), LEDGER_NOBODY);
	assert_int_equal(ledger_deadline(&ledger).ns, at_s(5).ns);
	assert_true(mono_is_never(memory[2].produced));
	ledger_drop(&ledger, 4);
	assert_true(mono_is_never(ledger_deadline(&ledger)));
	assert_int_equal(ledger.line_states[1][LEDGER_SENT], 0);
}

static void
a_stream_moves_to_another_line(void **state)
{
	(void)state;
	subscribe(0, 0, 0);
	ledger_on_data(&ledger, 0, at_s(1));
	subscribe(0, 5, 2);
	assert_int_equal(ledger.line_states[0][LEDGER_PRODUCING], 0);
	assert_int_equal(ledger.line_states[5][LEDGER_SENT], 1);
	assert_int_equal(memory[0].line, 5);
}

/* Counts, queues and deadline agree with a plain look at all entries. */
static void
assert_books_agree(void)
{
	uint32_t states[LEDGER_STATES] = {0};
	mono_t deadline = MONO_NEVER;

	for (uint32_t i = 0; i < N; i++) {
		const struct ledger_entry *e = &memory[i];

		states[e->state]++;
		if (e->state == LEDGER_SENT)
			deadline = mono_min(deadline, mono_add(e->sent, cfg.ack_within));
		if ((e->state == LEDGER_ACKED || e->state == LEDGER_LISTED) && !e->alarmed &&
		    !e->may_be_silent)
			deadline = mono_min(deadline, mono_add(e->acked, cfg.data_within));
	}
	for (int s = 0; s < LEDGER_STATES; s++) {
		uint32_t lines = 0;

		for (int line = 0; line < LEDGER_LINES_MAX; line++)
			lines += ledger.line_states[line][s];
		assert_int_equal(ledger.states[s], states[s]);
		assert_int_equal(lines, s == LEDGER_NONE ? 0 : states[s]);
	}
	assert_int_equal(ledger_deadline(&ledger).ns, deadline.ns);
}

static void
whatever_happens_the_books_agree(void **state)
{
	struct rng rng;
	uint32_t i, due;
	uint16_t line;

	(void)state;
	rng_seed(&rng, 4);
	for (int64_t t = 0; t < 200000; t++) {
		mono_t now = {t * 300000000};

		i = (uint32_t)rng_below(&rng, N + 1);
		line = (uint16_t)rng_below(&rng, 3);
		switch (rng_below(&rng, 16)) {
		case 0: ledger_want(&ledger, i, line, rng_below(&rng, 2), now); break;
		case 1: ledger_drop(&ledger, i); break;
		case 2: ledger_excuse(&ledger, i, rng_below(&rng, 2), now); break;
		case 3: ledger_on_refused(&ledger, i); break;
		case 4: ledger_on_unsent(&ledger, i, now); break;
		case 5: ledger_on_data(&ledger, i, now); break;
		case 6: ledger_again(&ledger, i, now); break;
		case 7: ledger_list_begin(&ledger, line, now); break;
		case 8: ledger_on_listed(&ledger, line, i, now); break;
		case 9: ledger_next_missing(&ledger, line, 0, now); break;
		case 10: ledger_next_due(&ledger, now, &due); break;
		case 11:
			if (rng_below(&rng, 20) == 0)
				ledger_on_line_down(&ledger, line, now);
			break;
		case 12:
		case 13: ledger_on_acked(&ledger, i, now); break;
		default: ledger_on_sent(&ledger, i, now); break;
		}
		assert_books_agree();
	}
	assert_true(ledger.ack_timeouts > 100 && ledger.silent_alarms > 100);
	assert_true(ledger.missing > 100);
}

static void
labels_are_words(void **state)
{
	(void)state;
	assert_string_equal(ledger_state_label(LEDGER_LISTED), "listed");
	assert_string_equal(ledger_state_label(LEDGER_STATES), "unknown");
	assert_int_equal(ledger_state(&ledger, N), LEDGER_NONE);
}

static void
lines_and_entries_that_do_not_exist_are_ignored(void **state)
{
	(void)state;
	ledger_on_line_down(&ledger, LEDGER_LINES_MAX, at_s(0));
	ledger_list_begin(&ledger, LEDGER_LINES_MAX, at_s(0));
	assert_int_equal(ledger_on_listed(&ledger, LEDGER_LINES_MAX, 0, at_s(0)), LEDGER_SURPLUS);
	assert_int_equal(ledger_next_missing(&ledger, LEDGER_LINES_MAX, 0, at_s(0)), LEDGER_NOBODY);
	ledger_want(&ledger, N, 0, false, at_s(0));
	ledger_on_sent(&ledger, N, at_s(0));
	assert_false(ledger_on_data(&ledger, N, at_s(0)));
	assert_false(ledger_on_data(&ledger, 0, at_s(0))); /* nobody wants it */
	assert_int_equal(ledger.states[LEDGER_NONE], N);
	/* A list that nobody asked for finds nothing missing. */
	subscribe(0, 0, 0);
	ledger_on_acked(&ledger, 0, at_s(1));
	assert_int_equal(ledger_next_missing(&ledger, 0, 0, at_s(2)), LEDGER_NOBODY);
	assert_int_equal(ledger_state(&ledger, 0), LEDGER_ACKED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, new_ledger)
	const struct CMUnitTest tests[] = {
		T(a_stream_goes_from_wanted_to_producing_with_its_times),
		T(a_missing_answer_is_told_at_its_time_and_oldest_first),
		T(acknowledged_but_silent_is_told_once),
		T(silence_is_excused_while_the_instrument_does_not_trade),
		T(refusals_and_requests_taken_back),
		T(data_may_outrun_the_answer),
		T(a_list_finds_what_is_missing_and_what_is_too_much),
		T(a_line_that_ends_wants_all_of_its_streams_again),
		T(a_stream_moves_to_another_line),
		T(whatever_happens_the_books_agree),
		T(labels_are_words),
		T(lines_and_entries_that_do_not_exist_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
