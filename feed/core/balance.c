#include "feed/core/balance.h"

#include <assert.h>

/* ---- placement ---- */

/* Half as healthy counts as twice as loaded; a line of no health at all as the worst. */
static uint64_t
weighted(uint64_t load, int health)
{
	return (uint64_t)((__uint128_t)load * 1000 / (health > 0 ? (unsigned)health : 1));
}

static bool
has_room(const struct balance_cfg *cfg, const struct balance_line *line)
{
	return line->open && !line->down && line->streams < cfg->streams_max;
}

/* Does one of the peers run there? */
static bool
runs_on(uint16_t line, const uint16_t *peers, unsigned npeers)
{
	for (unsigned i = 0; i < npeers; i++)
		if (peers[i] == line)
			return true;
	return false;
}

static bool
shares_endpoint(const struct balance_line *line, unsigned nlines, uint16_t at,
    const uint16_t *peers, unsigned npeers)
{
	for (unsigned i = 0; i < npeers; i++)
		if (peers[i] < nlines && line[peers[i]].endpoint == line[at].endpoint)
			return true;
	return false;
}

uint16_t
balance_place(const struct balance_cfg *cfg, const struct balance_line *line, unsigned nlines,
    uint32_t load, const uint16_t *peers, unsigned npeers)
{
	uint16_t best = BALANCE_NONE;
	uint64_t cost, best_cost = 0;
	bool shares, best_shares = false;

	for (uint16_t i = 0; i < nlines; i++) {
		if (!has_room(cfg, &line[i]) || runs_on(i, peers, npeers))
			continue;
		shares = shares_endpoint(line, nlines, i, peers, npeers);
		cost = weighted(line[i].load + load, line[i].health);
		if (best == BALANCE_NONE || shares < best_shares ||
		    (shares == best_shares && cost < best_cost)) {
			best = i;
			best_cost = cost;
			best_shares = shares;
		}
	}
	return best;
}

/* ---- number of lines ---- */

static const span_t patience_min = {INT64_C(60) * 1000000000};
static const span_t forgotten_after = {INT64_C(24) * 3600 * 1000000000};

#define REGRETS_MAX 11 /* a minute, doubled so often, is longer than a day */

void
balance_scale_init(struct balance_scale *scale, const struct balance_cfg *cfg)
{
	*scale = (struct balance_scale){.cfg = cfg, .high_since = MONO_NEVER,
	    .low_since = MONO_NEVER, .grown = MONO_NEVER};
}

struct totals {
	unsigned lines;
	uint64_t load;
};

static struct totals
totals_of(const struct balance_line *line, unsigned nlines)
{
	struct totals totals = {0};

	for (unsigned i = 0; i < nlines; i++)
		if (line[i].open) {
			totals.lines++;
			totals.load += line[i].load;
		}
	return totals;
}

unsigned
balance_lines_min(const struct balance_cfg *cfg, unsigned items)
{
	unsigned least = cfg->lines_min < items ? cfg->lines_min : items;

	return least > 0 ? least : 1;
}

static bool
is_high(const struct balance_cfg *cfg, const struct totals *totals,
    const struct balance_demand *demand)
{
	return totals->lines < cfg->lines_max && totals->lines < demand->items &&
	    totals->lines > 0 && demand->divisible &&
	    totals->load > cfg->load_high * totals->lines;
}

/* Would one line fewer carry it all, and that not only just? */
static bool
is_low(const struct balance_cfg *cfg, const struct totals *totals, unsigned items)
{
	unsigned fewer = totals->lines - 1;
	uint64_t below = cfg->load_high / 4 * 3;

	below = cfg->load_low < below ? cfg->load_low : below;
	return totals->lines > balance_lines_min(cfg, items) && fewer > 0 &&
	    totals->load < below * fewer && items <= (uint64_t)cfg->streams_max * fewer;
}

static void
note(mono_t *since, bool holds, mono_t now)
{
	if (!holds)
		*since = MONO_NEVER;
	else if (mono_is_never(*since))
		*since = now;
}

/* The least healthy, of these the least loaded, of these the last. */
static uint16_t
victim_of(const struct balance_line *line, unsigned nlines)
{
	uint16_t worst = BALANCE_NONE;

	for (uint16_t i = 0; i < nlines; i++) {
		if (!line[i].open)
			continue;
		if (worst == BALANCE_NONE || line[i].health < line[worst].health ||
		    (line[i].health == line[worst].health && line[i].load <= line[worst].load))
			worst = i;
	}
	return worst;
}

/* Was all well for so long that earlier mistakes do not count any more? */
static bool
is_forgotten(const struct balance_scale *scale, mono_t now)
{
	return mono_is_never(scale->grown) ||
	    mono_due(mono_add(scale->grown, forgotten_after), now);
}

span_t
balance_scale_patience(const struct balance_scale *scale, mono_t now)
{
	span_t patience = scale->cfg->shrink_after;

	if (scale->regrets == 0 || is_forgotten(scale, now))
		return patience;
	if (patience.ns < patience_min.ns)
		patience = patience_min;
	for (unsigned i = 0; i < scale->regrets && patience.ns < forgotten_after.ns; i++)
		patience.ns *= 2;
	return patience;
}

