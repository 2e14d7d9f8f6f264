/*
 * Recorded changes and their recorded snapshots through the pipeline: every
 * book has to be what an independent program made of them, level by level,
 * inside, on the board, and where a reader of the ring builds its own.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/venue/binance/depth_snapshot.h"
#include "tests/captures.h"
#include "tests/pipeline_rig.h"

#define DEPTH 20         /* of the expected books */
#define LEVELS_MAX 8192
#define BOOKS_MAX 16     /* in one recording */
#define COLUMNS_MAX 20
#define LIMIT 1000       /* of all recorded snapshots */

/* A book of the recording. */
struct subject {
	char symbol[64], file[256];
	int64_t recv_us;
	int64_t id;      /* instrument, -1: not seen yet */
	bool given;
	uint64_t diffs;
	struct book copy; /* a reader's */
	struct book_row *rows;
};

struct replay {
	struct captures captures;
	char name[CAPTURES_NAME_MAX];
	bool futures;
	struct subject subject[BOOKS_MAX];
	unsigned n;
	struct pipeline_rig *rig;
	struct book_pool pool;
};

static struct tick_level bids[LEVELS_MAX], asks[LEVELS_MAX];
static unsigned books_compared;

/* ---- tables ----------------------------------------------------------------- */

struct table {
	char *text, *at;
	char *column[COLUMNS_MAX];
};

static bool
table_open(struct table *t, const struct captures *captures, const char *name)
{
	size_t size;

	t->at = t->text = captures_file(captures, name, &size);
	return t->text != NULL;
}

/* The next row that is no comment; false at the end. */
static bool
table_next(struct table *t)
{
	char *line;

	do {
		line = strsep(&t->at, "\n");
		if (!line)
			return false;
	} while (line[0] == '#' || line[0] == '\0');
	for (int i = 0; i < COLUMNS_MAX; i++)
		t->column[i] = strsep(&line, "\t");
	return true;
}

static int64_t
number(const struct table *t, int column)
{
	assert_non_null(t->column[column]);
	return strtoll(t->column[column], NULL, 10);
}

/* ---- a reader of the ring --------------------------------------------------- */

static struct subject *
subject_of(struct replay *r, int64_t instrument)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->subject[i].id == instrument)
			return &r->subject[i];
	return NULL;
}

static void
read_ring(struct replay *r)
{
	struct subject *s;
	struct tick t;

	while (tick_reader_next(r->rig->reader, &t) == TICK_MORE) {
		enum book_side side = t.flags & TICK_FLAG_SIDE ? BOOK_ASK : BOOK_BID;
		const struct tick_level level[TICK_LEVELS] = {t.book.first[0], t.book.first[1],
		    t.book2.more[0], t.book2.more[1]};

		s = subject_of(r, t.instrument);
		if (!s || t.flags & TICK_FLAG_STALE)
			continue;
		if (t.type == TICK_BOOK_CLEAR)
			book_clear(&s->copy);
		for (int i = 0; t.type == TICK_BOOK_DELTA && i < TICK_LEVELS; i++)
			if (level[i].price != TICK_ABSENT)
				book_set(&s->copy, side, level[i].price, level[i].qty);
	}
	assert_int_equal(tick_reader_stats(r->rig->reader).lost, 0);
}

/* ---- replay ----------------------------------------------------------------- */

static void
give_snapshot(struct replay *r, struct subject *s)
{
	struct depth_snapshot d = {.price_exponent = -8, .qty_exponent = -8, .bids = bids,
	    .asks = asks, .room = LEVELS_MAX};
	struct booksync_snapshot snapshot = {.limit = LIMIT};
	char path[300];
	size_t size;
	char *body;

	snprintf(path, sizeof(path), "rest/%s", s->file);
	body = captures_file(&r->captures, path, &size);
	assert_non_null(body);
	assert_int_equal(
	    depth_snapshot_parse(&d, (struct bytes){body, size}), DEPTH_SNAPSHOT_OK);
	free(body);
	snapshot.id = d.last_update_id;
	snapshot.exch_ns = d.exch_ns;
	snapshot.bids = d.bids;
	snapshot.asks = d.asks;
	snapshot.nbids = d.nbids;
	snapshot.nasks = d.nasks;
	pipeline_on_snapshot(r->rig->pipeline, (uint32_t)s->id, &snapshot,
	    (wall_t){s->recv_us * 1000}, (mono_t){s->recv_us * 1000});
	s->given = true;
}

