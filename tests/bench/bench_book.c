/*
 * Nanoseconds per level applied to a book: ours, std::map of C++, and sorted
 * arrays with the best at the front and at the end, over all recorded books
 * that have a snapshot. Rounds alternate, the fastest of each counts.
 * Usage: bench_book [ROUNDS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/core/book.h"
#include "feed/io/clock.h"
#include "feed/venue/binance/depth_snapshot.h"
#include "feed/venue/binance/json.h"
#include "tests/bench/book_map.h"
#include "tests/captures.h"

#define CHANGES_MAX (1 << 20)
#define BOOKS_MAX 128
#define LEVELS_MAX 8192
#define COLUMNS 5

struct change {
	uint32_t book;
	int32_t side;
	int64_t price, qty;
};

struct subject {
	char capture[CAPTURES_NAME_MAX], symbol[64], file[256];
};

static struct captures captures;
static struct subject subject[BOOKS_MAX];
static uint32_t subjects;
static struct change *change;
static size_t changes;
static struct event_scratch scratch;

/* ---- what was recorded ------------------------------------------------------ */

static void
find_subjects(void)
{
	size_t size;
	char *text = captures_file(&captures, "rest/index.tsv", &size), *at = text, *line;

	while (text && subjects < BOOKS_MAX && (line = strsep(&at, "\n")) != NULL) {
		char *column[COLUMNS] = {0};

		for (int i = 0; i < COLUMNS; i++)
			column[i] = strsep(&line, "\t");
		if (!column[3] || column[0][0] == '#' || strcmp(column[1], "-") == 0)
			continue;
		snprintf(subject[subjects].file, sizeof(subject[0].file), "%s", column[0]);
		snprintf(subject[subjects].capture, sizeof(subject[0].capture), "%s", column[1]);
		snprintf(subject[subjects].symbol, sizeof(subject[0].symbol), "%s", column[3]);
		subjects++;
	}
	free(text);
}

static void
note(uint32_t book, int side, int64_t price, int64_t qty)
{
	if (changes < CHANGES_MAX)
		change[changes++] = (struct change){book, side, price, qty};
}

/* Worst first: so a book is loaded. */
static void
note_snapshot(uint32_t book)
{
	static struct tick_level bids[LEVELS_MAX], asks[LEVELS_MAX];
	struct depth_snapshot d = {.price_exponent = -8, .qty_exponent = -8, .bids = bids,
	    .asks = asks, .room = LEVELS_MAX};
	char path[300];
	size_t size;
	char *body;

	snprintf(path, sizeof(path), "rest/%s", subject[book].file);
	body = captures_file(&captures, path, &size);
	if (!body || depth_snapshot_parse(&d, (struct bytes){body, size}) != DEPTH_SNAPSHOT_OK)
		exit(1);
	for (uint32_t i = d.nbids; i > 0; i--)
		note(book, BOOK_BID, bids[i - 1].price, bids[i - 1].qty);
	for (uint32_t i = d.nasks; i > 0; i--)
		note(book, BOOK_ASK, asks[i - 1].price, asks[i - 1].qty);
	free(body);
}

static void
note_levels(uint32_t book, int side, const struct event_level *levels, uint32_t n)
{
	int64_t price, qty;

	for (uint32_t i = 0; i < n; i++)
		if (fixed_rescale(levels[i].price, -8, &price) == FIXED_OK &&
		    fixed_rescale(levels[i].qty, -8, &qty) == FIXED_OK)
			note(book, side, price, qty);
}

static void
note_capture(size_t index)
{
	struct capture capture;
	struct capture_message m;
	struct event e;

	captures_open(&capture, &captures, index);
	while (captures_next(&capture, &m)) {
		if (json_decode(m.text, &scratch, &e) != DECODE_OK || e.kind != EVENT_DEPTH)
			continue;
		for (uint32_t i = 0; i < subjects; i++)
			if (strcmp(subject[i].capture, captures.name[index]) == 0 &&
			    bytes_equal(e.symbol, bytes_of(subject[i].symbol))) {
				note_levels(i, BOOK_BID, e.u.depth.bids, e.u.depth.nbids);
				note_levels(i, BOOK_ASK, e.u.depth.asks, e.u.depth.nasks);
			}
	}
	captures_close(&capture);
}

/* ---- ours ------------------------------------------------------------------- */

static struct book_pool pool;
static struct book book[BOOKS_MAX];

static void
make_ours(void)
{
	uint32_t blocks = book_blocks_for(subjects, LEVELS_MAX / 2);
	size_t rows = book_rows_for(LEVELS_MAX);

	book_pool_init(&pool, malloc(blocks * sizeof(struct book_block)), blocks);
	for (uint32_t i = 0; i < subjects; i++)
		book_init(&book[i], &pool, malloc(rows * sizeof(struct book_row)), LEVELS_MAX);
}

