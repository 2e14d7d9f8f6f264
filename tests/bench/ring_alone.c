#include "tests/bench/ring_rig.h"

#include <string.h>

#define LAPS 2
#define FLOOR_DRIFT_MAX 1.3

/* Stamps per record of 16 plain stores each, over as much memory as the ring's slots. */
static double
floor_stores(struct tick *slots)
{
	uint64_t start = bench_stamp();

	for (uint64_t i = 0; i < LAPS * RIG_SLOTS; i++) {
		uint64_t *word = (uint64_t *)&slots[i & (RIG_SLOTS - 1)];

#pragma GCC unroll 16
		for (int k = 0; k < 16; k++)
			__atomic_store_n(&word[k], i, __ATOMIC_RELAXED);
	}
	return (double)(bench_stamp() - start) / (LAPS * RIG_SLOTS);
}

static double
floor_copies(struct tick *slots, const struct tick *from)
{
	uint64_t start = bench_stamp();

	for (uint64_t i = 0; i < LAPS * RIG_SLOTS; i++) {
		memcpy(&slots[i & (RIG_SLOTS - 1)], &from[i & 15], sizeof(*slots));
		__asm__ volatile("" ::: "memory");
	}
	return (double)(bench_stamp() - start) / (LAPS * RIG_SLOTS);
}

static double
publish_alone(struct ring *ring)
{
	uint64_t start = bench_stamp();

	for (uint64_t i = 0; i < LAPS * RIG_SLOTS; i++)
		ring_rig_publish(ring, i);
	return (double)(bench_stamp() - start) / (LAPS * RIG_SLOTS);
}

static double
publish_and_ring(struct ring *ring, struct bell *bell)
{
	uint64_t start = bench_stamp();

	for (uint64_t i = 0; i < RIG_SLOTS; i++) {
		ring_rig_publish(ring, i);
		bell_ring(bell, 1);
	}
	return (double)(bench_stamp() - start) / RIG_SLOTS;
}

struct alone_job {
	struct ring *ring;
	struct bell *bell;
	struct tick *twin; /* memory like the ring's, in the arena */
	double before, after, copy, publish, rung;
};

static void
write_alone(void *arg)
{
	struct alone_job *job = arg;

	/* One lap each first: the caches hold what the measured ones left there. */
	floor_stores(job->twin);
	job->before = floor_stores(job->twin);
	publish_alone(job->ring);
	job->publish = publish_alone(job->ring);
	job->rung = publish_and_ring(job->ring, job->bell);
	floor_stores(job->twin);
	job->after = floor_stores(job->twin);
	job->copy = floor_copies(job->twin, job->twin + RIG_SLOTS);
}

struct ring_alone
ring_alone(const struct ring_rig *rig)
{
	struct alone_job work = {.ring = rig->ring, .bell = rig->bell, .twin = rig->pair->arena};
	struct pair_job job = {.writer = write_alone, .arg = &work};
	struct pair_verdict verdict = pair_run(rig->pair, &job);
	double ns = rig->pair->clock.ns_per_stamp;

	return (struct ring_alone){
		.floor_ns = (work.before + work.after) / 2 * ns,
		.copy_ns = work.copy * ns,
		.publish_ns = work.publish * ns,
		.rung_ns = work.rung * ns,
		.counted = verdict.counted && work.before < work.after * FLOOR_DRIFT_MAX &&
		    work.after < work.before * FLOOR_DRIFT_MAX,
	};
}
