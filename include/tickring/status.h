/*
 * The status of a feed: counters, lines, latencies; published ten times a
 * second in NAME.status. It stays readable after the feed has died.
 */
#ifndef TICKRING_STATUS_H
#define TICKRING_STATUS_H

#include <stdint.h>

#include <tickring/layout.h>
#include <tickring/reader.h>
#include <tickring/reasons.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TICK_LINES_MAX 64

enum tick_counter {
#define TICK_COUNTER(NAME, name, help) TICK_COUNTER_##NAME,
#include <tickring/counters.def>
#undef TICK_COUNTER
	TICK_COUNTER_COUNT
};

#define TICK_COUNTERS_MAX 128 /* room for later ones */

/* States of a line, as published. */
enum tick_line_state {
	TICK_LINE_IDLE = 0,
	TICK_LINE_CONNECTING = 1,
	TICK_LINE_HANDSHAKE = 2,
	TICK_LINE_SUBSCRIBING = 3,
	TICK_LINE_LIVE = 4,
	TICK_LINE_DRAINING = 5,
	TICK_LINE_BACKOFF = 6,
	TICK_LINE_OPEN_CIRCUIT = 7,
	TICK_LINE_STATE_COUNT = 8
};

/* Whole 8-byte words only: the block is copied word by word. */
struct tick_line_status {
	int64_t state;          /* enum tick_line_state */
	int64_t since_ns;       /* wall clock of the last change of state */
	int64_t attempts;       /* connection attempts */
	int64_t connects;       /* of them successful */
	int64_t reason;         /* enum tick_reason of the last connection's end */
	int64_t close_code;     /* of it, 0 when none */
	int64_t retry_at_ns;    /* wall clock of the next attempt, TICK_ABSENT when none is due */
	int64_t connected_ns;   /* wall clock of the last connection, TICK_ABSENT */
	int64_t last_message_ns; /* wall clock, TICK_ABSENT */
	int64_t streams_wanted, streams_sent, streams_acknowledged;
	int64_t messages, bytes;
	int64_t pings;          /* of the server; TICK_ABSENT where the transport hides them */
	int64_t spare[9];
	char endpoint[64];      /* host:port, NUL-terminated */
};

/* Times in ns; of the last second with messages. */
struct tick_latency {
	int64_t count, p50, p90, p99, p999, max;
};

struct tick_status {
	int64_t at_ns;          /* wall clock of this copy */
	int64_t at_mono_ns;     /* monotonic clock of it */
	int64_t started_ns;     /* wall clock of the feed's start */
	int64_t messages_per_s; /* over the last second */
	int64_t ticks_per_s;
	int64_t lines;          /* lines configured; the first so many of line[] */
	int64_t lines_live;
	int64_t instruments;
	int64_t streams;
	int64_t spare[23];
	struct tick_latency publish; /* receipt to publish */
	struct tick_latency arrival; /* exchange event time to receipt; by two clocks */
	uint64_t counter[TICK_COUNTERS_MAX]; /* by enum tick_counter */
	struct tick_line_status line[TICK_LINES_MAX];
	char transport[16];     /* "lws" */
	char version[32];       /* of the feed */
};

TICK_STATIC_ASSERT(sizeof(struct tick_line_status) == 256, "32 words");
TICK_STATIC_ASSERT(sizeof(struct tick_status) % 8 == 0, "whole words");
TICK_STATIC_ASSERT((int)TICK_COUNTER_COUNT <= TICK_COUNTERS_MAX, "room for every counter");

/* The record of a status segment. */
struct tick_status_block {
	TICK_ALIGNED(128) uint64_t seq; /* odd while it is being written */
	uint64_t spare[15];
	struct tick_status status;
};

struct tick_status_reader;

/* Opens /dev/shm/FEED.status. Returns 0 or as tick_reader_open(). */
int tick_status_open(struct tick_status_reader **out, const char *feed);

/* Unmaps and frees, nulls the pointer; NULL is fine. */
void tick_status_close(struct tick_status_reader **reader);

/* A consistent copy. Returns 0, TICK_E_BUSY, or TICK_E_ABSENT before the first one was written. */
int tick_status_read(const struct tick_status_reader *reader, struct tick_status *out);

/* TICK_END (the writer is fine), TICK_E_STALE, TICK_E_DEAD, TICK_E_REPLACED (open it anew). */
int tick_status_check(const struct tick_status_reader *reader);

/* "live", "backoff" ...; "unknown" when out of range. Never NULL. */
const char *tick_line_state_name(int64_t state);

/* Metric name and help text of a counter; NULL when out of range. */
const char *tick_counter_name(unsigned counter);
const char *tick_counter_help(unsigned counter);

#ifdef __cplusplus
}
#endif

#endif
