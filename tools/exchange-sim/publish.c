#include "tools/exchange-sim/publish.h"

#include <stdlib.h>

#include "tools/exchange-sim/deliver.h"
#include "tools/exchange-sim/session.h"

#define FRAME_MAX (PUBLISH_MESSAGE_MAX + STREAM_NAME_MAX + 64)

bool
publisher_init(struct publisher *p)
{
	*p = (struct publisher){0};
	for (int unit = 0; unit < 2; unit++) {
		p->payload[unit].cap = PUBLISH_MESSAGE_MAX;
		p->payload[unit].p = malloc(PUBLISH_MESSAGE_MAX);
		if (p->payload[unit].p == NULL)
			return false;
		for (int combined = 0; combined < 2; combined++) {
			p->frame[unit][combined].cap = FRAME_MAX;
			p->frame[unit][combined].p = malloc(FRAME_MAX);
			if (p->frame[unit][combined].p == NULL)
				return false;
		}
	}
	return true;
}

void
publisher_fini(struct publisher *p)
{
	for (int unit = 0; unit < 2; unit++) {
		free(p->payload[unit].p);
		for (int combined = 0; combined < 2; combined++)
			free(p->frame[unit][combined].p);
	}
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

/* The frame that a session gets, made if it is the first to need it. */
static struct text *
frame_for(struct publisher *p, const struct session *to, const struct stream *s,
    const struct market_event *e)
{
	struct text *payload = &p->payload[to->unit];
	struct text *frame = &p->frame[to->unit][to->combined];
	struct market_event shifted = *e;

	shifted.at.ns += p->clock_error.ns;
	if (payload->n == 0)
		message_event(payload, &shifted, to->unit);
	if (frame->n == 0)
		put_frame(frame, s, to->combined, text_bytes(payload));
	return frame;
}

static bool
send_to(struct session *to, const struct stream *s, const struct text *frame)
{
	size_t head = wire_head_length((const unsigned char *)frame->p);

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
	for (uint32_t i = 0; i < s->nsubs; i++) {
		struct session *to = s->sub[i];

		if (to->state != SESSION_OPEN || to->too_slow)
			continue;
		if (!send_to(to, s, frame_for(p, to, s, e)))
			to->too_slow = p->too_slow = true;
	}
}
