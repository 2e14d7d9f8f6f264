#include "feed/ops/tracer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/log.h"
#include "feed/conf/config_url.h"
#include "feed/io/clock.h"
#include "feed/io/http.h"

#define WITHIN_S 10
#define ANSWER_MAX 16384

struct tracer {
	struct ops *ops;
	struct http_client *client;
	struct config_url url;
	char *feed;
	uint64_t seed;  /* of this process: trace and span numbers begin anew with each */
	struct ops_timer timer;
	struct tracer_counts counts;
	unsigned under_way; /* spans in the request; they are not among those that wait */
	unsigned n;
	struct trace_span span[TRACER_SPANS_MAX];
};

/* ---- as a note ----------------------------------------------------------------------- */

static int64_t
pair(uint32_t high, uint32_t low)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

bool
tracer_tell(struct ops *ops, const struct trace_span *s)
{
	const struct ops_note note = {
		.kind = OPS_SPAN,
		.number = (uint32_t)s->kind << 16 | s->line,
		.value = {s->begin.ns, s->end.ns, pair(s->trace, s->id),
		    pair(s->parent, (uint32_t)s->why)},
		.object = (void *)(uintptr_t)s->instrument, /* stays: an entry of the directory */
	};

	return ops_tell(ops, &note);
}

void
tracer_add(struct tracer *t, const struct trace_span *span)
{
	if (t->n == TRACER_SPANS_MAX)
		t->counts.drops++;
	else
		t->span[t->n++] = *span;
}

static void
on_note(void *context, const struct ops_note *note)
{
	uint64_t ids = (uint64_t)note->value[2], rest = (uint64_t)note->value[3];

	tracer_add(context, &(struct trace_span){
		.kind = (enum trace_kind)(note->number >> 16),
		.line = note->number & 0xffff,
		.begin = {note->value[0]},
		.end = {note->value[1]},
		.trace = (uint32_t)(ids >> 32),
		.id = (uint32_t)ids,
		.parent = (uint32_t)(rest >> 32),
		.why = (enum tick_reason)(uint32_t)rest,
		.instrument = note->object,
	});
}

/* ---- as JSON ------------------------------------------------------------------------- */

/* What the span is of: a line, or the book of an instrument. */
static void
put_attribute(FILE *out, const struct trace_span *s)
{
	const struct tick_instrument *i = s->instrument;

	if (i == NULL) {
		fprintf(out, "{\"key\":\"tickring.line\",\"value\":{\"intValue\":\"%u\"}}",
		    s->line);
		return;
	}
	fputs("{\"key\":\"tickring.symbol\",\"value\":{\"stringValue\":\"", out);
	for (unsigned n = 0; n < i->symbol_bytes && n < sizeof(i->symbol); n++)
		fputc((unsigned char)i->symbol[n] < ' ' || strchr("\"\\", i->symbol[n]) != NULL
		          ? '?' : i->symbol[n], out);
	fputs("\"}}", out);
}

/* Spans that others answer to are a client's. */
static bool
is_client(enum trace_kind kind)
{
	return kind != TRACE_ROTATION && kind != TRACE_RESYNC && kind != TRACE_SNAPSHOT &&
	    kind != TRACE_QUEUE && kind != TRACE_PARSE;
}

/*
 * OTLP/JSON (opentelemetry-proto 1.x, 2026-08): ids in hexadecimal, numbers of
 * 64 bits as text, kind 3 is a client, 1 internal; status 1 ok, 2 error.
 */
static void
put_span(FILE *out, const struct tracer *t, const struct trace_span *s, int64_t wall_of_mono)
{
	bool failed = s->why != TICK_REASON_NONE;

	fprintf(out,
	    "{\"traceId\":\"%016" PRIx64 "%016" PRIx64 "\",\"spanId\":\"%08" PRIx32 "%08" PRIx32
	    "\",", t->seed, (uint64_t)s->trace, (uint32_t)t->seed, s->id);
	if (s->parent != 0)
		fprintf(out, "\"parentSpanId\":\"%08" PRIx32 "%08" PRIx32 "\",",
		    (uint32_t)t->seed, s->parent);
	fprintf(out,
	    "\"name\":\"%s\",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64
	    "\",\"endTimeUnixNano\":\"%" PRId64 "\",\"attributes\":[",
	    trace_kind_name((int)s->kind), is_client(s->kind) ? 3 : 1, s->begin.ns + wall_of_mono,
	    s->end.ns + wall_of_mono);
	put_attribute(out, s);
	fputs("],", out);
	if (failed)
		fprintf(out, "\"status\":{\"code\":2,\"message\":\"%s\"}}",
		    tick_reason_label(s->why));
	else
		fputs("\"status\":{\"code\":1}}", out);
}

