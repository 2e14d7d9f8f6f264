/*
 * The pipeline's step for what the exchange says of its instruments: whether
 * they trade, and in which steps. By its list, by single messages, and by the
 * fact that they are traded.
 */
#include "feed/conf/config_exponents.h"
#include "feed/pipeline/pipeline.h"
#include "feed/pipeline/pipeline_impl.h"

/*
 * Orders may be older than a change of the step to a coarser one: two digits
 * more than the step of today needs, if the default has as many.
 */
#define DIGITS_TO_SPARE 2

/*
 * A list without so many of the instruments that were there is not believed,
 * unless it is still like that at the third time; an empty one never is.
 */
#define LOST_FEW 3
#define LOST_PERCENT_MAX 20
#define SHORT_LISTS_MAX 3

/* Who is not in so many lists in a row is closed. */
#define CLOSED_AFTER 2

/* What is on its way when the exchange stops an instrument proves nothing. */
#define PROOF_AFTER_S 1

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

/* ---- states ------------------------------------------------------------------ */

static void
tell_trading(struct pipeline *p, uint32_t id, unsigned trading, int64_t now_ns, mono_t mono)
{
	struct ring_tick t = {
		.meta = ring_meta(id, TICK_INSTRUMENT_STATUS, TICK_FLAG_FIRST | TICK_FLAG_LAST, 0),
		.exch_ns = TICK_ABSENT,
		.recv_ns = now_ns,
		.v = {trading, TICK_ABSENT, TICK_ABSENT}, /* when it ends, or began: not said */
		.id = TICK_ABSENT,
		.first_id = TICK_ABSENT,
		.trade_ns = TICK_ABSENT,
		.mono_ns = mono.ns,
	};

	ring_publish(p->cfg.ring, &t);
}

/* A state that is known now; directory and board follow. Returns whether it is another one. */
static bool
set_terms(struct pipeline *p, uint32_t id, const struct ring_terms *terms, int64_t now_ns,
    mono_t mono)
{
	struct instrument *i = &p->instrument[id];
	bool changed = p->cfg.ring->directory[id].trading != terms->trading;

	ring_set_terms(p->cfg.ring, id, terms);
	if (changed)
		i->told = mono;
	p->turned = p->turned || i->halted != is_halted(terms->trading);
	if (i->halted != is_halted(terms->trading))
		i->waits = i->halted;
	i->halted = is_halted(terms->trading);
	i->recalled = false;
	if (terms->trading == TICK_TRADING_CLOSED)
		books_close(p->books, id);
	if (i->halted || i->data.state == TICK_DATA_HALTED)
		pipeline_settle(p, id, TICK_REASON_HALTED, now_ns);
	return changed;
}

/* The same, with the steps as they are. */
static bool
set_trading(struct pipeline *p, uint32_t id, unsigned trading, int64_t now_ns, mono_t mono)
{
	const struct tick_instrument *i = &p->cfg.ring->directory[id];
	const struct ring_terms terms = {trading, i->price_step, i->qty_step};

	return set_terms(p, id, &terms, now_ns, mono);
}

/* ---- what the list says ------------------------------------------------------- */

/* Of the instruments that there were, by the list before, or as the directory recalls. */
static size_t
count_lost(const struct pipeline *p, const struct listing *before,
    const struct listing *listing, size_t *known)
{
	size_t lost = 0;

	if (before != NULL) {
		*known = before->n;
		return listing_lost(before, listing);
	}
	*known = 0;
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++) {
		const struct tick_instrument *i = &p->cfg.ring->directory[id];

		if (i->trading == TICK_TRADING_UNKNOWN || i->trading == TICK_TRADING_CLOSED)
			continue;
		++*known;
		lost += listing_find(listing, (struct bytes){i->symbol, i->symbol_bytes}) == NULL;
	}
	return lost;
}

