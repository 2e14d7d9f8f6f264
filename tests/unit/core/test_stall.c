#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "feed/core/stall.h"

enum { N = 8 };

static struct stall_stream memory[N];
static struct stall stall;
static struct stall_alarm alarm;

static mono_t
at_ms(int64_t ms)
{
	return (mono_t){ms * 1000000};
}

static int
new_stall(void **state)
{
	(void)state;
	stall_init(&stall, &stall_cfg_default, memory, N, MONO_ZERO);
	alarm = (struct stall_alarm){.entry = STALL_NONE};
	return 0;
}

/* Milliseconds until the next alarm, as a loop finds it; -1: none before `end`. */
static int64_t
next_alarm_ms(int64_t end_ms)
{
	mono_t deadline, before = {-1};

	for (;;) {
		deadline = stall_deadline(&stall);
		if (mono_is_never(deadline) || deadline.ns > end_ms * 1000000)
			return -1;
		assert_true(mono_before(before, deadline));
		before = deadline;
		if (stall_next(&stall, deadline, &alarm))
			return deadline.ns / 1000000;
	}
}

/* Regular messages until `end_ms`; no alarm may come. Returns when the last one was. */
static int64_t
run_regular(uint32_t entry, int64_t from_ms, int64_t end_ms, int64_t every_ms)
{
	int64_t ms;

	for (ms = from_ms; ms <= end_ms; ms += every_ms) {
		assert_int_equal(next_alarm_ms(ms), -1);
		stall_on_message(&stall, entry, at_ms(ms));
	}
	return ms - every_ms;
}

static void
nothing_is_watched_before_it_begins(void **state)
{
	(void)state;
	assert_true(mono_is_never(stall_deadline(&stall)));
	stall_assign(&stall, 0, STALL_QUOTE);
	assert_true(mono_is_never(stall_deadline(&stall)));
	assert_int_equal(stall_on_message(&stall, 0, at_ms(5)), STALL_OK);
	stall_begin(&stall, 0, at_ms(10));
	assert_int_equal(stall.stages[STALL_OK], 1);
	stall_end(&stall, 0);
	assert_true(mono_is_never(stall_deadline(&stall)));
	assert_int_equal(stall.stages[STALL_OK], 0);
}

static void
before_anything_is_learned_the_class_decides(void **state)
{
	int64_t ms;

	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(1000));
	assert_int_equal(stall_limit(&stall, 0).ns, 60000000000);
	ms = next_alarm_ms(200000);
	assert_in_range(ms, 61000, 61250);
	assert_int_equal(alarm.stage, STALL_LIST);
	assert_int_equal(alarm.entry, 0);
	assert_false(alarm.sparse);
	assert_int_equal(alarm.limit.ns, 60000000000);
}

static void
quotes_at_fifty_a_second_are_missed_within_three_seconds(void **state)
{
	int64_t last, ms;

	(void)state;
	stall_assign(&stall, 3, STALL_QUOTE);
	stall_begin(&stall, 3, at_ms(0));
	last = run_regular(3, 20, 10000, 20);
	ms = next_alarm_ms(60000);
	assert_int_equal(alarm.entry, 3);
	assert_in_range(ms - last, 1500, 1750);
	assert_int_equal(stall_stage(&stall, 3), STALL_LIST);
	assert_int_equal(stall_on_message(&stall, 3, at_ms(ms)), STALL_LIST);
	assert_int_equal(stall_stage(&stall, 3), STALL_OK);
	assert_int_equal(stall.alarms[STALL_OK], 1);
}

static void
learning_takes_gaps_and_time(void **state)
{
	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	for (int i = 0; i < 128; i++)
		stall_on_message(&stall, 0, at_ms(4872 + i));
	/* 127 gaps; then the 128th, but a millisecond before its time ... */
	assert_int_equal(stall_limit(&stall, 0).ns, 60000000000);
	assert_int_equal(memory[0].gaps, 127);
	stall_on_message(&stall, 0, at_ms(5000));
	assert_int_equal(stall_limit(&stall, 0).ns, 1500000000);
	stall_assign(&stall, 1, STALL_QUOTE);
	stall_begin(&stall, 1, at_ms(0));
	for (int i = 0; i < 300; i++)
		stall_on_message(&stall, 1, at_ms(4700 + i));
	assert_int_equal(stall_limit(&stall, 1).ns, 60000000000);
	stall_on_message(&stall, 1, at_ms(5000));
	assert_int_equal(stall_limit(&stall, 1).ns, 1500000000);
}