static void
put_batch(FILE *out, const struct tracer *t, unsigned n)
{
	int64_t wall_of_mono = clock_wall().ns - clock_mono().ns;

	fprintf(out,
	    "{\"resourceSpans\":[{\"resource\":{\"attributes\":["
	    "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"tickring\"}},"
	    "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"%s\"}}]},"
	    "\"scopeSpans\":[{\"scope\":{\"name\":\"feedd\"},\"spans\":[", t->feed);
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			fputc(',', out);
		put_span(out, t, &t->span[i], wall_of_mono);
	}
	fputs("]}]}]}", out);
}

/* ---- sending ------------------------------------------------------------------------- */

static void
lose(struct tracer *t, const char *why, int status)
{
	t->counts.drops += t->under_way;
	LOG(WARNING, "traces_lost", LOG_STR("host", t->url.host), LOG_STR("detail", why),
	    LOG_I64("status", status), LOG_U64("spans", t->under_way),
	    LOG_THEN("the next are sent all the same"));
	t->under_way = 0;
}

static void
on_answer(void *context, const struct http_answer *answer)
{
	struct tracer *t = context;

	if (answer->reason != TICK_REASON_NONE) {
		lose(t, answer->detail, answer->status);
	} else if (answer->status < 200 || answer->status > 299) {
		lose(t, "refused", answer->status);
	} else {
		t->counts.sent += t->under_way;
		t->under_way = 0;
	}
}

static void
send_batch(struct tracer *t)
{
	struct http_request request = {
		.host = t->url.host,
		.port = t->url.port,
		.plain = t->url.plain,
		.path = t->url.path,
		.content_type = "application/json",
		.within = span_s(WITHIN_S),
		.answer_max = ANSWER_MAX,
	};
	unsigned n = t->n < TRACER_BATCH_MAX ? t->n : TRACER_BATCH_MAX;
	char *body = NULL;
	FILE *out = open_memstream(&body, &request.body.n);
	int rc = -ENOMEM;

	t->under_way = n;
	if (out != NULL) {
		put_batch(out, t, n);
		if (fclose(out) == 0) {
			request.body.p = body;
			rc = http_send(t->client, &request, on_answer, t);
		}
	}
	free(body);
	t->n -= n;
	memmove(&t->span[0], &t->span[n], t->n * sizeof(t->span[0]));
	if (rc != 0)
		lose(t, strerror(-rc), 0);
}

static void
on_time(void *context)
{
	struct tracer *t = context;

	if (t->n > 0 && t->under_way == 0)
		send_batch(t);
	ops_timer_start(t->ops, &t->timer, span_ms(TRACER_EVERY_MS));
}

/* ---- start and end --------------------------------------------------------------------- */

int
tracer_open(struct tracer **out, struct ops *ops, const struct config *cfg, char *why)
{
	struct tracer *t = calloc(1, sizeof(*t));
	char detail[HTTP_DETAIL_MAX] = "";
	int rc = -ENOMEM;

	snprintf(why, TRACER_WHY_MAX, "out of memory for traces");
	if (t == NULL)
		return rc;
	t->ops = ops;
	t->timer = (struct ops_timer){.fn = on_time, .context = t};
	/* Not 0, which no id may be; another one for every process and start. */
	t->seed = (uint64_t)clock_wall().ns | 1;
	t->feed = strdup(cfg->feed);
	if (t->feed != NULL)
		rc = config_url_parse(cfg->tracing.endpoint, &t->url) == NULL ? 0 : -EINVAL;
	if (rc == 0) {
		rc = http_open(&t->client, ops_context(ops), cfg->tracing.ca_file, detail);
		snprintf(why, TRACER_WHY_MAX, "%s", detail);
	}
	if (rc != 0) {
		tracer_close(&t);
		return rc;
	}
	ops_receive(ops, OPS_SPAN, on_note, t);
	ops_timer_start(ops, &t->timer, span_ms(TRACER_EVERY_MS));
	*out = t;
	return 0;
}

void
tracer_close(struct tracer **tracer)
{
	struct tracer *t = *tracer;

	*tracer = NULL;
	if (t == NULL)
		return;
	ops_timer_stop(&t->timer);
	http_close(&t->client);
	free(t->feed);
	free(t);
}

const struct tracer_counts *
tracer_counts(const struct tracer *tracer)
{
	return tracer == NULL ? NULL : &tracer->counts;
}
