#include "feed/core/arbiter.h"

#include <stdbool.h>
#include <stddef.h>

/* One id in so many is watched for its skew. */
#define PROBE_EVERY 16

static const struct arbiter_cfg cfg_default = {
	.wait_max = {20000000},
	.reset_after = {30000000000},
	.reset_distance = 100000,
	.again_after = {10000000000},
};

static const struct arbiter_gap no_gap = {.first = 0, .last = -1};

static void
forget(struct arbiter_cell *cell, int64_t id)
{
	*cell = (struct arbiter_cell){
		.id = id,
		.exch_ns = ARBITER_NO_TIME,
		.heard = MONO_NEVER,
		.told = no_gap,
		.low_since = MONO_NEVER,
		.held_low = INT64_MAX,
	};
}

/* Cells are made up to the highest instrument that was asked for; few of many ever are. */
static void
make_cells(struct arbiter *arbiter, uint32_t instrument)
{
	for (; arbiter->instruments <= instrument; arbiter->instruments++)
		for (int class = 0; class < ARBITER_CLASSES; class++)
			forget(&arbiter->last[arbiter->instruments].cell[class], ARBITER_NO_ID);
}

/* A class of an instrument; NULL when there is no such. */
static struct arbiter_cell *
cell_of(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class)
{
	if ((unsigned)class >= ARBITER_CLASSES)
		return NULL;
	if (instrument >= arbiter->instruments) {
		if (instrument >= arbiter->instruments_max)
			return NULL;
		make_cells(arbiter, instrument);
	}
	return &arbiter->last[instrument].cell[class];
}

/* The same to look at; NULL also when nothing is known of it. */
static const struct arbiter_cell *
known_cell_of(const struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class)
{
	if (instrument >= arbiter->instruments || (unsigned)class >= ARBITER_CLASSES)
		return NULL;
	return &arbiter->last[instrument].cell[class];
}

/* The id before the first one that this message covers. */
static int64_t
id_before(const struct arbiter_message *message)
{
	if (message->class != ARBITER_DEPTH)
		return message->id - 1;
	if (message->prev_id != ARBITER_NO_ID)
		return message->prev_id;
	return message->first_id - 1;
}

static bool
is_valid(const struct arbiter_message *message)
{
	int64_t before;

	if (message->id < 0)
		return false;
	if (message->class != ARBITER_DEPTH)
		return true;
	/* U and pu are bounded below before anything is subtracted from them. */
	if (message->first_id < 0 || message->first_id > message->id)
		return false;
	if (message->prev_id != ARBITER_NO_ID && message->prev_id < 0)
		return false;
	before = id_before(message);
	return before <= message->id;
}

/* May another leg, behind the hole's end, still bring what is missing? Or is some of it held? */
static bool
is_worth_waiting(const struct arbiter *arbiter, const struct arbiter_cell *cell,
    const struct arbiter_message *message, const struct arbiter_gap *gap)
{
	if (mono_due(mono_add(message->arrived, arbiter->cfg.wait_max), message->now))
		return false;
	if (cell->held_low <= gap->last)
		return true;
	for (unsigned leg = 0; leg < ARBITER_LEGS_MAX; leg++)
		if (leg != message->leg && (cell->legs >> leg & 1) != 0 &&
		    cell->leg_id[leg] < gap->last)
			return true;
	return false;
}

/* Is there no other leg that has shown anything? */
static bool
is_alone(const struct arbiter_cell *cell, unsigned leg)
{
	return (cell->legs & ~(UINT32_C(1) << leg)) == 0;
}

/* An id below the last one: is it neither repeated nor late? */
static bool
is_counted_anew(const struct arbiter *arbiter, const struct arbiter_cell *cell,
    const struct arbiter_message *message)
{
	bool fell = (cell->legs >> message->leg & 1) != 0 &&
	    message->id < cell->leg_id[message->leg];
	int64_t younger;

	if (message->exch_ns == ARBITER_NO_TIME || cell->exch_ns == ARBITER_NO_TIME)
		return fell ||
		    mono_due(mono_add(cell->heard, arbiter->cfg.again_after), message->now);
	if (__builtin_sub_overflow(message->exch_ns, cell->exch_ns, &younger))
		return false;
	return younger > 0 && (fell || younger >= arbiter->cfg.again_after.ns);
}

/* Has the row's highest id stood for longer than any leg lags behind another? */
static bool
is_over(const struct arbiter *arbiter, const struct arbiter_cell *cell, mono_t now)
{
	return mono_due(mono_add(cell->rose, arbiter->cfg.again_after), now);
}

