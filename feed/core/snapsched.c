#include "feed/core/snapsched.h"

#include <stddef.h>

#define SLOT_NS SNAPSCHED_SLOT_NS

/* Pauses when the exchange does not say how long, and what is believed of it at most. */
static const span_t pause_rate_limited = {60 * INT64_C(1000000000)};
static const span_t pause_banned = {300 * INT64_C(1000000000)};
static const span_t pause_forbidden = {300 * INT64_C(1000000000)};
static const span_t pause_blocked = {3600 * INT64_C(1000000000)};
static const span_t pause_max = {7 * 86400 * INT64_C(1000000000)};
static const span_t pause_min = {INT64_C(1000000000)};

void
snapsched_init(struct snapsched *s, const struct snapsched_cfg *cfg,
    struct snapsched_item *memory, uint32_t items)
{
	*s = (struct snapsched){.cfg = *cfg, .item = memory, .items = items};
	s->next_at = s->paused_until = MONO_ZERO;
	for (unsigned i = 0; i < SNAPSCHED_SLOTS; i++)
		s->spent[i].slot = -1;
	for (uint32_t i = 0; i < items; i++)
		memory[i] = (struct snapsched_item){.state = SNAPSCHED_IDLE};
}

/* ---- weight ----------------------------------------------------------------- */

uint32_t
snapsched_weight(const struct snapsched_cfg *cfg, uint32_t limit)
{
	unsigned i = 0;

	while (i + 1 < cfg->weights && cfg->weight[i].limit < limit)
		i++;
	return cfg->weight[i].weight;
}

/* When the weight of a slot does not count any more. */
static mono_t
end_of(const struct snapsched *s, const struct snapsched_spent *spent)
{
	return mono_add((mono_t){(spent->slot + 1) * SLOT_NS}, s->cfg.window);
}

static void
spend(struct snapsched *s, int64_t weight, mono_t now)
{
	int64_t slot = now.ns / SLOT_NS;
	struct snapsched_spent *spent = &s->spent[slot % SNAPSCHED_SLOTS];

	if (spent->slot != slot)
		*spent = (struct snapsched_spent){.slot = slot};
	spent->weight += weight;
}

int64_t
snapsched_used(const struct snapsched *s, mono_t now)
{
	int64_t used = s->in_flight;

	for (unsigned i = 0; i < SNAPSCHED_SLOTS; i++)
		if (s->spent[i].slot >= 0 && mono_before(now, end_of(s, &s->spent[i])))
			used += s->spent[i].weight;
	return used;
}

/* When so much will be left of `budget`; MONO_NEVER: not before an answer comes. */
static mono_t
free_at(const struct snapsched *s, int64_t budget, int64_t weight, mono_t now)
{
	int64_t used = snapsched_used(s, now), first = now.ns / SLOT_NS - SNAPSCHED_SLOTS + 1;

	if (used + weight <= budget)
		return now;
	for (int64_t slot = first < 0 ? 0 : first; slot <= now.ns / SLOT_NS; slot++) {
		const struct snapsched_spent *spent = &s->spent[slot % SNAPSCHED_SLOTS];

		if (spent->slot != slot || !mono_before(now, end_of(s, spent)))
			continue;
		used -= spent->weight;
		if (used + weight <= budget)
			return end_of(s, spent);
	}
	return MONO_NEVER;
}

/* What the exchange counts and we do not was spent by somebody else, now at the latest. */
static void
believe(struct snapsched *s, int64_t used, mono_t now)
{
	int64_t ours = snapsched_used(s, now);

	if (used > ours)
		spend(s, used - ours, now);
}

/* ---- how deep --------------------------------------------------------------- */

/* The deepest limit of the table that is not above, and that the budget allows at all. */
static uint32_t
limit_below(const struct snapsched_cfg *cfg, uint32_t limit)
{
	unsigned i = cfg->weights - 1;

	while (i > 0 && (cfg->weight[i].limit > limit || cfg->weight[i].weight > cfg->budget))
		i--;
	return cfg->weight[i].limit;
}

