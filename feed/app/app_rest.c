/*
 * What the feed thread and REST (rest.h) have to do with each other: wishes
 * for snapshots and gaps go to the ops thread; snapshots, missing trades and
 * the list of instruments come back.
 */
#include "feed/app/app_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/io/signals.h"
#include "feed/plan/patterns.h"
#include "feed/plan/rest_plan.h"
#include "feed/venue/binance/streams.h"

/* ---- what the pipeline wants ---------------------------------------------------- */

static void
tell_list_wish(struct app *app)
{
	enum pipeline_list_wish wish = pipeline_take_list_wish(app->pipeline);
	const struct ops_note note = {
		.kind = OPS_LIST_WANTED, .value = {wish == PIPELINE_LIST_SOON}};

	/* One that is lost for want of room comes later, at its time. */
	if (wish != PIPELINE_LIST_NONE && app->rest != NULL)
		(void)ops_tell(app->ops, &note);
}

static void
tell_gaps(struct app *app)
{
	struct ops_note note = {.kind = OPS_GAP_WANTED};
	const struct pipeline_gap *gap = &app->gap;

	while (app->has_gap || pipeline_next_gap(app->pipeline, &app->gap)) {
		app->has_gap = true;
		note.number = gap->instrument;
		note.value[0] = (int64_t)gap->ticket;
		note.value[1] = gap->aggregate;
		note.value[2] = gap->first;
		note.value[3] = gap->last;
		note.object = &app->stores.ring.directory[gap->instrument];
		if (!ops_tell(app->ops, &note))
			return; /* full: at the next turn */
		app->has_gap = false;
	}
}

static void
tell_snapshots(struct app *app)
{
	struct ops_note note = {0};

	app_trace_books(app);
	while (app->has_want || pipeline_next_want(app->pipeline, &app->want)) {
		app->has_want = true;
		note.kind = app->want.gone ? OPS_SNAPSHOT_UNWANTED : OPS_SNAPSHOT_WANTED;
		note.number = app->want.instrument;
		note.value[0] = app->want.why;
		note.value[1] = app->want.stale;
		note.object = &app->stores.ring.directory[app->want.instrument];
		app_trace_want(app, &note);
		if (!ops_tell(app->ops, &note))
			return; /* full: at the next turn */
		app->has_want = false;
	}
}

void
app_tell_wants(struct app *app)
{
	tell_list_wish(app);
	if (app->rest == NULL)
		return;
	tell_snapshots(app);
	tell_gaps(app);
}

/* ---- what comes back ------------------------------------------------------------- */

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

void
app_take_fill(struct app *app, struct rest_fill *fill, mono_t now)
{
	pipeline_on_fill(app->pipeline, &fill->fill, clock_wall(), now);
	app_give_back(app, fill);
}

void
app_count_rest(struct app *app)
{
	const struct rest_gauges gauges = rest_gauges(app->rest);
	uint64_t *counter = pipeline_counters(app->pipeline);

	counter[TICK_COUNTER_BACKFILL_REQUESTS] = gauges.fills;
	counter[TICK_COUNTER_BACKFILL_REFUSED] = gauges.fills_refused;
}

/* ---- the list of instruments --------------------------------------------------- */

void
app_quiet_if_turned(struct app *app, mono_t now)
{
	if (pipeline_take_turned(app->pipeline))
		app_quiet_streams(app, now);
}

/* Is that stream configured as it is, and not by a pattern, which names what there once was? */
static bool
is_named(const struct app *app, const char *name)
{
	const struct config_strings *streams = &app->cfg->streams;

	for (size_t i = 0; i < streams->n; i++)
		if (strcmp(streams->item[i], name) == 0)
			return true;
	return false;
}

static enum tick_reason
silence_of(const struct app *app, uint32_t number)
{
	if (pipeline_is_unlisted(app->pipeline, number) && is_named(app, app->plan.name[number]))
		return TICK_REASON_UNLISTED;
	return pipeline_is_halted(app->pipeline, number) ? TICK_REASON_HALTED : TICK_REASON_NONE;
}

