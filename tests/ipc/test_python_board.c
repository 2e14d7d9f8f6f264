/*
 * Board and status of tools/python/tickring.py against shm-inspect, and the
 * board under a writer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/io/clock.h"
#include "shm/board_writer.h"
#include "shm/status_writer.h"
#include "tests/ipc/python_rig.h"

#define DEPTH 20
#define WITHIN_S 60

static void
open_board(const struct python_rig *w, struct board *b)
{
	struct board_cfg cfg = {.directory = w->f.directory, .feed = "t", .group = (gid_t)-1,
	    .instruments_max = 64, .depth = DEPTH, .heartbeat_every_ns = 3000000000};
	char why[SEGMENT_WHY_MAX] = "";

	assert_int_equal(board_open(b, &cfg, why), 0);
}

static void
the_board_reads_as_shm_inspect_shows_it(void **state)
{
	struct python_rig *w = *state;
	struct board b;
	struct rng rng;

	python_skip(w);
	shm_fixture_ring(&w->f, &w->ring, 16);
	python_add_instruments(&w->ring);
	open_board(w, &b);
	rng_seed(&rng, 3);
	for (uint32_t i = 0; i < PYTHON_INSTRUMENTS - 1; i++) {
		int64_t px = python_random_word(&rng), qty = python_random_word(&rng);
		struct tick_quote q = {clock_wall().ns, 2, i, px, 5, qty, 0};
		struct tick_last_trade t = {1, 2, 3, 4, qty, px, i % 2 ? TICK_FLAG_SIDE : 0};
		struct tick_data d = {.state = i % 5, .quote_id = i};

		board_quote(&b, i, &q);
		if (i % 3)
			board_trade(&b, i, &t);
		if (i % 4)
			board_data(&b, i, &d);
	}
	assert_int_equal(python_run(w, "\"$TICKRING_BUILD/shm-inspect\" -b -o json \"$FEED\" | "
	                        PYTHON_HELPER "board \"$FEED\" 2>&1"), 0);
	board_close(&b, false);
}

/* All words follow from n; the book has 1 to 5 bids and 1 to 3 asks. */
static void
write_board(struct board *b, int64_t n)
{
	struct tick_quote q = {n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6};
	struct tick_book book = {n, n + 1, n + 2, (uint32_t)(1 + n % 5), (uint32_t)(1 + n % 3)};
	struct tick_level bids[5], asks[3];

	for (int i = 0; i < 5; i++)
		bids[i] = (struct tick_level){n + i, n - i};
	for (int i = 0; i < 3; i++)
		asks[i] = (struct tick_level){n + i, n + i};
	board_quote(b, 0, &q);
	board_book(b, 0, &book, bids, asks);
}

/* Writes until the child has enough. Returns how many torn copies it took for good. */
static unsigned long long
torn_copies(struct python_rig *w, const char *command)
{
	struct python_child *c = &w->child[0];
	mono_t end = mono_add(clock_mono(), span_s(WITHIN_S));
	unsigned long long quotes, books, busy, unused, torn;
	struct board b;
	int64_t n = 0;

	open_board(w, &b);
	write_board(&b, 0);
	python_start(c, w, command);
	python_expect(c, "ready");
	while (!python_has_said(c) && !mono_due(end, clock_mono())) {
		for (int i = 0; i < 256; i++)
			write_board(&b, ++n);
		python_nap(20000);
	}
	board_close(&b, false);
	python_expect(c, "enough");
	assert_true(getline(&c->line, &c->room, c->out) > 0);
	assert_int_equal(sscanf(c->line, "%llu %llu %llu %llu %llu", &quotes, &books, &busy,
	    &unused, &torn), 5);
	print_message("%lld writes, %llu quotes, %llu books, %llu busy, %llu torn\n", (long long)n,
	    quotes, books, busy, torn);
	assert_int_equal(python_finish(c), 0);
	return torn;
}

static void
quotes_and_books_under_a_writer_are_of_one_piece(void **state)
{
	python_skip(*state);
	assert_int_equal(torn_copies(*state, PYTHON_HELPER "board-race \"$FEED\" 20000"), 0);
}

/* Without this the test above proves little. */
static void
a_reader_that_does_not_ask_again_sees_torn_ones(void **state)
{
	python_skip(*state);
	assert_int_not_equal(torn_copies(*state, PYTHON_HELPER "board-control \"$FEED\""), 0);
}

static void
fill_status(struct tick_status *st, struct rng *rng)
{
	int64_t *words = (int64_t *)st;

	for (size_t i = 0; i < offsetof(struct tick_status, transport) / sizeof(*words); i++)
		words[i] = (int64_t)rng_below(rng, INT64_MAX);
	st->at_mono_ns = clock_mono().ns;
	st->lines = 3;
	for (int i = 0; i < 3; i++) {
		st->line[i].state = 3 + i;
		st->line[i].reason = i;
		snprintf(st->line[i].endpoint, sizeof(st->line[i].endpoint), "host%d:9443", i);
	}
	st->line[1].pings = TICK_ABSENT;
	snprintf(st->transport, sizeof(st->transport), "lws");
	snprintf(st->version, sizeof(st->version), "1.2.3");
}

static void
the_status_reads_as_shm_inspect_shows_it(void **state)
{
	struct status_cfg cfg = {.feed = "t", .group = (gid_t)-1, .heartbeat_every_ns = 3000000000};
	struct python_rig *w = *state;
	static struct tick_status st;
	struct status_writer writer;
	char why[SEGMENT_WHY_MAX] = "";
	struct rng rng;

	python_skip(w);
	cfg.directory = w->f.directory;
	assert_int_equal(status_open(&writer, &cfg, why), 0);
	rng_seed(&rng, 4);
	fill_status(&st, &rng);
	status_publish(&writer, &st);
	assert_int_equal(python_run(w, "\"$TICKRING_BUILD/shm-inspect\" -s -o json \"$FEED\" | "
	    PYTHON_HELPER "status \"$FEED\" 2>&1"), 0);
	status_close(&writer, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PYTHON_TEST(the_board_reads_as_shm_inspect_shows_it),
		PYTHON_TEST(quotes_and_books_under_a_writer_are_of_one_piece),
		PYTHON_TEST(a_reader_that_does_not_ask_again_sees_torn_ones),
		PYTHON_TEST(the_status_reads_as_shm_inspect_shows_it),
	};

	return cmocka_run_group_tests_name("python board", tests, NULL, NULL);
}
