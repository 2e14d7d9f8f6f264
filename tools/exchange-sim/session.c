#include "tools/exchange-sim/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/control.h"
#include "tools/exchange-sim/door.h"
#include "tools/exchange-sim/report.h"

#define CLOSE_WITHIN span_s(5) /* for the client's close frame */
#define HEAD_WITHIN span_s(60) /* for a request, or for the next one */

bool
session_init(struct session *s, struct session_desk *desk, uint64_t number, mono_t now)
{
	*s = (struct session){.desk = desk, .number = number};
	s->stream = calloc(desk->cfg.streams_max, sizeof(struct stream *));
	if (s->stream == NULL)
		return false;
	outq_init(&s->out, desk->cfg.queue_max);
	outq_init(&s->head, HTTP_HEAD_MAX + 4096);
	limiter_init(&s->limiter, desk->cfg.messages_per_s_max);
	s->ends = s->ping_at = s->pong_by = MONO_NEVER;
	s->close_by = mono_add(now, HEAD_WITHIN);
	return true;
}

void
session_fini(struct session *s)
{
	while (s->nstreams > 0)
		hub_unsubscribe(s->desk->hub, s->stream[--s->nstreams], s);
	free(s->stream);
	s->stream = NULL;
	outq_fini(&s->out);
	outq_fini(&s->head);
	s->desk->changed(s->desk->ctx);
}

static uint32_t
place_of(const struct session *s, struct bytes name)
{
	uint32_t i = 0;

	while (i < s->nstreams &&
	    !bytes_equal((struct bytes){s->stream[i]->name, s->stream[i]->name_n}, name))
		i++;
	return i;
}

bool
session_has(const struct session *s, struct bytes name)
{
	return place_of(s, name) < s->nstreams;
}

bool
session_subscribe(struct session *s, struct bytes name)
{
	struct stream *stream;

	if (session_has(s, name))
		return true;
	stream = hub_subscribe(s->desk->hub, name, s);
	if (stream == NULL)
		return false;
	s->stream[s->nstreams++] = stream;
	s->desk->changed(s->desk->ctx);
	return true;
}

void
session_unsubscribe(struct session *s, struct bytes name)
{
	uint32_t i = place_of(s, name);
	struct stream *stream;

	if (i == s->nstreams)
		return;
	stream = s->stream[i];
	s->nstreams--;
	memmove(&s->stream[i], &s->stream[i + 1],
	    (s->nstreams - i) * sizeof(struct stream *));
	hub_unsubscribe(s->desk->hub, stream, s);
}

static bool
queue_frame(struct session *s, enum wire_opcode opcode, struct bytes payload)
{
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = wire_head(head, opcode, payload.n);

	s->wants_write = true;
	return outq_add(&s->out, (struct bytes){(const char *)head, n}, payload);
}

bool
session_send(struct session *s, struct bytes message)
{
	if (!queue_frame(s, WIRE_TEXT, message))
		return false;
	s->sent++;
	return true;
}

bool
session_send_frame(struct session *s, struct bytes frame)
{
	if (!outq_add(&s->out, frame, BYTES_NONE))
		return false;
	s->wants_write = true;
	s->sent++;
	return true;
}

/* What waits for a client that does not read is lost. */
static void
drop_output(struct session *s)
{
	outq_drop(&s->out, outq_used(&s->out));
	s->unframed = 0;
}

void
session_close(struct session *s, int code, const char *reason, mono_t now)
{
	char payload[WIRE_CONTROL_MAX];
	size_t n = strlen(reason);

	if (s->state != SESSION_OPEN)
		return;
	payload[0] = (char)(code >> 8);
	payload[1] = (char)code;
	memcpy(payload + 2, reason, n);
	/* A full queue belongs to a client that does not read: it gets no more. */
	if (!queue_frame(s, WIRE_CLOSE, (struct bytes){payload, n + 2})) {
		drop_output(s);
		s->state = SESSION_OVER;
	} else {
		s->state = SESSION_CLOSING;
	}
	s->ends = s->ping_at = s->pong_by = MONO_NEVER;
	s->close_by = mono_add(now, CLOSE_WITHIN);
	report(REPORT_INFO, "connection %llu: closing with %d \"%s\" after %llu messages",
	    (unsigned long long)s->number, code, reason, (unsigned long long)s->sent);
	while (s->nstreams > 0)
		hub_unsubscribe(s->desk->hub, s->stream[--s->nstreams], s);
	s->desk->changed(s->desk->ctx);
}

static void
send_ping(struct session *s, mono_t now, wall_t wall)
{
	uint32_t i = s->npings % SESSION_PINGS;
	int n = snprintf(s->ping[i], sizeof(s->ping[i]), "%lld",
	    (long long)(wall.ns / 1000000));

	s->ping_at = mono_add(now, s->desk->cfg.ping_interval);
	s->pinged[i] = now;
	s->npings++;
	if (mono_is_never(s->pong_by))
		s->pong_by = mono_add(now, s->desk->cfg.pong_timeout);
	/* Behind a full queue it would be late anyway; the pong is due all the same. */
	queue_frame(s, WIRE_PING, (struct bytes){s->ping[i], (size_t)n});
}

