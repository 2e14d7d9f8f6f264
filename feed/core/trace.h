/*
 * Spans of what the control plane does, for tracing: why did a connection take
 * so long? Made from what happened, one machine per line:
 *
 *	rotation                    a line is replaced
 *	  connection                an attempt, from the order to live
 *	    connect                 name lookup and TCP
 *	    tls
 *	    upgrade                 of HTTP to WebSocket
 *	    subscribe               until every stream has its answer
 *
 * Feed thread; owns no clock. A span is handed to the sink when it has ended.
 */
#ifndef FEED_CORE_TRACE_H
#define FEED_CORE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <tickring/layout.h>
#include <tickring/reasons.h>

#include "feed/base/mono.h"
#include "feed/core/action.h"

enum trace_kind {
	TRACE_ROTATION,
	TRACE_CONNECTION,
	TRACE_CONNECT,
	TRACE_TLS,
	TRACE_UPGRADE,
	TRACE_SUBSCRIBE,
	TRACE_RESYNC,   /* of a book: trace_book.h */
	TRACE_SNAPSHOT, /* these: feed/ops/rest_trace.h */
	TRACE_QUEUE,
	TRACE_REQUEST,
	TRACE_PARSE,
	TRACE_KINDS
};

struct trace_span {
	enum trace_kind kind;
	uint32_t trace, id; /* numbers from 1 on */
	uint32_t parent;    /* id of a span of the same trace, 0: none */
	unsigned line;
	enum tick_reason why; /* it failed; TICK_REASON_NONE: it did not */
	mono_t begin, end;
	const struct tick_instrument *instrument; /* whose book; NULL: it is a line's */
};

typedef void trace_sink_fn(void *context, const struct trace_span *span);

struct trace_open {
	uint32_t trace, id; /* id 0: none */
	uint32_t parent;
	mono_t begin;
};

struct trace_line {
	struct trace_open connection; /* under way to LIVE */
	struct trace_open rotation;   /* of this line, by its successor */
	uint32_t in_trace, in_span;   /* the rotation that its connection belongs to; 0: none */
	mono_t up;                    /* MONO_NEVER: not up yet */
};

struct trace {
	trace_sink_fn *sink;
	void *context;
	uint32_t traces, spans; /* numbers given so far */
	struct trace_line line[SESSION_LINES_MAX];
};

/* How far an attempt came; MONO_NEVER: not that far. */
struct trace_phases {
	mono_t connected, secured, up;
};

void trace_init(struct trace *trace, trace_sink_fn *sink, void *context);

/* CONNECT was ordered; ROTATION; TRANSITION. Other actions are ignored. */
void trace_on_action(struct trace *trace, const struct pool_action *act, mono_t now);

/*
 * The attempt went up, or ended (why: not TICK_REASON_NONE), as far as it
 * came. After the connection is live, nothing.
 */
void trace_on_outcome(struct trace *trace, unsigned line, const struct trace_phases *phases,
    enum tick_reason why, mono_t now);

/* "tls" ...; never NULL. */
const char *trace_kind_name(int kind);

#endif