/* Not far below the last id: are there enough of them, from every leg? */
static bool
counts_anew(const struct arbiter *arbiter, struct arbiter_cell *cell,
    const struct arbiter_message *message)
{
	uint32_t bit = UINT32_C(1) << message->leg;

	if (message->id >= cell->id || !is_counted_anew(arbiter, cell, message)) {
		cell->again = 0;
		return false;
	}
	if (cell->again == 0 || (message->id < cell->again_id &&
	    (is_alone(cell, message->leg) || is_over(arbiter, cell, message->now)))) {
		cell->again = 0;
		cell->again_legs = 0;
		cell->again_since = message->now;
	}
	cell->again_legs |= (uint16_t)bit;
	/* The slower legs repeat what the fastest one said. */
	if (cell->again > 0 && message->id <= cell->again_id)
		return false;
	cell->again_id = message->id;
	cell->rose = message->now;
	cell->again += cell->again < UINT16_MAX;
	if (cell->again < ARBITER_AGAIN_MIN)
		return false;
	return (cell->legs & ~cell->again_legs) == 0 ||
	    mono_due(mono_add(cell->again_since, arbiter->cfg.again_after), message->now);
}

/* Far below the last id, rising, for long enough, and nothing else came meanwhile? */
static bool
starts_anew(const struct arbiter *arbiter, struct arbiter_cell *cell,
    const struct arbiter_message *message)
{
	if (message->id >= cell->id - arbiter->cfg.reset_distance) {
		cell->low_since = MONO_NEVER;
		return counts_anew(arbiter, cell, message);
	}
	cell->again = 0;
	if (cell->id - message->id >= ARBITER_RESET_DISTANCE && is_alone(cell, message->leg))
		return true;
	if (mono_is_never(cell->low_since) ||
	    (message->id < cell->low_id && is_over(arbiter, cell, message->now))) {
		cell->low_since = cell->rose = message->now;
		cell->low_id = message->id;
		cell->lows = 1;
		return false;
	}
	/* The slower legs repeat what the fastest one said. */
	if (message->id <= cell->low_id)
		return false;
	cell->low_id = message->id;
	cell->rose = message->now;
	cell->lows += cell->lows < UINT32_MAX;
	return cell->lows >= ARBITER_RESET_MIN &&
	    mono_due(mono_add(cell->low_since, arbiter->cfg.reset_after), message->now);
}

static enum arbiter_verdict
verdict_of(const struct arbiter *arbiter, struct arbiter_cell *cell,
    const struct arbiter_message *message, struct arbiter_gap *gap)
{
	int64_t before = id_before(message);

	if (cell->id == ARBITER_NO_ID)
		return ARBITER_NEW;
	if (starts_anew(arbiter, cell, message)) {
		*gap = (struct arbiter_gap){.first = cell->id, .last = message->id};
		return ARBITER_RESET;
	}
	if (message->id == cell->id)
		return ARBITER_DUPLICATE;
	if (message->id < cell->id && message->class == ARBITER_QUOTE)
		return ARBITER_OLD;
	if (message->id < cell->id)
		return message->id >= cell->told.first && message->id <= cell->told.last
		    ? ARBITER_LATE : ARBITER_DUPLICATE;
	/* Depth that reaches back over the last id misses nothing: levels are absolute. */
	if (message->class == ARBITER_QUOTE || before <= cell->id)
		return ARBITER_NEW;
	*gap = (struct arbiter_gap){.first = cell->id + 1, .last = before};
	return is_worth_waiting(arbiter, cell, message, gap) ? ARBITER_HOLD : ARBITER_GAP;
}

static struct arbiter_probe *
probe_of(struct arbiter *arbiter, const struct arbiter_message *message)
{
	uint32_t cell = message->instrument * ARBITER_CLASSES + message->class;

	return &arbiter->probe[cell % ARBITER_PROBES];
}

static __attribute__((noinline)) void
watch_skew(struct arbiter *arbiter, const struct arbiter_message *message)
{
	*probe_of(arbiter, message) = (struct arbiter_probe){
		.instrument = message->instrument,
		.class = (uint16_t)message->class,
		.leg = (uint16_t)message->leg,
		.id = message->id,
		.arrived = message->arrived,
	};
}

static void
measure_skew(struct arbiter *arbiter, const struct arbiter_message *message)
{
	const struct arbiter_probe *probe = probe_of(arbiter, message);

	if (probe->id == message->id && probe->instrument == message->instrument &&
	    probe->class == message->class && probe->leg != message->leg)
		hist_record(&arbiter->skew[message->leg],
		    mono_diff(message->arrived, probe->arrived));
}

/* This message is the last good one. */
static inline void
advance(struct arbiter *arbiter, struct arbiter_cell *cell, const struct arbiter_message *message)
{
	cell->id = message->id;
	cell->exch_ns = message->exch_ns;
	cell->heard = message->now;
	cell->low_since = MONO_NEVER;
	cell->again = 0;
	/* What else is held is shown again now, and told HOLD again if it has to be. */
	cell->held_low = INT64_MAX;
	arbiter->leg[message->leg].wins++;
	if (message->id % PROBE_EVERY == 0)
		watch_skew(arbiter, message);
}

static void
tell_gap(struct arbiter *arbiter, struct arbiter_cell *cell, enum arbiter_class class,
    const struct arbiter_gap *gap)
{
	cell->told = *gap;
	arbiter->missing[class] += (uint64_t)(gap->last - gap->first) + 1;
}

