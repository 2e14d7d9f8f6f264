/*
 * A recorded session in memory: messages with their receive times, in order.
 * Format: one message per line, "<microseconds since the epoch> TAB <bytes>",
 * 0 for an unknown time; the file may be compressed with zstd.
 */
#ifndef TOOLS_EXCHANGE_SIM_CAPTURE_H
#define TOOLS_EXCHANGE_SIM_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"

#define CAPTURE_BYTES_MAX (INT64_C(4) << 30) /* uncompressed */
#define CAPTURE_EVERYONE UINT32_MAX          /* message of no stream */

struct capture_message {
	uint64_t at;     /* offset into `data` */
	uint32_t n;      /* bytes */
	uint32_t stream; /* index into `stream`, or CAPTURE_EVERYONE */
	int64_t time_us; /* 0: unknown */
};

struct capture {
	char *data;
	size_t size;
	struct capture_message *message;
	size_t nmessages;
	struct bytes *stream; /* names in the order of their first message */
	uint32_t nstreams;
	bool timed;           /* every message has a time */
};

/*
 * Loads a file. 0, or -1 with a sentence in error[cap] that names file and
 * line.
 */
int capture_load(struct capture *c, const char *path, char *error, size_t cap);

/*
 * Takes over `data` (from malloc()) and finds the messages in it. `path` is for
 * the error's text.
 */
int capture_parse(
    struct capture *c, char *data, size_t size, const char *path, char *error, size_t cap);

void capture_free(struct capture *c);

static inline struct bytes
capture_bytes(const struct capture *c, size_t i)
{
	return (struct bytes){c->data + c->message[i].at, c->message[i].n};
}

#endif