uint32_t
snapsched_usual_limit(const struct snapsched_cfg *cfg)
{
	if (cfg->limit != 0)
		return limit_below(cfg, cfg->limit);
	return limit_below(cfg,
	    cfg->limit_usual < cfg->limit_max ? cfg->limit_usual : cfg->limit_max);
}

/* Deep when all that wait can be had so at once, else the usual limit. */
static uint32_t
limit_of(const struct snapsched *s, mono_t now)
{
	uint32_t deep = limit_below(&s->cfg, s->cfg.limit_max);
	int64_t left = s->cfg.budget - snapsched_used(s, now);

	if (s->cfg.limit == 0 && (int64_t)s->waiting * snapsched_weight(&s->cfg, deep) <= left)
		return deep;
	return snapsched_usual_limit(&s->cfg);
}

/* ---- what is wanted --------------------------------------------------------- */

/* Doubling from retry_base on. */
static span_t
pause_after(const struct snapsched *s, uint32_t failures)
{
	int64_t ns = s->cfg.retry_base.ns;

	for (uint32_t i = 1; i < failures && ns < s->cfg.retry_max.ns; i++)
		ns *= 2;
	return span_ns(ns < s->cfg.retry_max.ns ? ns : s->cfg.retry_max.ns);
}

static void
wait_for(struct snapsched *s, struct snapsched_item *item, enum snapsched_why why, mono_t from)
{
	item->state = SNAPSCHED_WAITING;
	item->why = why;
	item->order = s->order++;
	item->not_before = from;
	s->waiting++;
}

void
snapsched_want(struct snapsched *s, uint32_t number, enum snapsched_why why, bool stale,
    mono_t now)
{
	struct snapsched_item *item = &s->item[number];

	if (number >= s->items)
		return;
	if (item->state == SNAPSCHED_WAITING) {
		item->why = why < item->why ? why : item->why;
		return;
	}
	if (item->state == SNAPSCHED_ASKED) {
		item->again_why = item->again && item->again_why < why ? item->again_why : why;
		item->again = true;
		item->forgotten = false;
		return;
	}
	if (item->rejected) {
		item->again = true;
		item->again_why = why;
		return;
	}
	item->failures = stale ? item->failures + 1 : 0;
	wait_for(s, item, why, stale ? mono_add(now, pause_after(s, item->failures)) : now);
}

void
snapsched_forget(struct snapsched *s, uint32_t number)
{
	struct snapsched_item *item = &s->item[number];

	if (number >= s->items)
		return;
	item->again = item->rejected = false;
	item->failures = 0;
	item->forgotten = item->state == SNAPSCHED_ASKED;
	if (item->state != SNAPSCHED_WAITING)
		return;
	item->state = SNAPSCHED_IDLE;
	s->waiting--;
}

void
snapsched_reject(struct snapsched *s, uint32_t number)
{
	struct snapsched_item *item = &s->item[number];

	if (number >= s->items || item->state == SNAPSCHED_ASKED)
		return;
	item->again = item->state == SNAPSCHED_WAITING;
	item->again_why = item->why;
	item->rejected = item->again; /* who is not wanted has nothing to wait for */
	if (item->state == SNAPSCHED_WAITING)
		s->waiting--;
	item->state = SNAPSCHED_IDLE;
}

void
snapsched_admit(struct snapsched *s, uint32_t number, mono_t now)
{
	struct snapsched_item *item = &s->item[number];

	if (number >= s->items || !item->rejected)
		return;
	item->rejected = item->again = false;
	item->failures = 0;
	wait_for(s, item, item->again_why, now);
}

static bool
goes_before(const struct snapsched_item *a, const struct snapsched_item *b)
{
	return a->why != b->why ? a->why < b->why : a->order < b->order;
}