static void
healing_goes_stage_by_stage_and_ever_later_rounds(void **state)
{
	static const struct {
		enum stall_stage stage;
		int64_t after_ms;
	} rows[] = {{STALL_LIST, 1500}, {STALL_RESUBSCRIBE, 5000}, {STALL_MOVE, 10000},
	    {STALL_RECYCLE, 15000}, {STALL_LIST, 63000}, {STALL_RESUBSCRIBE, 5000},
	    {STALL_MOVE, 10000}, {STALL_RECYCLE, 15000}, {STALL_LIST, 66000}};
	int64_t before, ms, last;

	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	last = before = run_regular(0, 20, 10000, 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ms = next_alarm_ms(1000000);
		assert_int_equal(alarm.stage, rows[i].stage);
		assert_int_equal(stall.stages[rows[i].stage], 1);
		assert_in_range(ms - before, rows[i].after_ms, rows[i].after_ms + 250);
		assert_int_equal(alarm.silence.ns, (ms - last) * 1000000);
		before = ms;
	}
	/* For ever, but never rarer than the cap. */
	for (int i = 0; i < 100; i++) {
		ms = next_alarm_ms(INT64_MAX / 1000000);
		assert_true(ms - before <= 660250);
		before = ms;
	}
}

static void
a_stream_that_is_not_learned_costs_no_line(void **state)
{
	(void)state;
	stall_assign(&stall, 0, STALL_TRADE);
	stall_begin(&stall, 0, at_ms(0));
	for (int i = 0; i < 50; i++) {
		assert_int_not_equal(next_alarm_ms(INT64_MAX / 1000000), -1);
		assert_int_equal(alarm.stage, STALL_LIST + i % 3);
	}
	assert_int_equal(stall.alarms[STALL_RECYCLE], 0);
}

static void
a_new_connection_starts_afresh_but_keeps_what_was_learned(void **state)
{
	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	run_regular(0, 20, 10000, 20);
	assert_int_not_equal(next_alarm_ms(20000), -1);
	stall_begin(&stall, 0, at_ms(20000));
	assert_int_equal(stall_stage(&stall, 0), STALL_OK);
	assert_int_equal(stall.stages[STALL_LIST], 0);
	assert_int_equal(stall_limit(&stall, 0).ns, 1500000000);
	/* The ten seconds in between are no gap of the stream. */
	stall_on_message(&stall, 0, at_ms(20500));
	assert_int_equal(stall_limit(&stall, 0).ns, 1500000000);
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(21000));
	assert_int_equal(stall_limit(&stall, 0).ns, 60000000000);
}

static void
what_was_learned_of_a_stream_goes_with_it_to_another_line(void **state)
{
	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	run_regular(0, 20, 10000, 20);
	stall_assign(&stall, 1, STALL_QUOTE);
	stall_inherit(&stall, 1, 0);
	stall_begin(&stall, 1, at_ms(20000));
	assert_int_equal(stall_limit(&stall, 1).ns, 1500000000);
	stall_assign(&stall, 2, STALL_TRADE);
	stall_inherit(&stall, 2, 0); /* another class, another stream: nothing to learn from */
	stall_begin(&stall, 2, at_ms(20000));
	assert_int_equal(stall_limit(&stall, 2).ns, 600000000000);
}

static void
what_does_not_trade_is_not_stale(void **state)
{
	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	run_regular(0, 20, 10000, 20);
	assert_int_not_equal(next_alarm_ms(20000), -1);
	stall_suspend(&stall, 0);
	assert_int_equal(stall_stage(&stall, 0), STALL_OK);
	assert_int_equal(next_alarm_ms(100000000), -1);
	assert_true(mono_is_never(stall_deadline(&stall)));
	stall_on_message(&stall, 0, at_ms(50000000));
	stall_resume(&stall, 0, at_ms(100000000));
	assert_in_range(next_alarm_ms(200000000), 100001500, 100001750);
	/* Liquidations come when they come. */
	new_stall(NULL);
	stall_assign(&stall, 1, STALL_RARE);
	stall_begin(&stall, 1, at_ms(0));
	stall_on_message(&stall, 1, at_ms(5));
	assert_true(mono_is_never(stall_deadline(&stall)));
}

