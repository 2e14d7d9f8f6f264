/*
 * The executor: the only place where the control plane's actions touch the
 * world, and where what happens there becomes events.
 */
#include "feed/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/core/pool.h"
#include "feed/guard.h"
#include "feed/io/clock.h"
#include "feed/io/transport.h"
#include "feed/opening.h"
#include "feed/orders.h"
#include "feed/pipeline.h"
#include "feed/plan.h"
#include "feed/signals.h"
#include "feed/snapshot.h"
#include "feed/stores.h"
#include "feed/tell.h"

#define STOP_WITHIN_S 3

/* Who was heard is told to the pool not more often than this. */
#define HEARD_EVERY_MS 5
#define HEARD_AT_ONCE 1024

struct app {
	struct config *cfg;
	const struct reload_source *source;
	struct stores stores;
	struct pipeline *pipeline;
	struct transport *transport;
	struct plan plan;
	struct pool pool;
	struct pool_actions actions;
	struct snapshot snapshot;
	mono_t snapshot_due;
	struct guard guard;
	uint64_t shed, reloads, reloads_refused;
	struct pool_heard heard[HEARD_AT_ONCE];
	mono_t heard_due;
	struct config_target target[CONFIG_TARGETS_MAX];
	wall_t connected[TRANSPORT_LINES_MAX];
	char detail[TRANSPORT_LINES_MAX][TRANSPORT_DETAIL_MAX]; /* how its last connection ended */
};

/* ---- actions ---------------------------------------------------------------- */

static void
on_transition(struct app *app, const struct pool_action *act)
{
	struct pool_line_view view;

	tell_transition(act, app->detail[act->line], app->cfg->security.event_logging);
	if (pool_line_view(&app->pool, act->line, &view))
		snapshot_on_transition(&app->snapshot, act, &view, clock_wall());
}

static void
mark_stream(struct app *app, const struct pool_action *act)
{
	if (act->kind == ACT_STREAM_STALE)
		pipeline_on_stream_stale(
		    app->pipeline, act->stream, act->why, clock_wall(), clock_mono());
	tell_stream(act, app->plan.name[act->stream]);
}

static void
refuse_stream(struct app *app, const struct pool_action *act)
{
	tell_refused(act, app->plan.name[act->stream]);
	if (act->error_code != POOL_NO_ROOM)
		return;
	app->plan.wanted[act->stream] = false;
	pipeline_remove_stream(app->pipeline, act->stream);
}

static void
carry_out(struct app *app)
{
	for (unsigned i = 0; i < app->actions.n; i++) {
		const struct pool_action *act = &app->actions.act[i];

		switch (act->kind) {
		case ACT_CONNECT:
			orders_connect(app->transport, app->cfg, app->target, act);
			break;
		case ACT_SEND_SUBSCRIBE:
		case ACT_SEND_UNSUBSCRIBE:
		case ACT_SEND_LIST:
			orders_request(app->transport, &app->pool, &app->plan, app->pipeline, act);
			break;
		case ACT_STREAM_STALE:
		case ACT_STREAM_LIVE:
			mark_stream(app, act);
			break;
		case ACT_ROTATION:
			tell_rotation(act);
			break;
		case ACT_PING:
			orders_ping(app->transport, act);
			break;
		case ACT_HANG_UP:
			transport_hang_up(app->transport, act->line, act->close_code);
			break;
		case ACT_TRANSITION:
			on_transition(app, act);
			break;
		case ACT_STREAM_REFUSED:
			refuse_stream(app, act);
			break;
		}
	}
}

/* ---- events ----------------------------------------------------------------- */

static void
step(struct app *app, const struct pool_event *event, mono_t now)
{
	pool_step(&app->pool, event, now, &app->actions);
	carry_out(app);
}

static void
step_line(struct app *app, unsigned line, const struct session_event *what, mono_t now)
{
	step(app, &(struct pool_event){.kind = POOL_LINE, .line = line, .session = *what}, now);
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
	};

	if (t->kind != TRANSPORT_PING && t->kind != TRANSPORT_PONG)
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
		e.listed = c->listed ? pipeline_take_listed(app->pipeline) : NULL;
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
	const struct session_event e = {.kind = SESSION_HEARD};

	for (uint64_t heard = pipeline_heard(app->pipeline); heard != 0; heard &= heard - 1)
		step_line(app, (unsigned)__builtin_ctzll(heard), &e, now);
}

