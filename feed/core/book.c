#include "feed/core/book.h"

#include <assert.h>
#include <string.h>

/* A block with fewer levels is joined with its neighbour if they fit well into one. */
#define BLOCK_POOR (BOOK_BLOCK / 4)
#define BLOCK_JOINED (BOOK_BLOCK * 3 / 4)

/* Of the pool, one part in so many is kept for levels that are due. */
#define RESERVE_SHARE 8

/* ---- memory ----------------------------------------------------------------- */

uint32_t
book_blocks_for(uint32_t books, uint32_t levels)
{
	return books * BOOK_SIDES * (levels / (BOOK_BLOCK * 5 / 8) + 2);
}

void
book_pool_init(struct book_pool *pool, struct book_block *memory, uint32_t blocks)
{
	*pool = (struct book_pool){.block = memory, .blocks = blocks, .free = blocks,
	    .reserve = blocks / RESERVE_SHARE};
}

bool
book_pool_has(const struct book_pool *pool, uint32_t blocks)
{
	return book_pool_free(pool) >= (uint64_t)blocks + pool->reserve;
}

uint32_t
book_blocks_due(const struct book *book)
{
	return BOOK_SIDES * book->rows_due;
}

static bool
take_any_block(struct book_pool *pool, uint32_t *block)
{
	if (pool->free != pool->blocks) {
		*block = pool->free;
		pool->free = (uint32_t)pool->block[*block].level[0].key;
	} else if (pool->fresh < pool->blocks) {
		*block = pool->fresh++;
	} else {
		return false;
	}
	pool->in_use++;
	return true;
}

/* A block for a side; the reserve's, if it has not got what is due. */
static bool
take_block(const struct book *book, const struct book_rows *s, uint32_t *block)
{
	if (s->rows >= book->rows_due && !book_pool_has(book->pool, 1))
		return false;
	return take_any_block(book->pool, block);
}

static void
give_back(struct book_pool *pool, uint32_t block)
{
	pool->block[block].level[0].key = pool->free;
	pool->free = block;
	pool->in_use--;
}

/* Two neighbours are never both poor, so two rows have more than BLOCK_POOR levels. */
static uint32_t
rows_max_for(uint32_t levels_max)
{
	return levels_max / (BLOCK_POOR / 2) + 12;
}

static uint32_t
within_limits(uint32_t levels_max)
{
	if (levels_max < BOOK_LEVELS_MIN)
		return BOOK_LEVELS_MIN;
	return levels_max > BOOK_LEVELS_LIMIT ? BOOK_LEVELS_LIMIT : levels_max;
}

size_t
book_rows_for(uint32_t levels_max)
{
	return BOOK_SIDES * (size_t)rows_max_for(within_limits(levels_max));
}

void
book_init(struct book *book, struct book_pool *pool, struct book_row *rows, uint32_t levels_max)
{
	*book = (struct book){.pool = pool, .levels_max = within_limits(levels_max)};
	book->rows_max = rows_max_for(book->levels_max);
	for (int side = 0; side < BOOK_SIDES; side++) {
		book->side[side].row = rows + (size_t)side * book->rows_max;
		book->side[side].edge = BOOK_NO_EDGE;
	}
	book_set_due(book, 1);
}

void
book_set_due(struct book *book, uint32_t levels)
{
	book->due = levels;
	/* A block holds as many as this at least, not counting the worst, the first to go. */
	book->rows_due = levels / BLOCK_POOR + 2;
}

/* ---- rows ------------------------------------------------------------------- */

static void
remove_row(struct book *book, struct book_rows *s, uint32_t r)
{
	give_back(book->pool, s->row[r].block);
	memmove(&s->row[r], &s->row[r + 1], (s->rows - r - 1) * sizeof(s->row[0]));
	s->rows--;
}

/* The worst block goes; of what it had nothing is known from now on. */
static void
drop_worst_row(struct book *book, struct book_rows *s)
{
	s->n -= s->row[0].n;
	book->dropped += s->row[0].n;
	remove_row(book, s, 0);
	if (s->row[0].low > s->edge)
		s->edge = s->row[0].low;
}

/* Takes the row behind r into it. */
static void
join_rows(struct book *book, struct book_rows *s, uint32_t r)
{
	struct book_row *row = &s->row[r];

	memcpy(&book->pool->block[row->block].level[row->n],
	    book->pool->block[row[1].block].level, row[1].n * sizeof(struct book_level));
	row->n += row[1].n;
	remove_row(book, s, r + 1);
}

