/*
 * Three lines bring the trades of three instruments at random: in bursts, with
 * holes, some too long to be kept. Whatever any of them brought comes out once
 * and in order, and no id is told missing that a line had brought before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed/base/rng.h"
#include "tests/pipeline_rig.h"

enum { INSTRUMENTS = 3, LINES = 3, IDS = 3000, SEEDS = 8 };

static const char *const symbols[INSTRUMENTS] = {"AAAUSDT", "BBBUSDT", "CCCUSDT"};
static const char *const streams[INSTRUMENTS] = {
	"aaausdt@trade", "bbbusdt@trade", "cccusdt@trade"};

/* What became of an instrument's ids so far. */
static struct seen {
	bool brought[IDS + 1], published[IDS + 1], missing[IDS + 1];
	int64_t last;      /* published */
	int64_t at[LINES]; /* the id that each line brings next */
} seen[INSTRUMENTS];

static struct rng rng;

static bool
one_in(int64_t n)
{
	return rng_between(&rng, 1, n) == 1;
}

static void
check_tick(const struct tick *t)
{
	struct seen *s = &seen[t->instrument];

	if (t->type == TICK_TRADE) {
		assert_true(t->id > s->last);
		assert_false(s->missing[t->id]);
		s->published[t->id] = true;
		s->last = t->id;
		return;
	}
	assert_int_equal(t->type, TICK_FEED_EVENT);
	assert_int_equal(t->event.reason, TICK_REASON_GAP);
	for (int64_t id = t->event.b; id <= t->event.c; id++) {
		assert_false(s->brought[id]);
		assert_false(s->published[id]);
		s->missing[id] = true;
	}
}

static void
check_ticks(struct pipeline_rig *rig)
{
	struct tick t;

	while (tick_reader_next(rig->reader, &t) == TICK_MORE)
		check_tick(&t);
}

static void
bring(struct pipeline_rig *rig, unsigned instrument, unsigned line, int64_t id)
{
	char text[12000];

	snprintf(text, sizeof(text), "{\"e\":\"trade\",\"E\":1700000000000,\"s\":\"%s\","
	    "\"t\":%lld,\"p\":\"1\",\"q\":\"2\",\"T\":1700000000000,\"m\":false,\"x\":\"%*s\"}",
	    symbols[instrument], (long long)id, one_in(60) ? 9000 : 1, "");
	if (id > seen[instrument].last)
		seen[instrument].brought[id] = true;
	pipeline_rig_feed(rig, line, text);
	check_ticks(rig);
}

/* A line's next messages of an instrument, perhaps more than can be kept; some are lost. */
static void
bring_some(struct pipeline_rig *rig, unsigned instrument, unsigned line)
{
	struct seen *s = &seen[instrument];
	int64_t end = s->at[line] + rng_between(&rng, 1, one_in(10) ? 150 : 4);

	while (s->at[line] < end && s->at[line] <= IDS) {
		if (one_in(30))
			s->at[line] += rng_between(&rng, 1, 20);
		else
			bring(rig, instrument, line, s->at[line]++);
	}
}

static bool
is_over(void)
{
	for (unsigned i = 0; i < INSTRUMENTS; i++)
		for (unsigned line = 0; line < LINES; line++)
			if (seen[i].at[line] <= IDS)
				return false;
	return true;
}

static void
begin(struct pipeline_rig *rig, uint64_t seed)
{
	rng_seed(&rng, seed);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < INSTRUMENTS; i++) {
		for (unsigned line = 0; line < LINES; line++)
			seen[i].at[line] = 1;
		assert_int_equal(
		    pipeline_add_stream(rig->pipeline, i, bytes_of(streams[i])), 0);
	}
	rig->stamps.recv_mono.ns = 1000000000;
}

static void
what_any_line_brought_is_not_told_missing(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pipeline_rig *rig;

		assert_int_equal(pipeline_rig_setup(state), 0);
		rig = *state;
		begin(rig, seed);
		while (!is_over()) {
			bring_some(rig, (unsigned)rng_between(&rng, 0, INSTRUMENTS - 1),
			    (unsigned)rng_between(&rng, 0, LINES - 1));
			rig->stamps.recv_mono.ns += rng_between(&rng, 0, 4000000);
			if (one_in(4))
				pipeline_on_time(rig->pipeline, rig->stamps.recv_mono);
			check_ticks(rig);
		}
		rig->stamps.recv_mono.ns += 1000000000;
		pipeline_on_time(rig->pipeline, rig->stamps.recv_mono);
		check_ticks(rig);
		for (unsigned i = 0; i < INSTRUMENTS; i++)
			for (int64_t id = 1; id <= IDS; id++)
				assert_true(!seen[i].brought[id] || seen[i].published[id] ||
				    seen[i].missing[id]);
		assert_true(pipeline_rig_count(rig, TICK_COUNTER_HELD) > 1000);
		pipeline_rig_teardown(state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_any_line_brought_is_not_told_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
