#include "feed/plan/forecast.h"

#include <stdbool.h>
#include <stdlib.h>

#include "feed/base/plural.h"
#include "feed/io/secret.h"
#include "feed/plan/choice.h"
#include "feed/plan/patterns.h"
#include "feed/plan/plan.h"
#include "feed/plan/rest_plan.h"

#define WAITING_MAX POOL_ACTIONS_MAX
#define STEPS_MAX 1000000

/* Actions wait in line for their answers: the pool is never entered from inside itself. */
struct rehearsal {
	struct plan plan;
	struct pool pool;
	struct pool_actions actions;
	struct pool_action waiting[WAITING_MAX];
	unsigned head, tail;
	struct forecast *out;
};

static void
step(struct rehearsal *r, const struct pool_event *event, mono_t now)
{
	pool_step(&r->pool, event, now, &r->actions);
	for (unsigned i = 0; i < r->actions.n; i++) {
		const struct pool_action *act = &r->actions.act[i];

		if (act->kind == ACT_CONNECT || act->kind == ACT_SEND_SUBSCRIBE)
			r->waiting[r->tail++ % WAITING_MAX] = *act;
	}
}

static void
answer(struct rehearsal *r, const struct pool_action *act, mono_t now)
{
	struct pool_event event = {.kind = POOL_LINE, .line = act->line};

	if (act->kind == ACT_CONNECT) {
		event.session.kind = SESSION_WENT_UP;
		event.session.attempt = act->attempt;
		r->out->connects++;
	} else {
		event.session.kind = SESSION_ACKED;
		event.session.request_id = act->request_id;
		r->out->requests++;
	}
	step(r, &event, now);
}

static bool
is_live(const struct pool *pool)
{
	struct pool_line_view view;

	for (unsigned line = 0; line < pool_lines(pool); line++)
		if (pool_line_view(pool, line, &view) && view.role == POOL_LINE_MEMBER &&
		    view.state != SESSION_LIVE)
			return false;
	return true;
}

static void
rehearse(struct rehearsal *r)
{
	mono_t now = MONO_ZERO;
	struct pool_line_view view;

	step(r, &(struct pool_event){.kind = POOL_START}, now);
	for (unsigned i = 0; i < STEPS_MAX && !is_live(&r->pool); i++) {
		if (r->head != r->tail) {
			struct pool_action act = r->waiting[r->head++ % WAITING_MAX];

			answer(r, &act, now);
		} else {
			now = pool_deadline(&r->pool);
			step(r, &(struct pool_event){.kind = POOL_TIMER}, now);
		}
	}
	r->out->subscribed_after = mono_diff(now, MONO_ZERO);
	for (unsigned line = 0; line < pool_lines(&r->pool); line++)
		if (pool_line_view(&r->pool, line, &view) && view.wanted > r->out->streams_per_line)
			r->out->streams_per_line = view.wanted;
}

static void
foresee_books(const struct config *cfg, const struct config_strings *streams,
    struct forecast *out)
{
	struct snapsched_cfg schedule = rest_plan_schedule(cfg);

	out->books = rest_plan_count(cfg, streams);
	out->snapshot_limit = snapsched_usual_limit(&schedule);
	out->synced_after = snapsched_plan(&schedule, out->books, out->snapshot_limit);
}

static void
foresee_backfill(const struct config *cfg, struct forecast *out)
{
	char why[SECRET_WHY_MAX];
	struct secret *key = NULL;
	struct gaps_cfg gaps;

	out->wants_backfill = cfg->backfill.enabled;
	out->has_rest = rest_plan_gaps(cfg, &gaps);
	out->aggregates = rest_plan_past(cfg, true);
	out->trades = rest_plan_past(cfg, false);
	out->has_key = out->has_rest && out->trades.needs_key &&
	    secret_open(&key, cfg->endpoint.api_key_file, CHOICE_KEY_VARIABLE, why) == 0;
	secret_close(&key);
}

int
forecast_make(const struct config *cfg, struct forecast *out)
{
	struct rehearsal *r = calloc(1, sizeof(*r));
	struct config_strings streams;
	int rc;

	if (!r)
		return -1;
	*out = (struct forecast){.patterns = (unsigned)patterns_count(&cfg->streams)};
	r->out = out;
	rc = patterns_expand(&cfg->streams, NULL, &streams);
	out->streams = (unsigned)streams.n;
	if (rc == 0 && (streams.n > 0 || out->patterns == 0))
		rc = plan_pool(&r->plan, cfg, &streams, &r->pool, 1);
	if (rc == 0 && streams.n > 0) {
		out->lines = pool_members(&r->pool);
		rehearse(r);
	}
	foresee_books(cfg, &streams, out);
	foresee_backfill(cfg, out);
	patterns_free(&streams);
	plan_free(&r->plan);
	free(r);
	return rc;
}

/* "4.1 minutes", "12.5 seconds" */
static void
print_span(FILE *out, span_t span)
{
	bool minutes = span.ns >= INT64_C(60000000000);
	int64_t tenth = minutes ? INT64_C(6000000000) : INT64_C(100000000);
	long long tenths = (span.ns + tenth / 2) / tenth;

	fprintf(out, "%lld.%lld %s", tenths / 10, tenths % 10, minutes ? "minutes" : "seconds");
}

static void
print_past(FILE *out, const struct limits_past *past)
{
	fprintf(out, "weight %u for %u ids", past->weight, past->page_max);
}

static void
print_backfill(FILE *out, const struct forecast *f)
{
	if (!f->has_rest || f->aggregates.page_max == 0) {
		fprintf(out, "backfill: none, there is no REST host for it\n");
		return;
	}
	fprintf(out, "backfill: gaps of @aggTrade, ");
	print_past(out, &f->aggregates);
	if (f->trades.needs_key && !f->has_key) {
		fprintf(out, "; gaps of @trade stay, for there is no API key\n");
		return;
	}
	fprintf(out, "; of @trade, ");
	print_past(out, &f->trades);
	fprintf(out, "\n");
}

void
forecast_print(FILE *out, const struct forecast *f)
{
	fprintf(out,
	    "plan: %u stream%s on %u line%s, at most %u a line; %u connect%s, %u SUBSCRIBE "
	    "request%s; subscribed after %lld.%03lld s beside network time\n",
	    f->streams, plural(f->streams), f->lines, plural(f->lines), f->streams_per_line,
	    f->connects, plural(f->connects), f->requests, plural(f->requests),
	    (long long)(f->subscribed_after.ns / 1000000000),
	    (long long)(f->subscribed_after.ns / 1000000 % 1000));
	if (f->patterns > 0)
		fprintf(out, "%u pattern%s: what is meant, the exchange's list tells at start\n",
		    f->patterns, plural(f->patterns));
	if (f->wants_backfill)
		print_backfill(out, f);
	if (f->books == 0)
		return;
	fprintf(out, "%u book%s: ", f->books, plural(f->books));
	print_span(out, f->synced_after);
	fprintf(out, " at limit %u\n", f->snapshot_limit);
}
