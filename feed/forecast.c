#include "feed/forecast.h"

#include <stdlib.h>

#include "feed/plan.h"

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

int
forecast_make(const struct config *cfg, struct forecast *out)
{
	struct rehearsal *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return -1;
	*out = (struct forecast){.streams = (unsigned)cfg->streams.n};
	r->out = out;
	rc = plan_pool(&r->plan, cfg, &r->pool, 1);
	if (rc == 0) {
		out->lines = pool_members(&r->pool);
		rehearse(r);
	}
	plan_free(&r->plan);
	free(r);
	return rc;
}

void
forecast_print(FILE *out, const struct forecast *f)
{
	fprintf(out,
	    "plan: %u streams on %u lines, at most %u a line; %u connects, %u SUBSCRIBE requests; "
	    "subscribed after %lld.%03lld s beside network time\n",
	    f->streams, f->lines, f->streams_per_line, f->connects, f->requests,
	    (long long)(f->subscribed_after.ns / 1000000000),
	    (long long)(f->subscribed_after.ns / 1000000 % 1000));
}