static void
play(struct replay *r, size_t index)
{
	struct capture capture;
	struct capture_message m;

	captures_open(&capture, &r->captures, index);
	while (captures_next(&capture, &m)) {
		for (unsigned i = 0; i < r->n; i++)
			if (!r->subject[i].given && r->subject[i].recv_us <= m.recv_us) {
				give_snapshot(r, &r->subject[i]);
				read_ring(r);
			}
		r->rig->stamps.recv.ns = m.recv_us * 1000;
		r->rig->stamps.recv_mono.ns = m.recv_us * 1000;
		pipeline_on_frame(r->rig->pipeline, 0, TRANSPORT_TEXT, m.text, r->rig->stamps);
		read_ring(r);
	}
	captures_close(&capture);
}

/* ---- comparison ------------------------------------------------------------- */

static void
compare_sync(struct replay *r)
{
	struct table t;

	assert_true(table_open(&t, &r->captures, "expected/sync.tsv"));
	while (table_next(&t)) {
		const struct booksync *sync;
		unsigned i = 0;

		if (strcmp(t.column[0], r->name) != 0)
			continue;
		while (i < r->n && strcmp(r->subject[i].symbol, t.column[1]) != 0)
			i++;
		assert_true(i < r->n);
		sync = pipeline_book(r->rig->pipeline, (uint32_t)r->subject[i].id);
		assert_int_equal(sync->state, BOOKSYNC_LIVE);
		assert_int_equal(sync->tally.snapshot_id, number(&t, 3));
		assert_int_equal(sync->tally.dropped, number(&t, 5));
		assert_int_equal(sync->tally.first, number(&t, 7));
		assert_int_equal(sync->tally.last, number(&t, 8));
		assert_int_equal(sync->tally.applied, number(&t, 9));
		assert_int_equal(sync->gaps, number(&t, 10));
		assert_int_equal(sync->at, number(&t, 11));
		assert_int_equal(book_count(&sync->book, BOOK_BID), number(&t, 12));
		assert_int_equal(book_count(&sync->book, BOOK_ASK), number(&t, 13));
		assert_int_equal(book_is_crossed(&sync->book), number(&t, 14));
		books_compared++;
	}
	free(t.text);
}

/* All levels inside and in the reader's copy, the top on the board. */
static void
compare_copies(struct replay *r, const struct subject *s)
{
	static struct tick_level other[LEVELS_MAX];
	const struct booksync *sync = pipeline_book(r->rig->pipeline, (uint32_t)s->id);
	struct tick_level top[2][DEPTH];
	struct tick_book image;

	assert_int_equal(
	    tick_board_book(r->rig->look, (uint32_t)s->id, &image, top[0], top[1], DEPTH), 0);
	assert_int_equal(image.id, sync->at);
	for (enum book_side side = 0; side < BOOK_SIDES; side++) {
		uint32_t n = book_top(&sync->book, side, bids, LEVELS_MAX);
		uint32_t shown = side == BOOK_BID ? image.bids : image.asks;

		assert_int_equal(book_top(&s->copy, side, other, LEVELS_MAX), n);
		assert_memory_equal(bids, other, n * sizeof(*bids));
		assert_int_equal(shown, n < DEPTH ? n : DEPTH);
		assert_memory_equal(bids, top[side], shown * sizeof(*bids));
	}
	assert_int_equal(pipeline_rig_data(r->rig, (uint32_t)s->id).state, TICK_DATA_LIVE);
}