/* The one whose turn it is; NULL: nobody may go yet. */
static struct snapsched_item *
choose(const struct snapsched *s, mono_t now)
{
	struct snapsched_item *best = NULL;

	if (s->waiting == 0)
		return NULL;
	for (uint32_t i = 0; i < s->items; i++) {
		struct snapsched_item *item = &s->item[i];

		if (item->state == SNAPSCHED_WAITING && mono_due(item->not_before, now) &&
		    (best == NULL || goes_before(item, best)))
			best = item;
	}
	return best;
}

/* May anything be sent, as far as it does not depend on what? */
static bool
is_open(const struct snapsched *s, mono_t now)
{
	return mono_due(s->paused_until, now) && mono_due(s->next_at, now) &&
	    s->asked < s->cfg.in_flight_max;
}

static void
send(struct snapsched *s, uint32_t weight, mono_t now)
{
	s->in_flight += weight;
	s->asked++;
	s->next_at = mono_add(now, span_ns(s->cfg.spread.ns / s->cfg.budget * weight));
}

bool
snapsched_next(struct snapsched *s, mono_t now, struct snapsched_request *out)
{
	struct snapsched_item *item;
	uint32_t limit, weight;

	if (s->waiting == 0 || !is_open(s, now))
		return false;
	item = choose(s, now);
	if (item == NULL)
		return false;
	limit = limit_of(s, now);
	weight = snapsched_weight(&s->cfg, limit);
	if (snapsched_used(s, now) + weight > s->cfg.budget)
		return false;
	item->state = SNAPSCHED_ASKED;
	item->weight = weight;
	item->again = item->forgotten = false;
	s->waiting--;
	send(s, weight, now);
	*out = (struct snapsched_request){
		.item = (uint32_t)(item - s->item), .limit = limit, .why = item->why};
	return true;
}

bool
snapsched_take(struct snapsched *s, uint32_t weight, mono_t now)
{
	if (!is_open(s, now) || snapsched_used(s, now) + weight > s->cfg.budget)
		return false;
	send(s, weight, now);
	return true;
}

static mono_t
earliest_wanted(const struct snapsched *s)
{
	mono_t at = MONO_NEVER;

	for (uint32_t i = 0; i < s->items; i++)
		if (s->item[i].state == SNAPSCHED_WAITING)
			at = mono_min(at, s->item[i].not_before);
	return at;
}

static mono_t
later(mono_t a, mono_t b)
{
	return mono_before(a, b) ? b : a;
}

mono_t
snapsched_deadline(const struct snapsched *s, mono_t now)
{
	uint32_t weight = snapsched_weight(&s->cfg, snapsched_usual_limit(&s->cfg));
	mono_t at;

	if (s->waiting == 0 || s->asked >= s->cfg.in_flight_max)
		return MONO_NEVER;
	at = later(earliest_wanted(s), later(s->next_at, s->paused_until));
	return later(at, free_at(s, s->cfg.budget, weight, now));
}

/* ---- what is less urgent ---------------------------------------------------- */

static int64_t
spare_budget(const struct snapsched *s, uint32_t weight)
{
	int64_t half = s->cfg.budget / 2;

	return weight > half ? weight : half;
}

bool
snapsched_take_spare(struct snapsched *s, uint32_t weight, mono_t now)
{
	return choose(s, now) == NULL &&
	    snapsched_used(s, now) + weight <= spare_budget(s, weight) &&
	    snapsched_take(s, weight, now);
}

mono_t
snapsched_spare_deadline(const struct snapsched *s, uint32_t weight, mono_t now)
{
	if (weight > s->cfg.budget || choose(s, now) != NULL ||
	    s->asked >= s->cfg.in_flight_max)
		return MONO_NEVER;
	return later(later(s->next_at, s->paused_until),
	    free_at(s, spare_budget(s, weight), weight, now));
}

/* ---- answers ---------------------------------------------------------------- */

