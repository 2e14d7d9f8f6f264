#include "feed/ops/rest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/core/security.h"
#include "feed/io/clock.h"
#include "feed/io/http.h"
#include "feed/ops/backfill.h"
#include "feed/ops/rest_clock.h"
#include "feed/ops/rest_depth.h"
#include "feed/ops/rest_impl.h"
#include "feed/ops/rest_list.h"
#include "feed/ops/rest_trace.h"
#include "feed/pipeline/listing.h"
#include "feed/plan/rest_plan.h"

#define DEPTH_BYTES_MAX (2u << 20)
#define TELL_EVERY_S 10     /* of failures that are alike */
#define AT_ONCE_MAX 8
#define NUMBERS_MAX 80      /* bytes of a path behind its symbol */
#define CODE_INVALID_SYMBOL (-1121) /* Binance (2026-08): {"code":-1121,"msg":"Invalid symbol."} */

/* A snapshot on its way. */
struct request {
	struct rest *rest;
	bool busy;
	uint32_t instrument, limit;
	struct rest_attempt attempt; /* for traces */
};

struct rest {
	struct ops *ops;
	struct config cfg;            /* a copy: the feed thread changes its own */
	struct rest_base base;
	struct http_client *http;
	struct snapsched sched;
	struct snapsched_item *item;
	const struct tick_instrument **instrument; /* by id, of those that were wanted */
	struct request request[AT_ONCE_MAX];
	struct ops_timer pump_timer;
	struct rest_trace trace;
	struct rest_list list;
	struct rest_clock clock;
	struct backfill *backfill;    /* NULL: none is wanted */
	struct tick_level *levels;    /* of the snapshot that is read: bids, then asks */
	mono_t tell_at;               /* failures are not told before */
	uint64_t untold;
	bool paused;
	_Atomic int64_t used, paused_until_ns, paused_why, under_way;
};

/* ---- requests --------------------------------------------------------------- */

static const enum tick_reason reason_of[SNAPSCHED_VERDICTS] = {
	[SNAPSCHED_RATE_LIMITED] = TICK_REASON_RATE_LIMITED,
	[SNAPSCHED_BANNED] = TICK_REASON_BANNED,
	[SNAPSCHED_FORBIDDEN] = TICK_REASON_FORBIDDEN,
	[SNAPSCHED_BLOCKED] = TICK_REASON_BLOCKED_REGION,
};

static void
show(struct rest *r, mono_t now)
{
	atomic_store_explicit(
	    &r->paused_why, reason_of[r->sched.paused_why], memory_order_relaxed);
	atomic_store_explicit(&r->under_way, http_under_way(r->http), memory_order_relaxed);
	atomic_store_explicit(&r->used, snapsched_used(&r->sched, now), memory_order_relaxed);
	atomic_store_explicit(
	    &r->paused_until_ns, r->sched.paused_until.ns, memory_order_relaxed);
}

struct rest_gauges
rest_gauges(const struct rest *r)
{
	struct rest_gauges out = {0};
	struct backfill_counts counts;

	if (!r)
		return out;
	out.used = atomic_load_explicit(&r->used, memory_order_relaxed);
	out.budget = r->sched.cfg.budget;
	out.under_way = atomic_load_explicit(&r->under_way, memory_order_relaxed);
	counts = backfill_counts(r->backfill);
	out.fills = counts.requests;
	out.fills_refused = counts.refused;
	out.why = (enum tick_reason)atomic_load_explicit(&r->paused_why, memory_order_relaxed);
	out.paused_until.ns = atomic_load_explicit(&r->paused_until_ns, memory_order_relaxed);
	return out;
}

int
rest_get(struct rest *r, const char *path, const char *api_key, size_t bytes_max,
    http_done_fn *done, void *context)
{
	struct http_request request = {
		.host = r->base.host,
		.port = r->base.port,
		.address = r->base.address,
		.path = path,
		.api_key = api_key,
		.within = r->base.within,
		.answer_max = bytes_max,
	};

	return http_send(r->http, &request, done, context);
}

struct snapsched_answer
rest_answer(const struct http_answer *a)
{
	bool whole = a->reason == TICK_REASON_NONE;
	bool fine = a->status >= 200 && a->status < 300;

	return (struct snapsched_answer){
		.status = whole || !fine ? a->status : 0,
		.used = a->used_weight,
		.retry_after = a->retry_after_s < 0 ? span_ns(-1) : span_s(a->retry_after_s),
	};
}

