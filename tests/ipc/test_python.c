/*
 * tools/python/tickring.py against the C library: its layout and names, a
 * million ticks line by line, a writer at full speed, the writer's life, board
 * and status. This process is the writer. Skipped where python3 is missing or
 * the module would refuse (another processor than x86-64).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inttypes.h>

#include <tickring/reasons.h>
#include <tickring/status.h>

#include "feed/io/clock.h"
#include "tests/ipc/python_rig.h"

#define TICKS 1000000
#define RESTART_AT 500000
#define SLOTS 65536
#define WINDOW 16384 /* ticks ahead of the slower of the two readers */
#define PIECE 256
#define DAMAGED 400
#define WITHIN_S 60  /* for what a race is to see */

static void
the_layout_is_that_of_the_headers(void **state)
{
	static const char compile[] = "${CC:-cc} -std=c11 -Wall -Werror -fsyntax-only "
	                              "-I\"$TICKRING_ROOT/include\" -x c - 2>/dev/null";
	char command[512];

	python_skip(*state);
	snprintf(command, sizeof(command), PYTHON_HELPER "layout | %s", compile);
	assert_int_equal(python_run(*state, command), 0);
	/* The control: two numbers changed. */
	snprintf(command, sizeof(command),
	    PYTHON_HELPER "layout | sed 's/tick, leg) == 14/tick, leg) == 16/' | %s", compile);
	assert_int_not_equal(python_run(*state, command), 0);
	snprintf(command, sizeof(command),
	    PYTHON_HELPER "layout | sed 's/TICK_E_DEAD == -3/TICK_E_DEAD == -4/' | %s", compile);
	assert_int_not_equal(python_run(*state, command), 0);
}

static void
the_names_are_those_of_the_library(void **state)
{
	struct python_rig *w = *state;
	struct python_child *c = &w->child[0];
	unsigned number, n = 0;
	char of[16], name[64];

	python_skip(w);
	python_start(c, w, PYTHON_HELPER "names");
	while (getline(&c->line, &c->room, c->out) > 0) {
		assert_int_equal(sscanf(c->line, "%15s %u %63s", of, &number, name), 3);
		assert_string_equal(name,
		    strcmp(of, "type") == 0          ? tick_type_name(number)
		        : strcmp(of, "counter") == 0 ? tick_counter_name(number)
		                                     : tick_line_state_name(number));
		n++;
	}
	assert_int_equal(n, TICK_TYPE_COUNT + TICK_COUNTER_COUNT + TICK_LINE_STATE_COUNT);
	assert_int_equal(python_finish(c), 0);
}

static void
publish_event(struct ring *r, enum tick_reason reason, int64_t a)
{
	struct ring_tick t = {.meta = ring_meta(TICK_NO_INSTRUMENT, TICK_FEED_EVENT, 0, 0),
	    .v = {reason, a}, .id = TICK_ABSENT, .mono_ns = clock_mono().ns};

	ring_publish(r, &t);
}

/* Any type, known or not; any words. Never the word of a writer that we do not have. */
static void
publish_random(struct ring *r, struct rng *rng)
{
	unsigned type = (unsigned)rng_below(rng, TICK_TYPE_COUNT + 2);
	uint32_t draw = (uint32_t)rng_below(rng, PYTHON_INSTRUMENTS + 2); /* one is unknown */
	uint32_t instrument = draw == PYTHON_INSTRUMENTS ? TICK_NO_INSTRUMENT : draw;
	struct ring_tick t = {.meta = ring_meta(instrument, (enum tick_type)type,
	        (unsigned)rng_below(rng, 256), (unsigned)rng_below(rng, 65536))};
	int64_t *words = &t.exch_ns;

	for (size_t i = 0; i < sizeof(t) / 8 - 1; i++)
		words[i] = python_random_word(rng);
	if (type == TICK_FEED_EVENT) {
		t.v[0] = (int64_t)rng_below(rng, TICK_REASON_COUNT);
		t.v[1] = (int64_t)rng_below(rng, r->header->epoch + 1);
	}
	ring_publish(r, &t);
}

