#include "feed/status/snapshot_control.h"

#include <stdio.h>

static int64_t
wall_of(mono_t at, wall_t now, mono_t mono)
{
	return mono_is_never(at) ? TICK_ABSENT : now.ns + mono_diff(at, mono).ns;
}

static void
take_streams(struct tick_control *c, const struct pool *pool)
{
	c->members = c->streams_acknowledged = c->streams_producing = c->streams_refused = 0;
	c->streams_listed = c->streams_silent = c->lists = c->lists_missing = 0;
	for (unsigned line = 0; line < pool->nlines; line++) {
		const struct session *session = &pool->session[line];
		struct ledger_counts counts = ledger_count(session);

		c->members += pool->line[line].role == POOL_LINE_MEMBER;
		c->streams_acknowledged += counts.n[LEDGER_ACKED] + counts.n[LEDGER_LISTED] +
		    counts.n[LEDGER_PRODUCING];
		c->streams_listed += counts.n[LEDGER_LISTED];
		c->streams_producing += counts.n[LEDGER_PRODUCING];
		c->streams_refused += counts.n[LEDGER_REFUSED];
		c->streams_silent += counts.silent;
		c->lists += (int64_t)session->counts.lists;
		c->lists_missing += (int64_t)session->counts.missing;
	}
	c->streams_stale = pool->watch.stale;
	c->silent_alarms = (int64_t)pool->ledger.alarms;
	c->lists_foreign = (int64_t)pool->ledger.foreign;
}

static void
take_budgets(struct tick_control *c, const struct pool *pool, wall_t now, mono_t mono)
{
	const struct quota *connects = &pool->shared.connects;
	const struct session_cfg *cfg = &pool->shared.cfg;

	c->connects_used = quota_used(connects, mono);
	c->connects_max = connects->limit;
	c->connects_window_ns = connects->window.ns;
	c->sends_max = cfg->sends_max;
	c->send_window_ns = cfg->send_window.ns;
	c->streams_max = pool->cfg.max_streams_per_connection;
	c->request_bytes_max = cfg->request_bytes_max;
	for (unsigned i = 0; i < TICK_CONNECTS_MAX; i++)
		c->connect_ns[i] = i < connects->limit ? wall_of(connects->taken[i], now, mono)
		                                       : TICK_ABSENT;
}

static void
take_endpoints(struct tick_control *c, const struct snapshot_sources *from, wall_t now,
    mono_t mono)
{
	const struct route *route = &from->pool->shared.route;

	c->endpoints = route->cfg.endpoints;
	c->region = route->endpoints.current;
	c->failovers = (int64_t)route->endpoints.failovers;
	c->returns = (int64_t)route->endpoints.returns;
	for (unsigned i = 0; i < route->cfg.endpoints && i < TICK_ENDPOINTS_MAX; i++) {
		const struct breaker *breaker = &route->breaker[i];
		const struct endpoint *e = &route->list[i];
		const struct config_target *target = &from->target[i];

		c->endpoint[i] = (struct tick_endpoint_status){
			.circuit = breaker->state,
			.until_ns = wall_of(breaker->until, now, mono),
			.reason = breaker->reason,
			.region = e->region,
			.score = e->score,
			.round_trip_ns = e->round_trip.ns,
			.lines = route->lines[i],
			.ups = (int64_t)e->ups,
			.failures = (int64_t)e->failures,
		};
		snprintf(c->endpoint[i].name, sizeof(c->endpoint[i].name), "%.70s:%u%s%s",
		    target->host, target->port, target->address[0] ? "@" : "", target->address);
	}
}

void
snapshot_take_pause(struct tick_status *s, const struct rest_gauges *rest, wall_t now, mono_t mono)
{
	bool paused = mono_before(mono, rest->paused_until);

	s->rest_paused_reason = paused ? rest->why : TICK_REASON_NONE;
	s->control.rest_paused_until_ns =
	    wall_of(paused ? rest->paused_until : MONO_NEVER, now, mono);
}

static void
take_books(struct tick_status *s, const struct snapshot_sources *from, wall_t now, mono_t mono)
{
	struct tick_control *c = &s->control;
	struct books_sums sums = pipeline_books(from->pipeline);
	struct rest_gauges rest = rest_gauges(from->rest);

	c->books = sums.books;
	c->books_live = sums.live;
	s->books_starved = sums.starving;
	s->books_cut = sums.cut;
	c->rest_used = rest.used;
	c->rest_budget = rest.budget;
	snapshot_take_pause(s, &rest, now, mono);
}

void
snapshot_take_control(struct tick_status *status, const struct snapshot_sources *from, wall_t now,
    mono_t mono)
{
	struct tick_control *c = &status->control;
	const struct pool *pool = from->pool;

	take_streams(c, pool);
	take_budgets(c, pool, now, mono);
	take_endpoints(c, from, now, mono);
	take_books(status, from, now, mono);
	for (unsigned line = 0; line < TICK_LINES_MAX && line < pool->nlines; line++)
		c->health_permille[line] =
		    pool->cfg.checkup.off ? HEALTH_MAX : pool->line[line].health.score;
	status->streams_unlisted = pool->watch.unlisted;
	c->redundancy = pool->cfg.redundancy;
	c->rotations_begun = (int64_t)pool->rotations.begun;
	c->rotations_done = (int64_t)pool->rotations.done;
	c->rotations_abandoned = (int64_t)pool->rotations.abandoned;
	c->rotations_took_over = (int64_t)pool->rotations.took_over;
	c->stalls = (int64_t)pool->watch.stalls;
	c->resubscribed = (int64_t)pool->watch.resubscribed;
	c->moved = (int64_t)pool->watch.moved;
	c->recycled = (int64_t)pool->watch.recycled;
	c->memory_bytes = from->figures.memory_bytes;
	c->cpu_permille = from->figures.cpu_permille;
	c->sockets = from->figures.sockets;
	c->streams_shed = (int64_t)from->shed;
	c->reloads = (int64_t)from->reloads;
	c->reloads_refused = (int64_t)from->reloads_refused;
}

void
snapshot_on_transition(struct snapshot *s, const struct pool_action *transition,
    const struct pool_line_view *view, wall_t now)
{
	struct tick_control *c = &s->status.control;

	c->transition[c->transitions++ % TICK_TRANSITIONS_MAX] = (struct tick_transition){
		.at_ns = now.ns,
		.line = transition->line,
		.from = transition->from,
		.to = transition->to,
		.reason = transition->why,
		.attempt = view->attempt,
		.close_code = view->close_code,
		.http_status = view->http_status,
	};
}
