#include "feed/ops/rest_trace.h"

#include <errno.h>
#include <stdlib.h>

#include "feed/io/net_reason.h"

/* Numbers of spans are given by the feed thread, too: its own are below. */
#define OWN_IDS UINT32_C(0x80000000)

int
rest_trace_open(struct rest_trace *t, struct tracer *tracer, uint32_t instruments)
{
	*t = (struct rest_trace){.tracer = tracer};
	if (tracer == NULL)
		return 0;
	t->wish = calloc(instruments, sizeof(*t->wish));
	return t->wish != NULL ? 0 : -ENOMEM;
}

void
rest_trace_close(struct rest_trace *t)
{
	free(t->wish);
	*t = (struct rest_trace){0};
}

void
rest_trace_wanted(struct rest_trace *t, uint32_t instrument, struct rest_wish wish)
{
	if (t->tracer != NULL)
		t->wish[instrument] = wish;
}

struct rest_attempt
rest_trace_begin(const struct rest_trace *t, uint32_t instrument, mono_t now)
{
	struct rest_attempt attempt = {.sent = now};

	if (t->tracer != NULL)
		attempt.wish = t->wish[instrument];
	return attempt;
}

static uint32_t
next_id(struct rest_trace *t)
{
	return OWN_IDS | ++t->ids;
}

static void
tell_part(struct rest_trace *t, const struct trace_span *whole, enum trace_kind kind, mono_t begin,
    mono_t end, enum tick_reason why)
{
	struct trace_span part = *whole;

	part.kind = kind;
	part.id = next_id(t);
	part.parent = whole->id;
	part.begin = begin;
	part.end = end;
	part.why = why;
	tracer_add(t->tracer, &part);
}

static enum tick_reason
why_failed(const struct http_answer *a)
{
	if (a->reason != TICK_REASON_NONE)
		return a->reason;
	return a->status >= 200 && a->status < 300 ? TICK_REASON_NONE
	                                           : net_reason_of_status(a->status);
}

void
rest_trace_end(struct rest_trace *t, uint32_t instrument, const struct tick_instrument *entry,
    const struct rest_attempt *a, const struct rest_outcome *outcome)
{
	enum tick_reason refused = why_failed(outcome->answer);
	enum tick_reason spoilt = outcome->spoilt ? TICK_REASON_PROTOCOL : TICK_REASON_NONE;
	bool parsed = refused == TICK_REASON_NONE;
	struct trace_span whole;

	if (t->tracer == NULL)
		return;
	whole = (struct trace_span){
		.kind = TRACE_SNAPSHOT,
		.id = next_id(t),
		.parent = a->wish.parent,
		.why = parsed ? spoilt : refused,
		.begin = mono_min(a->wish.since, a->sent),
		.end = parsed ? outcome->parsed : outcome->answered,
		.instrument = entry,
	};
	whole.trace = a->wish.trace != 0 ? a->wish.trace : whole.id;
	tracer_add(t->tracer, &whole);
	tell_part(t, &whole, TRACE_QUEUE, whole.begin, a->sent, TICK_REASON_NONE);
	tell_part(t, &whole, TRACE_REQUEST, a->sent, outcome->answered, refused);
	if (parsed)
		tell_part(t, &whole, TRACE_PARSE, outcome->answered, whole.end, spoilt);
	t->wish[instrument].since = whole.end;
}
