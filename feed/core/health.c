#include "feed/core/health.h"

/* Weights; the reasons stand in health.h. */
enum {
	WEIGHT_PINGS = 1000,
	WEIGHT_SILENCE = 600,
	WEIGHT_PRODUCING = 600,
	WEIGHT_FAULTS = 400,
	WEIGHT_FAILURES = 300,
	WEIGHT_PONGS = 300,
	WEIGHT_ROUND_TRIP = 200,
};

static const int64_t fine = 1000; /* `exact` per point of the score */

/* weight x part / whole, the whole of it at most; whole > 0. */
static int
penalty(int weight, uint64_t part, uint64_t whole)
{
	if (part >= whole)
		return weight;
	return (int)((__uint128_t)(unsigned)weight * part / whole);
}

/* Nothing up to `usual`, all of it from HEALTH_STRETCH times that. */
static int
stretch_penalty(int weight, span_t measured, span_t usual)
{
	if (usual.ns <= 0 || measured.ns <= usual.ns)
		return 0;
	/* In units of usual / (stretch - 1), without a product that could overflow. */
	return penalty(weight, (uint64_t)(measured.ns - usual.ns) / (HEALTH_STRETCH - 1),
	    (uint64_t)usual.ns);
}

static int
fault_penalty(uint64_t faults, uint64_t messages)
{
	/* Faults without a message that was any good are as bad as it gets. */
	if (faults == 0)
		return 0;
	if (faults >= messages)
		return WEIGHT_FAULTS;
	return penalty(WEIGHT_FAULTS, faults * (1000 / HEALTH_FAULTS_FULL), messages);
}

int
health_score(const struct health_input *input)
{
	int lost = 0;

	if (!input->up)
		return 0;
	lost += penalty(WEIGHT_PINGS, input->missed_pings, input->max_missed);
	lost += stretch_penalty(WEIGHT_SILENCE, input->silence, input->silence_expected);
	if (input->producing < input->streams)
		lost += penalty(WEIGHT_PRODUCING, input->streams - input->producing,
		    input->streams);
	lost += fault_penalty(input->faults, input->messages);
	lost += penalty(WEIGHT_FAILURES, input->failures, HEALTH_FAILURES_FULL);
	if (input->pongs_permille >= 0 && input->pongs_permille < HEALTH_MAX)
		lost += penalty(WEIGHT_PONGS, (unsigned)(HEALTH_MAX - input->pongs_permille),
		    HEALTH_MAX);
	if (input->round_trip.ns > 0)
		lost += stretch_penalty(WEIGHT_ROUND_TRIP, input->round_trip,
		    input->round_trip_usual);
	return lost < HEALTH_MAX ? HEALTH_MAX - lost : 0;
}

void
health_init(struct health *health, const struct health_cfg *cfg)
{
	*health = (struct health){.cfg = cfg, .score = HEALTH_MAX, .raw = HEALTH_MAX};
	health_begin(health);
}

void
health_begin(struct health *health)
{
	health->updated = MONO_NEVER;
}

/* Moves by elapsed / (elapsed + constant) of the way: no exponential is needed. */
static int64_t
moved(int64_t from, int64_t to, span_t elapsed, span_t constant)
{
	if (elapsed.ns <= 0)
		return from;
	return from + (int64_t)((__int128)(to - from) * elapsed.ns /
	    ((__int128)elapsed.ns + constant.ns));
}

int
health_update(struct health *health, const struct health_input *input, mono_t now)
{
	int64_t target;

	health->raw = health_score(input);
	target = health->raw * fine;
	if (mono_is_never(health->updated))
		health->exact = target;
	else
		health->exact = moved(health->exact, target, mono_diff(now, health->updated),
		    target < health->exact ? health->cfg->fall : health->cfg->rise);
	health->updated = now;
	health->score = (int)((health->exact + fine / 2) / fine);
	return health->score;
}

bool
health_is_unhealthy(const struct health *health)
{
	return health->score < health->cfg->unhealthy;
}
