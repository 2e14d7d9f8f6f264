/*
 * Which streams the feed wants, while it runs: a new configuration or a new
 * list of instruments is worked through in pieces, so that no message waits
 * long for thousands of streams to be compared.
 */
#include "feed/app/app_impl.h"

#include "feed/base/log.h"
#include "feed/io/clock.h"

/* Longest piece, but for one stream more. */
#define AT_ONCE_US 200

void
app_drop_stream(struct app *app, uint32_t number, mono_t now)
{
	plan_drop(&app->plan, number);
	app->nstreams--;
	pipeline_remove_stream(app->pipeline, number);
	app_step(app, &(struct pool_event){.kind = POOL_DROP, .stream = number}, now);
}

static void
want_stream(struct app *app, const char *name, mono_t now)
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
	app_quiet_stream(app, event.stream, now);
}

void
app_change_streams(struct app *app)
{
	app_give_back(app, app->followed);
	app->followed = NULL;
	change_begin(&app->change, &app->plan, &app->cfg->streams, app->listing);
}

void
app_follow_list(struct app *app, struct listing *before)
{
	if (change_goes_on(&app->change) && !app->change.only_new) {
		app_give_back(app, before);
		app_change_streams(app); /* once more, by the new list */
		return;
	}
	/* The last one is not worked through yet: what was new by it is new still. */
	if (change_goes_on(&app->change))
		app_give_back(app, before);
	else
		app->followed = before;
	change_follow(&app->change, &app->cfg->streams, app->listing, app->followed);
}

static void
end(struct app *app)
{
	const struct change *c = &app->change;

	if (c->only_new && c->added > 0)
		LOG(INFO, "listed", LOG_U64("streams", c->added));
	else if (c->added + c->removed > 0)
		LOG(INFO, "streams_changed", LOG_U64("added", c->added),
		    LOG_U64("removed", c->removed));
	app_give_back(app, app->followed);
	app->followed = NULL;
}

void
app_go_on_changing(struct app *app, mono_t now)
{
	mono_t until = mono_add(now, span_us(AT_ONCE_US));
	const char *name;
	uint32_t number;

	while (change_goes_on(&app->change)) {
		switch (change_next(&app->change, &app->plan, &number, &name)) {
		case CHANGE_NOTHING:
			break;
		case CHANGE_DROP:
			app_drop_stream(app, number, now);
			break;
		case CHANGE_ADD:
			want_stream(app, name, now);
			break;
		case CHANGE_END:
			end(app);
			break;
		}
		if (!mono_before(clock_mono(), until))
			return;
	}
}
