#include "feed/ops/rest_clock.h"

#include "feed/base/log.h"
#include "feed/io/clock.h"
#include "feed/ops/rest_impl.h"
#include "feed/plan/rest_plan.h"
#include "feed/venue/binance/server_time.h"

#define BYTES_MAX 4096
#define WEIGHT 1     /* of GET .../time in all products (Binance, 2026-08) */
#define AGAIN_S 60   /* after a failure */
#define DOUBT_S 1    /* from where on it is worth a warning */

static void
ask_in(struct rest_clock *c, span_t span)
{
	ops_timer_start(rest_ops(c->rest), &c->timer, span);
}

static void
tell(struct clock_estimate is)
{
	const int64_t ms = 1000000;
	int64_t size = is.ns < 0 ? -is.ns : is.ns;

	if (size > is.within + span_s(DOUBT_S).ns)
		LOG(WARNING, "clock", LOG_I64("offset_ms", is.ns / ms),
		    LOG_I64("within_ms", is.within / ms),
		    LOG_THEN("latencies take it into account; see to this machine's clock"));
	else
		LOG(DEBUG, "clock", LOG_I64("offset_ms", is.ns / ms),
		    LOG_I64("within_ms", is.within / ms));
}

/* Without an answer as well: what was known once is known less and less. */
static void
hand_over(struct rest_clock *c, struct clock_estimate is, bool *said)
{
	const struct ops_order order = {.kind = OPS_CLOCK, .value = {is.ns, is.within}};

	if (is.within == 0)
		return;
	*said = ops_order(rest_ops(c->rest), &order) && *said;
	tell(is);
}

static void
on_time(void *context, const struct http_answer *a)
{
	struct rest_clock *c = context;
	const struct snapsched_answer answer = rest_answer(a);
	mono_t now = clock_mono();
	enum snapsched_verdict verdict =
	    snapsched_on_other(rest_schedule(c->rest), WEIGHT, &answer, now);
	wall_t server = {0};
	int64_t unit;
	bool said = verdict == SNAPSCHED_FINE && server_time_parse(a->body, &server.ns, &unit);

	rest_tell_verdict(c->rest, verdict, a, "time", now);
	if (said)
		clock_offset_add(&c->offset, a->sent, a->came, server, unit, now);
	hand_over(c, clock_offset_now(&c->offset, now), &said);
	ask_in(c, said || c->every.ns < span_s(AGAIN_S).ns ? c->every : span_s(AGAIN_S));
	rest_pump(c->rest);
}

static void
ask(void *context)
{
	struct rest_clock *c = context;
	const struct snapsched_answer none = {.used = -1, .retry_after = {-1}};

	if (!snapsched_take_spare(rest_schedule(c->rest), WEIGHT, clock_mono())) {
		ask_in(c, span_s(1));
	} else if (rest_get(c->rest, c->path, NULL, BYTES_MAX, on_time, c) != 0) {
		snapsched_on_other(rest_schedule(c->rest), WEIGHT, &none, clock_mono());
		ask_in(c, span_s(1));
	}
	rest_pump(c->rest);
}

void
rest_clock_open(struct rest_clock *c, struct rest *rest, const struct config *cfg)
{
	c->rest = rest;
	c->every = span_ms(cfg->rest.clock_interval_ms);
	c->timer.fn = ask;
	c->timer.context = c;
	if (rest_plan_clock(cfg, c->path, sizeof(c->path)))
		ask_in(c, SPAN_ZERO);
}

void
rest_clock_close(struct rest_clock *c)
{
	ops_timer_stop(&c->timer);
}
