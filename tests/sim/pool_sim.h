/*
 * The state of the pool simulation (test_pool_sim.c): the exchange's end of
 * every line, what it is about to say, and the dice.
 */
#ifndef TESTS_SIM_POOL_SIM_H
#define TESTS_SIM_POOL_SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed/core/pool.h"

enum { STREAMS_MAX = 600, LINES = 20, ROOM = 200, QUEUE_MAX = 4096, RECENT_MAX = 512 };

static const span_t faults_for = {INT64_C(3600) * 1000000000};
static const span_t recovered_within = {INT64_C(3600) * 1000000000};

/* The exchange's end of a line. */
struct peer {
	bool connected;    /* between WENT_UP and the end */
	bool busy;         /* an attempt or a connection exists */
	uint32_t attempt;
	enum session_state told; /* last state that a transition told */
	mono_t sends[RECENT_MAX];
	unsigned nsends;   /* on this connection */
};

struct scheduled {
	mono_t at;
	unsigned line;
	bool ends;         /* the exchange's end of the line ends with it */
	struct session_event event;
};

static struct sim {
	uint64_t seed, random;
	mono_t now, begun, faults_end;
	struct pool_cfg cfg;
	unsigned nstreams;
	uint16_t bytes[STREAMS_MAX];
	bool bad[STREAMS_MAX];         /* any request with it is refused */
	uint64_t on_lines[STREAMS_MAX]; /* bit per line where the exchange has it subscribed */
	struct peer peer[LINES];
	struct scheduled queue[QUEUE_MAX];
	unsigned nqueue;
	mono_t connects[RECENT_MAX];
	unsigned nconnects;
	unsigned steps, idle_timers, lives, rotations;
} sim;

static struct pool pool;
static struct pool_actions actions;
static struct session_stream entry[LINES * ROOM];
static struct pool_stream stream_memory[STREAMS_MAX];
static struct stall_stream stall_memory[LINES * ROOM];
static struct balance_item item_memory[STREAMS_MAX];
static uint8_t classes[STREAMS_MAX];
static const struct pool_memory memory = {.entry = entry,
	.stream = stream_memory, .stall = stall_memory, .item = item_memory, .class = classes,
	.streams_max = STREAMS_MAX};

#define CHECK(condition) do { \
	if (!(condition)) \
		fail_msg("seed %llu, %lld ms: %s", (unsigned long long)sim.seed, \
		    (long long)(sim.now.ns / 1000000), #condition); \
} while (0)

static inline uint64_t
pick(uint64_t from, uint64_t to)
{
	uint64_t z = (sim.random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return from + (z ^ (z >> 31)) % (to - from + 1);
}

/* True that often, but never once the faults are over. */
static inline bool
fault(unsigned percent)
{
	return mono_before(sim.now, sim.faults_end) && pick(1, 100) <= percent;
}

static inline struct scheduled *
schedule(unsigned line, span_t in, enum session_event_kind kind)
{
	struct scheduled *slot = &sim.queue[sim.nqueue++];

	CHECK(sim.nqueue <= QUEUE_MAX - 1);
	*slot = (struct scheduled){
		.at = mono_add(sim.now, in),
		.line = line,
		.event = {.kind = kind, .attempt = sim.peer[line].attempt, .retry_after_s = -1},
	};
	return slot;
}

static inline void
schedule_end(unsigned line, span_t in, enum session_event_kind kind, enum tick_reason reason)
{
	struct scheduled *slot = schedule(line, in, kind);

	slot->event.reason = reason;
	slot->ends = true;
}

/* The exchange forgets the connection, and everything it would still have said on it. */
static inline void
cut(unsigned line)
{
	unsigned kept = 0;

	sim.peer[line].connected = sim.peer[line].busy = false;
	for (unsigned i = 0; i < sim.nstreams; i++)
		sim.on_lines[i] &= ~(UINT64_C(1) << line);
	for (unsigned i = 0; i < sim.nqueue; i++)
		if (sim.queue[i].line != line)
			sim.queue[kept++] = sim.queue[i];
	sim.nqueue = kept;
}

#endif
