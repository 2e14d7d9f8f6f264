#include "feed/core/diffs.h"

#define HEAD_CELLS 3

void
diffs_pool_init(struct diffs_pool *pool, struct diffs_block *memory, uint32_t blocks)
{
	*pool = (struct diffs_pool){.block = memory, .blocks = blocks, .free = blocks};
}

static bool
take_block(struct diffs_pool *pool, uint32_t *block)
{
	if (pool->free != pool->blocks) {
		*block = pool->free;
		pool->free = pool->block[*block].next;
	} else if (pool->fresh < pool->blocks) {
		*block = pool->fresh++;
	} else {
		return false;
	}
	pool->in_use++;
	return true;
}

void
diffs_init(struct diffs *q, struct diffs_pool *pool, uint32_t blocks_max)
{
	*q = (struct diffs){.pool = pool, .blocks_max = blocks_max};
}

/* ---- cells ------------------------------------------------------------------ */

static void
remove_first_block(struct diffs *q)
{
	struct diffs_block *b = &q->pool->block[q->head];
	uint32_t next = b->next;

	b->next = q->pool->free;
	q->pool->free = q->head;
	q->pool->in_use--;
	q->head = next;
	q->head_at = 0;
	q->blocks--;
}

static bool
add_block(struct diffs *q)
{
	uint32_t block;

	if (q->blocks == q->blocks_max || !take_block(q->pool, &block))
		return false;
	if (q->blocks == 0) {
		q->head = block;
		q->head_at = 0;
	} else {
		q->pool->block[q->tail].next = block;
	}
	q->tail = block;
	q->tail_at = 0;
	q->blocks++;
	return true;
}

/* There is room for it. */
static void
put_cell(struct diffs *q, int64_t a, int64_t b)
{
	if (q->tail_at == DIFFS_BLOCK_CELLS) {
		q->tail = q->pool->block[q->tail].next;
		q->tail_at = 0;
	}
	q->pool->block[q->tail].cell[q->tail_at++] = (struct diffs_cell){a, b};
}

static struct diffs_cell
take_cell(struct diffs *q)
{
	if (q->head_at == DIFFS_BLOCK_CELLS)
		remove_first_block(q);
	return q->pool->block[q->head].cell[q->head_at++];
}

/* The cell at a distance from the head of the queue. */
static const struct diffs_cell *
look(const struct diffs *q, uint32_t distance)
{
	uint32_t block = q->head, at = q->head_at + distance;

	for (; at >= DIFFS_BLOCK_CELLS; at -= DIFFS_BLOCK_CELLS)
		block = q->pool->block[block].next;
	return &q->pool->block[block].cell[at];
}

/* ---- the queue -------------------------------------------------------------- */

void
diffs_clear(struct diffs *q)
{
	while (q->blocks > 0)
		remove_first_block(q);
	q->n = 0;
}

struct diff
diffs_first(const struct diffs *q)
{
	const struct diffs_cell *ids = look(q, 0), *more = look(q, 1), *counts = look(q, 2);

	return (struct diff){
		.before = ids->a,
		.last = ids->b,
		.first = more->a,
		.exch_ns = more->b,
		.nbids = (uint32_t)counts->a,
		.nasks = (uint32_t)counts->b,
	};
}

struct diff
diffs_take(struct diffs *q)
{
	struct diff first = diffs_first(q);

	for (int i = 0; i < HEAD_CELLS; i++)
		take_cell(q);
	q->n--;
	q->before = first.last;
	return first;
}

struct tick_level
diffs_take_level(struct diffs *q)
{
	struct diffs_cell cell = take_cell(q);

	return (struct tick_level){cell.a, cell.b};
}

void
diffs_drop(struct diffs *q)
{
	struct diff first = diffs_take(q);

	for (uint32_t i = 0; i < first.nbids + first.nasks; i++)
		take_cell(q);
}

static void
forget_first(struct diffs *q)
{
	q->forgotten++;
	if (q->n == 1)
		diffs_clear(q);
	else
		diffs_drop(q);
}

/*
 * Adds blocks behind the tail until `cells` fit, at the cost of the oldest
 * diffs if need be. False: not even alone; the queue is empty then. Its tail
 * stays the block that is written next.
 */
static bool
make_room(struct diffs *q, uint64_t cells)
{
	uint32_t tail, tail_at;
	uint64_t room;

	if (q->n == 0)
		diffs_clear(q);
	tail = q->tail;
	tail_at = q->tail_at;
	room = q->blocks > 0 ? DIFFS_BLOCK_CELLS - tail_at : 0;
	while (room < cells) {
		bool empty = q->blocks == 0;

		if (add_block(q)) {
			room += DIFFS_BLOCK_CELLS;
			tail = empty ? q->tail : tail;
			tail_at = empty ? 0 : tail_at;
		} else if (q->n > 0) {
			forget_first(q);
			room = q->n > 0 ? room : 0;
		} else {
			diffs_clear(q);
			return false;
		}
	}
	q->tail = tail;
	q->tail_at = tail_at;
	return true;
}

static void
put_levels(struct diffs *q, const struct tick_level *levels, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		put_cell(q, levels[i].price, levels[i].qty);
}

bool
diffs_add(struct diffs *q, const struct diff *diff)
{
	if (q->n > 0 && diff->last <= q->last)
		return false;
	if (q->n > 0 && diff->before > q->last)
		diffs_clear(q);
	if (!make_room(q, HEAD_CELLS + (uint64_t)diff->nbids + diff->nasks)) {
		q->forgotten++;
		return false;
	}
	put_cell(q, diff->before, diff->last);
	put_cell(q, diff->first, diff->exch_ns);
	put_cell(q, diff->nbids, diff->nasks);
	put_levels(q, diff->bids, diff->nbids);
	put_levels(q, diff->asks, diff->nasks);
	if (q->n++ == 0)
		q->before = diff->before;
	q->last = diff->last;
	return true;
}