static uint64_t
run_ours(mono_t *end)
{
	static struct tick_level top[2 * LEVELS_MAX];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < subjects; i++)
		book_clear(&book[i]);
	for (size_t i = 0; i < changes; i++)
		book_set(&book[change[i].book], (enum book_side)change[i].side, change[i].price,
		    change[i].qty);
	*end = clock_mono();
	for (uint32_t i = 0; i < subjects; i++)
		for (enum book_side side = 0; side < BOOK_SIDES; side++) {
			uint32_t n = book_top(&book[i], side, top, 2 * LEVELS_MAX);

			for (uint32_t k = 0; k < n; k++)
				sum += (uint64_t)top[k].price * 31 + (uint64_t)top[k].qty;
		}
	return sum;
}

/* ---- one sorted array per side ---------------------------------------------- */

struct flat {
	struct tick_level *level;
	uint32_t n;
};

static struct flat flat[BOOKS_MAX][BOOK_SIDES];

/* `rising`: prices rise with the index. */
static void
flat_set(struct flat *f, bool rising, int64_t price, int64_t qty)
{
	uint32_t low = 0, high = f->n;
	bool there;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (rising ? f->level[mid].price < price : f->level[mid].price > price)
			low = mid + 1;
		else
			high = mid;
	}
	there = low < f->n && f->level[low].price == price;
	if (there && qty != 0) {
		f->level[low].qty = qty;
	} else if (there) {
		memmove(&f->level[low], &f->level[low + 1], (f->n - low - 1) * sizeof(*f->level));
		f->n--;
	} else if (qty != 0 && f->n < LEVELS_MAX) {
		memmove(&f->level[low + 1], &f->level[low], (f->n - low) * sizeof(*f->level));
		f->level[low] = (struct tick_level){price, qty};
		f->n++;
	}
}

static uint64_t
run_flat(bool best_last, mono_t *end)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < subjects; i++)
		flat[i][0].n = flat[i][1].n = 0;
	for (size_t i = 0; i < changes; i++)
		flat_set(&flat[change[i].book][change[i].side],
		    (change[i].side == BOOK_BID) == best_last, change[i].price, change[i].qty);
	*end = clock_mono();
	for (uint32_t i = 0; i < subjects; i++)
		for (int side = 0; side < BOOK_SIDES; side++)
			for (uint32_t k = 0; k < flat[i][side].n; k++)
				sum += (uint64_t)flat[i][side].level[k].price * 31 +
				    (uint64_t)flat[i][side].level[k].qty;
	return sum;
}

/* ---- the table -------------------------------------------------------------- */

enum { OURS, MAP, FLAT_END, FLAT_FRONT, CONTESTANTS };

static uint64_t
run(int who, struct book_maps *maps, double *best)
{
	mono_t start, end;
	uint64_t sum;
	double ns;

	book_maps_clear(maps);
	start = clock_mono();
	if (who == OURS) {
		sum = run_ours(&end);
	} else if (who == MAP) {
		for (size_t i = 0; i < changes; i++)
			book_maps_set(maps, change[i].book, change[i].side, change[i].price,
			    change[i].qty);
		end = clock_mono();
		sum = book_maps_sum(maps);
	} else {
		sum = run_flat(who == FLAT_END, &end);
	}
	ns = (double)mono_diff(end, start).ns / (double)changes;
	*best = ns < *best ? ns : *best;
	return sum;
}

int
main(int argc, char **argv)
{
	static const char *const names[CONTESTANTS] = {"ours, blocks of 32 levels",
	    "std::map", "sorted array, best at the end", "sorted array, best at the front"};
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 5;
	double best[CONTESTANTS] = {1e12, 1e12, 1e12, 1e12};
	uint64_t sum[CONTESTANTS] = {0};
	struct book_maps *maps;

	if (!captures_find(&captures))
		return 0;
	change = malloc(CHANGES_MAX * sizeof(*change));
	find_subjects();
	for (uint32_t i = 0; i < subjects; i++)
		note_snapshot(i);
	for (size_t i = 0; i < captures.count; i++)
		note_capture(i);
	make_ours();
	maps = book_maps_new(subjects);
	for (uint32_t i = 0; i < subjects; i++)
		for (int side = 0; side < BOOK_SIDES; side++)
			flat[i][side].level = malloc(LEVELS_MAX * sizeof(struct tick_level));
	for (int round = 0; round < rounds; round++)
		for (int who = 0; who < CONTESTANTS; who++)
			sum[who] = run(who, maps, &best[who]);
	printf("%zu levels applied to %" PRIu32 " recorded books\n", changes, subjects);
	for (int who = 0; who < CONTESTANTS; who++)
		printf("  %-32s %6.1f ns a level%s\n", names[who], best[who],
		    sum[who] == sum[OURS] ? "" : ", ANOTHER RESULT");
	book_maps_free(maps);
	return 0;
}
