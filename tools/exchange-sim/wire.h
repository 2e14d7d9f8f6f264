/*
 * RFC 6455 as a server sees it: frames are written, a client's bytes are cut
 * into messages. Sans-I/O, no allocation.
 *
 * libwebsockets' WebSocket role answers a PING before anybody sees it and
 * drops a second one; the exchange counts every PING against a limit. So the
 * simulator takes the library's TLS server, and frames for itself.
 */
#ifndef TOOLS_EXCHANGE_SIM_WIRE_H
#define TOOLS_EXCHANGE_SIM_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define WIRE_HEAD_MAX 10       /* a server frame's header, bytes */
#define WIRE_CONTROL_MAX 125   /* payload of a control frame */
#define WIRE_REQUEST_MAX 4096  /* longer messages are swallowed: see wire_next() */

enum wire_opcode {
	WIRE_CONTINUATION = 0,
	WIRE_TEXT = 1,
	WIRE_BINARY = 2,
	WIRE_CLOSE = 8,
	WIRE_PING = 9,
	WIRE_PONG = 10,
};

enum wire_result {
	WIRE_MORE,      /* all bytes are used up, nothing is complete */
	WIRE_MESSAGE,   /* a text or binary message, fragments joined */
	WIRE_TOO_LONG,  /* a message longer than WIRE_REQUEST_MAX has passed by */
	WIRE_GOT_PING,
	WIRE_GOT_PONG,
	WIRE_GOT_CLOSE,
	WIRE_BROKEN,    /* protocol error; the connection is of no more use */
};

/* Parser of what the client sends. Zeroed is ready. */
struct wire {
	unsigned char head[14];
	uint8_t have, need;   /* header bytes read and wanted; need 0: a new frame */
	uint8_t opcode;       /* of the current frame */
	bool fin, in_payload, in_message, too_long;
	uint8_t mask[4];
	uint64_t left, done;  /* payload bytes to come, and passed */
	uint32_t control_n, message_n;
	char control[WIRE_CONTROL_MAX];
	char message[WIRE_REQUEST_MAX];
};

/* Writes the header of an unfragmented server frame. Returns its length. */
size_t wire_head(unsigned char out[WIRE_HEAD_MAX], enum wire_opcode opcode, size_t payload);

/* Length of a server frame's header that is complete. */
size_t wire_head_length(const unsigned char *p);

/* Length of the complete server frame that begins at `p`; its header is complete. */
size_t wire_frame_length(const unsigned char *p);

/*
 * Takes bytes off `in` until something is complete; *payload is then valid
 * until the next call. Call it until it says WIRE_MORE or WIRE_BROKEN.
 */
enum wire_result wire_next(struct wire *w, struct bytes *in, struct bytes *payload);

#endif
