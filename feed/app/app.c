/*
 * The executor: the only place where the control plane's actions touch the
 * world, and where what happens there becomes events.
 */
#include "feed/app/app_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/io/signals.h"
#include "feed/plan/patterns.h"
#include "feed/store/opening.h"

#define STOP_WITHIN_S 3

/* A turn that comes later than it should by so much: this process did not run; and is told. */
#define HELD_UP_MS 250
#define HELD_UP_TOLD_MS 1000

/* Who was heard is told to the pool not more often than this. */
#define HEARD_EVERY_MS 5

/* ---- events ----------------------------------------------------------------- */

void
app_step(struct app *app, const struct pool_event *event, mono_t now)
{
	pool_step(&app->pool, event, now, &app->actions);
	app->pool_due = pool_deadline(&app->pool);
	app_carry_out(app);
}

static void
step_line(struct app *app, unsigned line, const struct session_event *what, mono_t now)
{
	app_step(app, &(struct pool_event){.kind = POOL_LINE, .line = line, .session = *what}, now);
}

static void
on_transport_event(struct app *app, const struct transport_event *t, mono_t now)
{
	uint64_t *counter = pipeline_counters(app->pipeline);
	struct session_event e = {
		.attempt = t->attempt,
		.reason = t->reason,
		.http_status = t->http_status,
		.retry_after_s = t->retry_after_s,
		.close_code = t->close_code,
		.at = t->at,
	};

	app_trace_event(app, t, now);
	if (t->kind == TRANSPORT_UP || t->kind == TRANSPORT_FAILED || t->kind == TRANSPORT_DOWN)
		snprintf(app->detail[t->line], sizeof(app->detail[t->line]), "%s", t->detail);
	switch (t->kind) {
	case TRANSPORT_UP:
		counter[TICK_COUNTER_CONNECTS]++;
		app->connected[t->line] = clock_wall();
		pipeline_on_line_up(app->pipeline, t->line, app->pool.line[t->line].leg,
		    clock_wall(), now);
		e.kind = SESSION_WENT_UP;
		break;
	case TRANSPORT_FAILED:
		counter[TICK_COUNTER_CONNECT_FAILURES]++;
		e.kind = SESSION_FAILED;
		break;
	case TRANSPORT_DOWN:
		counter[TICK_COUNTER_DISCONNECTS]++;
		pipeline_on_line_down(app->pipeline, t->line, t->reason, clock_wall(), now);
		e.kind = SESSION_WENT_DOWN;
		break;
	case TRANSPORT_PING:
		e.kind = SESSION_PINGED;
		break;
	case TRANSPORT_ANSWERED:
		e.kind = SESSION_ANSWERED;
		break;
	case TRANSPORT_PONG:
		e.kind = SESSION_PONGED;
		break;
	}
	step_line(app, t->line, &e, now);
}

static void
on_control(struct app *app, const struct pipeline_control *c, mono_t now)
{
	struct session_event e = {.request_id = c->id, .error_code = c->code};

	switch (c->kind) {
	case EVENT_REPLY:
		e.kind = c->listed ? SESSION_LISTED : SESSION_ACKED;
		e.listed = c->listed ? pipeline_listed(app->pipeline, c->line) : NULL;
		break;
	case EVENT_ERROR_REPLY:
		LOG(WARNING, "error_reply", LOG_U64("line", c->line), LOG_I64("id", c->id),
		    LOG_I64("code", c->code), LOG_STR("text", c->text),
		    LOG_THEN("its streams are asked for again in smaller requests"));
		e.kind = SESSION_REFUSED;
		break;
	default:
		LOG(WARNING, "server_shutdown", LOG_U64("line", c->line),
		    LOG_THEN("a successor takes its streams over"));
		e.kind = SESSION_SHUTDOWN;
		break;
	}
	step_line(app, c->line, &e, now);
}

