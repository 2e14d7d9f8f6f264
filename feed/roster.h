/*
 * Which configured stream a message belongs to, and who was heard since the
 * control plane asked last.
 *
 * Owned by the pipeline; feed thread. The data path costs two loads: names are
 * compared only where an instrument has several streams of one kind, such as
 * klines of two intervals.
 */
#ifndef FEED_ROSTER_H
#define FEED_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/base/bytes.h"
#include "feed/core/arbiter.h"
#include "feed/core/pool.h"
#include "feed/venue/venue.h"

#define ROSTER_NONE UINT32_MAX
#define ROSTER_NO_LINE UINT8_MAX
#define ROSTER_KINDS (EVENT_KLINE + 1) /* market events */

struct roster_stream {
	char *name;          /* NULL: this number is not in use */
	uint32_t instrument;
	enum event_kind kind;
	uint32_t next;       /* of the same instrument and kind */
	bool stale;          /* as the control plane says */
	uint8_t line_of[ARBITER_LEGS_MAX]; /* whose messages the arbiter knows by that number */
	uint8_t last_line;   /* klines, whole books: who was published last, and what */
	int64_t last_start, last_rank;
	uint32_t messages;   /* since roster_take() */
	uint64_t lines;      /* heard there since roster_take() */
};

struct roster {
	struct roster_stream *stream; /* by the caller's number */
	uint32_t streams_max;
	uint32_t (*first)[ROSTER_KINDS]; /* per instrument and kind */
	uint32_t instruments_max;
	uint32_t *heard; /* numbers of those with messages */
	uint32_t nheard;
};

/* Returns 0 or -ENOMEM. Nobody is on it. */
int roster_init(struct roster *roster, uint32_t streams_max, uint32_t instruments_max);
void roster_fini(struct roster *roster);

/* Puts a stream on it (copies the name). Returns 0, -ENOSPC (no such number) or -ENOMEM. */
int roster_add(struct roster *roster, uint32_t number, struct bytes name, uint32_t instrument,
    enum event_kind kind);

/* Takes it off; its number may be used anew. */
void roster_remove(struct roster *roster, uint32_t number);

/* The number of the stream called `name` in the combined envelope; ROSTER_NONE: not on it. */
uint32_t roster_find(const struct roster *roster, uint32_t instrument, enum event_kind kind,
    struct bytes name);

/* A message of it came on that line. */
void roster_on_message(struct roster *roster, uint32_t number, unsigned line);

/* Who was heard since the last call: up to `max` in out[]; returns how many. */
unsigned roster_take(struct roster *roster, struct pool_heard *out, unsigned max);

#endif
