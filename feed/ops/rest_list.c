#include "feed/ops/rest_list.h"

#include <stdlib.h>

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/ops/rest_impl.h"
#include "feed/pipeline/listing.h"
#include "feed/plan/rest_plan.h"

#define BYTES_MAX (64u << 20)
#define AGAIN_S 60 /* after a failure, or to confirm the last one */
#define SOON_S 2

static void
ask_in(struct rest_list *l, span_t span)
{
	l->at = mono_add(clock_mono(), span);
	ops_timer_start(rest_ops(l->rest), &l->timer, span);
}

static void
on_list(void *context, const struct http_answer *a)
{
	struct rest_list *l = context;
	const struct snapsched_answer answer = rest_answer(a);
	struct ops_order order = {.kind = OPS_LISTING};
	span_t again = span_ms(l->cfg->instruments.refresh_ms);
	struct listing *listing = NULL;
	mono_t now = clock_mono();
	enum snapsched_verdict verdict = snapsched_on_other(
	    rest_schedule(l->rest), rest_plan_list_weight(l->cfg), &answer, now);
	bool told;

	rest_tell_verdict(l->rest, verdict, a, "exchangeInfo", now);
	if (verdict == SNAPSCHED_FINE && listing_read(&listing, a->body) != 0)
		LOG(WARNING, "instruments_unknown",
		    LOG_STR("detail", "the exchange's list of instruments is malformed"),
		    LOG_THEN("asked again after a while"));
	if (listing != NULL)
		rest_admit(l->rest, listing);
	order.object = listing;
	told = ops_order(rest_ops(l->rest), &order); /* also that there is none */
	if (!told)
		free(listing);
	if ((!told || listing == NULL) && again.ns > span_s(AGAIN_S).ns)
		again = span_s(AGAIN_S);
	ask_in(l, again);
	rest_pump(l->rest);
}

static void
ask(void *context)
{
	struct rest_list *l = context;
	const struct snapsched_answer none = {.used = -1, .retry_after = {-1}};
	uint32_t weight = rest_plan_list_weight(l->cfg);

	l->at = MONO_ZERO;
	if (!snapsched_take(rest_schedule(l->rest), weight, clock_mono())) {
		ask_in(l, span_s(1));
	} else if (rest_get(l->rest, rest_base_of(l->rest)->info, NULL, BYTES_MAX, on_list, l) !=
	    0) {
		snapsched_on_other(rest_schedule(l->rest), weight, &none, clock_mono());
		ask_in(l, span_s(1));
	}
	rest_pump(l->rest);
}

static void
on_wanted(void *context, const struct ops_note *note)
{
	struct rest_list *l = context;
	span_t span = span_s(note->value[0] != 0 ? SOON_S : AGAIN_S);

	if (mono_before(mono_add(clock_mono(), span), l->at))
		ask_in(l, span);
}

void
rest_list_open(struct rest_list *l, struct rest *rest, const struct config *cfg)
{
	l->rest = rest;
	l->cfg = cfg;
	l->timer.fn = ask;
	l->timer.context = l;
	if (!rest_plan_lists(cfg))
		return;
	ops_receive(rest_ops(rest), OPS_LIST_WANTED, on_wanted, l);
	ask_in(l, SPAN_ZERO);
}

void
rest_list_close(struct rest_list *l)
{
	ops_timer_stop(&l->timer);
}