/* Which streams were heard: now and then, for a thousand messages may come between. */
static void
tell_heard(struct app *app, mono_t now)
{
	struct pool_event event = {.kind = POOL_HEARD, .heard = app->heard};

	if (!mono_due(app->heard_due, now))
		return;
	app->heard_due = mono_add(now, span_ms(HEARD_EVERY_MS));
	do {
		event.nheard = pipeline_take_heard(app->pipeline, app->heard, HEARD_AT_ONCE);
		if (event.nheard > 0)
			step(app, &event, now);
	} while (event.nheard == HEARD_AT_ONCE);
}

static void
take_snapshot(struct app *app, mono_t now)
{
	struct snapshot_sources from = {
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
		.streams = (int64_t)app->cfg->streams.n,
		.connected = app->connected,
	};

	pipeline_counters(app->pipeline)[TICK_COUNTER_LOG_DROPPED] = log_dropped();
	snapshot_take(&app->snapshot, &from, clock_wall(), now);
	stores_publish(&app->stores, app->cfg, &app->snapshot.status, now);
	app->snapshot_due = mono_add(now, span_ms(app->cfg->status_interval_ms));
}

/* ---- changes while it runs -------------------------------------------------- */

static void
drop_stream(struct app *app, uint32_t number, mono_t now)
{
	app->plan.wanted[number] = false;
	pipeline_remove_stream(app->pipeline, number);
	step(app, &(struct pool_event){.kind = POOL_DROP, .stream = number}, now);
}

static void
add_stream(struct app *app, const char *name, mono_t now)
{
	struct pool_event event;

	if (!plan_add(&app->plan, name, &event)) {
		LOG(ERROR, "stream_refused", LOG_STR("stream", name),
		    LOG_THEN("there are too many; it is left out"));
		return;
	}
	pipeline_add_stream(app->pipeline, event.stream, bytes_of(name));
	step(app, &event, now);
}

static bool
holds(const struct config_strings *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i], name) == 0)
			return true;
	return false;
}

static void
change_streams(struct app *app, const struct config_strings *next, mono_t now)
{
	unsigned added = 0, removed = 0;
	uint32_t number;

	for (uint32_t i = 0; i < app->plan.n; i++) {
		if (!app->plan.wanted[i] || holds(next, app->plan.name[i]))
			continue;
		drop_stream(app, i, now);
		removed++;
	}
	for (size_t i = 0; i < next->n; i++) {
		number = plan_find(&app->plan, next->item[i]);
		if (number != UINT32_MAX && app->plan.wanted[number])
			continue;
		add_stream(app, next->item[i], now);
		added++;
	}
	if (added + removed > 0)
		LOG(INFO, "streams_changed", LOG_U64("added", added), LOG_U64("removed", removed));
}

/* SIGHUP: all of the new configuration, or nothing. */
static void
reload(struct app *app, mono_t now)
{
	struct pool_event event = {.kind = POOL_RETUNE};
	struct pool_cfg pool_cfg;
	struct config next;

	if (!reload_read(app->source, app->cfg, &next)) {
		app->reloads_refused++;
		return;
	}
	pool_cfg = plan_pool_cfg(&next);
	if (!pool_may_retune(&app->pool, &pool_cfg)) {
		LOG(ERROR, "reload_refused",
		    LOG_THEN("a limit is out of range: nothing is changed"));
		app->reloads_refused++;
		config_free(&next);
		return;
	}
	app->reloads++;
	LOG(INFO, "reloaded", LOG_U64("changed", reload_tell(app->cfg, &next)));
	event.cfg = &pool_cfg;
	step(app, &event, now);
	change_streams(app, &next.streams, now);
	log_set_level(next.log.level);
	config_free(app->cfg);
	*app->cfg = next;
}

/* The newest optional stream that is still carried is given up, until the next reload. */
static void
shed_stream(struct app *app, mono_t now)
{
	const struct config_strings *optional = &app->cfg->optional_streams;
	uint32_t number;

	for (size_t i = optional->n; i-- > 0;) {
		number = plan_find(&app->plan, optional->item[i]);
		if (number == UINT32_MAX || !app->plan.wanted[number])
			continue;
		LOG(WARNING, "stream_shed", LOG_STR("stream", optional->item[i]),
		    LOG_THEN("it is asked for again at the next reload"));
		drop_stream(app, number, now);
		app->shed++;
		return;
	}
}

static void
look_at_resources(struct app *app, mono_t now)
{
	const uint64_t *counter = pipeline_counters(app->pipeline);
	struct guard_input input = {
		.messages = counter[TICK_COUNTER_MESSAGES],
		.malformed = counter[TICK_COUNTER_MALFORMED],
	};
	struct pool_line_view view;

	for (unsigned line = 0; line < pool_lines(&app->pool); line++) {
		input.oversize += transport_counts(app->transport, line).oversize;
		input.lines += pool_line_view(&app->pool, line, &view) &&
		    view.state != SESSION_IDLE && view.state != SESSION_BACKOFF;
	}
	if (guard_look(&app->guard, app->cfg, &input, now))
		shed_stream(app, now);
}

