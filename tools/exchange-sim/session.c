#include "tools/exchange-sim/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/plural.h"
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
	s->mute = calloc(desk->cfg.streams_max, sizeof(bool));
	if (s->stream == NULL || s->mute == NULL) {
		free(s->stream);
		free(s->mute);
		return false;
	}
	outq_init(&s->out, desk->cfg.queue_max);
	outq_init(&s->head, HTTP_HEAD_MAX + 4096);
	limiter_init(&s->limiter, desk->cfg.messages_per_s_max, span_s(1));
	s->born = now;
	s->ends = s->ping_at = s->pong_by = s->shut_at = MONO_NEVER;
	s->close_by = mono_add(now, HEAD_WITHIN);
	return true;
}

void
session_fini(struct session *s)
{
	struct late *late;

	session_unsubscribe_all(s);
	free(s->stream);
	free(s->mute);
	s->stream = NULL;
	s->mute = NULL;
	while ((late = s->late) != NULL) {
		s->late = late->next;
		free(late);
	}
	hold_fini(&s->hold);
	outq_fini(&s->out);
	outq_fini(&s->head);
	s->desk->changed(s->desk->ctx);
}

struct fault_target
session_target(const struct session *s)
{
	return (struct fault_target){.conn = s->number,
		.endpoint = s->endpoint != NULL ? s->endpoint->name : NULL};
}

/* Is a fault of the line in force for it? */
static const struct fault_entry *
fault_of(const struct session *s, enum fault_kind kind)
{
	struct fault_target target;

	if (!faults_any(s->desk->faults, kind))
		return NULL;
	target = session_target(s);
	return faults_find(s->desk->faults, kind, &target);
}

/* When bytes that are queued now may go. */
static mono_t
leaves_at(struct session *s)
{
	const struct fault_entry *freeze = fault_of(s, FAULT_FREEZE);
	mono_t at = s->desk->now;

	if (s->endpoint != NULL && s->endpoint->delay.ns + s->endpoint->jitter.ns > 0) {
		uint32_t us = (uint32_t)(s->endpoint->jitter.ns / 1000);

		at = mono_add(at, s->endpoint->delay);
		at = mono_add(at, span_us(random_below(&s->desk->dice, us + 1)));
	}
	return freeze != NULL && mono_before(at, freeze->ends) ? freeze->ends : at;
}

bool
session_queue(struct session *s, struct bytes head, struct bytes payload)
{
	mono_t at;

	/* As if sent: nobody is told that a line is dead. */
	if (fault_of(s, FAULT_STALL) != NULL || fault_of(s, FAULT_HALF_OPEN) != NULL)
		return true;
	if (!outq_add(&s->out, head, payload))
		return false;
	s->wants_write = true;
	at = leaves_at(s);
	if ((s->hold.n > 0 || mono_before(s->desk->now, at)) &&
	    hold_add(&s->hold, head.n + payload.n, at))
		session_due(s, hold_deadline(&s->hold));
	return true;
}

static bool
queue_frame(struct session *s, enum wire_opcode opcode, struct bytes payload)
{
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = wire_head(head, opcode, payload.n);

	return session_queue(s, (struct bytes){(const char *)head, n}, payload);
}

void
session_answer(struct session *s, struct bytes bytes, mono_t at)
{
	s->wants_write = true;
	if (!outq_add(&s->out, bytes, BYTES_NONE))
		return;
	s->unframed += bytes.n;
	if ((s->hold.n > 0 || mono_before(s->desk->now, at)) &&
	    hold_add(&s->hold, bytes.n, at))
		session_due(s, hold_deadline(&s->hold));
}

bool
session_send(struct session *s, struct bytes message)
{
	if (!queue_frame(s, WIRE_TEXT, message))
		return false;
	s->sent++;
	return true;
}

void
session_send_later(struct session *s, struct bytes message, mono_t at)
{
	struct late *late = malloc(sizeof(*late) + message.n);

	if (late == NULL)
		return;
	*late = (struct late){.next = s->late, .at = at, .n = message.n};
	memcpy(late->p, message.p, message.n);
	s->late = late;
	session_due(s, at);
}

static void
send_late(struct session *s, mono_t now)
{
	struct late **at = &s->late, *late;

	while ((late = *at) != NULL) {
		if (!mono_due(late->at, now)) {
			at = &late->next;
			continue;
		}
		*at = late->next;
		session_send(s, (struct bytes){late->p, late->n});
		free(late);
	}
}

