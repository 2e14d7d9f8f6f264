/*
 * What changes while the feed runs: settings on SIGHUP and as the ops thread
 * wants, streams given up when memory or processor runs short.
 */
#include "feed/app/app_impl.h"

#include <stdlib.h>

#include "feed/base/log.h"

/*
 * SIGHUP: the log's file is opened anew; the ops thread reads the configuration and
 * offers it, app_take_orders() takes it.
 */
void
app_reload(struct app *app)
{
	log_reopen();
	if (!ops_tell(app->ops, &(struct ops_note){.kind = OPS_RELOAD_ASKED}))
		LOG(ERROR, "reload_refused",
		    LOG_THEN("operations are behind: nothing is changed"));
}

/*
 * All of the new configuration, or nothing. What is not in force after that
 * goes back, for memory is not freed in this thread.
 */
static void
change_config(struct app *app, struct config *next, mono_t now)
{
	struct ops_note answer = {.kind = OPS_CONFIG_REFUSED, .object = next};
	struct pool_cfg pool_cfg = plan_pool_cfg(next);
	struct pool_event event = {.kind = POOL_RETUNE, .cfg = &pool_cfg};
	struct config before;

	if (pool_may_retune(&app->pool, &pool_cfg)) {
		app->reloads++;
		app_step(app, &event, now);
		transport_limit_connecting(
		    app->transport, span_ms(next->pool.connection_timeout_ms));
		pipeline_measure(app->pipeline, next->monitoring.performance_tracking);
		log_set_level(next->log.level);
		before = *app->cfg;
		*app->cfg = *next;
		*next = before;
		snapshot_take_config(&app->snapshot, app->cfg);
		answer.kind = OPS_CONFIG_TAKEN;
		app_change_streams(app);
	} else {
		app->reloads_refused++;
	}
	app->answer = answer;
}

/* By lines that may have one, and by others that are no leak. */
static unsigned
sockets_used(const struct app *app)
{
	unsigned used = alarm_sockets(app->alarm) + web_connections(app->web) +
	    (unsigned)rest_gauges(app->rest).under_way;
	struct pool_line_view view;

	for (unsigned line = 0; line < pool_lines(&app->pool); line++)
		used += pool_line_view(&app->pool, line, &view) &&
		    view.state != SESSION_IDLE && view.state != SESSION_BACKOFF;
	return used;
}

void
app_take_clock(struct app *app, struct clock_estimate is)
{
	pipeline_on_clock(app->pipeline, is);
	app->snapshot.status.clock_offset_ns = is.ns;
	app->snapshot.status.clock_within_ns = is.within;
}

/* There is never a second one: keeper.c waits for the answer. */
void
app_answer(struct app *app)
{
	if (app->answer.object != NULL && ops_tell(app->ops, &app->answer))
		app->answer.object = NULL;
}

void
app_take_orders(struct app *app, mono_t now)
{
	struct ops_order order;

	while (ops_next_order(app->ops, &order)) {
		switch (order.kind) {
		case OPS_CHANGE_CONFIG:
			change_config(app, order.object, now);
			break;
		case OPS_COUNT_REFUSAL:
			app->reloads_refused++;
			break;
		case OPS_SNAPSHOT:
			app_take_snapshot(app, order.object, now);
			break;
		case OPS_FILL:
			app_take_fill(app, order.object, now);
			break;
		case OPS_LISTING:
			app_take_listing(app, order.object, now);
			break;
		case OPS_SOCKETS:
			guard_on_sockets(&app->guard, order.value[0], sockets_used(app));
			break;
		case OPS_CLOCK:
			app_take_clock(
			    app, (struct clock_estimate){order.value[0], order.value[1]});
			break;
		}
	}
	app_answer(app);
}

static void
drop_config(struct config *cfg)
{
	if (cfg != NULL)
		config_free(cfg);
	free(cfg);
}

void
app_drop_orders(struct app *app)
{
	struct ops_order order;

	drop_config(app->answer.object);
	while (ops_next_order(app->ops, &order))
		if (order.kind == OPS_CHANGE_CONFIG)
			drop_config(order.object);
		else
			free(order.object);
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
		app_drop_stream(app, number, now);
		app->shed++;
		return;
	}
}

void
app_look_at_resources(struct app *app, mono_t now)
{
	uint64_t *counter = pipeline_counters(app->pipeline);
	struct guard_input input = {
		.messages = counter[TICK_COUNTER_MESSAGES],
		.malformed = counter[TICK_COUNTER_MALFORMED],
	};
	const struct ops_note note = {
		.kind = OPS_UPKEEP, .value = {app->cfg->resources.gc_hints}};

	for (unsigned line = 0; line < pool_lines(&app->pool); line++)
		input.oversize += transport_counts(app->transport, line).oversize;
	errors_tell(&app->errors, span_ms(app->cfg->monitoring.metrics_interval_ms), now);
	if (guard_cleans_up(&app->guard, app->cfg, now))
		(void)ops_tell(app->ops, &note); /* full: the next time will do */
	if (guard_look(&app->guard, app->cfg, &input, now))
		shed_stream(app, now);
	counter[TICK_COUNTER_PARSE_ALARMS] = app->guard.parse_alarms;
	counter[TICK_COUNTER_MEMORY_ALARMS] = app->guard.memory_alarms;
	counter[TICK_COUNTER_CPU_ALARMS] = app->guard.cpu_alarms;
	counter[TICK_COUNTER_SOCKET_LEAKS] = app->guard.leak_alarms;
}
