#include "feed/status/snapshot_health.h"

#include <string.h>

#include <tickring/health.h>

#define MINUTE span_s(60)

static_assert((int)STALL_CLASSES == (int)TICK_CLASS_COUNT, "published as they are");
static_assert((int)STALL_TRADE == (int)TICK_CLASS_TRADE &&
    (int)STALL_QUOTE == (int)TICK_CLASS_QUOTE && (int)STALL_DEPTH == (int)TICK_CLASS_DEPTH &&
    (int)STALL_SLOW == (int)TICK_CLASS_SLOW && (int)STALL_PERIODIC == (int)TICK_CLASS_PERIODIC &&
    (int)STALL_RARE == (int)TICK_CLASS_RARE, "in the same order");

void
recent_init(struct recent *recent, mono_t now)
{
	*recent = (struct recent){.next_at = mono_add(now, MINUTE)};
}

static void
note_attempts(struct recent *recent, uint64_t connects, uint64_t failures, mono_t now)
{
	/* Of both at once nobody knows which was last: a minute without a failure will tell. */
	if (failures != recent->seen_failures)
		recent->failed_at = now;
	if (connects != recent->seen_connects)
		recent->failed = false;
	else if (failures != recent->seen_failures)
		recent->failed = true;
	recent->seen_connects = connects;
	recent->seen_failures = failures;
}

/* Is there nothing left of whatever made attempts fail? */
static bool
is_over(const struct recent *recent, const struct pool *pool, mono_t now)
{
	unsigned members = 0;

	if (recent->failed || !mono_due(mono_add(recent->failed_at, RECENT_OVER_AFTER), now))
		return false;
	for (unsigned line = 0; line < pool->nlines; line++) {
		const struct session *session = &pool->session[line];

		if (pool->line[line].role != POOL_LINE_MEMBER)
			continue;
		members++;
		if (session->state != SESSION_LIVE || !session->stable)
			return false;
	}
	return members > 0;
}

static void
forget(struct recent *recent)
{
	for (unsigned i = 0; i < RECENT_MINUTES; i++) {
		recent->connects[i] = recent->seen_connects;
		recent->failures[i] = recent->seen_failures;
	}
}

static void
take_recent(struct tick_status *status, struct recent *recent, const struct pool *pool,
    mono_t now)
{
	uint64_t connects = status->counter[TICK_COUNTER_CONNECTS];
	uint64_t failures = status->counter[TICK_COUNTER_CONNECT_FAILURES];

	note_attempts(recent, connects, failures, now);
	if (failures != recent->failures[recent->at] && is_over(recent, pool, now))
		forget(recent);
	/* Minutes that nobody saw pass are not made up for: the window is longer then. */
	if (mono_due(recent->next_at, now)) {
		recent->connects[recent->at] = connects;
		recent->failures[recent->at] = failures;
		recent->at = (recent->at + 1) % RECENT_MINUTES;
		recent->next_at = mono_add(now, MINUTE);
	}
	status->control.recent_connects = (int64_t)(connects - recent->connects[recent->at]);
	status->control.recent_failures = (int64_t)(failures - recent->failures[recent->at]);
}

static void
take_classes(struct tick_status *status, const struct pool *pool)
{
	memset(status->class_streams, 0, sizeof(status->class_streams));
	memset(status->class_stale, 0, sizeof(status->class_stale));
	for (uint32_t i = 0; i < pool->nstreams; i++) {
		const struct pool_stream *stream = &pool->stream[i];

		if (!stream->wanted || stream->class >= TICK_CLASS_COUNT)
			continue;
		status->class_streams[stream->class]++;
		status->class_stale[stream->class] += stream->stale;
	}
}

/* The limits that a configuration means. */
static void
fill_limits(struct tick_health_limits *out, const struct config *cfg)
{
	const struct config_monitoring *m = &cfg->monitoring;

	tick_health_limits_default(out);
	out->healthy = m->health_check.threshold_permille;
	out->alert = m->health_check.alert_threshold_permille;
	out->critical = m->health_check.critical_threshold_permille;
	out->messages_expected = m->throughput.expected_per_s;
	out->messages_alert = m->throughput.alert_per_s;
	out->messages_critical = m->throughput.critical_per_s;
	out->success_expected = m->connection_success.expected_percent * 10;
	out->success_alert = m->connection_success.alert_percent * 10;
	out->success_critical = m->connection_success.critical_percent * 10;
	/* The specified 80 and 95 MB of 100. */
	out->memory_alert = cfg->resources.max_memory_bytes / 100 * 80;
	out->memory_critical = cfg->resources.max_memory_bytes / 100 * 95;
	/* Polling takes a whole processor, and says nothing of the load. */
	out->cpu_alert = cfg->busy_poll ? 0 : cfg->resources.max_cpu_percent * 10;
}

void
snapshot_take_health(struct tick_status *status, struct recent *recent,
    const struct pool *pool, const struct config *cfg, mono_t now)
{
	take_classes(status, pool);
	take_recent(status, recent, pool, now);
	fill_limits(&status->control.limits, cfg);
}
