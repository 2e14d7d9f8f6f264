#include "feed/core/rotate.h"

#include <stdbool.h>
#include <stddef.h>

#include "feed/base/rng.h"
#include "feed/core/group.h"
#include "feed/core/place.h"
#include "feed/core/pool.h"
#include "feed/core/shift.h"
#include "feed/core/subscribe.h"

static const span_t look_again = {INT64_C(1000000000)};

/* What was sent on the old line before the new one was subscribed arrives within this. */
static const span_t on_its_way = {INT64_C(1000000000)};

static void
tell(struct pool *pool, unsigned line, enum pool_rotation step, struct pool_actions *actions)
{
	struct pool_action *action = actions_add(actions, ACT_ROTATION, line);

	action->peer = pool->line[line].peer;
	action->step = step;
	action->why = pool->line[line].retire_why;
}

static void
step_session(struct pool *pool, unsigned line, enum session_event_kind kind, enum tick_reason why,
    mono_t now, struct pool_actions *actions)
{
	struct session_event event = {.kind = kind, .reason = why};

	session_step(&pool->session[line], &event, now, actions);
}

/* ---- when ------------------------------------------------------------------- */

/* A new connection of a member: when it will be too old. */
static void
plan_age(struct pool *pool, unsigned line)
{
	const struct rotate_cfg *cfg = &pool->cfg.rotate;
	struct pool_line *l = &pool->line[line];
	int64_t earlier = cfg->age_max.ns / 100 * cfg->age_spread_percent;

	l->attempt = pool->session[line].attempt;
	l->retire_why = TICK_REASON_AGE;
	l->retire_at = mono_add(pool->session[line].up,
	    span_ns(cfg->age_max.ns - rng_between(&pool->rng, 0, earlier)));
}

void
rotate_ask(struct pool *pool, unsigned line, enum tick_reason why, mono_t now)
{
	struct pool_line *l = &pool->line[line];
	const struct session *session = &pool->session[line];
	mono_t at;

	if (l->role != POOL_LINE_MEMBER || l->peer != POOL_NO_LINE || !session_is_up(session))
		return;
	at = mono_add(session->up, pool->cfg.rotate.age_min);
	if (mono_before(at, l->not_before))
		at = l->not_before;
	if (mono_before(at, now))
		at = now;
	if (!mono_before(at, l->retire_at))
		return;
	l->retire_at = at;
	l->retire_why = why;
}

void
rotate_retune(struct pool *pool)
{
	for (unsigned line = 0; line < pool->nlines; line++) {
		struct pool_line *l = &pool->line[line];

		if (l->role != POOL_LINE_MEMBER || l->peer != POOL_NO_LINE ||
		    l->retire_why != TICK_REASON_AGE || !session_is_up(&pool->session[line]))
			continue;
		plan_age(pool, line);
		if (mono_before(l->retire_at, l->not_before))
			l->retire_at = l->not_before;
	}
}

/* ---- how -------------------------------------------------------------------- */

static unsigned
free_line(const struct pool *pool)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role == POOL_LINE_FREE &&
		    pool->session[line].state == SESSION_IDLE)
			return line;
	return POOL_NO_LINE;
}

/* Is one still being closed that will be free then? */
static bool
any_draining(const struct pool *pool)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role == POOL_LINE_FREE &&
		    pool->session[line].state != SESSION_IDLE)
			return true;
	return false;
}

static bool
any_under_way(const struct pool *pool)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role == POOL_LINE_SUCCESSOR)
			return true;
	return false;
}

/* Whose time has come, but not pressing: one at a time. */
static bool
is_planned(enum tick_reason why)
{
	return why == TICK_REASON_AGE || why == TICK_REASON_RETURN || why == TICK_REASON_PROBE;
}

