/*
 * What changes while the feed runs: streams and settings on SIGHUP, streams
 * given up when memory or processor runs short.
 */
#include "feed/app/app_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/plan/patterns.h"

static void
drop_stream(struct app *app, uint32_t number, mono_t now)
{
	app->plan.wanted[number] = false;
	app->nstreams--;
	pipeline_remove_stream(app->pipeline, number);
	app_step(app, &(struct pool_event){.kind = POOL_DROP, .stream = number}, now);
}

void
app_want_stream(struct app *app, const char *name, mono_t now)
{
	struct pool_event event;

	if (!plan_add(&app->plan, name, &event)) {
		LOG(ERROR, "stream_refused", LOG_STR("stream", name),
		    LOG_THEN("there are too many; it is left out"));
		return;
	}
	pipeline_add_stream(app->pipeline, event.stream, bytes_of(name));
	app_step(app, &event, now);
	app->nstreams++;
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
change_streams(struct app *app, const struct config_strings *configured, mono_t now)
{
	struct config_strings streams, *next = &streams;
	unsigned added = 0, removed = 0;
	uint32_t number;

	if (patterns_expand(configured, app->listing, &streams) != 0)
		LOG(ERROR, "streams_refused", LOG_ERRNO("error", -ENOMEM),
		    LOG_THEN("some of them are left out"));
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
		app_want_stream(app, next->item[i], now);
		added++;
	}
	if (added + removed > 0)
		LOG(INFO, "streams_changed", LOG_U64("added", added), LOG_U64("removed", removed));
	app_quiet_streams(app, now);
	patterns_free(&streams);
}

/* SIGHUP: the ops thread reads the configuration and offers it, app_take_orders() takes it. */
void
app_reload(struct app *app)
{
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
		change_streams(app, &next->streams, now);
		pipeline_measure(app->pipeline, next->monitoring.performance_tracking);
		log_set_level(next->log.level);
		before = *app->cfg;
		*app->cfg = *next;
		*next = before;
		snapshot_take_config(&app->snapshot, app->cfg);
		answer.kind = OPS_CONFIG_TAKEN;
	} else {
		app->reloads_refused++;
	}
	app->answer = answer;
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
		}
	}
	/* There is never a second one: keeper.c waits for the answer. */
	if (app->answer.object != NULL && ops_tell(app->ops, &app->answer))
		app->answer.object = NULL;
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
		drop_stream(app, number, now);
		app->shed++;
		return;
	}
}

void
app_look_at_resources(struct app *app, mono_t now)
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
	errors_tell(&app->errors, span_ms(app->cfg->monitoring.metrics_interval_ms), now);
	/* Sockets of others, and no leak. */
	input.lines += alarm_sockets(app->alarm) + web_connections(app->web);
	if (guard_look(&app->guard, app->cfg, &input, now))
		shed_stream(app, now);
}