/* ---- what is said of answers -------------------------------------------------- */

void
rest_tell_verdict(struct rest *r, enum snapsched_verdict verdict, const struct http_answer *a,
    const char *what, mono_t now)
{
	span_t pause = mono_diff(r->sched.paused_until, now);
	char then[64];

	if (verdict == SNAPSCHED_FINE) {
		if (r->paused)
			LOG(INFO, "rest_resumed", LOG_I64("used_weight", a->used_weight));
		r->paused = false;
		return;
	}
	if (r->cfg.security.event_logging && security_is_certificate(a->reason))
		LOG(ERROR, "security", SECURITY(INVALID_CERTIFICATE), LOG_STR("request", what),
		    LOG_STR("reason", tick_reason_label(a->reason)), LOG_STR("detail", a->detail),
		    LOG_THEN("the connection is refused"));
	if (pause.ns > 0) {
		snprintf(then, sizeof(then), "no request for %" PRId64 " s",
		    (pause.ns + 999999999) / 1000000000);
		LOG(WARNING, "rest_paused", LOG_STR("reason", snapsched_verdict_name(verdict)),
		    LOG_STR("request", what), LOG_I64("retry_after_s", a->retry_after_s),
		    LOG_I64("used_weight", a->used_weight), LOG_THEN(then));
		r->paused = true;
		return;
	}
	r->untold++;
	if (mono_before(now, r->tell_at))
		return;
	LOG(WARNING, "rest_failed", LOG_STR("reason", snapsched_verdict_name(verdict)),
	    LOG_STR("request", what), LOG_I64("status", a->status), LOG_STR("detail", a->detail),
	    LOG_U64("failures", r->untold), LOG_THEN("asked again after a while"));
	r->untold = 0;
	r->tell_at = mono_add(now, span_s(TELL_EVERY_S));
}

/* ---- snapshots ---------------------------------------------------------------- */

static struct rest_depth
depth_of(struct rest *r, const struct request *q)
{
	return (struct rest_depth){r->instrument[q->instrument], q->instrument, q->limit,
	    r->levels, 0};
}

/* Reads the body and sends it to the feed thread. NULL, or why not. */
static const char *
forward(struct rest *r, const struct request *q, struct bytes body)
{
	struct ops_order order = {.kind = OPS_SNAPSHOT};
	struct rest_snapshot *snapshot;
	struct rest_depth depth = depth_of(r, q);
	const char *fault = rest_depth_read(&depth, body, &snapshot);

	if (fault != NULL)
		return fault;
	order.object = snapshot;
	if (ops_order(r->ops, &order))
		return NULL;
	free(snapshot);
	return "the feed thread is behind";
}

/* Told once; the next list of instruments tells whether there is such a symbol by then. */
static bool
is_rejected(struct rest *r, const struct request *q, const struct http_answer *a,
    const char *symbol)
{
	struct rest_depth depth = depth_of(r, q);
	struct rest_snapshot *snapshot;

	if (rest_depth_read(&depth, a->body, &snapshot) == NULL)
		free(snapshot);
	if (!rest_plan_lists(&r->cfg) || depth.code != CODE_INVALID_SYMBOL)
		return false;
	snapsched_reject(&r->sched, q->instrument);
	LOG(WARNING, "symbol_unknown", LOG_STR("symbol", symbol),
	    LOG_THEN("its book is not asked for before a list of instruments has it"));
	return true;
}

static void
on_depth(void *context, const struct http_answer *a)
{
	struct request *q = context;
	struct rest *r = q->rest;
	const struct tick_instrument *i = r->instrument[q->instrument];
	const struct snapsched_answer answer = rest_answer(a);
	mono_t now = clock_mono();
	enum snapsched_verdict verdict;
	const char *fault;
	char symbol[TICK_SYMBOL_MAX + 1];

	snprintf(symbol, sizeof(symbol), "%.*s", i->symbol_bytes, i->symbol);
	verdict = snapsched_on_answer(&r->sched, q->instrument, &answer, now);
	if (verdict != SNAPSCHED_REFUSED || !is_rejected(r, q, a, symbol))
		rest_tell_verdict(r, verdict, a, symbol, now);
	fault = verdict == SNAPSCHED_FINE && a->body.n > 0 ? forward(r, q, a->body) : NULL;
	if (verdict == SNAPSCHED_FINE && a->body.n == 0)
		fault = "the answer is empty";
	rest_trace_end(&r->trace, q->instrument, i, &q->attempt,
	    &(struct rest_outcome){a, fault != NULL, now, clock_mono()});
	if (fault != NULL) {
		LOG(WARNING, "snapshot_refused", LOG_STR("symbol", symbol),
		    LOG_STR("detail", fault), LOG_THEN("asked again after a while"));
		snapsched_want(&r->sched, q->instrument, SNAPSCHED_NEVER, true, now);
	}
	q->busy = false;
	rest_pump(r);
}

