/*
 * Which streams the feed wants, while it runs: a new configuration or a new
 * list of instruments is worked through in pieces, so that no message waits
 * long for thousands of streams to be compared.
 */
#include "feed/app/app_impl.h"

#include <string.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"

/* Longest piece, but for one stream more. */
#define AT_ONCE_US 200

/* ---- one stream --------------------------------------------------------------- */

void
app_drop_stream(struct app *app, uint32_t number, mono_t now)
{
	app->plan.wanted[number] = false;
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

/* ---- all of them, in pieces ----------------------------------------------------- */

static void
walk_begin(struct app *app)
{
	struct change *c = &app->change;

	patterns_begin(&c->walk, &app->cfg->streams, app->listing, c->before, c->only_new);
	c->at = 0;
}

void
app_change_streams(struct app *app)
{
	struct change *c = &app->change;

	memset(app->plan.meant, 0, app->plan.memory.streams_max * sizeof(*app->plan.meant));
	app_give_back(app, c->before);
	*c = (struct change){.phase = CHANGE_MARK};
	walk_begin(app);
}

void
app_follow_list(struct app *app, struct listing *before)
{
	struct change *c = &app->change;

	if (c->phase != CHANGE_NONE && !c->only_new) {
		app_give_back(app, before);
		app_change_streams(app); /* once more, by the new list */
		return;
	}
	/* The last one is not worked through yet: what was new by it is new still. */
	if (c->phase != CHANGE_NONE) {
		app_give_back(app, before);
		before = c->before;
	}
	*c = (struct change){.phase = CHANGE_ADD, .only_new = true, .before = before};
	walk_begin(app);
}

/* What is meant by the configuration is marked. */
static void
mark(struct app *app)
{
	struct change *c = &app->change;
	const char *name;
	uint32_t number;

	switch (patterns_next(&c->walk, &name)) {
	case PATTERN_NAME:
		number = plan_find(&app->plan, name);
		if (number != UINT32_MAX)
			app->plan.meant[number] = true;
		break;
	case PATTERN_NOTHING:
		break;
	case PATTERN_END:
		c->phase = CHANGE_DROP;
		break;
	}
}

/* Before others come, for there may not be room for all of them. */
static void
drop(struct app *app, mono_t now)
{
	struct change *c = &app->change;
	uint32_t number = c->at++;

	if (number >= app->plan.n) {
		c->phase = CHANGE_ADD;
		walk_begin(app);
	} else if (app->plan.wanted[number] && !app->plan.meant[number]) {
		app_drop_stream(app, number, now);
		c->removed++;
	}
}

static void
end(struct app *app)
{
	struct change *c = &app->change;

	if (c->only_new && c->added > 0)
		LOG(INFO, "listed", LOG_U64("streams", c->added));
	else if (c->added + c->removed > 0)
		LOG(INFO, "streams_changed", LOG_U64("added", c->added),
		    LOG_U64("removed", c->removed));
	app_give_back(app, c->before);
	*c = (struct change){.phase = CHANGE_NONE};
}

static void
add(struct app *app, mono_t now)
{
	struct change *c = &app->change;
	const char *name;
	uint32_t number;

	switch (patterns_next(&c->walk, &name)) {
	case PATTERN_NAME:
		number = plan_find(&app->plan, name);
		if (number != UINT32_MAX && app->plan.wanted[number])
			break;
		want_stream(app, name, now);
		c->added++;
		break;
	case PATTERN_NOTHING:
		break;
	case PATTERN_END:
		end(app);
		break;
	}
}

bool
app_changes_streams(const struct app *app)
{
	return app->change.phase != CHANGE_NONE;
}

void
app_go_on_changing(struct app *app, mono_t now)
{
	mono_t until = mono_add(now, span_us(AT_ONCE_US));

	do {
		switch (app->change.phase) {
		case CHANGE_NONE:
			return;
		case CHANGE_MARK:
			mark(app);
			break;
		case CHANGE_DROP:
			drop(app, now);
			break;
		case CHANGE_ADD:
			add(app, now);
			break;
		}
	} while (mono_before(clock_mono(), until));
}
