#include "feed/io/wsframe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed/base/utf8.h"

#define FIN 0x80
#define RESERVED 0x70
#define COMPRESSED 0x40 /* in the first frame of a message (RFC 7692 6.1) */
#define MASK 0x80
#define NO_CODE 1005 /* "no status code was present" (RFC 6455 7.4.1) */

int
wsframe_init(struct wsframe *f, size_t bytes_max)
{
	*f = (struct wsframe){.bytes_max = bytes_max};
	f->buffer = calloc(1, bytes_max + WSFRAME_PADDING);
	return f->buffer == NULL ? -ENOMEM : 0;
}

void
wsframe_fini(struct wsframe *f)
{
	free(f->buffer);
	f->buffer = NULL;
}

void
wsframe_reset(struct wsframe *f)
{
	f->joined = 0;
	f->left = 0;
	f->have = 0;
	f->message_opcode = 0;
	f->in_payload = false;
	f->dropping = false;
	f->deflates = f->compressed = false;
	f->close_code = 0;
	f->fault = WSFRAME_FINE;
}

static enum wsframe_result
broken(struct wsframe *f, enum wsframe_fault fault)
{
	f->fault = fault;
	return WSFRAME_BROKEN;
}

static bool
is_control(unsigned opcode)
{
	return opcode >= WSFRAME_OP_CLOSE;
}

/* How long the header is, as far as its bytes tell by now. */
static unsigned
header_bytes(const struct wsframe *f)
{
	unsigned n = f->header[1] & 0x7f;

	if (f->have < 2)
		return 2;
	return n == 126 ? 4 : n == 127 ? 10 : 2;
}

static uint64_t
big_endian(const unsigned char *p, unsigned n)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++)
		value = value << 8 | p[i];
	return value;
}

static enum wsframe_fault
check_length(struct wsframe *f)
{
	unsigned n = f->header[1] & 0x7f;

	f->left = n;
	if (n == 126) {
		f->left = big_endian(f->header + 2, 2);
		if (f->left < 126)
			return WSFRAME_LENGTH_NOT_MINIMAL;
	} else if (n == 127) {
		f->left = big_endian(f->header + 2, 8);
		if (f->left >> 63 != 0)
			return WSFRAME_LENGTH_TOO_BIG;
		if (f->left < 65536)
			return WSFRAME_LENGTH_NOT_MINIMAL;
	}
	return WSFRAME_FINE;
}

/* What the first two bytes say; before the rest of the header is there. */
static enum wsframe_fault
check_start(const struct wsframe *f)
{
	unsigned opcode = f->header[0] & 0x0f;
	bool may_compress =
	    f->deflates && (opcode == WSFRAME_OP_TEXT || opcode == WSFRAME_OP_BINARY);

	if (f->header[0] & (may_compress ? RESERVED & ~COMPRESSED : RESERVED))
		return WSFRAME_RESERVED_BITS;
	if ((opcode > WSFRAME_OP_BINARY && opcode < WSFRAME_OP_CLOSE) || opcode > WSFRAME_OP_PONG)
		return WSFRAME_BAD_OPCODE;
	if (f->header[1] & MASK)
		return WSFRAME_MASKED;
	if (is_control(opcode)) {
		if (!(f->header[0] & FIN))
			return WSFRAME_CONTROL_FRAGMENTED;
		return (f->header[1] & 0x7f) > WSFRAME_CONTROL_MAX ? WSFRAME_CONTROL_TOO_LONG
		                                                   : WSFRAME_FINE;
	}
	if (opcode == 0)
		return f->message_opcode == 0 ? WSFRAME_NOT_BEGUN : WSFRAME_FINE;
	return f->message_opcode != 0 ? WSFRAME_NOT_ENDED : WSFRAME_FINE;
}

static void
begin_payload(struct wsframe *f)
{
	f->opcode = f->header[0] & 0x0f;
	f->final = (f->header[0] & FIN) != 0;
	f->have = 0;
	f->in_payload = true;
	f->control_have = 0;
	if (!is_control(f->opcode) && f->opcode != 0) {
		f->message_opcode = f->opcode;
		f->compressed = (f->header[0] & COMPRESSED) != 0;
		f->joined = 0;
		f->dropping = false;
	}
}

