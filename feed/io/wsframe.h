/*
 * WebSocket framing (RFC 6455) of a client, sans I/O: bytes in, messages out;
 * and frames to send. The reserved bits are 0, but for the first, where
 * permessage-deflate was agreed on: it tells a compressed message.
 *
 * Whole frames are handed out where they lie, without a copy; only messages
 * that are split, over frames or over reads, are joined in a buffer of its
 * own, made at init. One per line; feed thread. Allocates at init only.
 */
#ifndef FEED_IO_WSFRAME_H
#define FEED_IO_WSFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define WSFRAME_PADDING 64      /* readable bytes behind every message handed out */
#define WSFRAME_CONTROL_MAX 125 /* payload of a control frame (RFC 6455 5.5) */
#define WSFRAME_HEADER_MAX 14   /* of a frame of ours: 2, 8 of length, 4 of mask */

enum wsframe_result {
	WSFRAME_MORE,     /* everything was taken in, nothing to hand out */
	WSFRAME_TEXT,     /* *message is a whole text message; not checked to be UTF-8 */
	WSFRAME_BINARY,   /* *message is a whole binary message */
	WSFRAME_PING,     /* *message is its payload: answer with the same in a PONG */
	WSFRAME_PONG,     /* *message is its payload */
	WSFRAME_CLOSE,    /* *message is the reason's text, close_code is set; nothing follows */
	WSFRAME_OVERSIZE, /* a message is longer than bytes_max: said once, the rest is dropped */
	WSFRAME_BROKEN,   /* the peer broke the protocol: fault says how; end the connection */
};

/* What a peer did that RFC 6455 forbids. */
enum wsframe_fault {
	WSFRAME_FINE,
	WSFRAME_RESERVED_BITS,      /* RSV1 to RSV3 without a meaning (5.2; RFC 7692 6.1) */
	WSFRAME_BAD_OPCODE,         /* 3 to 7, 11 to 15 (5.2) */
	WSFRAME_MASKED,             /* a server must not mask (5.1) */
	WSFRAME_LENGTH_NOT_MINIMAL, /* (5.2) */
	WSFRAME_LENGTH_TOO_BIG,     /* its most significant bit is set (5.2) */
	WSFRAME_CONTROL_FRAGMENTED, /* (5.5) */
	WSFRAME_CONTROL_TOO_LONG,   /* (5.5) */
	WSFRAME_NOT_BEGUN,          /* a continuation of nothing (5.4) */
	WSFRAME_NOT_ENDED,          /* a new message within a fragmented one (5.4) */
	WSFRAME_BAD_CLOSE_CODE,     /* (7.4), or a payload of one byte (5.5.1) */
	WSFRAME_BAD_UTF8,           /* of a close reason (5.5.1) */
	WSFRAME_FAULTS
};

struct wsframe {
	char *buffer;         /* bytes_max + padding: the message that is being joined */
	size_t bytes_max;
	size_t joined;        /* bytes of it so far */
	uint64_t left;        /* payload bytes of the current frame still to come */
	unsigned char header[10];
	unsigned char have;   /* bytes of the header so far */
	unsigned char opcode; /* of the current frame */
	unsigned char message_opcode; /* of the message that is being joined, 0: none is open */
	bool in_payload;
	bool final;           /* the current frame is its message's last */
	bool dropping;        /* the message is oversize */
	bool deflates;        /* permessage-deflate was agreed on: the caller says so */
	bool compressed;      /* the message at hand, or the last one: it is to be inflated */
	unsigned char control_have;
	char control[WSFRAME_CONTROL_MAX + WSFRAME_PADDING];
	int close_code;       /* CLOSE: its code, 1005 when it had none */
	enum wsframe_fault fault;
	uint64_t oversize;    /* messages dropped */
};

/* Makes room for messages of at most bytes_max bytes. Returns 0 or -ENOMEM. */
int wsframe_init(struct wsframe *f, size_t bytes_max);

void wsframe_fini(struct wsframe *f);

/* A new connection: forgets what was begun and agreed on. Counts stay. */
void wsframe_reset(struct wsframe *f);

/*
 * Takes bytes from the front of *in until there is something to hand out, and
 * moves *in past them. *message stays valid until the next call, and as long
 * as the memory that `in` points to; behind that memory WSFRAME_PADDING bytes
 * must be readable. Call again until WSFRAME_MORE. After CLOSE and BROKEN
 * every further call says BROKEN.
 */
static inline enum wsframe_result wsframe_next(struct wsframe *f, struct bytes *in,
    struct bytes *message);

/*
 * The two halves of wsframe_next(). First nearly all frames: a whole text
 * message below 64 KiB where nothing is begun. It is handed out where it lies,
 * and leaves nothing behind. Everything else, faults included, is left alone:
 * false. Then that.
 */
static inline bool wsframe_next_usual(struct wsframe *f, struct bytes *in, struct bytes *message);
enum wsframe_result wsframe_next_any(struct wsframe *f, struct bytes *in, struct bytes *message);

/* "server sent a masked frame" ...; never NULL. */
const char *wsframe_fault_text(enum wsframe_fault fault);

enum wsframe_opcode {
	WSFRAME_OP_TEXT = 1,
	WSFRAME_OP_BINARY = 2,
	WSFRAME_OP_CLOSE = 8,
	WSFRAME_OP_PING = 9,
	WSFRAME_OP_PONG = 10,
};

/*
 * Writes one whole frame, masked with `mask` (4 random bytes, RFC 6455 5.3),
 * into out[room]. Returns its length, 0 when there is no room or a control
 * frame would be too long.
 */
size_t wsframe_write(char *out, size_t room, enum wsframe_opcode opcode, struct bytes payload,
    uint32_t mask);

/* The payload of a close frame: code and no reason. Returns its length (2). */
size_t wsframe_close_payload(char out[2], int code);

static inline bool
wsframe_next_usual(struct wsframe *f, struct bytes *in, struct bytes *message)
{
	const unsigned char *p = (const unsigned char *)in->p;
	size_t n, head = 2;

	if (in->n < 4 || p[0] != (0x80 | WSFRAME_OP_TEXT) || /* the first bit: it is final */
	    (f->have | f->message_opcode | f->in_payload | f->fault) != 0)
		return false;
	n = p[1];
	if (n >= 126) {
		if (n != 126)
			return false;
		n = (size_t)p[2] << 8 | p[3];
		head = 4;
		if (n < 126)
			return false;
	}
	if (n > in->n - head || n > f->bytes_max)
		return false;
	f->compressed = false;
	*message = (struct bytes){in->p + head, n};
	*in = (struct bytes){in->p + head + n, in->n - head - n};
	return true;
}

static inline enum wsframe_result
wsframe_next(struct wsframe *f, struct bytes *in, struct bytes *message)
{
	return wsframe_next_usual(f, in, message) ? WSFRAME_TEXT
	                                          : wsframe_next_any(f, in, message);
}

#endif