static bool
is_believed(struct pipeline *p, const struct listing *before, const struct listing *listing)
{
	size_t known, lost = count_lost(p, before, listing, &known);

	if (listing->n == 0)
		return false;
	if (lost > LOST_FEW && lost * 100 > known * LOST_PERCENT_MAX &&
	    ++p->short_lists < SHORT_LISTS_MAX)
		return false;
	p->short_lists = 0;
	return true;
}

/* Is it missing from the exchange's list for good? Not by one list that forgot it. */
static void
set_absent(struct pipeline *p, uint32_t id, bool absent)
{
	struct instrument *i = &p->instrument[id];

	p->turned = p->turned || i->absent != absent;
	i->absent = absent;
}

/* No list has ever had it: a pair or an index, which is quoted and not traded. */
static bool
was_never_listed(const struct tick_instrument *i)
{
	return i->trading == TICK_TRADING_UNKNOWN && i->price_step == 0 && i->qty_step == 0;
}

static void
list_missing(struct pipeline *p, uint32_t id, int64_t now_ns, mono_t mono)
{
	struct instrument *i = &p->instrument[id];

	if (was_never_listed(&p->cfg.ring->directory[id])) {
		set_absent(p, id, true);
		return;
	}
	if (p->cfg.ring->directory[id].trading == TICK_TRADING_CLOSED) {
		i->recalled = false;
		set_absent(p, id, true);
		return;
	}
	if (++i->unlisted < CLOSED_AFTER) {
		p->list_wish = p->list_wish == PIPELINE_LIST_SOON ? PIPELINE_LIST_SOON
		                                                  : PIPELINE_LIST_LATER;
		return;
	}
	set_absent(p, id, true);
	if (set_trading(p, id, TICK_TRADING_CLOSED, now_ns, mono))
		tell_trading(p, id, TICK_TRADING_CLOSED, now_ns, mono);
}

static void
list_one(struct pipeline *p, uint32_t id, int64_t now_ns, mono_t mono)
{
	const struct tick_instrument *i = &p->cfg.ring->directory[id];
	const struct listed *listed =
	    listing_find(p->listing, (struct bytes){i->symbol, i->symbol_bytes});
	struct ring_terms terms;

	if (i->symbol_bytes == 0)
		return; /* was damaged */
	if (!listed) {
		list_missing(p, id, now_ns, mono);
		return;
	}
	p->instrument[id].unlisted = 0;
	set_absent(p, id, false);
	terms = (struct ring_terms){
		.trading = listed->trading,
		.price_step =
		    listing_step(listed->price_step, listed->price_exponent, i->price_exponent),
		.qty_step = listing_step(listed->qty_step, listed->qty_exponent, i->qty_exponent),
	};
	if (set_terms(p, id, &terms, now_ns, mono))
		tell_trading(p, id, terms.trading, now_ns, mono);
}

const struct listing *
pipeline_list(struct pipeline *p, const struct listing *listing, wall_t now, mono_t mono)
{
	/* That of pipeline_new() was there for exponents only. */
	const struct listing *before = p->listing == listing ? NULL : p->listing;

	if (listing != NULL)
		recorder_on_list(p->recorder, listing, now, mono);
	p->listing = listing;
	if (listing != NULL && !is_believed(p, before, listing)) {
		pipeline_count(p, TICK_COUNTER_LISTS_REFUSED);
		p->list_wish = PIPELINE_LIST_LATER;
		p->listing = before;
		return listing;
	}
	p->listed_at.taken = listing != NULL;
	p->listed_at.wall = now;
	p->listed_at.mono = mono;
	for (uint32_t id = 0; listing && id < p->cfg.ring->instruments; id++)
		list_one(p, id, now.ns, mono);
	return before;
}

void
pipeline_list_new(struct pipeline *p, uint32_t id)
{
	if (p->listed_at.taken)
		list_one(p, id, p->listed_at.wall.ns, p->listed_at.mono);
}

void
pipeline_no_list(struct pipeline *p, wall_t now, mono_t mono)
{
	recorder_on_no_list(p->recorder, now, mono);
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++) {
		if (!p->instrument[id].recalled)
			continue;
		set_trading(p, id, TICK_TRADING_UNKNOWN, now.ns, mono);
		tell_trading(p, id, TICK_TRADING_UNKNOWN, now.ns, mono);
	}
}

