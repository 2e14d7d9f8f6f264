/*
 * Traces: what the executor sees of the control plane becomes spans, which go
 * to the ops thread.
 */
#include "feed/app/app_impl.h"

#include <errno.h>
#include <stdlib.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"

/* A span that finds the mailbox full is lost: nobody waits for it. */
static void
give_away(void *context, const struct trace_span *span)
{
	struct app *app = context;

	(void)tracer_tell(app->ops, span);
}

void
app_trace_action(struct app *app, const struct pool_action *act)
{
	if (app->trace != NULL &&
	    (act->kind == ACT_CONNECT || act->kind == ACT_ROTATION || act->kind == ACT_TRANSITION))
		trace_on_action(app->trace, act, clock_mono());
}

void
app_trace_event(struct app *app, const struct transport_event *event, mono_t now)
{
	const struct transport_progress *progress;
	struct trace_phases phases;

	if (app->trace == NULL || (event->kind != TRANSPORT_UP &&
	    event->kind != TRANSPORT_FAILED && event->kind != TRANSPORT_DOWN))
		return;
	progress = transport_progress(app->transport, event->line);
	phases = (struct trace_phases){progress->connected, progress->secured,
	    event->kind == TRANSPORT_FAILED ? MONO_NEVER : event->at};
	trace_on_outcome(app->trace, event->line, &phases,
	    event->kind == TRANSPORT_UP ? TICK_REASON_NONE : event->reason, now);
}

void
app_trace_books(struct app *app)
{
	uint32_t instrument;

	while (app->trace != NULL && pipeline_next_joined(app->pipeline, &instrument))
		trace_book_joined(&app->trace_books, instrument,
		    &app->stores.ring.directory[instrument], clock_mono());
}

/* A book that is in sync and wants to know more does not wait: no resync. */
void
app_trace_want(struct app *app, struct ops_note *note)
{
	struct trace_open span = {0};

	if (app->trace != NULL && note->kind == OPS_SNAPSHOT_UNWANTED)
		trace_book_gone(&app->trace_books, note->number);
	else if (app->trace != NULL && note->value[0] != SNAPSCHED_REFRESH)
		span = trace_book_wanted(&app->trace_books, note->number, clock_mono());
	note->value[2] = span.trace;
	note->value[3] = span.id;
}

static int
open_books(struct app *app)
{
	uint32_t n = (uint32_t)app->cfg->ring.instruments_max;
	struct trace_open *memory = calloc(n, sizeof(*memory));

	if (memory == NULL)
		return -ENOMEM;
	trace_books_init(&app->trace_books, app->trace, memory, n);
	return app->rest != NULL ? rest_trace_by(app->rest, app->tracer) : 0;
}

int
app_open_trace(struct app *app)
{
	char why[TRACER_WHY_MAX];
	int rc;

	if (*app->cfg->tracing.endpoint == '\0')
		return 0;
	rc = tracer_open(&app->tracer, app->ops, app->cfg, why);
	if (rc != 0) {
		LOG(ERROR, "tracing_refused", LOG_STR("detail", why),
		    LOG_THEN("the feed does not start"));
		return rc;
	}
	app->trace = malloc(sizeof(*app->trace));
	if (app->trace == NULL)
		return -ENOMEM;
	trace_init(app->trace, give_away, app);
	return open_books(app);
}

void
app_shut_trace(struct app *app)
{
	tracer_close(&app->tracer);
	free(app->trace_books.open);
	app->trace_books = (struct trace_books){0};
	free(app->trace);
	app->trace = NULL;
}