/* What waits for a client that does not read is lost. */
static void
drop_output(struct session *s)
{
	outq_drop(&s->out, outq_used(&s->out));
	hold_clear(&s->hold);
	s->unframed = 0;
}

void
session_cut(struct session *s, enum session_cut how)
{
	drop_output(s);
	s->cut = how;
	s->state = SESSION_OVER;
	s->wants_write = true;
	s->desk->tally.cut++;
	report(REPORT_INFO, "connection %llu: cut by a fault", (unsigned long long)s->number);
	session_unsubscribe_all(s);
	s->desk->changed(s->desk->ctx);
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
	s->ends = s->ping_at = s->pong_by = s->shut_at = MONO_NEVER;
	s->close_by = mono_add(now, CLOSE_WITHIN);
	tally_code(&s->desk->tally.closed, code);
	report(REPORT_INFO, "connection %llu: closing with %d \"%s\" after %llu message%s",
	    (unsigned long long)s->number, code, reason, (unsigned long long)s->sent,
	    plural(s->sent));
	session_unsubscribe_all(s);
	s->desk->changed(s->desk->ctx);
}

static void
send_ping(struct session *s, mono_t now, wall_t wall)
{
	uint32_t i = s->npings % SESSION_PINGS;
	int n = snprintf(s->ping[i], sizeof(s->ping[i]), "%lld",
	    (long long)(wall.ns / 1000000));

	s->ping_at = mono_add(now, s->desk->cfg.ping_interval);
	if (fault_of(s, FAULT_NO_PINGS) != NULL)
		return;
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
		s->got_pings++;
		queue_frame(s, WIRE_PONG, payload);
		return;
	case WIRE_GOT_PONG:
		s->got_pongs++;
		take_pong(s, payload);
		return;
	case WIRE_MESSAGE:
		s->requests++;
		s->desk->tally.requests++;
		control_request(s, payload, now);
		return;
	case WIRE_GOT_CLOSE:
		take_close(s, payload);
		return;
	case WIRE_TOO_LONG: /* seen at Binance: no answer at all to more than 4096 bytes */
		s->desk->tally.requests_too_long++;
		return;
	case WIRE_BROKEN:
	case WIRE_MORE:
		return;
	}
}

/* Counts what came. False, and the connection is closed, when it was too much. */
static bool
rate_allows(struct session *s, mono_t now)
{
	struct tally *t = &s->desk->tally;
	bool admitted = limiter_admits(&s->limiter, now);

	tally_peak(&s->peak_messages, limiter_count(&s->limiter, now) + !admitted);
	tally_peak(&t->peak_messages, s->peak_messages);
	if (admitted)
		return true;
	t->over_rate++;
	if (s->desk->visitors != NULL)
		visitors_offend(s->desk->visitors, s->peer, now, t);
	session_close(s, 1008, "Too many requests", now);
	return false;
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
		} else if (got == WIRE_GOT_CLOSE || rate_allows(s, now)) {
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
	s->desk->tally.upgrades++;
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
	if (fault_of(s, FAULT_HALF_OPEN) != NULL)
		return;
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
	if (hold_release(&s->hold, now))
		s->wants_write = true;
	if (s->state != SESSION_OPEN)
		return;
	send_late(s, now);
	if (mono_due(s->pong_by, now)) {
		s->desk->tally.pong_timeouts++;
		session_close(s, 1008, "Pong timeout", now);
	} else if (mono_due(s->ends, now)) {
		session_close(s, 1001, "Connection is too old", now);
	} else if (mono_due(s->shut_at, now)) {
		session_close(s, 1001, "Server shutdown", now);
	} else if (mono_due(s->ping_at, now)) {
		send_ping(s, now, wall);
	}
}

mono_t
session_deadline(const struct session *s)
{
	mono_t due = mono_min(mono_min(s->ends, s->ping_at), mono_min(s->pong_by, s->close_by));

	if (s->state != SESSION_OPEN)
		return mono_min(due, hold_deadline(&s->hold));
	for (const struct late *late = s->late; late != NULL; late = late->next)
		due = mono_min(due, late->at);
	return mono_min(mono_min(due, s->shut_at), hold_deadline(&s->hold));
}
