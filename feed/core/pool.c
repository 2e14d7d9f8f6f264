#include "feed/core/pool.h"

#include <stddef.h>

static unsigned
divided_up(unsigned n, unsigned by)
{
	return n / by + (n % by != 0);
}

static bool
retry_cfg_is_valid(const struct retry_cfg *cfg)
{
	return cfg->base.ns >= RETRY_DELAY_MIN.ns && cfg->cap.ns >= cfg->base.ns &&
	    cfg->exponential_base > 0 && cfg->jitter_percent <= 100 && cfg->reset_after > 0;
}

static bool
session_cfg_is_valid(const struct session_cfg *cfg)
{
	return cfg->connect_within.ns > 0 && cfg->ack_within.ns > 0 && cfg->drain_within.ns > 0 &&
	    cfg->stable_after.ns > 0 && cfg->send_window.ns > 0 &&
	    cfg->sends_max > cfg->sends_reserved &&
	    cfg->sends_max - cfg->sends_reserved <= SESSION_SENDS_MAX &&
	    cfg->request_bytes_max > cfg->request_bytes_overhead && cfg->endpoints > 0 &&
	    retry_cfg_is_valid(&cfg->retry);
}

static bool
cfg_is_valid(const struct pool_cfg *cfg)
{
	return cfg->max_connections > 0 && cfg->max_connections <= POOL_LINES_MAX &&
	    cfg->initial_connections > 0 && cfg->initial_connections <= cfg->max_connections &&
	    cfg->max_streams_per_connection > 0 && cfg->connects_max > 0 &&
	    cfg->connects_max <= POOL_CONNECTS_MAX && cfg->connects_window.ns > 0 &&
	    session_cfg_is_valid(&cfg->session);
}

/* At least initial_connections, more when the streams need them, never idle ones. */
static unsigned
lines_for(const struct pool_cfg *cfg, unsigned nstreams)
{
	unsigned needed = divided_up(nstreams, cfg->max_streams_per_connection);
	unsigned lines = needed > cfg->initial_connections ? needed : cfg->initial_connections;

	return lines < nstreams ? lines : nstreams;
}

/* Line 0 gets streams 0, nlines, 2 nlines ...: neighbours in the list part company. */
static void
place_streams(struct pool *pool, const uint16_t *stream_bytes, uint64_t seed)
{
	unsigned at = 0, first;

	for (unsigned line = 0; line < pool->nlines; line++) {
		first = at;
		for (unsigned i = line; i < pool->nstreams; i += pool->nlines)
			pool->stream[at++] = (struct session_stream){
				.index = i,
				.bytes = stream_bytes[i],
				.batch_max = UINT16_MAX,
			};
		session_init(&pool->session[line], line, &pool->shared, pool->stream, first,
		    at - first, seed + line * UINT64_C(0xd1342543de82ef95));
	}
}

enum pool_result
pool_init(struct pool *pool, const struct pool_cfg *cfg, const uint16_t *stream_bytes, unsigned n,
    struct session_stream *memory, uint64_t seed)
{
	const struct session_cfg *session = &cfg->session;

	if (!cfg_is_valid(cfg))
		return POOL_BAD_CFG;
	if (n == 0)
		return POOL_NO_STREAMS;
	if (divided_up(n, cfg->max_streams_per_connection) > cfg->max_connections)
		return POOL_TOO_MANY_STREAMS;
	for (unsigned i = 0; i < n; i++)
		if (stream_bytes[i] > session->request_bytes_max - session->request_bytes_overhead)
			return POOL_STREAM_TOO_LONG;
	*pool = (struct pool){
		.cfg = *cfg,
		.shared = {.cfg = *session},
		.stream = memory,
		.nstreams = n,
		.nlines = lines_for(cfg, n),
	};
	quota_init(&pool->shared.connects, cfg->connects_max, cfg->connects_window,
	    pool->connect_stamps);
	place_streams(pool, stream_bytes, seed);
	return POOL_OK;
}

static void
step_every_line(struct pool *pool, enum session_event_kind kind, mono_t now,
    struct pool_actions *actions)
{
	struct session_event event = {.kind = kind};

	for (unsigned line = 0; line < pool->nlines; line++)
		session_step(&pool->session[line], &event, now, actions);
}

/*
 * A session that was told of a due deadline has none that is due any more, so
 * one round is enough: CONNECTING hangs up, DRAINING backs off by at least
 * RETRY_DELAY_MIN, SUBSCRIBING sends until the quota or the streams are used
 * up, BACKOFF connects or finds the quota used up by the lines before it.
 */
static void
run_due_timers(struct pool *pool, mono_t now, struct pool_actions *actions)
{
	static const struct session_event timer = {.kind = SESSION_TIMER};

	for (unsigned line = 0; line < pool->nlines; line++)
		if (mono_due(session_deadline(&pool->session[line]), now))
			session_step(&pool->session[line], &timer, now, actions);
}

/* What the world may tell a line; START, TIMER and STOP are the pool's to give. */
static bool
is_outside_event(enum session_event_kind kind)
{
	return kind >= SESSION_WENT_UP && kind <= SESSION_SHUTDOWN;
}

void
pool_step(struct pool *pool, const struct pool_event *event, mono_t now,
    struct pool_actions *actions)
{
	actions->n = 0;
	switch (event->kind) {
	case POOL_START:
		step_every_line(pool, SESSION_START, now, actions);
		break;
	case POOL_STOP:
		step_every_line(pool, SESSION_STOP, now, actions);
		break;
	case POOL_LINE:
		if (event->line < pool->nlines && is_outside_event(event->session.kind))
			session_step(&pool->session[event->line], &event->session, now, actions);
		else
			pool->strays++;
		break;
	case POOL_TIMER:
		break;
	}
	run_due_timers(pool, now, actions);
}

mono_t
pool_deadline(const struct pool *pool)
{
	mono_t deadline = MONO_NEVER;

	for (unsigned line = 0; line < pool->nlines; line++)
		deadline = mono_min(deadline, session_deadline(&pool->session[line]));
	return deadline;
}

unsigned
pool_stream_at(const struct pool *pool, unsigned position)
{
	return pool->stream[position].index;
}

unsigned
pool_lines(const struct pool *pool)
{
	return pool->nlines;
}

bool
pool_is_idle(const struct pool *pool)
{
	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->session[line].state != SESSION_IDLE)
			return false;
	return true;
}

bool
pool_line_view(const struct pool *pool, unsigned line, struct pool_line_view *out)
{
	const struct session *session;

	if (line >= pool->nlines)
		return false;
	session = &pool->session[line];
	*out = (struct pool_line_view){
		.state = session->state,
		.since = session->since,
		.attempt = session->attempt,
		.failures = session->retry.failures,
		.retries_exhausted = retry_exhausted(&session->retry),
		.endpoint = session->endpoint,
		.reason = session->reason,
		.close_code = session->close_code,
		.http_status = session->http_status,
		.wanted = session->nstreams,
		.sent = session->nsent,
		.acked = session->nacked,
		.refused = session->nrefused,
		.retry_at = MONO_NEVER,
		.heard = session->heard,
		.counts = session->counts,
	};
	if (session->state == SESSION_BACKOFF || session->state == SESSION_OPEN_CIRCUIT)
		out->retry_at = session_deadline(session);
	return true;
}
