#include "feed/app/app_impl.h"

#include "feed/app/orders.h"
#include "feed/io/clock.h"

static void
on_transition(struct app *app, const struct pool_action *act)
{
	struct pool_line_view view;

	tell_transition(act, app->detail[act->line], app->cfg->monitoring.detailed_logging,
	    app->cfg->security.event_logging);
	if (act->limited)
		pipeline_counters(app->pipeline)[TICK_COUNTER_CONNECTS_LIMITED]++;
	if (app->cfg->monitoring.error_reporting)
		errors_on_transition(&app->errors, act);
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
mark_silent(struct app *app, const struct pool_action *act)
{
	if (!act->elsewhere)
		pipeline_on_stream_silent(app->pipeline, act->stream, clock_wall(), clock_mono());
	tell_silent(act, app->plan.name[act->stream]);
}

static void
refuse_stream(struct app *app, const struct pool_action *act)
{
	tell_refused(act, app->plan.name[act->stream]);
	if (!act->no_room)
		return;
	plan_drop(&app->plan, act->stream);
	app->nstreams--;
	pipeline_remove_stream(app->pipeline, act->stream);
}

void
app_carry_out(struct app *app)
{
	for (unsigned i = 0; i < app->actions.n; i++) {
		const struct pool_action *act = &app->actions.act[i];

		app_trace_action(app, act);
		switch (act->kind) {
		case ACT_CONNECT:
			orders_connect(app->transport, app->cfg, app->target,
			    secret_text(app->choice.key), act);
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
		case ACT_STREAM_SILENT:
			mark_silent(app, act);
			break;
		case ACT_ROTATION:
			tell_rotation(act);
			break;
		case ACT_STREAMS_MOVED:
			tell_moved(act);
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