/* After a level of that row went: blocks that hold next to nothing would pile up. */
static void
tidy(struct book *book, struct book_rows *s, uint32_t r)
{
	struct book_row *row = s->row;

	if (row[r].n == 0)
		remove_row(book, s, r);
	else if (row[r].n < BLOCK_POOR && r > 0 && row[r - 1].n + row[r].n <= BLOCK_JOINED)
		join_rows(book, s, r - 1);
	else if (row[r].n < BLOCK_POOR && r + 1 < s->rows &&
	    row[r].n + row[r + 1].n <= BLOCK_JOINED)
		join_rows(book, s, r);
}

/* The last row whose lowest key is not above the key, 0 when there is none. From the best on. */
static uint32_t
find_row(const struct book_rows *s, int64_t key)
{
	const struct book_row *base;
	uint32_t high = s->rows, low = 0, n;

	for (uint32_t step = 2; high > 0; step *= 4) {
		uint32_t at = high > step ? high - step : 0;

		if (s->row[at].low <= key) {
			low = at;
			break;
		}
		high = at;
	}
	base = s->row + low;
	for (n = high - low; n > 1; n -= n / 2)
		base = base[n / 2].low <= key ? base + n / 2 : base;
	return (uint32_t)(base - s->row);
}

/* Index of the first of n > 0 levels that is not below the key, n when there is none. */
static uint32_t
find_level(const struct book_level *level, uint32_t n, int64_t key)
{
	const struct book_level *base = level;

	for (; n > 1; n -= n / 2)
		base = base[n / 2 - 1].key < key ? base + n / 2 : base;
	return (uint32_t)(base - level) + (base->key < key);
}

/* ---- one level -------------------------------------------------------------- */

static void
remove_level(struct book *book, struct book_rows *s, uint32_t r, uint32_t i)
{
	struct book_row *row = &s->row[r];
	struct book_level *level = book->pool->block[row->block].level;

	row->n--;
	s->n--;
	memmove(&level[i], &level[i + 1], (row->n - i) * sizeof(*level));
	if (row->n > 0)
		row->low = level[0].key;
	if (row->n < BLOCK_POOR)
		tidy(book, s, r);
}

/*
 * How many levels of a full row stay, when one comes in at index i. Half of
 * them; at the ends, where a book grows in one direction, all but one go along.
 */
static uint32_t
kept_of(const struct book_rows *s, uint32_t r, uint32_t i)
{
	if (r + 1 == s->rows && i == BOOK_BLOCK)
		return BOOK_BLOCK - 1;
	return r == 0 && i == 0 ? 1 : BOOK_BLOCK / 2;
}

/* Puts a block in as row r. */
static void
insert_row(struct book *book, struct book_rows *s, uint32_t r, struct book_row row)
{
	assert(s->rows < book->rows_max);
	memmove(&s->row[r + 1], &s->row[r], (s->rows - r) * sizeof(row));
	s->row[r] = row;
	s->rows++;
}

/*
 * Makes room in row r, which is full, for a level at index i of it: *r and *i
 * tell where it goes then. False: there is no block for it, not even by dropping
 * the worst, for this is the worst.
 */
static bool
split_row(struct book *book, struct book_rows *s, uint32_t *r, uint32_t *i)
{
	struct book_level *from, *to;
	uint32_t block, kept;

	if (!take_block(book, s, &block)) {
		s->short_of = true;
		if (*r == 0)
			return false;
		drop_worst_row(book, s);
		(*r)--;
		if (!take_any_block(book->pool, &block))
			return false;
	}
	kept = kept_of(s, *r, *i);
	from = book->pool->block[s->row[*r].block].level;
	to = book->pool->block[block].level;
	memcpy(to, from + kept, (BOOK_BLOCK - kept) * sizeof(*to));
	s->row[*r].n = kept;
	insert_row(book, s, *r + 1, (struct book_row){to[0].key, block, BOOK_BLOCK - kept});
	if (*i >= kept) {
		*i -= kept;
		(*r)++;
	}
	return true;
}

/* There was no room for it: what is known ends before it. */
static void
refuse(struct book *book, struct book_rows *s, int64_t key)
{
	book->dropped++;
	if (key >= s->edge)
		s->edge = key + 1;
}

static void
insert_level(struct book *book, struct book_rows *s, uint32_t r, uint32_t i,
    struct book_level new)
{
	struct book_level *level;
	struct book_row *row;

