#include "feed/status/snapshot.h"

#include <stdio.h>
#include <string.h>

#include <tickring/version.h>

#include "feed/plan/plan.h"
#include "feed/status/snapshot_control.h"
#include "feed/status/snapshot_detail.h"

#define RATE_EVERY_NS 1000000000

void
snapshot_init(struct snapshot *s, const char *transport, const char *why, wall_t now, mono_t mono)
{
	memset(s, 0, sizeof(*s));
	s->status.started_ns = now.ns;
	snprintf(s->status.transport, sizeof(s->status.transport), "%s", transport);
	snprintf(s->status.transport_why, sizeof(s->status.transport_why), "%s", why);
	snprintf(s->status.version, sizeof(s->status.version), "%s", TICKRING_VERSION);
	s->rated_at = s->detailed_at = mono;
	recent_init(&s->recent, mono);
}

/* A monotonic point as wall time, by what both clocks say now. */
static int64_t
wall_of(mono_t at, wall_t now, mono_t mono)
{
	return mono_is_never(at) ? TICK_ABSENT : now.ns + mono_diff(at, mono).ns;
}

static void
take_line_control(struct tick_line_status *out, const struct snapshot_sources *from, unsigned line,
    const struct pool_line_view *view, wall_t now, mono_t mono)
{
	struct pipeline_line_counts counts = pipeline_line_counts(from->pipeline, line);

	out->role = view->role;
	out->leg = view->leg;
	out->peer = view->peer == POOL_NO_LINE ? -1 : (int64_t)view->peer;
	out->retire_at_ns = wall_of(view->retire_at, now, mono);
	out->round_trip_ns = view->heartbeat->round_trip.ns;
	out->pongs_permille = heartbeat_compliance(view->heartbeat, mono);
	out->sends_used = quota_used(&from->pool->session[line].sends, mono);
	out->wins = (int64_t)counts.wins;
	out->duplicates = (int64_t)counts.duplicates;
}

static void
take_line(struct tick_line_status *out, const struct snapshot_sources *from, unsigned line,
    wall_t now, mono_t mono)
{
	struct transport_counts counts = transport_counts(from->transport, line);
	bool by_path = from->pool->cfg.paths > 1;
	struct pool_line_view view;

	if (!pool_line_view(from->pool, line, &view))
		return;
	*out = (struct tick_line_status){
		.state = view.state,
		.since_ns = wall_of(view.since, now, mono),
		.attempts = view.attempt,
		.connects = (int64_t)view.counts.reconnects +
		    (from->connected[line].ns != TICK_ABSENT),
		.reason = view.reason,
		.close_code = view.close_code,
		.retry_at_ns = wall_of(view.retry_at, now, mono),
		.connected_ns = from->connected[line].ns,
		.last_message_ns = wall_of(view.heard, now, mono),
		.streams_wanted = view.wanted,
		.streams_sent = view.sent,
		.streams_acknowledged = view.acked,
		.messages = (int64_t)counts.messages,
		.bytes = (int64_t)counts.bytes,
		.pings = transport_has_pings(from->transport) ? (int64_t)counts.pings : TICK_ABSENT,
	};
	take_line_control(out, from, line, &view, now, mono);
	/* Where lines of one endpoint differ by their path, it belongs to the name. */
	snprintf(out->endpoint, sizeof(out->endpoint), "%.*s:%u%.16s", by_path ? 40 : 56,
	    from->target[view.endpoint].host, from->target[view.endpoint].port,
	    by_path ? plan_path(from->cfg, view.path) : "");
}

static void
take_lines(struct tick_status *s, const struct snapshot_sources *from, wall_t now, mono_t mono)
{
	uint64_t oversize = 0;

	s->lines = pool_lines_used(from->pool);
	s->lines_live = 0;
	for (unsigned line = 0; line < pool_lines(from->pool) && line < TICK_LINES_MAX; line++) {
		take_line(&s->line[line], from, line, now, mono);
		s->lines_live += s->line[line].state == TICK_LINE_LIVE;
		oversize += transport_counts(from->transport, line).oversize;
	}
	s->counter[TICK_COUNTER_OVERSIZE] = oversize;
}

static int64_t
per_second(uint64_t n, span_t span)
{
	return (int64_t)((__uint128_t)n * 1000000000 / (uint64_t)span.ns);
}

static_assert(TICK_LEGS_MAX == POOL_LEGS_MAX, "a place for each");

static void
take_skew(struct tick_status *status, struct pipeline *pipeline)
{
	for (unsigned leg = 0; leg < TICK_LEGS_MAX; leg++) {
		struct tick_latency skew = pipeline_leg_skew(pipeline, leg);

		if (skew.count == 0)
			continue; /* those of the last second with any stay */
		status->skew_p50_ns[leg] = skew.p50;
		status->skew_p99_ns[leg] = skew.p99;
	}
}

static void
take_rates(struct snapshot *s, struct pipeline *pipeline, mono_t mono)
{
	const uint64_t *counter = s->status.counter;
	span_t span = mono_diff(mono, s->rated_at);
	struct pipeline_latencies latencies;

	if (span.ns < RATE_EVERY_NS)
		return;
	s->status.messages_per_s =
	    per_second(counter[TICK_COUNTER_MESSAGES] - s->rated_messages, span);
	s->status.ticks_per_s = per_second(counter[TICK_COUNTER_TICKS] - s->rated_ticks, span);
	s->rated_messages = counter[TICK_COUNTER_MESSAGES];
	s->rated_ticks = counter[TICK_COUNTER_TICKS];
	s->rated_at = mono;
	latencies = pipeline_take_latencies(
	    pipeline, &s->status.publish_spans, &s->status.arrival_spans);
	if (latencies.publish.count > 0)
		s->status.publish = latencies.publish;
	if (latencies.arrival.count > 0)
		s->status.arrival = latencies.arrival;
	take_skew(&s->status, pipeline);
}

void
snapshot_take_config(struct snapshot *s, const struct config *cfg)
{
	snapshot_take_settings(&s->status.settings, cfg);
	config_lines(s->status.keys, sizeof(s->status.keys), cfg);
}

void
snapshot_take(struct snapshot *s, const struct snapshot_sources *from, wall_t now, mono_t mono)
{
	struct tick_status *status = &s->status;

	status->at_ns = now.ns;
	status->at_mono_ns = mono.ns;
	status->instruments = from->ring->instruments;
	status->streams = from->streams;
	memcpy(status->counter, pipeline_counters(from->pipeline), sizeof(status->counter));
	take_lines(status, from, now, mono);
	take_rates(s, from->pipeline, mono);
	status->stream_rows = from->stream_rows;
	status->streams_undecoded = pipeline_undecoded(from->pipeline);
	snapshot_take_details(s, from, now, mono);
	snapshot_take_latencies(s, from, mono);
	snapshot_take_control(status, from, now, mono);
	snapshot_take_health(status, &s->recent, from->pool, from->cfg, mono);
}
