#include "tools/exchange-sim/wire.h"

#include <string.h>

size_t
wire_head(unsigned char out[WIRE_HEAD_MAX], enum wire_opcode opcode, size_t payload)
{
	out[0] = (unsigned char)(0x80 | opcode);
	if (payload < 126) {
		out[1] = (unsigned char)payload;
		return 2;
	}
	if (payload < 65536) {
		out[1] = 126;
		out[2] = (unsigned char)(payload >> 8);
		out[3] = (unsigned char)payload;
		return 4;
	}
	out[1] = 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (unsigned char)((uint64_t)payload >> (56 - 8 * i));
	return 10;
}

static uint64_t
big_endian(const unsigned char *p, int n)
{
	uint64_t value = 0;

	for (int i = 0; i < n; i++)
		value = value << 8 | p[i];
	return value;
}

size_t
wire_head_length(const unsigned char *p)
{
	/* A server's frame is masked by a fault only. */
	size_t mask = p[1] & 0x80 ? 4 : 0, length = p[1] & 0x7f;

	return mask + (length < 126 ? 2 : length == 126 ? 4 : 10);
}

size_t
wire_frame_length(const unsigned char *p)
{
	size_t length = p[1] & 0x7f;

	if (length == 126)
		length = (size_t)big_endian(p + 2, 2);
	else if (length == 127)
		length = (size_t)big_endian(p + 2, 8);
	return wire_head_length(p) + length;
}

static bool
is_control(uint8_t opcode)
{
	return opcode >= 8;
}

/* May a frame with these two first bytes come now? RFC 6455, 5.2 to 5.5. */
static bool
head_allowed(const struct wire *w)
{
	uint8_t opcode = w->head[0] & 0x0f, length = w->head[1] & 0x7f;
	bool fin = w->head[0] & 0x80;

	if ((w->head[0] & 0x70) != 0 || (w->head[1] & 0x80) == 0)
		return false; /* an extension nobody agreed on, or not masked */
	if (is_control(opcode))
		return opcode <= WIRE_PONG && fin && length <= WIRE_CONTROL_MAX;
	if (opcode > WIRE_BINARY)
		return false;
	return (opcode == WIRE_CONTINUATION) == w->in_message;
}

/* The header is complete: sets up for the payload. */
static bool
head_read(struct wire *w)
{
	uint8_t length = w->head[1] & 0x7f;
	int wide = length == 126 ? 2 : length == 127 ? 8 : 0;

	w->fin = w->head[0] & 0x80;
	w->opcode = w->head[0] & 0x0f;
	w->left = wide ? big_endian(w->head + 2, wide) : length;
	w->done = 0;
	memcpy(w->mask, w->head + 2 + wide, 4);
	w->in_payload = true;
	if (is_control(w->opcode)) {
		w->control_n = 0;
	} else if (w->opcode != WIRE_CONTINUATION) {
		w->message_n = 0;
		w->too_long = false;
		w->in_message = true;
	}
	return w->left <= INT64_MAX;
}

/* Takes header bytes. False on a protocol error. */
static bool
take_head(struct wire *w, struct bytes *in)
{
	if (w->need == 0) {
		w->need = 2;
		w->have = 0;
	}
	while (in->n > 0 && w->have < w->need) {
		w->head[w->have++] = (unsigned char)*in->p++;
		in->n--;
		if (w->have != 2)
			continue;
		if (!head_allowed(w))
			return false;
		w->need = (w->head[1] & 0x7f) == 127 ? 14 : (w->head[1] & 0x7f) == 126 ? 8 : 6;
	}
	return w->have < w->need || head_read(w);
}

static void
take_payload(struct wire *w, struct bytes *in)
{
	bool control = is_control(w->opcode);
	char *to = control ? w->control : w->message;
	uint32_t *n = control ? &w->control_n : &w->message_n;
	size_t cap = control ? sizeof(w->control) : sizeof(w->message);

	while (in->n > 0 && w->left > 0) {
		if (*n < cap)
			to[(*n)++] = (char)(*in->p ^ w->mask[w->done & 3]);
		else
			w->too_long = true;
		in->p++;
		in->n--;
		w->done++;
		w->left--;
	}
}

/* The frame is complete: what does it mean? */
static enum wire_result
frame_read(struct wire *w, struct bytes *payload)
{
	w->need = 0;
	w->in_payload = false;
	*payload = (struct bytes){w->control, w->control_n};
	if (w->opcode == WIRE_PING)
		return WIRE_GOT_PING;
	if (w->opcode == WIRE_PONG)
		return WIRE_GOT_PONG;
	if (w->opcode == WIRE_CLOSE)
		return WIRE_GOT_CLOSE;
	if (!w->fin)
		return WIRE_MORE;
	w->in_message = false;
	*payload = (struct bytes){w->message, w->message_n};
	return w->too_long ? WIRE_TOO_LONG : WIRE_MESSAGE;
}

enum wire_result
wire_next(struct wire *w, struct bytes *in, struct bytes *payload)
{
	enum wire_result got;

	for (;;) {
		if (!w->in_payload) {
			if (!take_head(w, in))
				return WIRE_BROKEN;
			if (!w->in_payload)
				return WIRE_MORE;
		}
		take_payload(w, in);
		if (w->left > 0)
			return WIRE_MORE;
		got = frame_read(w, payload);
		if (got != WIRE_MORE)
			return got;
	}
}
