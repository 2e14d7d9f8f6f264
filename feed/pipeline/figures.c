#include "feed/pipeline/figures.h"

#include <string.h>

#define GROUP_MAX 10

/* Decimals that are to have the same exponent, and where they go. */
struct group {
	const struct fixed *from[GROUP_MAX];
	int64_t *to[GROUP_MAX];
	unsigned n;
};

static void
group_add(struct group *g, const struct fixed *from, int64_t *to)
{
	g->from[g->n] = from;
	g->to[g->n++] = to;
}

static bool
is_there(const struct fixed *value)
{
	return value->mantissa != VENUE_NO_DECIMAL.mantissa;
}

/* Writes all of them at the finest exponent of those that are there. */
static bool
group_scale(const struct group *g, int8_t *exponent)
{
	int finest = 0;

	for (unsigned i = 0; i < g->n; i++)
		if (is_there(g->from[i]) && g->from[i]->exponent < finest)
			finest = g->from[i]->exponent;
	*exponent = (int8_t)finest;
	for (unsigned i = 0; i < g->n; i++) {
		*g->to[i] = TICK_ABSENT;
		if (is_there(g->from[i]) &&
		    fixed_rescale(*g->from[i], finest, g->to[i]) != FIXED_OK)
			return false;
	}
	return true;
}

static struct normal_figures *
figures_add(struct normal *out, int64_t trade_ns)
{
	struct normal_figures *f = &out->figures[out->nfigures++];

	memset(f, 0, sizeof(*f));
	f->trade_ns = trade_ns;
	return f;
}

/* The exponents, as the last step, into every tick of the event. */
static bool
figures_end(struct normal *out, const struct tick_scale *scale)
{
	for (uint32_t i = 0; i < out->nfigures; i++)
		memcpy(&out->figures[i].w[0], scale, sizeof(*scale));
	return true;
}

static bool
ticker_of(const struct event *e, struct normal *out)
{
	struct normal_figures *f = figures_add(out, e->trade_ns), *quote;
	struct group price = {0}, qty = {0}, volume = {0};
	bool mini = e->kind == EVENT_MINI_TICKER;
	struct tick_scale scale = {.window = (uint8_t)(mini ? 0 : e->u.ticker.window)};

	group_add(&price, &e->u.ticker.open, &f->v[0]);
	group_add(&price, &e->u.ticker.high, &f->v[1]);
	group_add(&price, &e->u.ticker.low, &f->v[2]);
	group_add(&price, &e->u.ticker.last, &f->v[3]);
	group_add(&qty, &e->u.ticker.volume, &f->w[1]);
	group_add(&volume, &e->u.ticker.quote_volume, &f->w[2]);
	f->w[3] = mini ? TICK_ABSENT : e->u.ticker.trades;
	if (!mini) {
		quote = figures_add(out, e->u.ticker.start_ns);
		group_add(&price, &e->u.ticker.bid_px, &quote->v[0]);
		group_add(&qty, &e->u.ticker.bid_qty, &quote->v[1]);
		group_add(&price, &e->u.ticker.ask_px, &quote->v[2]);
		group_add(&qty, &e->u.ticker.ask_qty, &quote->v[3]);
		group_add(&qty, &e->u.ticker.last_qty, &quote->w[1]);
		group_add(&price, &e->u.ticker.average, &quote->w[2]);
		group_add(&price, &e->u.ticker.previous, &quote->w[3]);
	}
	return group_scale(&price, &scale.price) && group_scale(&qty, &scale.qty) &&
	    group_scale(&volume, &scale.quote) && figures_end(out, &scale);
}

static bool
price_of(const struct event *e, struct normal *out)
{
	struct normal_figures *f = figures_add(out, e->trade_ns);
	struct tick_scale scale = {0};
	struct group price = {0};

	group_add(&price, &e->u.price.price, &f->v[0]);
	f->v[1] = e->u.price.interval_ns;
	return group_scale(&price, &scale.price) && figures_end(out, &scale);
}

static bool
mark_of(const struct event *e, struct normal *out)
{
	struct normal_figures *f = figures_add(out, e->trade_ns);
	struct group price = {0}, rate = {0};
	struct tick_scale scale = {0};

	group_add(&price, &e->u.mark.mark, &f->v[0]);
	group_add(&price, &e->u.mark.index, &f->v[1]);
	group_add(&price, &e->u.mark.settle, &f->v[2]);
	group_add(&rate, &e->u.mark.funding_rate, &f->v[3]);
	f->w[1] = e->u.mark.next_funding_ns;
	group_add(&price, &e->u.mark.average, &f->w[2]);
	return group_scale(&price, &scale.price) && group_scale(&rate, &scale.rate) &&
	    figures_end(out, &scale);
}

static bool
liquidation_of(const struct event *e, struct normal *out)
{
	struct normal_figures *f = figures_add(out, e->trade_ns);
	struct group price = {0}, qty = {0};
	struct tick_scale scale = {0};

	group_add(&price, &e->u.liquidation.price, &f->v[0]);
	group_add(&qty, &e->u.liquidation.qty, &f->v[1]);
	group_add(&price, &e->u.liquidation.average, &f->v[2]);
	group_add(&qty, &e->u.liquidation.filled, &f->v[3]);
	group_add(&qty, &e->u.liquidation.last_qty, &f->w[1]);
	f->w[2] = e->u.liquidation.state;
	return group_scale(&price, &scale.price) && group_scale(&qty, &scale.qty) &&
	    figures_end(out, &scale);
}

static bool
status_of(const struct event *e, struct normal *out)
{
	struct normal_figures *f = figures_add(out, e->trade_ns);

	f->v[0] = e->u.status.trading;
	f->v[1] = e->u.status.deliver_ns;
	f->v[2] = e->u.status.onboard_ns;
	return true;
}

bool
figures_of(const struct event *e, struct normal *out)
{
	out->nfigures = 0;
	switch (e->kind) {
	case EVENT_MINI_TICKER:
	case EVENT_TICKER:
		return ticker_of(e, out);
	case EVENT_AVG_PRICE:
	case EVENT_REFERENCE_PRICE:
		return price_of(e, out);
	case EVENT_MARK_PRICE:
		return mark_of(e, out);
	case EVENT_LIQUIDATION:
		return liquidation_of(e, out);
	case EVENT_STATUS:
		return status_of(e, out);
	default:
		return false;
	}
}
