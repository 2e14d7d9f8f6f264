#include "tools/shm-inspect/market.h"

#include <stdlib.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/common/text.h"

bool
market_init(struct market *m, uint32_t rows, int64_t mono_ns)
{
	memset(m, 0, sizeof(*m));
	m->row = calloc(rows > 0 ? rows : 1, sizeof(*m->row));
	m->order = calloc(rows > 0 ? rows : 1, sizeof(*m->order));
	m->rows = rows;
	m->sampled_ns = mono_ns;
	if (m->row != NULL && m->order != NULL)
		return true;
	market_fini(m);
	return false;
}

void
market_fini(struct market *m)
{
	free(m->row);
	free(m->order);
	memset(m, 0, sizeof(*m));
}

bool
market_restart(struct market *m, uint32_t rows)
{
	struct market before = *m;

	if (!market_init(m, rows, before.sampled_ns)) {
		*m = before;
		return false;
	}
	m->ticks = before.ticks;
	m->ticks_sampled = before.ticks_sampled;
	m->ticks_milli = before.ticks_milli;
	m->gaps_seen = before.gaps_seen;
	market_fini(&before);
	return true;
}

/* 1 as a mantissa of that exponent. */
static int64_t
unit(int exponent)
{
	int64_t one = 1;

	for (; exponent < 0 && exponent >= -18; exponent++)
		one *= 10;
	return one;
}

/* Makes the step fine enough for this value too. */
static void
learn(bool wanted, int64_t *step, int64_t mantissa)
{
	if (!wanted || mantissa == TICK_ABSENT)
		return;
	while (*step > 1 && mantissa % *step != 0)
		*step /= 10;
}

static void
learn_steps(struct market_row *row)
{
	learn(row->learn_price, &row->price_step, row->bid_px);
	learn(row->learn_price, &row->price_step, row->ask_px);
	learn(row->learn_price, &row->price_step, row->last_px);
	learn(row->learn_qty, &row->qty_step, row->bid_qty);
	learn(row->learn_qty, &row->qty_step, row->ask_qty);
}

void
market_add(struct market *m, const struct tick_instrument *i)
{
	struct market_row *row;

	if (i->id >= m->rows || m->row[i->id].shown)
		return;
	row = &m->row[i->id];
	*row = (struct market_row){
		.shown = true,
		.price_exponent = i->price_exponent,
		.qty_exponent = i->qty_exponent,
		.price_step = i->price_step > 0 ? i->price_step : unit(i->price_exponent),
		.qty_step = i->qty_step > 0 ? i->qty_step : unit(i->qty_exponent),
		.learn_price = i->price_step <= 0,
		.learn_qty = i->qty_step <= 0,
		.bid_px = TICK_ABSENT,
		.bid_qty = TICK_ABSENT,
		.ask_px = TICK_ABSENT,
		.ask_qty = TICK_ABSENT,
		.last_px = TICK_ABSENT,
		.updated_ns = TICK_ABSENT,
	};
	text_clean(i->symbol, TICK_SYMBOL_MAX, row->symbol, sizeof(row->symbol));
	m->order[m->ordered++] = i->id;
}

static struct market_row *
find(struct market *m, uint32_t id)
{
	return id < m->rows && m->row[id].shown ? &m->row[id] : NULL;
}

/* The row has new values. TICK_ABSENT is the smallest time, so anything is newer. */
static void
updated(struct market_row *row, int64_t recv_ns)
{
	learn_steps(row);
	if (recv_ns > row->updated_ns)
		row->updated_ns = recv_ns;
}

void
market_on_board(struct market *m, uint32_t id, const struct tick_quote *q,
    const struct tick_last_trade *t)
{
	struct market_row *row = find(m, id);

	if (row == NULL)
		return;
	if (q != NULL && row->quotes == 0) {
		row->bid_px = q->bid_px;
		row->bid_qty = q->bid_qty;
		row->ask_px = q->ask_px;
		row->ask_qty = q->ask_qty;
		updated(row, q->recv_ns);
	}
	if (t != NULL && row->trades == 0) {
		row->last_px = t->price;
		row->last_sell = (t->flags & TICK_FLAG_SIDE) != 0;
		updated(row, t->recv_ns);
	}
}

void
market_on_tick(struct market *m, const struct tick *tick)
{
	struct market_row *row = find(m, tick->instrument);

	m->ticks++;
	if (tick->flags & TICK_FLAG_GAP_BEFORE)
		m->gaps_seen++;
	if (row == NULL)
		return;
	row->stale = (tick->flags & TICK_FLAG_STALE) != 0;
	switch (tick->type) {
	case TICK_QUOTE:
		row->bid_px = tick->quote.bid_px;
		row->bid_qty = tick->quote.bid_qty;
		row->ask_px = tick->quote.ask_px;
		row->ask_qty = tick->quote.ask_qty;
		row->quotes++;
		updated(row, tick->recv_ns);
		break;
	case TICK_TRADE:
	case TICK_AGG_TRADE:
		if (tick->flags & TICK_FLAG_REPLAY)
			break; /* of the past */
		row->last_px = tick->trade.price;
		row->last_sell = (tick->flags & TICK_FLAG_SIDE) != 0;
		row->trades++;
		updated(row, tick->recv_ns);
		break;
	default:
		break;
	}
}

/* Events per second, in thousandths. */
static int64_t
rate(uint64_t now, uint64_t then, int64_t ns)
{
	return (int64_t)((double)(now - then) * 1e12 / (double)ns);
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct market *m = arg;
	const struct market_row *x = &m->row[*(const uint32_t *)a];
	const struct market_row *y = &m->row[*(const uint32_t *)b];

	return strcmp(x->symbol, y->symbol);
}

static int
compare_rates(const void *a, const void *b, void *arg)
{
	const struct market *m = arg;
	const struct market_row *x = &m->row[*(const uint32_t *)a];
	const struct market_row *y = &m->row[*(const uint32_t *)b];
	int64_t rx = x->quotes_milli + x->trades_milli, ry = y->quotes_milli + y->trades_milli;

	if (rx != ry)
		return rx > ry ? -1 : 1;
	return compare(a, b, arg);
}

void
market_sample(struct market *m, int64_t mono_ns, enum market_order order)
{
	int64_t ns = mono_ns - m->sampled_ns;

	if (ns > 0) {
		for (uint32_t i = 0; i < m->ordered; i++) {
			struct market_row *row = &m->row[m->order[i]];

			row->quotes_milli = rate(row->quotes, row->quotes_sampled, ns);
			row->trades_milli = rate(row->trades, row->trades_sampled, ns);
			row->quotes_sampled = row->quotes;
			row->trades_sampled = row->trades;
		}
		m->ticks_milli = rate(m->ticks, m->ticks_sampled, ns);
		m->ticks_sampled = m->ticks;
		m->sampled_ns = mono_ns;
	}
	qsort_r(m->order, m->ordered, sizeof(*m->order),
	    order == MARKET_BY_NAME ? compare : compare_rates, m);
}

uint32_t
market_known(const struct market *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->ordered; i++)
		if (m->row[m->order[i]].updated_ns != TICK_ABSENT)
			n++;
	return n;
}