static void
compare_levels(struct replay *r)
{
	char path[300];
	struct table t;
	unsigned rows = 0;

	snprintf(path, sizeof(path), "expected/%s.book.tsv", r->name);
	assert_true(table_open(&t, &r->captures, path));
	while (table_next(&t)) {
		const struct booksync *sync;
		struct tick_level top[DEPTH];
		int64_t level = number(&t, 2);
		int64_t id = ring_find(&r->rig->ring, t.column[0], strlen(t.column[0]));

		assert_true(id >= 0 && level < DEPTH);
		sync = pipeline_book(r->rig->pipeline, (uint32_t)id);
		assert_true(book_top(&sync->book, t.column[1][0] == 'b' ? BOOK_BID : BOOK_ASK, top,
		    DEPTH) > level);
		assert_int_equal(top[level].price, number(&t, 3));
		assert_int_equal(top[level].qty, number(&t, 4));
		rows++;
	}
	assert_true(rows > 0);
	free(t.text);
}

/* ---- one recording ---------------------------------------------------------- */

/* The snapshots that belong to it. */
static void
find_subjects(struct replay *r)
{
	struct table t;

	r->n = 0;
	assert_true(table_open(&t, &r->captures, "rest/index.tsv"));
	while (table_next(&t)) {
		struct subject *s = &r->subject[r->n];

		if (strcmp(t.column[1], r->name) != 0)
			continue;
		assert_true(++r->n < BOOKS_MAX);
		*s = (struct subject){.recv_us = number(&t, 4)};
		snprintf(s->symbol, sizeof(s->symbol), "%s", t.column[3]);
		snprintf(s->file, sizeof(s->file), "%s", t.column[0]);
		r->futures = strcmp(t.column[2], "spot") != 0;
	}
	free(t.text);
}

static void
add_books(struct replay *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct subject *s = &r->subject[i];
		char name[80];
		size_t n = (size_t)snprintf(name, sizeof(name), "%s@depth@100ms", s->symbol);

		for (char *p = name; *p != '@'; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
		assert_int_equal(
		    pipeline_add_stream(r->rig->pipeline, i, (struct bytes){name, n}), 0);
		s->id = ring_find(&r->rig->ring, s->symbol, strlen(s->symbol));
		assert_true(s->id >= 0);
		s->rows = calloc(book_rows_for(LEVELS_MAX), sizeof(*s->rows));
		book_init(&s->copy, &r->pool, s->rows, LEVELS_MAX);
	}
}

static void
replay_one(struct replay *r, size_t index)
{
	const struct books_cfg cfg = {.instruments_max = PIPELINE_RIG_INSTRUMENTS,
	    .levels_max = LEVELS_MAX, .memory_bytes = 32 << 20,
	    .rule = r->futures ? BOOKSYNC_FUTURES : BOOKSYNC_SPOT, .depth = DEPTH,
	    .renew_after = span_s(60)};
	uint32_t blocks = book_blocks_for(r->n, LEVELS_MAX);
	struct book_block *memory = calloc(blocks, sizeof(*memory));
	void *rig;

	book_pool_init(&r->pool, memory, blocks);
	assert_int_equal(pipeline_rig_setup_books(&rig, &cfg, DEPTH), 0);
	r->rig = rig;
	add_books(r);
	play(r, index);
	compare_sync(r);
	compare_levels(r);
	for (unsigned i = 0; i < r->n; i++)
		compare_copies(r, &r->subject[i]);
	printf("%-32s %u books equal\n", r->name, r->n);
	for (unsigned i = 0; i < r->n; i++)
		free(r->subject[i].rows);
	pipeline_rig_teardown(&rig);
	free(memory);
}

static void
every_recorded_book_comes_out_level_by_level(void **state)
{
	static struct replay r;

	(void)state;
	if (!captures_find(&r.captures))
		skip();
	for (size_t i = 0; i < r.captures.count; i++) {
		snprintf(r.name, sizeof(r.name), "%s", r.captures.name[i]);
		find_subjects(&r);
		if (r.n > 0)
			replay_one(&r, i);
	}
	printf("%u books of recordings equal\n", books_compared);
	assert_true(books_compared > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_book_comes_out_level_by_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