/* The next line that is a tick; those that begin with '#' are counted. */
static const char *
next_line(struct python_child *c)
{
	while (getline(&c->line, &c->room, c->out) > 0) {
		if (c->line[0] != '#')
			return c->line;
		c->restarts += strncmp(c->line, "# restarted\t", 12) == 0;
		c->overruns += strncmp(c->line, "# overrun\t", 10) == 0;
	}
	return "(the end)";
}

static void
restart(struct python_rig *w)
{
	ring_close(&w->ring, false);
	shm_fixture_ring(&w->f, &w->ring, SLOTS);
	publish_event(&w->ring, TICK_REASON_RESTART, w->ring.header->epoch);
}

static void
compare_ticks(struct python_rig *w, struct rng *rng)
{
	const char *ours, *theirs;
	uint64_t compared = 0;

	while (compared < TICKS) {
		uint64_t end = compared + WINDOW < TICKS ? compared + WINDOW : TICKS;

		for (int i = 0; i < PIECE && w->ring.next < end; i++)
			if (w->ring.next == RESTART_AT)
				restart(w);
			else
				publish_random(&w->ring, rng);
		ring_idle(&w->ring, clock_mono().ns);
		for (int i = 0; i < PIECE && compared < w->ring.next && compared < TICKS; i++) {
			ours = next_line(&w->child[0]);
			theirs = next_line(&w->child[1]);
			if (strcmp(ours, theirs) != 0)
				fail_msg("tick %" PRIu64 ":\n%s%s", compared, ours, theirs);
			compared++;
		}
	}
}

static void
a_million_ticks_read_alike_in_python_and_in_c(void **state)
{
	struct python_rig *w = *state;
	struct rng rng;
	int64_t begun;

	python_skip(w);
	shm_fixture_ring(&w->f, &w->ring, SLOTS);
	python_add_instruments(&w->ring);
	python_start(&w->child[0], w, "exec " PYTHON_TOOL "--tsv "
	                       "--from oldest -n 1000000 \"$FEED\"");
	python_start(&w->child[1], w, "exec \"$TICKRING_BUILD/shm-inspect\" -f -o tsv "
	                              "--from oldest -n 1000000 \"$FEED\" 2>/dev/null");
	assert_string_equal(next_line(&w->child[0]), next_line(&w->child[1])); /* titles */
	begun = clock_mono().ns;
	rng_seed(&rng, 20);
	compare_ticks(w, &rng);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(next_line(&w->child[i]), "(the end)");
		assert_int_equal(w->child[i].restarts, 1);
		assert_int_equal(w->child[i].overruns, 0);
		assert_int_equal(python_finish(&w->child[i]), 0);
	}
	print_message("%d ticks alike, %" PRId64 " ticks/s\n", TICKS,
	    TICKS * INT64_C(1000000000) / (clock_mono().ns - begun));
}

struct account {
	unsigned long long received, lost, next, overruns, torn;
};

/* Writes until the child has enough, without a pause or with naps between bursts. */
static struct account
run_race(struct python_rig *w, uint64_t slots, const char *command, bool naps)
{
	mono_t end = mono_add(clock_mono(), span_s(WITHIN_S));
	struct python_child *c = &w->child[0];
	struct account a;
	struct rng rng;

	rng_seed(&rng, 1);
	shm_fixture_ring(&w->f, &w->ring, slots);
	python_start(c, w, command);
	python_expect(c, "ready");
	while (!python_has_said(c) && !mono_due(end, clock_mono())) {
		for (uint64_t n = naps ? 1 + rng_below(&rng, 64) : 4096; n > 0; n--)
			shm_fixture_publish(&w->ring, (int64_t)w->ring.next);
		if (naps && rng_below(&rng, 4) == 0)
			python_nap(20000);
		if (rng_below(&rng, 1000) == 0)
			ring_idle(&w->ring, clock_mono().ns);
	}
	a.next = w->ring.next;
	ring_close(&w->ring, false);
	python_expect(c, "enough");
	assert_true(getline(&c->line, &c->room, c->out) > 0);
	assert_int_equal(sscanf(c->line, "%llu %llu %llu %llu %llu", &a.received, &a.lost, &a.next,
	    &a.overruns, &a.torn), 5);
	assert_int_equal(python_finish(c), 0);
	return a;
}