	if (s->row[r].n == BOOK_BLOCK && !split_row(book, s, &r, &i)) {
		refuse(book, s, new.key);
		return;
	}
	row = &s->row[r];
	level = book->pool->block[row->block].level;
	memmove(&level[i + 1], &level[i], (row->n - i) * sizeof(*level));
	level[i] = new;
	row->low = level[0].key;
	row->n++;
	s->n++;
	while (s->rows > 1 && s->n - s->row[0].n >= book->levels_max)
		drop_worst_row(book, s);
}

static void
insert_first_level(struct book *book, struct book_rows *s, struct book_level new)
{
	uint32_t block;

	if (!take_block(book, s, &block)) {
		s->short_of = true;
		refuse(book, s, new.key);
		return;
	}
	book->pool->block[block].level[0] = new;
	s->row[0] = (struct book_row){new.key, block, 1};
	s->rows = s->n = 1;
}

void
book_set(struct book *book, enum book_side side, int64_t price, int64_t qty)
{
	struct book_rows *s = &book->side[side];
	struct book_level new = {side == BOOK_BID ? price : -price, qty};
	struct book_level *level;
	uint32_t r, i;

	if (s->rows == 0) {
		if (qty > 0)
			insert_first_level(book, s, new);
		return;
	}
	r = find_row(s, new.key);
	level = book->pool->block[s->row[r].block].level;
	i = find_level(level, s->row[r].n, new.key);
	if (i == s->row[r].n || level[i].key != new.key) {
		if (qty > 0)
			insert_level(book, s, r, i, new);
	} else if (qty > 0) {
		level[i].qty = qty;
	} else {
		remove_level(book, s, r, i);
	}
}

/* ---- whole sides ------------------------------------------------------------ */

static void
clear_side(struct book *book, struct book_rows *s)
{
	for (uint32_t r = 0; r < s->rows; r++)
		give_back(book->pool, s->row[r].block);
	s->rows = s->n = 0;
	s->edge = BOOK_NO_EDGE;
	s->short_of = false;
}

void
book_clear(struct book *book)
{
	clear_side(book, &book->side[BOOK_BID]);
	clear_side(book, &book->side[BOOK_ASK]);
}

void
book_load(struct book *book, enum book_side side, const struct tick_level *levels, uint32_t n,
    bool cut)
{
	struct book_rows *s = &book->side[side];

	clear_side(book, s);
	/* Snapshots list the best first; from the worst on, every level is added at the end. */
	for (uint32_t i = n; i > 0; i--)
		book_set(book, side, levels[i - 1].price, levels[i - 1].qty);
	if (cut && s->rows > 0 && s->row[0].low > s->edge)
		s->edge = s->row[0].low;
}

uint32_t
book_top(const struct book *book, enum book_side side, struct tick_level *out, uint32_t max)
{
	const struct book_rows *s = &book->side[side];
	uint32_t n = 0;

	for (uint32_t r = s->rows; r > 0 && n < max; r--) {
		const struct book_row *row = &s->row[r - 1];
		const struct book_level *level = book->pool->block[row->block].level;

		for (uint32_t i = row->n; i > 0 && n < max; i--, n++) {
			int64_t key = level[i - 1].key;

			out[n].price = side == BOOK_BID ? key : -key;
			out[n].qty = level[i - 1].qty;
		}
	}
	return n;
}

/* Key of the level at a depth, 0 being the best; the side has that many. */
static int64_t
key_at(const struct book *book, const struct book_rows *s, uint32_t depth)
{
	uint32_t r = s->rows - 1;

	while (depth >= s->row[r].n)
		depth -= s->row[r--].n;
	return book->pool->block[s->row[r].block].level[s->row[r].n - 1 - depth].key;
}

bool
book_is_crossed(const struct book *book)
{
	const struct book_rows *bid = &book->side[BOOK_BID], *ask = &book->side[BOOK_ASK];

	if (bid->n == 0 || ask->n == 0)
		return false;
	return key_at(book, bid, 0) >= -key_at(book, ask, 0);
}

static bool
is_side_known(const struct book *book, const struct book_rows *s, uint32_t levels)
{
	if (s->edge == BOOK_NO_EDGE || levels == 0)
		return true;
	return s->n >= levels && key_at(book, s, levels - 1) >= s->edge;
}

bool
book_is_known(const struct book *book, uint32_t levels)
{
	return is_side_known(book, &book->side[BOOK_BID], levels) &&
	    is_side_known(book, &book->side[BOOK_ASK], levels);
}

bool
book_is_starved(const struct book *book)
{
	for (int side = 0; side < BOOK_SIDES; side++)
		if (book->side[side].short_of &&
		    !is_side_known(book, &book->side[side], book->due))
			return true;
	return false;
}
