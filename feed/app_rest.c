/*
 * What the feed thread and REST (rest.h) have to do with each other: wishes
 * for snapshots go to the ops thread, snapshots come back.
 */
#include "feed/app_impl.h"

#include <stdlib.h>

#include "feed/io/clock.h"

void
app_tell_wants(struct app *app)
{
	struct ops_note note = {.kind = OPS_SNAPSHOT_WANTED};

	if (app->rest == NULL)
		return;
	while (app->has_want || pipeline_next_want(app->pipeline, &app->want)) {
		app->has_want = true;
		note.number = app->want.instrument;
		note.value[0] = app->want.why;
		note.value[1] = app->want.stale;
		note.object = &app->stores.ring.directory[app->want.instrument];
		if (!ops_tell(app->ops, &note))
			return; /* full: at the next turn */
		app->has_want = false;
	}
}

void
app_give_back(struct app *app, void *memory)
{
	if (memory != NULL &&
	    !ops_tell(app->ops, &(struct ops_note){.kind = OPS_MEMORY_BACK, .object = memory}))
		free(memory); /* slower here than there, but done */
}

void
app_take_snapshot(struct app *app, struct rest_snapshot *snapshot, mono_t now)
{
	pipeline_on_snapshot(
	    app->pipeline, snapshot->instrument, &snapshot->snapshot, clock_wall(), now);
	app_give_back(app, snapshot);
}
