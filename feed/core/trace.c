#include "feed/core/trace.h"

void
trace_init(struct trace *trace, trace_sink_fn *sink, void *context)
{
	*trace = (struct trace){.sink = sink, .context = context};
	for (unsigned i = 0; i < SESSION_LINES_MAX; i++)
		trace->line[i].up = MONO_NEVER;
}

const char *
trace_kind_name(int kind)
{
	static const char *const names[] = {
		[TRACE_ROTATION] = "rotation",
		[TRACE_CONNECTION] = "connection",
		[TRACE_CONNECT] = "connect",
		[TRACE_TLS] = "tls",
		[TRACE_UPGRADE] = "upgrade",
		[TRACE_SUBSCRIBE] = "subscribe",
		[TRACE_RESYNC] = "resync",
		[TRACE_SNAPSHOT] = "snapshot",
		[TRACE_QUEUE] = "queue",
		[TRACE_REQUEST] = "request",
		[TRACE_PARSE] = "parse",
	};

	return kind >= 0 && kind < TRACE_KINDS ? names[kind] : "unknown";
}

/* ---- pieces ---------------------------------------------------------------------- */

/* Ends what is open, and hands it on. */
static void
close_span(struct trace *t, struct trace_open *open, enum trace_kind kind, unsigned line,
    enum tick_reason why, mono_t now)
{
	const struct trace_span span = {
		kind, open->trace, open->id, open->parent, line, why, open->begin, now, NULL};

	if (open->id == 0)
		return;
	open->id = 0;
	t->sink(t->context, &span);
}

/* A part of the connection under way, known at its end. */
static void
tell_part(struct trace *t, unsigned line, enum trace_kind kind, mono_t begin, mono_t end,
    enum tick_reason why)
{
	const struct trace_open *whole = &t->line[line].connection;
	struct trace_open part = {whole->trace, ++t->spans, whole->id, begin};

	close_span(t, &part, kind, line, why, end);
}

/* ---- connections ------------------------------------------------------------------- */

static void
begin_connection(struct trace *t, unsigned line, mono_t now)
{
	struct trace_line *l = &t->line[line];

	l->up = MONO_NEVER;
	l->connection = (struct trace_open){
		.trace = l->in_trace != 0 ? l->in_trace : ++t->traces,
		.id = ++t->spans,
		.parent = l->in_span,
		.begin = now,
	};
}

static void
end_connection(struct trace *t, unsigned line, enum tick_reason why, mono_t now)
{
	struct trace_line *l = &t->line[line];

	if (l->connection.id != 0 && !mono_is_never(l->up))
		tell_part(t, line, TRACE_SUBSCRIBE, l->up, now, why);
	close_span(t, &l->connection, TRACE_CONNECTION, line, why, now);
	l->up = MONO_NEVER;
}

/* One part after the other, up to the one in which the attempt ended. */
void
trace_on_outcome(struct trace *t, unsigned line, const struct trace_phases *phases,
    enum tick_reason why, mono_t now)
{
	const mono_t reached[] = {phases->connected, phases->secured, phases->up};
	struct trace_line *l = &t->line[line];
	mono_t begin = l->connection.begin;

	if (l->connection.id == 0)
		return;
	for (unsigned i = 0; i < 3 && mono_is_never(l->up); i++) {
		enum trace_kind kind = (enum trace_kind)(TRACE_CONNECT + (int)i);

		if (mono_is_never(reached[i])) {
			tell_part(t, line, kind, begin, now, why);
			break;
		}
		tell_part(t, line, kind, begin, reached[i], TICK_REASON_NONE);
		begin = reached[i];
	}
	if (why == TICK_REASON_NONE)
		l->up = phases->up;
	else
		end_connection(t, line, why, now);
}

/* ---- rotations --------------------------------------------------------------------- */

static void
on_rotation(struct trace *t, const struct pool_action *act, mono_t now)
{
	struct trace_line *l = &t->line[act->line];
	bool failed = act->step == ROTATION_ABANDONED;

	if (act->step == ROTATION_BEGUN) {
		l->rotation = (struct trace_open){++t->traces, ++t->spans, 0, now};
		t->line[act->peer].in_trace = l->rotation.trace;
		t->line[act->peer].in_span = l->rotation.id;
		return;
	}
	t->line[act->peer].in_trace = t->line[act->peer].in_span = 0;
	close_span(t, &l->rotation, TRACE_ROTATION, act->line,
	    failed ? act->why : TICK_REASON_NONE, now);
}

void
trace_on_action(struct trace *t, const struct pool_action *act, mono_t now)
{
	if (act->line >= SESSION_LINES_MAX || act->peer >= SESSION_LINES_MAX)
		return;
	if (act->kind == ACT_CONNECT)
		begin_connection(t, act->line, now);
	else if (act->kind == ACT_ROTATION)
		on_rotation(t, act, now);
	else if (act->kind == ACT_TRANSITION && act->to == SESSION_LIVE)
		end_connection(t, act->line, TICK_REASON_NONE, now);
}
