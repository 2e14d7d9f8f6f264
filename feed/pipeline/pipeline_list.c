/*
 * The pipeline's step for the exchange's list of instruments: whether they
 * trade, and in which steps.
 */
#include "feed/conf/config_exponents.h"
#include "feed/pipeline/pipeline.h"
#include "feed/pipeline/pipeline_impl.h"

/*
 * Orders may be older than a change of the step to a coarser one: two digits
 * more than the step of today needs, if the default has as many.
 */
#define DIGITS_TO_SPARE 2

static bool
is_halted(unsigned trading)
{
	return trading != TICK_TRADING_UNKNOWN && trading != TICK_TRADING_ON;
}

/* ---- new instruments -------------------------------------------------------- */

static int8_t
exponent_of(int listed, int by_default)
{
	listed -= DIGITS_TO_SPARE;
	return (int8_t)(listed < by_default ? by_default : listed);
}

void
pipeline_describe(const struct pipeline *p, struct tick_instrument *i)
{
	const struct config_instruments *cfg = p->cfg.instruments;
	struct bytes symbol = {i->symbol, i->symbol_bytes};
	struct config_exponents exponents = config_exponents_of(cfg, symbol);
	const struct listed *listed = listing_find(p->listing, symbol);

	i->price_exponent = exponents.price;
	i->qty_exponent = exponents.qty;
	if (!listed)
		return;
	if (exponents.by_default) {
		i->price_exponent = exponent_of(
		    listed->price_exponent, (int)cfg->default_price_exponent);
		i->qty_exponent = exponent_of(
		    listed->qty_exponent, (int)cfg->default_qty_exponent);
	}
}

/* ---- what the list says ------------------------------------------------------- */

static void
tell_trading(struct pipeline *p, uint32_t id, unsigned trading, wall_t now, mono_t mono)
{
	struct ring_tick t = {
		.meta = ring_meta(id, TICK_INSTRUMENT_STATUS, TICK_FLAG_FIRST | TICK_FLAG_LAST, 0),
		.exch_ns = TICK_ABSENT,
		.recv_ns = now.ns,
		.v = {trading, TICK_ABSENT, TICK_ABSENT}, /* when it ends, or began: not said */
		.id = TICK_ABSENT,
		.first_id = TICK_ABSENT,
		.trade_ns = TICK_ABSENT,
		.mono_ns = mono.ns,
	};

	ring_publish(p->cfg.ring, &t);
}

static void
list_one(struct pipeline *p, uint32_t id, wall_t now, mono_t mono)
{
	const struct tick_instrument *i = &p->cfg.ring->directory[id];
	const struct listed *listed =
	    listing_find(p->listing, (struct bytes){i->symbol, i->symbol_bytes});
	struct ring_terms terms;
	unsigned before = i->trading;

	if (i->symbol_bytes == 0)
		return; /* was damaged */
	if (listed)
		terms = (struct ring_terms){
			.trading = listed->trading,
			.price_step = listing_step(
			    listed->price_step, listed->price_exponent, i->price_exponent),
			.qty_step = listing_step(
			    listed->qty_step, listed->qty_exponent, i->qty_exponent),
		};
	else
		terms = (struct ring_terms){TICK_TRADING_CLOSED, i->price_step, i->qty_step};
	ring_set_terms(p->cfg.ring, id, &terms);
	if (before != terms.trading)
		tell_trading(p, id, terms.trading, now, mono);
	p->instrument[id].halted = is_halted(terms.trading);
	if (p->instrument[id].halted || p->instrument[id].data.state == TICK_DATA_HALTED)
		pipeline_settle(p, id, TICK_REASON_HALTED, now.ns);
}

const struct listing *
pipeline_list(struct pipeline *p, const struct listing *listing, wall_t now, mono_t mono)
{
	const struct listing *before = p->listing;

	p->listing = listing;
	for (uint32_t id = 0; listing && id < p->cfg.ring->instruments; id++)
		list_one(p, id, now, mono);
	return before;
}

void
pipeline_recall_trading(struct pipeline *p)
{
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++)
		p->instrument[id].halted = is_halted(p->cfg.ring->directory[id].trading);
}

bool
pipeline_is_halted(const struct pipeline *p, uint32_t number)
{
	const struct roster_stream *s = &p->roster.stream[number];

	return number < p->roster.streams_max && s->name != NULL &&
	    p->instrument[s->instrument].halted;
}