static void
begin(struct pool *pool, unsigned line, mono_t now, struct pool_actions *actions)
{
	struct pool_line *l = &pool->line[line];
	unsigned next = free_line(pool);

	/* One planned replacement at a time; others do not wait for each other. */
	if (is_planned(l->retire_why) && any_under_way(pool))
		return;
	if (next == POOL_NO_LINE && any_draining(pool)) {
		l->retire_at = mono_add(now, look_again);
		return;
	}
	if (next == POOL_NO_LINE) {
		/* Nowhere to go: better a short gap than a line that is cut at any moment. */
		l->retire_at = MONO_NEVER;
		watch_on_line_lost(pool, line, l->retire_why);
		step_session(pool, line, SESSION_RECYCLE, l->retire_why, now, actions);
		return;
	}
	l->peer = (uint8_t)next;
	pool_line_init(&pool->line[next], POOL_LINE_SUCCESSOR);
	pool->line[next].peer = (uint8_t)line;
	group_take_line(pool, next, group_of_line(pool, line));
	shift_on_rotation(pool, line);
	place_copy(pool, line, next);
	pool->rotations.begun++;
	tell(pool, line, ROTATION_BEGUN, actions);
	step_session(pool, next, SESSION_START, TICK_REASON_NONE, now, actions);
}

/* The line carries nothing any more; what it still says is taken until it is closed. */
static void
release(struct pool *pool, unsigned line, mono_t now, struct pool_actions *actions)
{
	place_clear(pool, line);
	pool_line_init(&pool->line[line], POOL_LINE_FREE);
	step_session(pool, line, SESSION_STOP, TICK_REASON_NONE, now, actions);
}

/* The successor takes the place of the old line. */
static void
finish(struct pool *pool, unsigned old, enum pool_rotation step, mono_t now,
    struct pool_actions *actions)
{
	unsigned next = pool->line[old].peer;

	tell(pool, old, step, actions);
	if (step == ROTATION_DONE)
		pool->rotations.done++;
	else
		pool->rotations.took_over++;
	pool->line[next].role = POOL_LINE_MEMBER;
	pool->line[next].peer = POOL_NO_LINE;
	if (session_is_up(&pool->session[next])) {
		plan_age(pool, next);
		if (mono_due(pool->line[next].retire_at, now))
			pool->line[next].retire_at = mono_add(now, look_again);
	}
	release(pool, old, now, actions);
}

static void
abandon(struct pool *pool, unsigned old, mono_t now, struct pool_actions *actions)
{
	struct pool_line *l = &pool->line[old];
	unsigned next = l->peer;

	tell(pool, old, ROTATION_ABANDONED, actions);
	pool->rotations.abandoned++;
	l->peer = POOL_NO_LINE;
	if (l->retire_why == TICK_REASON_PROBE) {
		/* Nothing was the matter with it. */
		plan_age(pool, old);
	} else {
		l->retire_at = l->not_before = mono_add(now, pool->cfg.rotate.again_after);
	}
	release(pool, next, now, actions);
}

/* Could it not connect to where it was to try? Then the old line has no reason to go. */
static bool
has_failed_probe(const struct pool *pool, unsigned next)
{
	const struct session *session = &pool->session[next];

	return pool->line[pool->line[next].peer].retire_why == TICK_REASON_PROBE &&
	    session->counts.connects > 0 && session->reason != TICK_REASON_START &&
	    (session->state == SESSION_BACKOFF || session->state == SESSION_OPEN_CIRCUIT);
}

/* Does that line bring the stream, as far as can be seen now? */
static bool
delivers(const struct pool *pool, const struct session_stream *entry, mono_t now)
{
	return entry != NULL && entry->produced &&
	    !mono_due(mono_add(entry->heard, pool->cfg.rotate.quiet_within), now);
}

/*
 * Has the successor every stream? Heard there, refused on both, or quiet: no
 * message on either line since it was acknowledged on the new one.
 */
