/*
 * A reader of a feed with a thread of its own, which keeps account of every
 * id: what is missing, comes twice or out of order, it sees by itself; what the
 * feed says of it (GAP, STALE, LIVE) it counts apart.
 *
 * Started, asked and stopped by the test's thread.
 */
#ifndef TESTS_SYSTEM_FLOW_H
#define TESTS_SYSTEM_FLOW_H

#include <stdint.h>

#include <tickring/reader.h>

#include "feed/base/mono.h"

#define FLOW_INSTRUMENTS_MAX 1024

struct flow_counts {
	uint64_t ticks;    /* of the market */
	uint64_t missing;  /* ids that did not come, of types whose ids are consecutive */
	uint64_t doubles;  /* ticks with the id of the one before, or one below */
	uint64_t flagged;  /* ticks with GAP_BEFORE */
	uint64_t gaps;     /* FEED_EVENT GAP */
	uint64_t stales;   /* FEED_EVENT STALE */
	uint64_t lost;     /* ticks that this reader lost by being lapped */
	uint64_t restarts; /* of the writer */
	int64_t silence_ns; /* longest time without any tick of the market, since flow_mark() */
};

/* One type of one instrument. Times are CLOCK_MONOTONIC, ns; TICK_ABSENT: never. */
struct flow_stream {
	int64_t id;        /* last one */
	int64_t heard_ns;  /* last tick */
	int64_t before_ns; /* the last tick before it was called stale */
	int64_t stale_ns;  /* the last FEED_EVENT STALE of it */
	int64_t back_ns;   /* the first tick after that; TICK_ABSENT: none yet */
	uint64_t ticks;
};

struct flow;

/* Waits for the feed's ring, and reads from the next tick on. Never NULL. */
struct flow *flow_start(const char *feed);

/* Ends the thread, frees, nulls the pointer; NULL is fine. */
void flow_stop(struct flow **flow);

/* The longest silence counts from now on. */
void flow_mark(struct flow *flow);

/* Waits until a tick was read that was published after `since`. */
void flow_wait_heard(struct flow *flow, mono_t since);

struct flow_counts flow_counts(struct flow *flow);

/* All zero for a stream that was not heard. */
struct flow_stream flow_stream(struct flow *flow, const char *symbol, enum tick_type type);

#endif