static enum snapsched_verdict
verdict_of(int status)
{
	switch (status) {
	case 0:
		return SNAPSCHED_NETWORK;
	case 403:
		return SNAPSCHED_FORBIDDEN;
	case 418:
		return SNAPSCHED_BANNED;
	case 429:
		return SNAPSCHED_RATE_LIMITED;
	case 451:
		return SNAPSCHED_BLOCKED;
	}
	if (status >= 200 && status < 300)
		return SNAPSCHED_FINE;
	return status >= 500 && status < 600 ? SNAPSCHED_SERVER : SNAPSCHED_REFUSED;
}

/* How long everything pauses for it; zero: it does not. */
static span_t
pause_of(enum snapsched_verdict verdict)
{
	switch (verdict) {
	case SNAPSCHED_RATE_LIMITED:
		return pause_rate_limited;
	case SNAPSCHED_BANNED:
		return pause_banned;
	case SNAPSCHED_FORBIDDEN:
		return pause_forbidden;
	case SNAPSCHED_BLOCKED:
		return pause_blocked;
	case SNAPSCHED_FINE:
	case SNAPSCHED_NETWORK:
	case SNAPSCHED_SERVER:
	case SNAPSCHED_REFUSED:
	case SNAPSCHED_VERDICTS:
		break;
	}
	return SPAN_ZERO;
}

static span_t
within(span_t span, span_t least, span_t most)
{
	if (span.ns < least.ns)
		return least;
	return span.ns > most.ns ? most : span;
}

void
snapsched_pause(struct snapsched *s, mono_t until, enum snapsched_verdict why)
{
	if (!mono_before(s->paused_until, until))
		return;
	s->paused_until = until;
	s->paused_why = why;
}

/* The part of an answer that concerns all of them. */
static enum snapsched_verdict
take_answer(struct snapsched *s, uint32_t weight, const struct snapsched_answer *answer,
    mono_t now)
{
	enum snapsched_verdict verdict = verdict_of(answer->status);
	span_t pause = pause_of(verdict);

	s->in_flight -= weight;
	s->asked--;
	spend(s, weight, now);
	if (answer->used >= 0)
		believe(s, answer->used, now);
	s->verdicts[verdict]++;
	if (pause.ns == 0)
		return verdict;
	if (answer->retry_after.ns >= 0)
		pause = within(answer->retry_after, pause_min, pause_max);
	snapsched_pause(s, mono_add(now, pause), verdict);
	return verdict;
}

enum snapsched_verdict
snapsched_on_other(struct snapsched *s, uint32_t weight, const struct snapsched_answer *answer,
    mono_t now)
{
	return take_answer(s, weight, answer, now);
}

/* When an item that got no snapshot may ask again. */
static mono_t
again_at(const struct snapsched *s, struct snapsched_item *item, enum snapsched_verdict verdict,
    mono_t now)
{
	if (pause_of(verdict).ns > 0)
		return now; /* all of them pause */
	item->failures++;
	if (verdict == SNAPSCHED_REFUSED)
		return mono_add(now, s->cfg.retry_max);
	return mono_add(now, pause_after(s, item->failures));
}

enum snapsched_verdict
snapsched_on_answer(struct snapsched *s, uint32_t number, const struct snapsched_answer *answer,
    mono_t now)
{
	struct snapsched_item *item = &s->item[number];
	enum snapsched_verdict verdict;

	if (number >= s->items || item->state != SNAPSCHED_ASKED)
		return SNAPSCHED_REFUSED;
	verdict = take_answer(s, item->weight, answer, now);
	item->state = SNAPSCHED_IDLE;
	if (verdict == SNAPSCHED_FINE && item->again)
		wait_for(s, item, item->again_why, now);
	if (verdict == SNAPSCHED_FINE || item->forgotten)
		return verdict;
	if (item->again && item->again_why < item->why)
		item->why = item->again_why;
	wait_for(s, item, item->why, again_at(s, item, verdict, now));
	return verdict;
}