/* Symbols may be UTF-8. */
static void
add_escaped(char *out, size_t room, const char *text, size_t n)
{
	size_t at = strlen(out);

	for (size_t i = 0; i < n && at + 4 < room; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';

		at += (size_t)snprintf(out + at, room - at, plain ? "%c" : "%%%02X", c);
	}
}

void
rest_symbol_path(char *path, const char *base, const struct tick_instrument *i)
{
	snprintf(path, HTTP_PATH_MAX, "%s?symbol=", base);
	add_escaped(path, HTTP_PATH_MAX - NUMBERS_MAX, i->symbol, i->symbol_bytes);
}

static void
send_request(struct rest *r, const struct snapsched_request *wanted, mono_t now)
{
	const struct tick_instrument *i = r->instrument[wanted->item];
	const struct snapsched_answer none = {.used = -1, .retry_after = {-1}};
	struct request *q = r->request;
	char path[HTTP_PATH_MAX];
	size_t n;

	while (q->busy && q < &r->request[AT_ONCE_MAX - 1])
		q++;
	*q = (struct request){r, true, wanted->item, wanted->limit,
		rest_trace_begin(&r->trace, wanted->item, now)};
	rest_symbol_path(path, r->base.depth, i);
	n = strlen(path);
	snprintf(path + n, sizeof(path) - n, "&limit=%" PRIu32, wanted->limit);
	if (rest_get(r, path, NULL, DEPTH_BYTES_MAX, on_depth, q) == 0)
		return;
	q->busy = false;
	snapsched_on_answer(&r->sched, wanted->item, &none, now);
}

/* Sends what may be sent, and comes back when there may be more. */
void
rest_pump(struct rest *r)
{
	mono_t now = clock_mono(), due;
	struct snapsched_request wanted;

	while (snapsched_next(&r->sched, now, &wanted))
		send_request(r, &wanted, now);
	backfill_pump(r->backfill, now);
	show(r, now);
	due = mono_min(
	    snapsched_deadline(&r->sched, now), backfill_deadline(r->backfill, now));
	if (atomic_load_explicit(&r->used, memory_order_relaxed) > 0)
		due = mono_min(due, mono_add(now, span_s(1))); /* what is used is shown */
	if (mono_is_never(due))
		ops_timer_stop(&r->pump_timer);
	else
		ops_timer_start(r->ops, &r->pump_timer, mono_diff(due, now));
}

static void
on_pump(void *context)
{
	rest_pump(context);
}

/* ---- from the feed thread ----------------------------------------------------- */

static void
on_wanted(void *context, const struct ops_note *note)
{
	struct rest *r = context;
	mono_t now = clock_mono();

	if (note->number >= r->sched.items)
		return;
	r->instrument[note->number] = note->object;
	rest_trace_wanted(&r->trace, note->number, (struct rest_wish){
		(uint32_t)note->value[2], (uint32_t)note->value[3], now});
	snapsched_want(&r->sched, note->number, (enum snapsched_why)note->value[0],
	    note->value[1] != 0, now);
	rest_pump(r);
}

static void
on_gap(void *context, const struct ops_note *note)
{
	struct rest *r = context;

	backfill_on_gap(r->backfill, note, clock_mono());
	rest_pump(r);
}

static void
on_unwanted(void *context, const struct ops_note *note)
{
	struct rest *r = context;

	snapsched_forget(&r->sched, note->number);
}

static void
on_memory(void *context, const struct ops_note *note)
{
	(void)context;
	free(note->object);
}

/* Those whose symbol the exchange did not know, and that it lists now. */
void
rest_admit(struct rest *r, const struct listing *listing)
{
	for (uint32_t i = 0; i < r->sched.items; i++) {
		const struct tick_instrument *at = r->instrument[i];

		if (snapsched_is_rejected(&r->sched, i) &&
		    listing_find(listing, (struct bytes){at->symbol, at->symbol_bytes}) != NULL)
			snapsched_admit(&r->sched, i, clock_mono());
	}
}