/* Takes header bytes. Returns MORE while it is incomplete, TEXT (as "go on") once it is whole. */
static enum wsframe_result
take_header(struct wsframe *f, struct bytes *in)
{
	enum wsframe_fault fault;

	while (f->have < header_bytes(f)) {
		if (in->n == 0)
			return WSFRAME_MORE;
		f->header[f->have++] = (unsigned char)*in->p++;
		in->n--;
		if (f->have != 2)
			continue;
		fault = check_start(f);
		if (fault != WSFRAME_FINE)
			return broken(f, fault);
	}
	fault = check_length(f);
	if (fault != WSFRAME_FINE)
		return broken(f, fault);
	begin_payload(f);
	return WSFRAME_TEXT;
}

/* RFC 6455 7.4.1 and the IANA registry (2026-08): what a peer may send. */
static bool
is_close_code(int code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	    (code >= 3000 && code <= 4999);
}

static bool
is_utf8(const char *p, size_t n)
{
	size_t step;

	for (size_t at = 0; at < n; at += step) {
		step = utf8_length(p + at, n - at);
		if (step == 0)
			return false;
	}
	return true;
}

static enum wsframe_result
take_close(struct wsframe *f, struct bytes payload, struct bytes *message)
{
	*message = BYTES_NONE;
	f->close_code = NO_CODE;
	if (payload.n > 0) {
		if (payload.n < 2)
			return broken(f, WSFRAME_BAD_CLOSE_CODE);
		f->close_code = (int)big_endian((const unsigned char *)payload.p, 2);
		if (!is_close_code(f->close_code))
			return broken(f, WSFRAME_BAD_CLOSE_CODE);
		*message = (struct bytes){payload.p + 2, payload.n - 2};
		if (!is_utf8(message->p, message->n))
			return broken(f, WSFRAME_BAD_UTF8);
	}
	f->fault = WSFRAME_NOT_BEGUN; /* nothing may follow */
	return WSFRAME_CLOSE;
}

static enum wsframe_result
hand_out_control(struct wsframe *f, struct bytes payload, struct bytes *message)
{
	f->in_payload = false;
	if (f->opcode == WSFRAME_OP_CLOSE)
		return take_close(f, payload, message);
	*message = payload;
	return f->opcode == WSFRAME_OP_PING ? WSFRAME_PING : WSFRAME_PONG;
}

static enum wsframe_result
take_control(struct wsframe *f, struct bytes *in, struct bytes *message)
{
	size_t n = f->left < in->n ? (size_t)f->left : in->n;

	memcpy(f->control + f->control_have, in->p, n);
	f->control_have += (unsigned char)n;
	*in = (struct bytes){in->p + n, in->n - n};
	f->left -= n;
	if (f->left > 0)
		return WSFRAME_MORE;
	return hand_out_control(f, (struct bytes){f->control, f->control_have}, message);
}

static enum wsframe_result
end_message(struct wsframe *f, struct bytes whole, struct bytes *message)
{
	enum wsframe_result result =
	    f->message_opcode == WSFRAME_OP_TEXT ? WSFRAME_TEXT : WSFRAME_BINARY;

	f->message_opcode = 0;
	*message = whole;
	return result;
}

/* Payload that belongs to a message over the limit is let go. */
static enum wsframe_result
drop_data(struct wsframe *f, struct bytes *in)
{
	size_t n = f->left < in->n ? (size_t)f->left : in->n;

	*in = (struct bytes){in->p + n, in->n - n};
	f->left -= n;
	if (f->left > 0)
		return WSFRAME_MORE;
	f->in_payload = false;
	if (f->final)
		f->message_opcode = 0;
	return WSFRAME_TEXT; /* go on */
}

static enum wsframe_result
take_data(struct wsframe *f, struct bytes *in, struct bytes *message)
{
	size_t n = f->left < in->n ? (size_t)f->left : in->n;

	memcpy(f->buffer + f->joined, in->p, n);
	f->joined += n;
	*in = (struct bytes){in->p + n, in->n - n};
	f->left -= n;
	if (f->left > 0)
		return WSFRAME_MORE;
	f->in_payload = false;
	if (!f->final)
		return WSFRAME_MORE;
	return end_message(f, (struct bytes){f->buffer, f->joined}, message);
}