/* Grown by load: was it right to shrink before? */
static void
note_growth(struct balance_scale *scale, mono_t now)
{
	if (is_forgotten(scale, now))
		scale->regrets = 0;
	if (scale->shrunk && scale->regrets < REGRETS_MAX)
		scale->regrets++;
	scale->shrunk = false;
	scale->grown = now;
}

void
balance_scale_on_closed(struct balance_scale *scale)
{
	scale->high_since = scale->low_since = MONO_NEVER;
	scale->shrunk = true;
}

enum balance_wish
balance_scale_step(struct balance_scale *scale, const struct balance_line *line, unsigned nlines,
    const struct balance_demand *demand, mono_t now, uint16_t *victim)
{
	const struct balance_cfg *cfg = scale->cfg;
	struct totals totals = totals_of(line, nlines);
	bool lacks_room = totals.lines < cfg->lines_max &&
	    (totals.lines < balance_lines_min(cfg, demand->items) ||
	    demand->items > (uint64_t)cfg->streams_max * totals.lines);

	note(&scale->high_since, is_high(cfg, &totals, demand), now);
	note(&scale->low_since, is_low(cfg, &totals, demand->items), now);
	if (lacks_room) {
		scale->high_since = scale->low_since = MONO_NEVER;
		return BALANCE_GROW;
	}
	if (mono_due(mono_add(scale->high_since, cfg->grow_after), now)) {
		scale->high_since = scale->low_since = MONO_NEVER;
		note_growth(scale, now);
		return BALANCE_GROW;
	}
	if (mono_due(mono_add(scale->low_since, balance_scale_patience(scale, now)), now)) {
		balance_scale_on_closed(scale);
		*victim = victim_of(line, nlines);
		return BALANCE_SHRINK;
	}
	return BALANCE_STAY;
}

/* ---- moves ---- */

/* A plan in the making: the lines as they will be, the items as they are. */
struct plan {
	const struct balance_cfg *cfg;
	struct balance_line line[BALANCE_LINES_MAX];
	unsigned nlines;
	const struct balance_item *item;
	unsigned nitems, legs;
	struct balance_move *move;
	unsigned n;
	uint64_t stuck; /* bit: nothing that runs there can move for the better */
};

static_assert(BALANCE_LINES_MAX <= 64, "lines are the bits of one word");

static bool
is_planned(const struct plan *plan, uint32_t item)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (plan->move[i].item == item)
			return true;
	return false;
}

/* Where an item runs after the moves planned so far. */
static uint16_t
line_of(const struct plan *plan, uint32_t item)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (plan->move[i].item == item)
			return plan->move[i].to;
	return plan->item[item].line;
}

/* The lines of the other legs of its stream; returns how many. */
static unsigned
peers_of(const struct plan *plan, uint32_t item, uint16_t peers[BALANCE_LEGS_MAX])
{
	uint32_t first = item - item % plan->legs;
	unsigned n = 0;

	for (uint32_t i = first; i < first + plan->legs; i++)
		if (i != item)
			peers[n++] = line_of(plan, i);
	return n;
}

static void
add_move(struct plan *plan, uint32_t item, uint16_t to)
{
	uint16_t from = plan->item[item].line;

	plan->move[plan->n++] = (struct balance_move){.item = item, .from = from, .to = to};
	plan->line[from].streams -= plan->line[from].streams > 0;
	plan->line[from].load -= plan->item[item].load < plan->line[from].load
	    ? plan->item[item].load : plan->line[from].load;
	plan->line[to].streams++;
	plan->line[to].load += plan->item[item].load;
}

/* May what is on that line not stay there? */
static bool
must_go(const struct plan *plan, uint16_t line)
{
	return !plan->line[line].open || plan->line[line].streams > plan->cfg->streams_max;
}

/* Streams of lines that take none any more, or have too many, go where there is room. */
static void
plan_evacuation(struct plan *plan, unsigned max)
{
	const struct balance_item *item = plan->item;
	uint16_t peers[BALANCE_LEGS_MAX], to;
	unsigned npeers;

	for (uint32_t i = 0; i < plan->nitems && plan->n < max; i++) {
		if (item[i].fixed || item[i].line >= plan->nlines ||
		    !must_go(plan, item[i].line))
			continue;
		npeers = peers_of(plan, i, peers);
		to = balance_place(plan->cfg, plan->line, plan->nlines, item[i].load, peers,
		    npeers);
		if (to != BALANCE_NONE)
			add_move(plan, i, to);
	}
}

/* The open line with the most load for its health that is not stuck; BALANCE_NONE: none. */
static uint16_t
fullest(const struct plan *plan)
{
	uint16_t best = BALANCE_NONE;

	for (uint16_t i = 0; i < plan->nlines; i++)
		if (plan->line[i].open && (plan->stuck >> i & 1) == 0 && (best == BALANCE_NONE ||
		    weighted(plan->line[i].load, plan->line[i].health) >
		    weighted(plan->line[best].load, plan->line[best].health)))
			best = i;
	return best;
}

