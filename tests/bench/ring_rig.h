/*
 * The ring under measurement: made once in a directory of its own in
 * /dev/shm, written by this process, opened anew by each reading child.
 */
#ifndef TESTS_BENCH_RING_RIG_H
#define TESTS_BENCH_RING_RIG_H

#include <tickring/reader.h>

#include "shm/bell.h"
#include "shm/ring.h"
#include "tests/bench/paced.h"
#include "tests/bench/pair.h"

#define RIG_SLOTS 65536u

struct ring_rig {
	const struct pair *pair;
	char feed[128]; /* path for tick_reader_open() */
	struct ring *ring;
	struct bell *bell;
};

/* How a reader takes the ticks. */
enum ring_take {
	TAKE_IN_PLACE,
	TAKE_COPY,
	TAKE_SLEEPING /* in place; sleeps when there is nothing, the writer rings */
};

/* Nanoseconds per tick; set by the functions below. */
struct ring_alone {
	double floor_ns;    /* 16 plain 8-byte stores per 128-byte record, before and after */
	double copy_ns;     /* memcpy of 128 bytes into the same memory */
	double publish_ns;  /* ring_publish(), nobody reads */
	double rung_ns;     /* the same and bell_ring() after each tick, nobody waits */
	bool counted;       /* the floors before and after agree within 30 % */
};

struct ring_flow {
	struct pair_verdict verdict;
	double writer_ns, reader_ns; /* per tick published, per tick received */
	uint64_t published, received, lost;
};

struct ring_drain {
	struct pair_verdict verdict;
	double ns;      /* per tick that lies ready */
	double copy_ns; /* memcpy of 128 bytes out of memory that the other core wrote */
};

struct ring_alone ring_alone(const struct ring_rig *rig);

/* The writer runs freely, or waits for the reader so that nothing is lost (credit). */
struct ring_flow ring_flow(const struct ring_rig *rig, uint64_t ticks, bool credit,
    enum ring_take take);

struct ring_drain ring_drain(const struct ring_rig *rig, enum ring_take take);

/* One tick every so often; see paced.h. */
struct pair_verdict ring_paced(const struct ring_rig *rig, unsigned rate, unsigned millis,
    enum ring_take take, struct paced_result *out);

/* A tick whose words all follow from x and stay in registers. */
static inline void
ring_rig_publish(struct ring *r, uint64_t x)
{
	struct ring_tick t = {
		.meta = ring_meta((uint32_t)x & 1023, TICK_QUOTE, TICK_FLAG_LAST, 1),
		.exch_ns = (int64_t)x,
		.recv_ns = (int64_t)x,
		.v = {(int64_t)x, 1, (int64_t)x, 2},
		.id = (int64_t)x,
		.first_id = TICK_ABSENT,
		.trade_ns = (int64_t)x,
		.mono_ns = (int64_t)x,
	};

	ring_publish(r, &t);
}

#endif
