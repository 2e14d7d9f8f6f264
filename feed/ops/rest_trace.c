#include "feed/ops/rest_trace.h"

#include <errno.h>
#include <stdlib.h>

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

struct rest_wish
rest_trace_wish(const struct rest_trace *t, uint32_t instrument)
{
	return t->tracer != NULL ? t->wish[instrument] : (struct rest_wish){0};
}

static uint32_t
next_id(struct rest_trace *t)
{
	return OWN_IDS | ++t->ids;
}

/* A part of the attempt, if there was one. */
static void
tell_part(struct rest_trace *t, const struct trace_span *whole, enum trace_kind kind, mono_t begin,
    mono_t end, enum tick_reason why)
{
	struct trace_span part = *whole;

	if (mono_is_never(begin) || mono_is_never(end))
		return;
	part.kind = kind;
	part.id = next_id(t);
	part.parent = whole->id;
	part.begin = begin;
	part.end = end;
	part.why = why;
	tracer_add(t->tracer, &part);
}

void
rest_trace_ended(struct rest_trace *t, uint32_t instrument, const struct tick_instrument *entry,
    const struct rest_attempt *a)
{
	bool answered = a->request_why == TICK_REASON_NONE;
	mono_t end = answered ? a->parsed : a->answered;
	struct trace_span whole;

	if (t->tracer == NULL)
		return;
	whole = (struct trace_span){
		.kind = TRACE_SNAPSHOT,
		.id = next_id(t),
		.parent = a->wish.parent,
		.why = answered ? a->parse_why : a->request_why,
		.begin = mono_min(a->wish.since, a->sent),
		.end = end,
		.instrument = entry,
	};
	whole.trace = a->wish.trace != 0 ? a->wish.trace : whole.id;
	tracer_add(t->tracer, &whole);
	tell_part(t, &whole, TRACE_QUEUE, whole.begin, a->sent, TICK_REASON_NONE);
	tell_part(t, &whole, TRACE_REQUEST, a->sent, a->answered, a->request_why);
	tell_part(t, &whole, TRACE_PARSE, answered ? a->answered : MONO_NEVER, end, a->parse_why);
	t->wish[instrument].since = end;
}