static void
a_false_alarm_teaches_a_healed_stall_at_most_doubles(void **state)
{
	int64_t last;

	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	last = run_regular(0, 20, 10000, 20);
	next_alarm_ms(last + 3000);
	stall_on_message(&stall, 0, at_ms(last + 4000));
	assert_int_equal(stall_limit(&stall, 0).ns, 16000000000);
	last = run_regular(0, last + 4020, last + 20000, 20);
	for (int i = 0; i < 2; i++) /* LIST, RESUBSCRIBE */
		assert_int_not_equal(next_alarm_ms(last + 60000), -1);
	stall_on_message(&stall, 0, at_ms(last + 100000));
	assert_in_range(stall_limit(&stall, 0).ns, 28000000000, 32000000000);
}

static void
old_gaps_are_forgotten(void **state)
{
	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	run_regular(0, 20, 10000, 20);
	stall_on_message(&stall, 0, at_ms(11000));
	assert_in_range(stall_limit(&stall, 0).ns, 3800000000, 4000000000);
	run_regular(0, 11020, 311000, 20);
	assert_in_range(stall_limit(&stall, 0).ns, 1500000000, 1600000000);
}

static void
a_burst_does_not_make_the_quiet_after_it_suspicious(void **state)
{
	int64_t ms = 0;

	(void)state;
	stall_assign(&stall, 0, STALL_TRADE);
	stall_begin(&stall, 0, at_ms(0));
	for (int minute = 0; minute < 60; minute++, ms += 60000) {
		assert_int_equal(next_alarm_ms(ms), -1);
		for (int i = 0; i < 1000; i++)
			stall_on_message(&stall, 0, at_ms(ms + i));
	}
	assert_int_equal(next_alarm_ms(ms + 60000), -1);
}

/* -mean x ln(u) from integers: log2 by squaring, 16 bits of it. */
static int64_t
random_gap_ns(struct rng *rng, int64_t mean_ns)
{
	uint64_t u = rng_next(rng) >> 32 | 1, x;
	uint64_t log2 = 0;
	int lead = 63 - __builtin_clzll(u);

	x = u << (31 - lead);
	for (int i = 0; i < 16; i++) {
		x = x * x >> 31;
		log2 = log2 << 1 | (x >> 32 & 1);
		x >>= x >> 32 & 1;
	}
	log2 |= (uint64_t)lead << 16;
	/* (32 - log2 u) x ln 2 */
	return (int64_t)((__int128)mean_ns * (int64_t)((UINT64_C(32) << 16) - log2) * 45426 >> 32);
}

static void
count_false_alarms(int64_t mean_ms, enum stall_class class, int arrivals, uint64_t seed)
{
	struct rng rng;
	mono_t now = MONO_ZERO;

	new_stall(NULL);
	rng_seed(&rng, seed);
	stall_assign(&stall, 0, class);
	stall_begin(&stall, 0, now);
	for (int i = 0; i < arrivals; i++) {
		now = mono_add(now, span_ns(random_gap_ns(&rng, mean_ms * 1000000)));
		while (stall_next(&stall, now, &alarm))
			if (!alarm.sparse && i > 16)
				assert_int_equal(i, -1); /* a false alarm */
		stall_on_message(&stall, 0, now);
	}
	/* The gaps were random and had that mean. */
	assert_in_range(now.ns / arrivals / 1000, mean_ms * 970, mean_ms * 1030);
}

static void
random_arrivals_raise_no_false_alarm_in_a_million(void **state)
{
	(void)state;
	count_false_alarms(60000, STALL_TRADE, 1000000, 1);
	count_false_alarms(5000, STALL_TRADE, 1000000, 2);
	count_false_alarms(700, STALL_QUOTE, 1000000, 3);
	count_false_alarms(20, STALL_QUOTE, 1000000, 4);
}

static void
streams_too_rare_to_judge_are_listed_and_no_more(void **state)
{
	(void)state;
	count_false_alarms(2400000, STALL_TRADE, 20000, 5);
	assert_true(stall_is_sparse(&stall, 0));
	assert_true(stall.alarms[STALL_LIST] > 0);
	assert_int_equal(stall_limit(&stall, 0).ns, 3600000000000);
	assert_int_equal(stall.alarms[STALL_RESUBSCRIBE], 0);
}

