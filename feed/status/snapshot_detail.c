#include "feed/status/snapshot_detail.h"

static const int64_t all_within_ns = 1000000000;

static int64_t
wall_of(mono_t at, wall_t now, mono_t mono)
{
	return mono_is_never(at) ? TICK_ABSENT : now.ns + mono_diff(at, mono).ns;
}

static int64_t
measured(span_t span)
{
	return span.ns == HEARTBEAT_UNKNOWN ? 0 : span.ns;
}

void
snapshot_take_details(struct snapshot *s, const struct snapshot_sources *from, wall_t now,
    mono_t mono)
{
	for (unsigned line = 0; line < pool_lines(from->pool) && line < TICK_LINES_MAX; line++) {
		struct tick_line_detail *out = &s->status.detail[line];
		struct ledger_counts counts = ledger_count(&from->pool->session[line]);
		struct pool_line_view view;

		if (!pool_line_view(from->pool, line, &view))
			continue;
		out->ended_reason = view.ended_why;
		out->ended_code = view.close_code;
		out->ended_ns = wall_of(view.ended_at, now, mono);
		out->streams_listed = counts.n[LEDGER_LISTED];
		out->streams_producing = counts.n[LEDGER_PRODUCING];
		out->streams_refused = counts.n[LEDGER_REFUSED];
		out->streams_silent = counts.silent;
		out->pong_ns = measured(view.heartbeat->answered_in);
		out->pong_max_ns = measured(view.heartbeat->answered_in_max);
	}
}

static void
take_latency(struct tick_line_detail *out, struct pipeline *pipeline, unsigned line)
{
	struct tick_latency latency = pipeline_line_latency(pipeline, line);

	if (latency.count == 0)
		return; /* those of the last second with messages stay */
	out->count = latency.count;
	out->p50 = latency.p50;
	out->p90 = latency.p90;
	out->p99 = latency.p99;
	out->p999 = latency.p999;
	out->max = latency.max;
}

void
snapshot_take_latencies(struct snapshot *s, const struct snapshot_sources *from, mono_t mono)
{
	unsigned lines = pool_lines_used(from->pool), due = lines;
	int64_t passed = mono_diff(mono, s->detailed_at).ns;

	if (passed < all_within_ns)
		due = (unsigned)(lines * (uint64_t)passed / (uint64_t)all_within_ns);
	if (due == 0)
		return;
	s->detailed_at = mono;
	for (unsigned i = 0; i < due; i++) {
		s->next_line = s->next_line < lines ? s->next_line : 0;
		take_latency(&s->status.detail[s->next_line], from->pipeline, s->next_line);
		s->next_line++;
	}
}

void
snapshot_take_settings(struct tick_settings *out, const struct config *cfg)
{
	const struct config_monitoring *m = &cfg->monitoring;
	const int64_t ms = 1000000;

	*out = (struct tick_settings){
		.monitoring = m->enabled,
		.health_interval_ns = m->health_check.interval_ms * ms,
		.unhealthy_permille = cfg->heartbeat.unhealthy_threshold_permille,
		.metrics_interval_ns = m->metrics_interval_ms * ms,
		.ping_within_ns = cfg->heartbeat.ping_timeout_threshold_ms * ms,
		.pong_within_ns = cfg->heartbeat.pong_response_timeout_ms * ms,
		.performance = m->performance_tracking,
		.errors = m->error_reporting,
		.reconnect = cfg->reconnect.enabled,
		.limits_kept = cfg->security.rate_limiting,
	};
}