static void
on_heard(struct app *app, mono_t now)
{
	for (uint64_t heard = pipeline_heard(app->pipeline); heard != 0; heard &= heard - 1) {
		unsigned line = (unsigned)__builtin_ctzll(heard);
		struct pipeline_line_counts n = pipeline_line_counts(app->pipeline, line);
		const struct session_event e = {
			.kind = SESSION_HEARD,
			.messages = n.wins + n.duplicates + n.faults,
			.faults = n.faults,
		};

		step_line(app, line, &e, now);
	}
}

/*
 * Who was heard: now and then, for a thousand messages may come between; and
 * before the pool judges by the time.
 */
static void
tell_heard(struct app *app, mono_t now)
{
	struct pool_event event = {.kind = POOL_HEARD, .heard = app->heard};

	if (!mono_due(app->heard_due, now) && !mono_due(app->pool_due, now))
		return;
	app->heard_due = mono_add(now, span_ms(HEARD_EVERY_MS));
	on_heard(app, now);
	do {
		event.nheard = pipeline_take_heard(app->pipeline, app->heard, HEARD_AT_ONCE);
		if (event.nheard > 0)
			app_step(app, &event, now);
	} while (event.nheard == HEARD_AT_ONCE);
}

/* A turn comes by the time of the next snapshot. Later: silence until now is our own. */
static void
look_for_pause(struct app *app, mono_t now)
{
	struct pool_event event = {
		.kind = POOL_HELD_UP, .span = mono_diff(now, app->snapshot_due)};

	if (event.span.ns < span_ms(HELD_UP_MS).ns)
		return;
	if (event.span.ns >= span_ms(HELD_UP_TOLD_MS).ns)
		LOG(WARNING, "held_up", LOG_I64("ms", event.span.ns / 1000000),
		    LOG_THEN("what came meanwhile comes late; no stream is blamed for it"));
	app_step(app, &event, now);
}

/* Binary messages that mean something else than ours: by name, once. */
static void
tell_foreign(struct pipeline *pipeline)
{
	int64_t schema, version;

	if (pipeline_take_foreign(pipeline, &schema, &version))
		LOG(ERROR, "foreign_schema", LOG_I64("schema", schema),
		    LOG_I64("version", version),
		    LOG_THEN("its messages are counted and dropped"));
}

static void
take_snapshot(struct app *app, mono_t now)
{
	struct snapshot_sources from = {
		.cfg = app->cfg,
		.pool = &app->pool,
		.transport = app->transport,
		.pipeline = app->pipeline,
		.ring = &app->stores.ring,
		.target = app->target,
		.targets = config_targets(app->cfg),
		.figures = app->guard.resources.figures,
		.shed = app->shed,
		.reloads = app->reloads,
		.reloads_refused = app->reloads_refused,
		.streams = app->nstreams,
		.connected = app->connected,
		.rest = app->rest,
	};

	from.stream_rows = snapshot_streams_take(&app->snapshot_streams, &app->stores.status,
	    &app->pool, app->plan.name, app->plan.n, clock_wall(), now);
	memcpy(app->snapshot.status.ended, app->errors.ended, sizeof(app->errors.ended));
	tell_foreign(app->pipeline);
	pipeline_counters(app->pipeline)[TICK_COUNTER_LOG_DROPPED] = log_dropped();
	recorder_count(app->recorder, pipeline_counters(app->pipeline));
	app_count_rest(app);
	snapshot_take(&app->snapshot, &from, clock_wall(), now);
	if (app->cfg->monitoring.enabled)
		verdict_look(&app->verdict, &app->snapshot.status,
		    span_ms(app->cfg->monitoring.health_check.interval_ms), clock_wall(), now);
	stores_publish(&app->stores, app->cfg, &app->snapshot.status, now);
	app->snapshot_due = mono_add(now, span_ms(app->cfg->status_interval_ms));
}