static void
the_wheel_finds_every_stream_of_many_in_time(void **state)
{
	static struct stall_stream many[6000];
	int64_t due_ms[6000], ms;
	unsigned found = 0;

	(void)state;
	stall_init(&stall, &stall_cfg_default, many, 6000, at_ms(123456));
	for (uint32_t i = 0; i < 6000; i++) {
		stall_assign(&stall, i, i % 2 ? STALL_QUOTE : STALL_SLOW);
		stall_begin(&stall, i, at_ms(123456 + i * 7));
		due_ms[i] = 123456 + i * 7 + (i % 2 ? 60000 : 120000);
	}
	while (found < 6000) {
		ms = stall_deadline(&stall).ns / 1000000;
		while (stall_next(&stall, at_ms(ms), &alarm)) {
			assert_in_range(ms - due_ms[alarm.entry], 0, 250);
			assert_int_equal(alarm.stage, STALL_LIST);
			stall_end(&stall, alarm.entry);
			found++;
		}
	}
	assert_true(mono_is_never(stall_deadline(&stall)));
}

static void
a_long_pause_of_the_caller_gives_one_stage_each(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		stall_assign(&stall, i, STALL_QUOTE);
		stall_begin(&stall, i, at_ms((int64_t)i));
	}
	for (int i = 0; i < N; i++)
		assert_true(stall_next(&stall, at_ms(1000000000), &alarm));
	assert_false(stall_next(&stall, at_ms(1000000000), &alarm));
	assert_int_equal(stall.stages[STALL_LIST], N);
	assert_in_range(stall_deadline(&stall).ns, at_ms(1000005000).ns, at_ms(1000005250).ns);
}

/* The caller knows that it did not listen: no alarm, and nothing is learned from it. */
static void
a_pause_that_is_forgiven_is_nobodys_silence(void **state)
{
	int64_t ms, limit;

	(void)state;
	stall_assign(&stall, 0, STALL_QUOTE);
	stall_assign(&stall, 1, STALL_QUOTE);
	stall_begin(&stall, 0, at_ms(0));
	ms = run_regular(0, 0, 60000, 20);
	limit = stall_limit(&stall, 0).ns;
	ms += 30000;
	stall_forgive(&stall, span_s(30), at_ms(ms));
	assert_false(stall_next(&stall, at_ms(ms), &alarm));
	assert_int_equal(stall_on_message(&stall, 0, at_ms(ms + 10)), STALL_OK);
	assert_int_equal(stall_limit(&stall, 0).ns, limit);
	/* Only until then: who is silent now is silent. */
	assert_in_range(next_alarm_ms(ms + 3000), ms + 1000, ms + 3000);
	assert_int_equal(alarm.stage, STALL_LIST);
	stall_forgive(&stall, span_s(3600), at_ms(ms + 3000));
	assert_int_equal(next_alarm_ms(ms + 60000), -1);
}

static void
entries_that_do_not_exist_are_ignored(void **state)
{
	(void)state;
	stall_assign(&stall, N, STALL_QUOTE);
	stall_assign(&stall, 0, STALL_CLASSES);
	stall_begin(&stall, N, at_ms(0));
	stall_end(&stall, N);
	stall_suspend(&stall, N);
	stall_resume(&stall, N, at_ms(0));
	assert_int_equal(stall_on_message(&stall, N, at_ms(0)), STALL_OK);
	assert_int_equal(stall_limit(&stall, N).ns, 0);
	assert_int_equal(stall_stage(&stall, N), STALL_OK);
	assert_false(stall_is_sparse(&stall, N));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, new_stall)
	const struct CMUnitTest tests[] = {
		T(nothing_is_watched_before_it_begins),
		T(before_anything_is_learned_the_class_decides),
		T(quotes_at_fifty_a_second_are_missed_within_three_seconds),
		T(learning_takes_gaps_and_time),
		T(healing_goes_stage_by_stage_and_ever_later_rounds),
		T(a_stream_that_is_not_learned_costs_no_line),
		T(a_new_connection_starts_afresh_but_keeps_what_was_learned),
		T(what_was_learned_of_a_stream_goes_with_it_to_another_line),
		T(what_does_not_trade_is_not_stale),
		T(a_false_alarm_teaches_a_healed_stall_at_most_doubles),
		T(old_gaps_are_forgotten),
		T(a_burst_does_not_make_the_quiet_after_it_suspicious),
		T(random_arrivals_raise_no_false_alarm_in_a_million),
		T(streams_too_rare_to_judge_are_listed_and_no_more),
		T(the_wheel_finds_every_stream_of_many_in_time),
		T(a_long_pause_of_the_caller_gives_one_stage_each),
		T(a_pause_that_is_forgiven_is_nobodys_silence),
		T(entries_that_do_not_exist_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