void
app_quiet_stream(struct app *app, uint32_t number, mono_t now)
{
	struct pool_event event = {.kind = POOL_QUIET, .stream = number};
	enum tick_reason before = app->plan.quiet[number];

	if (!app->plan.wanted[number])
		return;
	event.why = silence_of(app, number);
	if (before == event.why)
		return;
	app->plan.quiet[number] = (uint8_t)event.why;
	if (before == TICK_REASON_UNLISTED || event.why == TICK_REASON_UNLISTED)
		tell_unlisted(app->plan.name[number], app->choice.venue->name,
		    event.why == TICK_REASON_UNLISTED);
	app_step(app, &event, now);
}

void
app_quiet_streams(struct app *app, mono_t now)
{
	for (uint32_t i = 0; i < app->plan.n; i++)
		app_quiet_stream(app, i, now);
}

void
app_take_listing(struct app *app, struct listing *listing, mono_t now)
{
	struct listing *before = app->listing;

	if (listing != NULL &&
	    pipeline_list(app->pipeline, listing, clock_wall(), now) == listing) {
		LOG(WARNING, "instruments_refused", LOG_U64("listed", listing->n),
		    LOG_U64("unusable", listing->unusable),
		    LOG_U64("before", before != NULL ? before->n : 0),
		    LOG_THEN("the list is far too short: it is asked for again"));
		app_give_back(app, listing);
		listing = NULL;
	}
	if (listing == NULL) {
		pipeline_no_list(app->pipeline, clock_wall(), now);
		return;
	}
	app->listing = listing;
	app_follow_list(app, before);
}

void
app_begin_list(struct app *app, mono_t now)
{
	struct listing *listing = app->listing;

	app->listing = NULL;
	if (app->clock.within > 0)
		app_take_clock(app, app->clock);
	if (listing != NULL)
		app_take_listing(app, listing, now);
	else if (app->rest == NULL || !rest_plan_lists(app->cfg))
		pipeline_no_list(app->pipeline, clock_wall(), now);
	app_quiet_streams(app, now);
}

/* ---- at start ------------------------------------------------------------------- */

/* Is there anything that depends on the list: a pattern, or an instrument that is new here? */
static bool
needs_list(const struct app *app)
{
	const struct config_strings *streams = &app->cfg->streams;
	char symbol[TICK_SYMBOL_MAX];
	struct stream_name parts;
	size_t n;

	for (size_t i = 0; i < streams->n; i++) {
		if (pattern_is(streams->item[i]))
			return true;
		if (stream_parse(bytes_of(streams->item[i]), &parts) != STREAM_FINE)
			continue;
		n = stream_symbol_upper(parts.symbol, symbol, sizeof(symbol));
		if (n > 0 && ring_find(&app->stores.ring, symbol, n) < 0)
			return true;
	}
	return false;
}

/*
 * From now on the feed shows that it is there, without any line. What it has to
 * know of the last run stands in the status that goes: that is carried over.
 */
static void
begin_to_show(struct app *app)
{
	struct tick_status *last = malloc(sizeof(*last));
	struct tick_control *c = &app->snapshot.status.control;

	snapshot_init(&app->snapshot, "", "", clock_wall(), clock_mono());
	if (last && status_recall(&app->stores.status, last))
		memcpy(c->connect_ns, last->control.connect_ns, sizeof(c->connect_ns));
	free(last);
	app->snapshot_due = clock_mono();
}

/*
 * Readers, tools and a standby see that it waits, once it shows; and the next
 * run, that the exchange wants no requests: the last run's pause is REST's own by now.
 */