/* The open line with room and the least load for its health, but not `other`. */
static uint16_t
emptiest(const struct plan *plan, uint16_t other)
{
	uint16_t best = BALANCE_NONE;

	for (uint16_t i = 0; i < plan->nlines; i++)
		if (i != other && has_room(plan->cfg, &plan->line[i]) && (best == BALANCE_NONE ||
		    weighted(plan->line[i].load, plan->line[i].health) <
		    weighted(plan->line[best].load, plan->line[best].health)))
			best = i;
	return best;
}

/* May that item go there without bringing its stream's legs closer together? */
static bool
keeps_apart(const struct plan *plan, uint32_t item, uint16_t to)
{
	uint16_t peers[BALANCE_LEGS_MAX], from = plan->item[item].line;
	unsigned npeers = peers_of(plan, item, peers);

	if (runs_on(to, peers, npeers))
		return false;
	return !shares_endpoint(plan->line, plan->nlines, to, peers, npeers) ||
	    shares_endpoint(plan->line, plan->nlines, from, peers, npeers);
}

/* Does it take enough off the fuller of the two lines? A heavier one would only swap them. */
static bool
is_worth_it(const struct plan *plan, uint32_t item, uint16_t from, uint16_t to)
{
	const struct balance_line *a = &plan->line[from], *b = &plan->line[to];
	uint64_t load = plan->item[item].load;

	return weighted(b->load + load, b->health) + weighted(load, a->health) / 3 <
	    weighted(a->load, a->health);
}

/* The largest item that is worth the move. */
static uint32_t
best_item(const struct plan *plan, uint16_t from, uint16_t to)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < plan->nitems; i++) {
		const struct balance_item *item = &plan->item[i];

		if (item->line != from || item->fixed || item->rests || item->load == 0 ||
		    (best != UINT32_MAX && item->load <= plan->item[best].load))
			continue;
		if (is_worth_it(plan, i, from, to) && !is_planned(plan, i) &&
		    keeps_apart(plan, i, to))
			best = i;
	}
	return best;
}

static bool
is_unbalanced(const struct plan *plan, uint16_t high, uint16_t low, int permille)
{
	const struct balance_line *a = &plan->line[high], *b = &plan->line[low];

	return (__uint128_t)weighted(a->load, a->health) * 1000 >
	    (__uint128_t)weighted(b->load, b->health) * (unsigned)permille;
}

/* From the fullest line to the emptiest, as long as that is worthwhile. */
static void
plan_evening(struct plan *plan, unsigned max)
{
	int unbalance = plan->cfg->unbalance;
	uint16_t high, low;
	uint32_t i;

	while (plan->n < max) {
		high = fullest(plan);
		if (high == BALANCE_NONE)
			break;
		low = emptiest(plan, high);
		if (low == BALANCE_NONE || !is_unbalanced(plan, high, low, unbalance))
			break;
		i = best_item(plan, high, low);
		if (i == UINT32_MAX) {
			plan->stuck |= UINT64_C(1) << high;
			continue;
		}
		add_move(plan, i, low);
		unbalance = 1000 + (plan->cfg->unbalance - 1000) / 2;
	}
}

/* The plan with nothing in it yet. */
static void
plan_init(struct plan *plan, const struct balance_line *line, unsigned nlines)
{
	assert(nlines <= BALANCE_LINES_MAX && plan->legs > 0 && plan->legs <= BALANCE_LEGS_MAX);
	plan->nlines = nlines;
	for (unsigned l = 0; l < nlines; l++)
		plan->line[l] = line[l];
}

unsigned
balance_plan(const struct balance_cfg *cfg, const struct balance_line *line, unsigned nlines,
    const struct balance_item *item, unsigned nstreams, unsigned legs, struct balance_move *move,
    unsigned max)
{
	struct plan plan = {.cfg = cfg, .item = item, .nitems = nstreams * legs, .legs = legs,
	    .move = move};

	plan_init(&plan, line, nlines);
	plan_evacuation(&plan, max);
	plan_evening(&plan, max);
	return plan.n;
}

bool
balance_would_spread(const struct balance_cfg *cfg, const struct balance_line *line,
    unsigned nlines, const struct balance_item *item, unsigned nstreams, unsigned legs)
{
	struct plan plan = {.cfg = cfg, .item = item, .nitems = nstreams * legs, .legs = legs};
	uint16_t more = 0;

	plan_init(&plan, line, nlines);
	while (more < nlines && (line[more].open || line[more].streams > 0))
		more++;
	if (more == BALANCE_LINES_MAX)
		return false;
	plan.nlines = more < nlines ? nlines : nlines + 1;
	plan.line[more] = (struct balance_line){.open = true, .health = 1000};
	for (uint16_t from = 0; from < plan.nlines; from++)
		if (from != more && plan.line[from].open &&
		    best_item(&plan, from, more) != UINT32_MAX)
			return true;
	return false;
}
