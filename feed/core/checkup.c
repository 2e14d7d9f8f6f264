#include "feed/core/checkup.h"

#include "feed/core/pool.h"

#define ROUND_TRIPS_MIN 3 /* of fewer, none is the usual one */

void
checkup_init(struct pool *pool)
{
	pool->checkup_at = MONO_NEVER;
	for (unsigned line = 0; line < pool->nlines; line++)
		health_init(&pool->line[line].health, &pool->cfg.checkup.health);
}

void
checkup_start(struct pool *pool, mono_t now)
{
	pool->checkup_at = pool->cfg.checkup.off ? MONO_NEVER
	                                         : mono_add(now, pool->cfg.checkup.every);
}

/* Streams that should deliver now, and of these those that do. */
static void
count_streams(const struct pool *pool, const struct session *session, struct health_input *input)
{
	for (unsigned i = 0; i < session->nstreams; i++) {
		uint32_t at = session->first + i;

		if (pool->entry[at].state != STREAM_ACKED || pool->shared.stall == NULL ||
		    stall_is_sparse(pool->shared.stall, at))
			continue;
		input->streams++;
		input->producing += stall_stage(pool->shared.stall, at) == STALL_OK;
	}
}

/* The middle one of the lines' round trips; SPAN_ZERO: too few are known. */
static span_t
usual_round_trip(const struct pool *pool)
{
	span_t known[POOL_LINES_MAX];
	unsigned n = 0;

	for (unsigned line = 0; line < pool->nlines; line++) {
		span_t one = pool->session[line].heartbeat.round_trip_avg;
		unsigned at = n;

		if (pool->session[line].state != SESSION_LIVE || one.ns <= 0)
			continue;
		for (; at > 0 && known[at - 1].ns > one.ns; at--)
			known[at] = known[at - 1];
		known[at] = one;
		n++;
	}
	return n >= ROUND_TRIPS_MIN ? known[(n - 1) / 2] : SPAN_ZERO;
}

static void
look_at(struct pool *pool, unsigned line, span_t usual, mono_t now)
{
	const struct session *session = &pool->session[line];
	const struct heartbeat *hb = &session->heartbeat;
	unsigned at = pool->shared.route.at[line];
	struct health_input input = {
		.up = true,
		/* Quiet streams are no fault: bytes of any kind count, and we ask for some. */
		.silence = mono_diff(now, hb->heard),
		.silence_expected = hb->cfg->pings_visible ? hb->cfg->idle_after : SPAN_ZERO,
		.missed_pings = hb->missed,
		.max_missed = hb->cfg->max_missed,
		.round_trip = hb->round_trip_avg,
		.round_trip_usual = usual,
		.messages = session->messages - pool->line[line].messages,
		.faults = session->faults - pool->line[line].faults,
		.failures = session->retry.failures,
		.pongs_permille = heartbeat_compliance(hb, now),
	};
	int score;

	count_streams(pool, session, &input);
	score = health_update(&pool->line[line].health, &input, now);
	if (at != ROUTE_NOWHERE)
		endpoints_on_health(&pool->shared.route.endpoints, at, score, now);
	if (health_is_unhealthy(&pool->line[line].health))
		rotate_ask(pool, line, TICK_REASON_UNHEALTHY, now);
}

void
checkup_look(struct pool *pool, mono_t now)
{
	span_t usual;

	if (!mono_due(pool->checkup_at, now))
		return;
	usual = usual_round_trip(pool);
	pool->checkup_at = mono_add(now, pool->cfg.checkup.every);
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->session[line].state == SESSION_LIVE)
			look_at(pool, line, usual, now);
		else
			health_begin(&pool->line[line].health);
	for (unsigned line = 0; line < pool->nlines; line++) {
		pool->line[line].messages = pool->session[line].messages;
		pool->line[line].faults = pool->session[line].faults;
	}
}

mono_t
checkup_deadline(const struct pool *pool)
{
	return pool->checkup_at;
}