static bool
is_whole_in(const struct wsframe *f, const struct bytes *in)
{
	return f->final && f->joined == 0 && f->left <= in->n;
}

enum wsframe_result
wsframe_next_any(struct wsframe *f, struct bytes *in, struct bytes *message)
{
	enum wsframe_result result;

	if (f->fault != WSFRAME_FINE)
		return WSFRAME_BROKEN;
	for (;;) {
		if (!f->in_payload) {
			result = take_header(f, in);
			if (result != WSFRAME_TEXT)
				return result;
		}
		if (is_control(f->opcode)) {
			if (in->n == 0 && f->left > 0)
				return WSFRAME_MORE;
			return take_control(f, in, message);
		}
		if (!f->dropping && f->left > f->bytes_max - f->joined) {
			f->dropping = true;
			f->oversize++;
			return WSFRAME_OVERSIZE;
		}
		if (f->dropping) {
			result = drop_data(f, in);
		} else if (is_whole_in(f, in)) {
			struct bytes whole = {in->p, (size_t)f->left};

			*in = (struct bytes){in->p + whole.n, in->n - whole.n};
			f->in_payload = false;
			return end_message(f, whole, message);
		} else {
			result = take_data(f, in, message);
			if (result != WSFRAME_MORE)
				return result;
		}
		if (in->n == 0)
			return WSFRAME_MORE;
	}
}

const char *
wsframe_fault_text(enum wsframe_fault fault)
{
	static const char *const text[WSFRAME_FAULTS] = {
		[WSFRAME_FINE] = "nothing is wrong",
		[WSFRAME_RESERVED_BITS] = "reserved bits are set that mean nothing here",
		[WSFRAME_BAD_OPCODE] = "unknown opcode",
		[WSFRAME_MASKED] = "the server masked a frame",
		[WSFRAME_LENGTH_NOT_MINIMAL] = "a length is written longer than needed",
		[WSFRAME_LENGTH_TOO_BIG] = "a length has its highest bit set",
		[WSFRAME_CONTROL_FRAGMENTED] = "a control frame is fragmented",
		[WSFRAME_CONTROL_TOO_LONG] = "a control frame is longer than 125 bytes",
		[WSFRAME_NOT_BEGUN] = "a frame continues no message",
		[WSFRAME_NOT_ENDED] = "a message begins within another one",
		[WSFRAME_BAD_CLOSE_CODE] = "a close frame has an invalid code",
		[WSFRAME_BAD_UTF8] = "the reason of a close frame is not UTF-8",
	};

	return (unsigned)fault < WSFRAME_FAULTS ? text[fault] : "unknown fault";
}

static size_t
write_header(unsigned char *out, enum wsframe_opcode opcode, size_t n, uint32_t mask)
{
	size_t at = 2;

	out[0] = (unsigned char)(FIN | (unsigned)opcode);
	if (n < 126) {
		out[1] = (unsigned char)(MASK | n);
	} else {
		unsigned bytes = n < 65536 ? 2 : 8;

		out[1] = (unsigned char)(MASK | (bytes == 2 ? 126 : 127));
		for (unsigned i = 0; i < bytes; i++)
			out[at++] = (unsigned char)((uint64_t)n >> 8 * (bytes - 1 - i));
	}
	memcpy(out + at, &mask, sizeof(mask));
	return at + sizeof(mask);
}

size_t
wsframe_write(char *out, size_t room, enum wsframe_opcode opcode, struct bytes payload,
    uint32_t mask)
{
	unsigned char header[WSFRAME_HEADER_MAX];
	const unsigned char *key = (const unsigned char *)&mask;
	size_t n;

	if (is_control(opcode) && payload.n > WSFRAME_CONTROL_MAX)
		return 0;
	n = write_header(header, opcode, payload.n, mask);
	if (room < n || room - n < payload.n)
		return 0;
	memcpy(out, header, n);
	for (size_t i = 0; i < payload.n; i++)
		out[n + i] = (char)((unsigned char)payload.p[i] ^ key[i % 4]);
	return n + payload.n;
}

size_t
wsframe_close_payload(char out[2], int code)
{
	out[0] = (char)(code >> 8);
	out[1] = (char)code;
	return 2;
}
