#include "tools/exchange-sim/inject.h"

#include <stdlib.h>
#include <string.h>

#include "tools/exchange-sim/deliver.h"

static const char unknown[] =
    "{\"e\":\"unheardOf\",\"E\":1795456294000,\"s\":\"BTCUSDT\",\"x\":{\"y\":[1,2,3]}}";

static void
send_frame(struct session *s, unsigned char first, struct bytes payload)
{
	unsigned char head[WIRE_HEAD_MAX];
	size_t n = wire_head(head, WIRE_TEXT, payload.n);

	head[0] = first;
	if (session_queue(s, (struct bytes){(const char *)head, n}, payload))
		s->sent++;
}

/* A JSON text of `n` bytes, most of them in one string. */
static void
send_oversize(struct session *s, size_t n)
{
	static const char open[] = "{\"e\":\"oversize\",\"pad\":\"", close[] = "\"}";
	size_t room = n > sizeof(open) + sizeof(close) ? n : sizeof(open) + sizeof(close);
	char *p = malloc(room);

	if (p == NULL)
		return;
	memset(p, 'x', room);
	memcpy(p, open, sizeof(open) - 1);
	memcpy(p + room - (sizeof(close) - 1), close, sizeof(close) - 1);
	session_send(s, (struct bytes){p, room});
	free(p);
}

/* A short frame with a mask of zeros, which changes nothing but the law. */
static void
send_masked(struct session *s)
{
	static const char frame[] = {(char)0x81, (char)0x82, 0, 0, 0, 0, '{', '}'};

	if (session_queue(s, (struct bytes){frame, sizeof(frame)}, BYTES_NONE))
		s->sent++;
}

void
inject(struct session *s, const struct fault *f)
{
	switch ((enum fault_inject)f->choice) {
	case INJECT_TRUNCATED:
		session_send(s, BYTES_LIT("{\"e\":\"trade\",\"E\":17954562940"));
		return;
	case INJECT_MALFORMED:
		session_send(s, BYTES_LIT("<html>502 Bad Gateway</html>"));
		return;
	case INJECT_OVERSIZE:
		send_oversize(s, f->bytes);
		return;
	case INJECT_FRAGMENTED:
		deliver_fragments(s, bytes_of(unknown), f->bytes < 64 ? f->bytes : 16);
		return;
	case INJECT_UNKNOWN:
		session_send(s, bytes_of(unknown));
		return;
	case INJECT_BINARY:
		send_frame(s, 0x80 | WIRE_BINARY, BYTES_LIT("\x01\x02\x03\x04"));
		return;
	case INJECT_EMPTY:
		session_send(s, BYTES_LIT(""));
		return;
	case INJECT_UTF8:
		session_send(s, BYTES_LIT("{\"e\":\"\xff\xfe\"}"));
		return;
	case INJECT_MASKED:
		send_masked(s);
		return;
	case INJECT_RESERVED:
		send_frame(s, 0xc0 | WIRE_TEXT, BYTES_LIT("{}"));
		return;
	case INJECT_TEXT:
		session_send(s, bytes_of(f->text));
		return;
	}
}

/* Binance: web-socket-streams.md and web-socket-api.md, serverShutdown (2026-05) */
void
inject_shutdown(struct session *s, enum fault_envelope envelope, wall_t now)
{
	char room[128];
	struct text t = {.p = room, .cap = sizeof(room)};
	bool combined = envelope == ENVELOPE_COMBINED ||
	    (envelope == ENVELOPE_AUTO && s->combined);

	if (combined)
		text_lit(&t, "{\"stream\":\"!serverShutdown\",\"data\":");
	else if (envelope == ENVELOPE_API)
		text_lit(&t, "{\"event\":");
	text_lit(&t, "{\"e\":\"serverShutdown\",\"E\":");
	text_int(&t, s->unit == UNIT_US ? now.ns / 1000 : now.ns / 1000000);
	text_lit(&t, "}");
	if (combined || envelope == ENVELOPE_API)
		text_lit(&t, "}");
	session_send(s, text_bytes(&t));
}