/* Returns 0 or -ESTALE (logged). */
static int
look_for_stores(struct app *app)
{
	const char *lost = stores_lost(&app->stores);

	if (lost == NULL)
		return 0;
	LOG(ERROR, "segment_lost", LOG_STR("path", lost),
	    LOG_STR("detail", "somebody removed or replaced it"),
	    LOG_THEN("the feed ends, so that it can be started anew"));
	return -ESTALE;
}

/* One wake-up: wait, then let everything that happened reach the pool. Returns 0 or -errno. */
static int
turn_once(struct app *app)
{
	mono_t deadline = mono_min(app->pool_due, app->snapshot_due), now;
	struct transport_event event;
	struct pipeline_control control;
	int rc;

	deadline = mono_min(deadline, pipeline_deadline(app->pipeline));
	deadline = mono_min(deadline, guard_deadline(&app->guard));
	deadline = mono_min(deadline, notify_deadline(&app->notify));
	deadline = mono_min(deadline, recorder_deadline(app->recorder));
	deadline = mono_min(deadline, (mono_t){bell_deadline(&app->stores.bell)});
	if (change_goes_on(&app->change) && !signals_stop_asked())
		deadline = MONO_ZERO;
	rc = transport_wait(app->transport, deadline);
	if (rc != 0) {
		LOG(ERROR, "wait_failed", LOG_ERRNO("error", rc), LOG_THEN("the feed ends"));
		return rc;
	}
	now = clock_mono();
	look_for_pause(app, now);
	pipeline_on_time(app->pipeline, now);
	while (transport_next_event(app->transport, &event))
		on_transport_event(app, &event, now);
	while (pipeline_next_control(app->pipeline, &control))
		on_control(app, &control, now);
	tell_heard(app, now);
	if (mono_due(app->pool_due, now))
		app_step(app, &(struct pool_event){.kind = POOL_TIMER}, now);
	if (!signals_stop_asked() && signals_take_reload())
		app_reload(app);
	app_take_orders(app, now);
	if (!signals_stop_asked())
		app_go_on_changing(app, now);
	app_quiet_if_turned(app, now);
	app_tell_wants(app);
	recorder_on_time(app->recorder, now);
	if (mono_due(guard_deadline(&app->guard), now))
		app_look_at_resources(app, now);
	if (mono_due(app->snapshot_due, now)) {
		take_snapshot(app, now);
		rc = look_for_stores(app);
	}
	notify_on_turn(&app->notify, &app->snapshot.status, now);
	ring_idle(&app->stores.ring, now.ns);
	bell_ring(&app->stores.bell, now.ns);
	return rc;
}

static int
run(struct app *app)
{
	mono_t give_up;
	int rc = 0;

	notify_ready(&app->notify, clock_mono());
	app_step(app, &(struct pool_event){.kind = POOL_START}, clock_mono());
	while (!signals_stop_asked() && rc == 0)
		rc = turn_once(app);
	notify_stopping(&app->notify);
	LOG(INFO, "stopping", LOG_U64("lines", pool_members(&app->pool)));
	give_up = mono_add(clock_mono(), span_s(STOP_WITHIN_S));
	app_step(app, &(struct pool_event){.kind = POOL_STOP}, clock_mono());
	while (rc == 0 && !pool_is_idle(&app->pool) && mono_before(clock_mono(), give_up))
		rc = turn_once(app);
	take_snapshot(app, clock_mono());
	return rc;
}

/* ---- start and end ---------------------------------------------------------- */

static void
shut(struct app *app)
{
	bool unlink_them = app->cfg->ring.unlink_at_exit;

	signals_wake(NULL);
	app_shut_ops(app);
	transport_close(&app->transport);
	recorder_close(&app->recorder);
	pipeline_free(&app->pipeline, clock_wall(), clock_mono());
	stores_close(&app->stores, unlink_them);
	plan_free(&app->plan);
	patterns_free(&app->streams);
	free(app->followed);
	free(app->listing);
	choice_end(&app->choice);
}