static void
carry_out(struct arbiter *arbiter, struct arbiter_cell *cell,
    const struct arbiter_message *message, enum arbiter_verdict verdict,
    const struct arbiter_gap *gap)
{
	struct arbiter_leg_counts *leg = &arbiter->leg[message->leg];

	switch (verdict) {
	case ARBITER_GAP:
		tell_gap(arbiter, cell, message->class, gap);
		advance(arbiter, cell, message);
		break;
	case ARBITER_RESET:
		forget(cell, message->id);
		advance(arbiter, cell, message);
		break;
	case ARBITER_NEW:
		advance(arbiter, cell, message);
		break;
	case ARBITER_DUPLICATE:
	case ARBITER_OLD:
		leg->duplicates++;
		measure_skew(arbiter, message);
		break;
	case ARBITER_LATE:
		leg->late++;
		/* A leg brings its ids in order: what is below does not come any more. */
		cell->told.first = message->id + 1;
		break;
	case ARBITER_HOLD:
		leg->held++;
		if (message->id < cell->held_low)
			cell->held_low = message->id;
		break;
	case ARBITER_INVALID:
	case ARBITER_VERDICTS:
		break;
	}
}

/* How far has the leg come? */
static inline void
follow_leg(struct arbiter_cell *cell, const struct arbiter_message *message)
{
	uint32_t bit = UINT32_C(1) << message->leg;

	if ((cell->legs & bit) == 0 || message->id > cell->leg_id[message->leg])
		cell->leg_id[message->leg] = message->id;
	cell->legs |= bit;
}

void
arbiter_init(struct arbiter *arbiter, struct arbiter_last *memory, uint32_t instruments_max)
{
	*arbiter = (struct arbiter){
		.cfg = cfg_default,
		.last = memory,
		.instruments_max = instruments_max,
	};
	for (unsigned i = 0; i < ARBITER_PROBES; i++)
		arbiter->probe[i].id = ARBITER_NO_ID;
}

void
arbiter_seed(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class, int64_t id)
{
	struct arbiter_cell *cell = cell_of(arbiter, instrument, class);

	/* It was read from shared memory: it may be anything. */
	if (cell != NULL)
		forget(cell, id < 0 ? ARBITER_NO_ID : id);
}

/*
 * The common message, told apart from all others at once: its id is above the
 * last one, and nothing is missing in between. verdict_of() says NEW to it.
 */
static bool
follows(const struct arbiter_cell *cell, const struct arbiter_message *message)
{
	if (cell->id < 0 || message->id <= cell->id)
		return false;
	if (message->class == ARBITER_QUOTE)
		return true;
	if (message->class != ARBITER_DEPTH)
		return message->id == cell->id + 1;
	if (message->first_id < 0 || message->first_id > message->id)
		return false;
	if (message->prev_id != ARBITER_NO_ID)
		return message->prev_id >= 0 && message->prev_id <= cell->id;
	return message->first_id <= cell->id + 1;
}

/* Any message; of any instrument, known or not. */
static __attribute__((noinline)) enum arbiter_verdict
judge_any(struct arbiter *arbiter, const struct arbiter_message *message, struct arbiter_gap *gap)
{
	struct arbiter_cell *cell = cell_of(arbiter, message->instrument, message->class);
	enum arbiter_verdict verdict = ARBITER_INVALID;

	if (cell == NULL || message->leg >= ARBITER_LEGS_MAX) {
		arbiter->invalid++;
		return ARBITER_INVALID;
	}
	if (is_valid(message)) {
		if (mono_is_never(cell->heard))
			cell->heard = message->now;
		verdict = verdict_of(arbiter, cell, message, gap);
		carry_out(arbiter, cell, message, verdict, gap);
		follow_leg(cell, message);
	}
	arbiter->counts[message->class][verdict]++;
	return verdict;
}

enum arbiter_verdict
arbiter_on_id(struct arbiter *arbiter, const struct arbiter_message *message,
    struct arbiter_gap *gap)
{
	struct arbiter_cell *cell;

	if (message->instrument >= arbiter->instruments ||
	    (unsigned)message->class >= ARBITER_CLASSES || message->leg >= ARBITER_LEGS_MAX)
		return judge_any(arbiter, message, gap);
	cell = &arbiter->last[message->instrument].cell[message->class];
	if (!follows(cell, message))
		return judge_any(arbiter, message, gap);
	arbiter->counts[message->class][ARBITER_NEW]++;
	follow_leg(cell, message);
	advance(arbiter, cell, message);
	return ARBITER_NEW;
}

void
arbiter_on_leg_down(struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class,
    unsigned leg)
{
	struct arbiter_cell *cell = cell_of(arbiter, instrument, class);

	if (cell != NULL && leg < ARBITER_LEGS_MAX)
		cell->legs &= ~(UINT32_C(1) << leg);
}

int64_t
arbiter_last_id(const struct arbiter *arbiter, uint32_t instrument, enum arbiter_class class)
{
	const struct arbiter_cell *cell = known_cell_of(arbiter, instrument, class);

	return cell != NULL ? cell->id : ARBITER_NO_ID;
}
