/* What others ask a pool: how many lines, and how each does. */
#include "feed/core/pool.h"

#include "feed/core/subscribe.h"

unsigned
pool_lines_used(const struct pool *pool)
{
	unsigned used = 0;

	for (unsigned line = 0; line < pool->nlines; line++)
		if (pool->line[line].role != POOL_LINE_FREE || pool->session[line].attempt > 0)
			used = line + 1;
	return used;
}

unsigned
pool_members(const struct pool *pool)
{
	unsigned n = 0;

	for (unsigned line = 0; line < pool->nlines; line++)
		n += pool->line[line].role == POOL_LINE_MEMBER;
	return n;
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
		.role = pool->line[line].role,
		.leg = pool->line[line].leg,
		.path = pool->line[line].path,
		.peer = pool->line[line].peer,
		.retire_at = pool->line[line].retire_at,
		.state = session->state,
		.since = session->since,
		.attempt = session->attempt,
		.failures = session->retry.failures,
		.retries_exhausted = retry_exhausted(&session->retry),
		.endpoint = session->endpoint,
		.reason = session->reason,
		.ended_why = session->ended_why,
		.close_code = session->close_code,
		.ended_at = session->ended_at,
		.http_status = session->http_status,
		.wanted = subscribe_wanted(session),
		.retry_at = MONO_NEVER,
		.heard = session->heard,
		.heartbeat = &session->heartbeat,
		.counts = session->counts,
	};
	/* What was sent and answered was so on a connection that is no more. */
	if (session_is_up(session)) {
		out->sent = subscribe_sent(session);
		out->acked = session->count[STREAM_ACKED];
		out->refused = session->count[STREAM_REFUSED];
	}
	if (session->state == SESSION_BACKOFF || session->state == SESSION_OPEN_CIRCUIT)
		out->retry_at = session_deadline(session);
	return true;
}