static void
check_race(struct python_rig *w, uint64_t slots, const char *command, bool naps)
{
	struct account a;
	uint64_t published;

	python_skip(w);
	a = run_race(w, slots, command, naps);
	shm_fixture_ring(&w->f, &w->ring, slots); /* goes on where it stopped */
	published = w->ring.next;
	print_message("%" PRIu64 " slots: %" PRIu64 " published, %llu received, %llu lost in %llu "
	    "overruns, %llu torn\n", slots, published, a.received, a.lost, a.overruns, a.torn);
	assert_int_equal(a.torn, 0);
	assert_int_equal(a.next, published);
	assert_int_equal(a.received + a.lost, published);
}

static void
every_tick_under_a_writer_at_full_speed_is_whole_and_each_loss_counted(void **state)
{
	check_race(*state, SLOTS, PYTHON_HELPER "race \"$FEED\" 300000", false);
}

static void
the_same_in_a_tiny_ring(void **state)
{
	check_race(*state, 16, PYTHON_HELPER "race \"$FEED\" 2000", true);
}

/* Without this the two above prove little. */
static void
a_reader_that_does_not_ask_again_sees_torn_ticks(void **state)
{
	python_skip(*state);
	assert_int_not_equal(
	    run_race(*state, 16, PYTHON_HELPER "control \"$FEED\"", false).torn, 0);
}

/* A copy of the ring, cut or with a few words of its header changed. */
static void
write_damaged(const struct python_rig *w, struct rng *rng, int number)
{
	static char image[16384]; /* total_bytes of 16 slots */
	size_t bytes = rng_below(rng, 4) == 0 ? rng_below(rng, sizeof(image)) : sizeof(image);
	char path[512];
	FILE *f;

	assert_int_equal(w->ring.header->total_bytes, sizeof(image));
	memcpy(image, w->ring.header, sizeof(image));
	for (uint64_t n = rng_below(rng, 3); n > 0; n--) {
		size_t at = 4 * rng_below(rng, 26); /* what is constant */

		if (rng_below(rng, 2))
			image[at + rng_below(rng, 4)] ^= (char)(1u << rng_below(rng, 8));
		else
			memcpy(image + at, &(int64_t){python_random_word(rng)}, 8);
	}
	for (uint64_t n = rng_below(rng, 3); n > 0; n--)
		memcpy(image + 256 + 8 * rng_below(rng, 40), &(int64_t){python_random_word(rng)},
		    8);
	for (uint64_t n = rng_below(rng, 4); n > 0; n--) { /* and sequence words */
		char *seq = image + w->ring.header->records_at + 128 * rng_below(rng, 16);

		if (rng_below(rng, 2))
			seq[0] ^= (char)(1u << rng_below(rng, 6));
		else
			memcpy(seq, &(int64_t){python_random_word(rng)}, 8);
	}
	snprintf(path, sizeof(path), "%s%d.ring", w->f.feed, number);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(image, 1, bytes, f), bytes);
	assert_int_equal(fclose(f), 0);
}

/* Reads until the writer's state is told; the line that the helper is to print. */
static int
read_damaged(const struct python_rig *w, int number, char *line, size_t size)
{
	struct tick_reader_stats s = {0};
	struct tick_reader *reader;
	char feed[256];
	int outcome, state = TICK_END;
	struct tick t;

	snprintf(feed, sizeof(feed), "%s%d", w->f.feed, number);
	outcome = tick_reader_open(&reader, feed, TICK_FROM_OLDEST);
	while (outcome == 0 && state != TICK_E_DEAD && state != TICK_E_REPLACED &&
	    state != TICK_E_STALE)
		state = tick_reader_next(reader, &t);
	if (outcome == 0)
		s = tick_reader_stats(reader);
	tick_reader_close(&reader);
	snprintf(line, size, "%d %d %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", number,
	    outcome, state, s.received, s.lost, s.damaged, s.next);
	return outcome;
}