static bool
has_everything(struct pool *pool, unsigned old, unsigned next, mono_t now)
{
	const struct session *session = &pool->session[next];
	const struct session_stream *entry = session->stream + session->first;
	mono_t quiet = mono_add(session->since, pool->cfg.rotate.quiet_within);
	mono_t arrived = mono_add(session->since, on_its_way);
	const struct session_stream *before;

	for (unsigned i = 0; i < session->nstreams; i++) {
		if (entry[i].state == STREAM_WANTED || entry[i].state == STREAM_SENT)
			return false;
		if (entry[i].state == STREAM_REFUSED &&
		    delivers(pool, place_of(pool, old, entry[i].index), now))
			return false;
		if (entry[i].state != STREAM_ACKED || entry[i].produced)
			continue;
		before = place_of(pool, old, entry[i].index);
		/* Long quiet: what comes from now on comes on the new line, too. */
		if (before == NULL)
			continue;
		if (!mono_due(arrived, now))
			return false;
		if (!before->produced ||
		    mono_due(mono_add(before->heard, pool->cfg.rotate.quiet_within),
		        session->since))
			continue;
		if (!mono_due(quiet, now) || !mono_before(before->heard, entry[i].acked))
			return false;
	}
	return true;
}

void
rotate_on_produced(struct pool *pool, unsigned line)
{
	if (pool->line[line].role == POOL_LINE_SUCCESSOR)
		pool->line[line].look_at = MONO_ZERO;
}

/* A successor that is live: look when something was heard, and every second until the end. */
static void
look_at_successor(struct pool *pool, unsigned next, mono_t now, struct pool_actions *actions)
{
	const struct rotate_cfg *cfg = &pool->cfg.rotate;
	const struct session *session = &pool->session[next];
	struct pool_line *l = &pool->line[next];
	unsigned old = l->peer;
	mono_t end = mono_add(session->since, cfg->handover_within);

	/* IDLE: it failed, and may not try again. */
	if (has_failed_probe(pool, next) || session->state == SESSION_IDLE) {
		abandon(pool, old, now, actions);
		return;
	}
	if (session->state != SESSION_LIVE) {
		l->look_at = MONO_NEVER;
		return;
	}
	if (mono_is_never(l->look_at))
		l->look_at = now;
	if (!mono_due(l->look_at, now))
		return;
	if (has_everything(pool, old, next, now))
		finish(pool, old, ROTATION_DONE, now, actions);
	else if (mono_due(end, now))
		abandon(pool, old, now, actions);
	else
		l->look_at = mono_min(end, mono_add(now, look_again));
}

void
rotate_on_line_lost(struct pool *pool, unsigned line, mono_t now, struct pool_actions *actions)
{
	if (pool->line[line].role == POOL_LINE_MEMBER && pool->line[line].peer != POOL_NO_LINE)
		finish(pool, line, ROTATION_TOOK_OVER, now, actions);
}

static void
look_at_member(struct pool *pool, unsigned line, mono_t now, struct pool_actions *actions)
{
	const struct session *session = &pool->session[line];
	struct pool_line *l = &pool->line[line];

	if (!session_is_up(session) || l->peer != POOL_NO_LINE) {
		if (l->peer == POOL_NO_LINE)
			l->retire_at = MONO_NEVER;
		return;
	}
	if (l->attempt != session->attempt)
		plan_age(pool, line);
	if (session->shutdown)
		rotate_ask(pool, line, TICK_REASON_SERVER_SHUTDOWN, now);
	else if (session->sick != TICK_REASON_NONE)
		rotate_ask(pool, line, session->sick, now);
	if (mono_due(l->retire_at, now))
		begin(pool, line, now, actions);
}

void
rotate_look(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role == POOL_LINE_SUCCESSOR)
			look_at_successor(pool, line, now, actions);
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role == POOL_LINE_MEMBER)
			look_at_member(pool, line, now, actions);
}

mono_t
rotate_deadline(const struct pool *pool)
{
	bool busy = any_under_way(pool);
	mono_t due = MONO_NEVER;

	for (unsigned line = 0; line < pool->nlines; line++) {
		const struct pool_line *l = &pool->line[line];
		bool waits = busy && is_planned(l->retire_why);

		if (l->role == POOL_LINE_MEMBER && l->peer == POOL_NO_LINE && !waits)
			due = mono_min(due, l->retire_at);
		else if (l->role == POOL_LINE_SUCCESSOR)
			due = mono_min(due, l->look_at);
	}
	return due;
}