enum pipeline_list_wish
pipeline_take_list_wish(struct pipeline *p)
{
	enum pipeline_list_wish wish = p->list_wish;

	p->list_wish = PIPELINE_LIST_NONE;
	return wish;
}

/* ---- what messages say -------------------------------------------------------- */

void
pipeline_on_status(struct pipeline *p, const struct publish_context *c, const struct event *e)
{
	const struct tick_instrument *i = &p->cfg.ring->directory[c->instrument];

	if (listing_find(p->listing, (struct bytes){i->symbol, i->symbol_bytes}) == NULL)
		p->list_wish = PIPELINE_LIST_SOON; /* a new one: its steps, the patterns' streams */
	if (e->u.status.trading == TICK_TRADING_UNKNOWN)
		return;
	p->instrument[c->instrument].unlisted = 0;
	set_absent(p, c->instrument, false);
	set_trading(p, c->instrument, (unsigned)e->u.status.trading, c->recv_ns, p->now);
}

/* Orders may change while an instrument rests, but not once it is halted or gone. */
static bool
is_proof(enum event_kind kind, unsigned trading)
{
	if (kind == EVENT_TRADE || kind == EVENT_AGG_TRADE)
		return true;
	return kind == EVENT_QUOTE &&
	    (trading == TICK_TRADING_HALT || trading == TICK_TRADING_CLOSED);
}

void
pipeline_prove_trading(struct pipeline *p, const struct publish_context *c, enum event_kind kind)
{
	struct instrument *i = &p->instrument[c->instrument];

	if (!is_proof(kind, p->cfg.ring->directory[c->instrument].trading) ||
	    (!i->recalled && mono_before(p->now, mono_add(i->told, span_s(PROOF_AFTER_S)))))
		return;
	i->unlisted = 0;
	set_absent(p, c->instrument, false);
	pipeline_count(p, TICK_COUNTER_TRADING_PROVEN);
	/* The message is there that is waited for otherwise. */
	i->halted = false;
	p->turned = true;
	set_trading(p, c->instrument, TICK_TRADING_ON, c->recv_ns, p->now);
	tell_trading(p, c->instrument, TICK_TRADING_ON, c->recv_ns, (mono_t){c->mono_ns});
}

/* ---- what others ask ---------------------------------------------------------- */

void
pipeline_recall_trading(struct pipeline *p)
{
	for (uint32_t id = 0; id < p->cfg.ring->instruments; id++)
		p->instrument[id].halted = p->instrument[id].recalled =
		    is_halted(p->cfg.ring->directory[id].trading);
}

bool
pipeline_take_turned(struct pipeline *p)
{
	bool turned = p->turned;

	p->turned = false;
	return turned;
}

bool
pipeline_is_halted(const struct pipeline *p, uint32_t number)
{
	const struct roster_stream *s = &p->roster.stream[number];

	return number < p->roster.streams_max && s->name != NULL &&
	    p->instrument[s->instrument].halted;
}

/* Names of options are "BTC-261225-100000-C"; their underlyings stand in stream names as well. */
static bool
is_underlying(const struct pipeline *p, struct bytes symbol)
{
	return p->cfg.venue->id == TICK_VENUE_BINANCE_OPTIONS &&
	    memchr(symbol.p, '-', symbol.n) == NULL;
}

bool
pipeline_is_unlisted(const struct pipeline *p, uint32_t number)
{
	const struct roster_stream *s = &p->roster.stream[number];
	struct stream_name name;

	if (number >= p->roster.streams_max || s->name == NULL ||
	    s->instrument >= p->instruments_max || !p->instrument[s->instrument].absent)
		return false;
	return stream_parse(bytes_of(s->name), &name) == STREAM_FINE &&
	    stream_is_of_instrument(&name) && !is_underlying(p, name.symbol);
}