/* ---- for the others -------------------------------------------------------------- */

struct ops *
rest_ops(struct rest *r)
{
	return r->ops;
}

struct snapsched *
rest_schedule(struct rest *r)
{
	return &r->sched;
}

const struct rest_base *
rest_base_of(const struct rest *r)
{
	return &r->base;
}

/* ---- start and end ------------------------------------------------------------ */

/* Returns 0 or -errno. */
static int
make(struct rest *r)
{
	uint32_t items = (uint32_t)r->cfg.ring.instruments_max;
	struct snapsched_cfg schedule = rest_plan_schedule(&r->cfg);
	char why[HTTP_DETAIL_MAX] = "";
	int rc;

	rest_plan_base(&r->cfg, &r->base);
	r->item = calloc(items, sizeof(*r->item));
	r->instrument = calloc(items, sizeof(struct tick_instrument *));
	r->levels = calloc(2 * REST_DEPTH_MAX, sizeof(*r->levels));
	if (!r->item || !r->instrument || !r->levels)
		return -ENOMEM;
	if (schedule.in_flight_max > AT_ONCE_MAX)
		schedule.in_flight_max = AT_ONCE_MAX;
	snapsched_init(&r->sched, &schedule, r->item, items);
	rc = http_open(&r->http, ops_context(r->ops), r->cfg.endpoint.ca_file, why);
	if (rc != 0)
		LOG(ERROR, "rest_refused", LOG_STR("detail", why), LOG_ERRNO("error", rc),
		    LOG_THEN("the feed does not start"));
	return rc;
}

int
rest_open(struct rest **out, struct ops *ops, const struct config *cfg)
{
	struct rest *r = calloc(1, sizeof(*r));
	int rc;

	*out = r;
	if (!r)
		return -ENOMEM;
	r->ops = ops;
	config_copy(&r->cfg, cfg);
	r->pump_timer.fn = on_pump;
	r->pump_timer.context = r;
	rc = make(r);
	if (rc == 0)
		rc = backfill_open(&r->backfill, r, cfg);
	if (rc != 0) {
		rest_close(out);
		return rc;
	}
	ops_receive(ops, OPS_SNAPSHOT_WANTED, on_wanted, r);
	ops_receive(ops, OPS_GAP_WANTED, on_gap, r);
	ops_receive(ops, OPS_SNAPSHOT_UNWANTED, on_unwanted, r);
	ops_receive(ops, OPS_MEMORY_BACK, on_memory, r);
	rest_list_open(&r->list, r, &r->cfg);
	rest_clock_open(&r->clock, r, &r->cfg);
	show(r, clock_mono());
	return 0;
}

int
rest_trace_by(struct rest *r, struct tracer *tracer)
{
	return rest_trace_open(&r->trace, tracer, r->sched.items);
}

void
rest_recall_pause(struct rest *r, mono_t until, enum tick_reason why)
{
	enum snapsched_verdict verdict =
	    why == TICK_REASON_BANNED ? SNAPSCHED_BANNED : SNAPSCHED_RATE_LIMITED;
	int64_t seconds = mono_diff(until, clock_mono()).ns / 1000000000 + 1;
	char then[64];

	if (!r || (why != TICK_REASON_BANNED && why != TICK_REASON_RATE_LIMITED))
		return;
	snapsched_pause(&r->sched, until, verdict);
	snprintf(then, sizeof(then), "no request for %" PRId64 " s", seconds);
	LOG(WARNING, "rest_paused", LOG_STR("reason", snapsched_verdict_name(verdict)),
	    LOG_STR("request", "of the last run"), LOG_THEN(then));
	r->paused = true;
	show(r, clock_mono());
}

void
rest_close(struct rest **rest)
{
	struct rest *r = *rest;

	if (!r)
		return;
	ops_timer_stop(&r->pump_timer);
	rest_list_close(&r->list);
	rest_clock_close(&r->clock);
	http_close(&r->http);
	rest_trace_close(&r->trace);
	backfill_close(&r->backfill);
	config_free(&r->cfg);
	free(r->item);
	free(r->instrument);
	free(r->levels);
	free(r);
	*rest = NULL;
}