/* A pong answers the ping that it copies, and all before that. */
static void
take_pong(struct session *s, struct bytes payload)
{
	uint32_t first = s->npings > SESSION_PINGS ? s->npings - SESSION_PINGS : 0;

	if (first < s->answered)
		first = s->answered;
	for (uint32_t n = s->npings; n > first; n--) {
		if (!bytes_equal(payload, bytes_of(s->ping[(n - 1) % SESSION_PINGS])))
			continue;
		s->answered = n;
		s->pong_by = n == s->npings ? MONO_NEVER
			: mono_add(s->pinged[n % SESSION_PINGS], s->desk->cfg.pong_timeout);
		return;
	}
}

static void
take_close(struct session *s, struct bytes payload)
{
	if (s->state == SESSION_OPEN)
		queue_frame(s, WIRE_CLOSE, payload.n > 2 ? (struct bytes){payload.p, 2} : payload);
	s->state = SESSION_OVER;
}

/* What the limiter counts has been counted. */
static void
take_frame(struct session *s, enum wire_result got, struct bytes payload, mono_t now)
{
	switch (got) {
	case WIRE_GOT_PING:
		queue_frame(s, WIRE_PONG, payload);
		return;
	case WIRE_GOT_PONG:
		take_pong(s, payload);
		return;
	case WIRE_MESSAGE:
		control_request(s, payload, now);
		return;
	case WIRE_GOT_CLOSE:
		take_close(s, payload);
		return;
	case WIRE_TOO_LONG: /* seen at Binance: no answer at all to more than 4096 bytes */
	case WIRE_BROKEN:
	case WIRE_MORE:
		return;
	}
}

static void
take_frames(struct session *s, struct bytes in, mono_t now)
{
	enum wire_result got;
	struct bytes payload;

	while (s->state != SESSION_OVER) {
		got = wire_next(&s->wire, &in, &payload);
		if (got == WIRE_MORE)
			return;
		if (got == WIRE_BROKEN) {
			session_close(s, 1002, "Protocol error", now);
			s->state = SESSION_OVER;
		} else if (s->state == SESSION_CLOSING) {
			if (got == WIRE_GOT_CLOSE)
				s->state = SESSION_OVER;
		} else if (got != WIRE_GOT_CLOSE && !limiter_admits(&s->limiter, now)) {
			session_close(s, 1008, "Too many requests", now);
		} else {
			take_frame(s, got, payload, now);
		}
	}
}

/* The handshake is done: from here on it is WebSocket. */
static void
open_socket(struct session *s, mono_t now)
{
	s->close_by = MONO_NEVER;
	s->ends = mono_add(now, s->desk->cfg.life);
	s->ping_at = mono_add(now, s->desk->cfg.ping_interval);
	s->desk->changed(s->desk->ctx);
}

static void
take_http(struct session *s, struct bytes in, mono_t now, wall_t wall)
{
	struct bytes waiting;
	size_t used = 1;

	if (!outq_add(&s->head, in, BYTES_NONE)) {
		s->state = SESSION_OVER;
		return;
	}
	while (s->state == SESSION_HTTP && used > 0) {
		waiting.p = (const char *)s->head.p + s->head.head;
		waiting.n = outq_used(&s->head);
		used = door_knock(s, waiting, wall);
		outq_drop(&s->head, used);
		s->close_by = used > 0 ? mono_add(now, HEAD_WITHIN) : s->close_by;
	}
	if (s->state != SESSION_OPEN)
		return;
	open_socket(s, now);
	waiting.p = (const char *)s->head.p + s->head.head;
	waiting.n = outq_used(&s->head);
	take_frames(s, waiting, now);
	outq_fini(&s->head);
}

void
session_on_bytes(struct session *s, struct bytes in, mono_t now, wall_t wall)
{
	if (s->state == SESSION_HTTP)
		take_http(s, in, now, wall);
	else if (s->state != SESSION_OVER)
		take_frames(s, in, now);
}

void
session_on_time(struct session *s, mono_t now, wall_t wall)
{
	if (mono_due(s->close_by, now)) {
		drop_output(s);
		s->state = SESSION_OVER;
		s->close_by = MONO_NEVER;
		s->wants_write = true;
	}
	if (s->state != SESSION_OPEN)
		return;
	if (mono_due(s->pong_by, now))
		session_close(s, 1008, "Pong timeout", now);
	else if (mono_due(s->ends, now))
		session_close(s, 1001, "Connection is too old", now);
	else if (mono_due(s->ping_at, now))
		send_ping(s, now, wall);
}

mono_t
session_deadline(const struct session *s)
{
	return mono_min(mono_min(s->ends, s->ping_at), mono_min(s->pong_by, s->close_by));
}