/* What depends on the streams, which are known now. Returns 0 or -errno (logged). */
static int
start_path(struct app *app)
{
	const struct config *cfg = app->cfg;
	char why[TRANSPORT_DETAIL_MAX] = "";
	int rc = opening_pool(&app->plan, cfg, &app->streams, &app->pool);

	if (rc == 0)
		rc = opening_pipeline(&app->pipeline, cfg, &app->stores, &app->plan,
		    app->choice.venue, app->listing);
	if (rc == 0)
		rc = recorder_open(
		    &app->recorder, cfg, app->pipeline, clock_wall(), clock_mono());
	if (rc == 0)
		rc = opening_transport(
		    &app->transport, cfg, pool_lines(&app->pool), app->pipeline, why);
	if (rc != 0)
		return rc;
	atomic_store_explicit(&app->to_wake, app->transport, memory_order_release);
	signals_wake(app->transport);
	snapshot_init(
	    &app->snapshot, transport_name(app->transport), why, clock_wall(), clock_mono());
	snapshot_take_config(&app->snapshot, cfg);
	app_begin_list(app, clock_mono());
	return 0;
}

/* Everything that a feed needs before it connects. Returns 0, or -errno (logged; -EINTR is not). */
static int
start(struct app *app)
{
	const struct config *cfg = app->cfg;
	int rc = choice_make(&app->choice, cfg);

	if (rc != 0)
		return rc;
	choice_spell(&app->choice, app->cfg);
	for (unsigned i = 0; i < config_targets(cfg); i++)
		choice_target(&app->choice, cfg, i, &app->target[i]);
	rc = stores_claim(&app->stores, cfg, signals_stop_flag());
	if (rc == 0)
		rc = app_look_ahead(app);
	if (rc == 0)
		rc = stores_open(&app->stores, cfg, NULL);
	if (rc == 0)
		rc = app_open_ops(app);
	if (rc == 0)
		rc = app_start_ops(app);
	if (rc == 0)
		rc = app_find_streams(app);
	if (rc == 0)
		rc = start_path(app);
	if (rc != 0)
		return rc;
	app->nstreams = (int64_t)app->streams.n;
	stores_recall_connects(&app->stores, &app->pool, clock_wall(), clock_mono());
	guard_init(&app->guard, clock_mono());
	verdict_init(&app->verdict, span_ms(cfg->monitoring.health_check.interval_ms),
	    clock_mono());
	pipeline_measure(app->pipeline, cfg->monitoring.performance_tracking);
	pool_see_pings(&app->pool, transport_has_pings(app->transport));
	take_snapshot(app, clock_mono());
	LOG(INFO, "started", LOG_STR("feed", cfg->feed),
	    LOG_STR("endpoint", app->target[0].host), LOG_U64("endpoints", config_targets(cfg)),
	    LOG_U64("streams", app->streams.n), LOG_U64("lines", pool_members(&app->pool)),
	    LOG_STR("transport", transport_name(app->transport)));
	return 0;
}

int
app_run(struct config *cfg, const struct reload_source *source)
{
	struct app *app = calloc(1, sizeof(*app));
	int rc;

	if (!app)
		return 1;
	app->cfg = cfg;
	app->source = source;
	app->web_fd = -1;
	stores_init(&app->stores);
	for (unsigned line = 0; line < TRANSPORT_LINES_MAX; line++)
		app->connected[line].ns = TICK_ABSENT;
	notify_open(&app->notify, getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"),
	    getenv("WATCHDOG_PID"));
	signals_catch();
	opening_pin(cfg);
	rc = start(app);
	if (rc == 0)
		rc = run(app);
	else if (rc == -EINTR)
		rc = 0; /* told to stop while it waited for its turn */
	shut(app);
	notify_close(&app->notify);
	free(app);
	return rc == 0 ? 0 : 1;
}