/* One wake-up: wait, then let everything that happened reach the pool. Returns 0 or -errno. */
static int
turn_once(struct app *app)
{
	mono_t deadline = mono_min(pool_deadline(&app->pool), app->snapshot_due), now;
	struct transport_event event;
	struct pipeline_control control;
	int rc;

	deadline = mono_min(deadline, pipeline_deadline(app->pipeline));
	deadline = mono_min(deadline, guard_deadline(&app->guard));
	deadline = mono_min(deadline, (mono_t){bell_deadline(&app->stores.bell)});
	rc = transport_wait(app->transport, deadline);
	if (rc != 0) {
		LOG(ERROR, "wait_failed", LOG_ERRNO("error", rc), LOG_THEN("the feed ends"));
		return rc;
	}
	now = clock_mono();
	pipeline_on_time(app->pipeline, now);
	while (transport_next_event(app->transport, &event))
		on_transport_event(app, &event, now);
	while (pipeline_next_control(app->pipeline, &control))
		on_control(app, &control, now);
	on_heard(app, now);
	tell_heard(app, now);
	if (mono_due(pool_deadline(&app->pool), now))
		step(app, &(struct pool_event){.kind = POOL_TIMER}, now);
	if (!signals_stop_asked() && signals_take_reload())
		reload(app, now);
	if (mono_due(guard_deadline(&app->guard), now))
		look_at_resources(app, now);
	if (mono_due(app->snapshot_due, now))
		take_snapshot(app, now);
	ring_idle(&app->stores.ring, now.ns);
	bell_ring(&app->stores.bell, now.ns);
	return 0;
}

static int
run(struct app *app)
{
	mono_t give_up;
	int rc = 0;

	step(app, &(struct pool_event){.kind = POOL_START}, clock_mono());
	while (!signals_stop_asked() && rc == 0)
		rc = turn_once(app);
	LOG(INFO, "stopping", LOG_U64("lines", pool_members(&app->pool)));
	give_up = mono_add(clock_mono(), span_s(STOP_WITHIN_S));
	step(app, &(struct pool_event){.kind = POOL_STOP}, clock_mono());
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
	transport_close(&app->transport);
	pipeline_free(&app->pipeline, clock_wall(), clock_mono());
	stores_close(&app->stores, unlink_them);
	plan_free(&app->plan);
}

/* Everything that a feed needs before it connects. Returns 0, or -errno (logged; -EINTR is not). */
static int
start(struct app *app)
{
	const struct config *cfg = app->cfg;
	int rc = opening_pool(&app->plan, cfg, &app->pool);

	if (rc == 0)
		rc = stores_open(&app->stores, cfg, signals_stop_flag());
	if (rc == 0)
		rc = opening_pipeline(&app->pipeline, cfg, &app->stores, &app->plan);
	if (rc == 0)
		rc = opening_transport(
		    &app->transport, cfg, pool_lines(&app->pool), app->pipeline);
	if (rc != 0)
		return rc;
	signals_wake(app->transport);
	stores_recall_connects(&app->stores, &app->pool, clock_wall(), clock_mono());
	guard_init(&app->guard, clock_mono());
	pool_see_pings(&app->pool, transport_has_pings(app->transport));
	snapshot_init(&app->snapshot, transport_name(app->transport), clock_wall(), clock_mono());
	take_snapshot(app, clock_mono());
	LOG(INFO, "started", LOG_STR("feed", cfg->feed),
	    LOG_STR("endpoint", app->target[0].host), LOG_U64("endpoints", config_targets(cfg)),
	    LOG_U64("streams", cfg->streams.n), LOG_U64("lines", pool_members(&app->pool)),
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
	stores_init(&app->stores);
	for (unsigned i = 0; i < config_targets(cfg); i++)
		config_target(cfg, i, &app->target[i]);
	for (unsigned line = 0; line < TRANSPORT_LINES_MAX; line++)
		app->connected[line].ns = TICK_ABSENT;
	signals_catch();
	opening_pin(cfg);
	rc = start(app);
	if (rc == 0)
		rc = run(app);
	else if (rc == -EINTR)
		rc = 0; /* told to stop while it waited for its turn */
	shut(app);
	free(app);
	return rc == 0 ? 0 : 1;
}