static void
show_waiting(struct app *app, mono_t now)
{
	const struct rest_gauges rest = rest_gauges(app->rest);
	struct tick_status *status = &app->snapshot.status;
	wall_t wall = clock_wall();

	ring_idle(&app->stores.ring, now.ns);
	if (status->started_ns == 0 || !mono_due(app->snapshot_due, now))
		return;
	status->at_ns = wall.ns;
	status->at_mono_ns = now.ns;
	status->control.reloads_refused = (int64_t)app->reloads_refused;
	snapshot_take_pause(status, &rest, wall, now);
	stores_publish(&app->stores, app->cfg, status, now);
	app->snapshot_due = mono_add(now, span_ms(app->cfg->status_interval_ms));
}

/* What can be done of an order without a pool. Is it the list, or the word that there is none? */
static bool
take_early(struct app *app, const struct ops_order *order)
{
	switch (order->kind) {
	case OPS_LISTING:
		app->listing = order->object;
		return true;
	case OPS_CHANGE_CONFIG:
		app->reloads_refused++;
		app->answer =
		    (struct ops_note){.kind = OPS_CONFIG_EARLY, .object = order->object};
		break;
	case OPS_COUNT_REFUSAL:
		app->reloads_refused++;
		break;
	case OPS_CLOCK:
		app->clock = (struct clock_estimate){order->value[0], order->value[1]};
		break;
	case OPS_SNAPSHOT: /* these two: nothing was asked for */
	case OPS_FILL:
		app_give_back(app, order->object);
		break;
	case OPS_SOCKETS: /* comes again, while there is something to compare it with */
		break;
	}
	return false;
}

/*
 * Waits for the list, or for the word that there is none. A reload that is asked
 * for during a short wait comes after it, and is taken then; a wait that may last
 * for ever leaves nothing unanswered.
 */
static void
await_list(struct app *app, mono_t until)
{
	struct ops_order order;

	while (!signals_stop_asked() && mono_before(clock_mono(), until)) {
		show_waiting(app, clock_mono());
		if (mono_is_never(until) && signals_take_reload())
			app_reload(app);
		app_answer(app);
		if (!ops_next_order(app->ops, &order))
			usleep(1000);
		else if (take_early(app, &order))
			return;
	}
}

/*
 * All streams are patterns, and mean nothing: without any stream there is no
 * pool. The epoch has begun, and readers have left the last one: better late
 * than not at all.
 */
static int
await_streams(struct app *app)
{
	int rc = 0;

	if (app->streams.n == 0)
		begin_to_show(app);
	while (rc == 0 && app->streams.n == 0 && !signals_stop_asked()) {
		LOG(WARNING, "streams_unknown", LOG_U64("patterns", app->cfg->streams.n),
		    LOG_U64("listed", app->listing != NULL ? app->listing->n : 0),
		    LOG_THEN("the feed waits for a list of instruments that they name"));
		free(app->listing);
		app->listing = NULL;
		await_list(app, MONO_NEVER);
		patterns_free(&app->streams);
		rc = patterns_expand(&app->cfg->streams, app->listing, &app->streams);
	}
	return signals_stop_asked() ? -EINTR : rc;
}

int
app_find_streams(struct app *app)
{
	bool waits = app->rest != NULL && rest_plan_lists(app->cfg) && needs_list(app);
	size_t patterns = patterns_count(&app->cfg->streams);
	int rc;

	if (waits)
		await_list(app, mono_add(clock_mono(), span_ms(app->cfg->instruments.wait_ms)));
	if (signals_stop_asked())
		return -EINTR;
	if (app->listing != NULL)
		LOG(INFO, "instruments", LOG_U64("listed", app->listing->n),
		    LOG_U64("unusable", app->listing->unusable));
	else if (waits || patterns > 0)
		LOG(WARNING, "instruments_unknown", LOG_U64("patterns", patterns),
		    LOG_THEN("the feed goes on without the exchange's list of instruments"));
	rc = patterns_expand(&app->cfg->streams, app->listing, &app->streams);
	return rc == 0 && waits ? await_streams(app) : rc;
}
