#include "tools/exchange-sim/publish.h"

#include <stdlib.h>

#include "tools/exchange-sim/binary.h"
#include "tools/exchange-sim/deliver.h"
#include "tools/exchange-sim/session.h"

#define FRAME_MAX (PUBLISH_MESSAGE_MAX + STREAM_NAME_MAX + 64)

static bool
text_new(struct text *t, size_t cap)
{
	*t = (struct text){.p = malloc(cap), .cap = cap};
	return t->p != NULL;
}

bool
publisher_init(struct publisher *p)
{
	bool good;

	*p = (struct publisher){0};
	good = text_new(&p->binary, PUBLISH_MESSAGE_MAX) &&
	    text_new(&p->binary_frame, FRAME_MAX);
	for (int unit = 0; good && unit < 2; unit++)
		good = text_new(&p->payload[unit], PUBLISH_MESSAGE_MAX) &&
		    text_new(&p->frame[unit][0], FRAME_MAX) &&
		    text_new(&p->frame[unit][1], FRAME_MAX);
	return good;
}

void
publisher_fini(struct publisher *p)
{
	for (int unit = 0; unit < 2; unit++) {
		free(p->payload[unit].p);
		for (int combined = 0; combined < 2; combined++)
			free(p->frame[unit][combined].p);
	}
	free(p->binary.p);
	free(p->binary_frame.p);
}

/* As put_frame(), but binary, which has no envelope. */
static void
put_binary_frame(struct publisher *p, const struct market_event *e)
{
	unsigned char head[WIRE_HEAD_MAX];

	if (!binary_event(&p->binary, e))
		return;
	text_add(&p->binary_frame, (const char *)head,
	    wire_head(head, WIRE_BINARY, p->binary.n));
	text_add(&p->binary_frame, p->binary.p, p->binary.n);
}

static void
put_frame(struct text *frame, const struct stream *s, bool combined, struct bytes payload)
{
	static const char open[] = "{\"stream\":\"", middle[] = "\",\"data\":";
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = payload.n;

	if (combined)
		n += sizeof(open) - 1 + s->name_n + sizeof(middle) - 1 + 1;
	text_add(frame, (const char *)head, wire_head(head, WIRE_TEXT, n));
	if (combined) {
		text_lit(frame, open);
		text_add(frame, s->name, s->name_n);
		text_lit(frame, middle);
	}
	text_add(frame, payload.p, payload.n);
	if (combined)
		text_lit(frame, "}");
}

/* The frame that a session gets, made if it is the first to need it; empty: there is none. */
static struct text *
frame_for(struct publisher *p, const struct session *to, const struct stream *s,
    const struct market_event *e)
{
	struct text *payload = &p->payload[to->unit];
	struct text *frame = &p->frame[to->unit][to->combined];
	struct market_event shifted = *e;

	shifted.at.ns += p->clock_error.ns;
	if (session_is_binary(to)) {
		if (p->binary_frame.n == 0)
			put_binary_frame(p, &shifted);
		return &p->binary_frame;
	}
	if (payload->n == 0)
		message_event(payload, &shifted, to->unit);
	if (frame->n == 0)
		put_frame(frame, s, to->combined, text_bytes(payload));
	return frame;
}

static bool
send_to(struct session *to, const struct stream *s, const struct text *frame)
{
	size_t head;

	if (frame->n == 0)
		return true;
	head = wire_head_length((const unsigned char *)frame->p);
	return deliver(to, s, (struct bytes){frame->p, head},
	    (struct bytes){frame->p + head, frame->n - head});
}

void
publisher_send(struct publisher *p, struct stream *s, const struct market_event *e)
{
	if (s->nsubs > 0 && deliver_leaves_out(s->sub[0]->desk, s))
		return;
	for (int unit = 0; unit < 2; unit++) {
		p->payload[unit].n = 0;
		p->frame[unit][0].n = p->frame[unit][1].n = 0;
	}
	p->binary.n = p->binary_frame.n = 0;
	for (uint32_t i = 0; i < s->nsubs; i++) {
		struct session *to = s->sub[i];

		if (to->state != SESSION_OPEN || to->too_slow)
			continue;
		if (!send_to(to, s, frame_for(p, to, s, e)))
			to->too_slow = p->too_slow = true;
	}
}