static void
a_damaged_ring_reads_as_in_c(void **state)
{
	struct python_rig *w = *state;
	struct python_child *c = &w->child[0];
	unsigned seen[16] = {0};
	struct rng rng;

	python_skip(w);
	shm_fixture_ring(&w->f, &w->ring, 16);
	for (int64_t id = 0; id < 20; id++)
		shm_fixture_publish(&w->ring, id);
	ring_idle(&w->ring, clock_mono().ns);
	rng_seed(&rng, 5);
	for (int i = 0; i < DAMAGED; i++)
		write_damaged(w, &rng, i);
	python_start(c, w, PYTHON_HELPER "outcomes \"$FEED\" 400 2>&1");
	for (int i = 0; i < DAMAGED; i++) {
		char line[160];

		seen[-read_damaged(w, i, line, sizeof(line))]++;
		python_expect(c, line);
	}
	assert_int_equal(python_finish(c), 0);
	print_message("%u fine, %u abi, %u foreign, %u truncated\n", seen[0], seen[-TICK_E_ABI],
	    seen[-TICK_E_FOREIGN], seen[-TICK_E_TRUNCATED]);
	assert_true(seen[0] > 0 && seen[-TICK_E_ABI] > 0 && seen[-TICK_E_FOREIGN] > 0 &&
	    seen[-TICK_E_TRUNCATED] > 0);
}

static void
it_says_when_the_writer_goes_comes_back_and_is_replaced(void **state)
{
	struct python_rig *w = *state;
	struct python_child *c = &w->child[0];

	python_skip(w);
	shm_fixture_ring(&w->f, &w->ring, 16);
	publish_event(&w->ring, TICK_REASON_START, 1);
	python_start(c, w, "exec " PYTHON_TOOL "--tsv --from oldest "
	            "-n 4 \"$FEED\"");
	python_expect(c, "type\tsymbol\tn\t");
	python_expect(c, "feed_event\t-\t0\t");
	ring_close(&w->ring, false);
	python_expect(c, "# dead\tlost=0\tepoch=1\t");
	shm_fixture_ring(&w->f, &w->ring, 16);
	publish_event(&w->ring, TICK_REASON_RESTART, 2);
	python_expect(c, "# restarted\tlost=0\tepoch=2\t");
	python_expect(c, "feed_event\t-\t1\t");
	ring_close(&w->ring, false);
	python_expect(c, "# dead\t");
	shm_fixture_ring(&w->f, &w->ring, 64); /* another geometry */
	shm_fixture_publish(&w->ring, 2);
	python_expect(c, "# replaced\tlost=0\t");
	python_expect(c, "trade\t-\t2\t2\t");
	for (int64_t id = 3; id < 3 + 128; id++)
		shm_fixture_publish(&w->ring, id);
	ring_idle(&w->ring, clock_mono().ns);
	next_line(c); /* the last that it was to print, lapped or not */
	assert_int_equal(python_finish(c), 0);
	assert_int_equal(python_run(w, PYTHON_TOOL "\"$FEED-none\""
	                        " 2>&1 | grep -q 'there is no such segment'"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PYTHON_TEST(the_layout_is_that_of_the_headers),
		PYTHON_TEST(the_names_are_those_of_the_library),
		PYTHON_TEST(a_million_ticks_read_alike_in_python_and_in_c),
		PYTHON_TEST(every_tick_under_a_writer_at_full_speed_is_whole_and_each_loss_counted),
		PYTHON_TEST(the_same_in_a_tiny_ring),
		PYTHON_TEST(a_reader_that_does_not_ask_again_sees_torn_ticks),
		PYTHON_TEST(a_damaged_ring_reads_as_in_c),
		PYTHON_TEST(it_says_when_the_writer_goes_comes_back_and_is_replaced),
	};

	return cmocka_run_group_tests_name("python", tests, NULL, NULL);
}
