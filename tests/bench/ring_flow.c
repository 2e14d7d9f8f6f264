#include "tests/bench/ring_rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CREDIT_EVERY 256
#define DRAIN_TICKS (RIG_SLOTS / 2)
#define DRAIN_ROUNDS 8

/* In the arena. */
struct flow_job {
	const struct ring_rig *rig;
	uint64_t ticks, base;
	bool credit;
	enum ring_take take;
	_Alignas(128) uint64_t taken;     /* the reader's count, every CREDIT_EVERY ticks */
	_Alignas(128) uint32_t rounds;    /* drain: how often the writer filled the ring */
	_Alignas(128) uint32_t drained;   /* drain: how often the reader emptied it */
	_Alignas(128) uint64_t received;
	uint64_t lost, sum;
	double writer, reader, copy;      /* stamps per tick */
	struct tick twin[DRAIN_TICKS];    /* drain: what the plain copy copies */
};

static struct tick_reader *
must_open(const struct ring_rig *rig)
{
	struct tick_reader *reader;
	int outcome = tick_reader_open(&reader, rig->feed, TICK_FROM_NEWEST);

	if (outcome == 0)
		return reader;
	fprintf(stderr, "%s: %s\n", rig->feed, tick_outcome_text(outcome));
	_exit(1);
}

/* One tick or what else there was; three fields or all of it. */
static inline int
take_one(struct tick_reader *reader, enum ring_take take, uint64_t *sum)
{
	const struct tick *t;
	struct tick copy;
	uint64_t seen;
	int outcome;

	if (take == TAKE_COPY) {
		outcome = tick_reader_next(reader, &copy);
		if (outcome == TICK_MORE)
			*sum += (uint64_t)copy.v[0] + copy.instrument + (uint64_t)copy.recv_ns;
		return outcome;
	}
	outcome = tick_reader_peek(reader, &t);
	if (outcome != TICK_MORE)
		return outcome;
	seen = (uint64_t)TICK_LOAD(&t->quote.bid_px) + TICK_LOAD(&t->instrument) +
	    (uint64_t)TICK_LOAD(&t->recv_ns);
	if (!tick_reader_valid(reader))
		return TICK_END; /* the next call tells of the overrun */
	tick_reader_advance(reader);
	*sum += seen;
	return TICK_MORE;
}

static void
write_flow(void *arg)
{
	struct flow_job *job = arg;
	struct ring *ring = job->rig->ring;
	uint64_t start = bench_stamp(), end = job->base + job->ticks;

	for (uint64_t n = job->base; n < end; n++) {
		ring_rig_publish(ring, n);
		if (!job->credit || n % CREDIT_EVERY != 0)
			continue;
		while (n - __atomic_load_n(&job->taken, __ATOMIC_ACQUIRE) > RIG_SLOTS / 2)
			;
	}
	job->writer = (double)(bench_stamp() - start) / (double)job->ticks;
}

static void
read_flow(void *arg)
{
	struct flow_job *job = arg;
	struct tick_reader *reader = must_open(job->rig);
	uint64_t start = 0, got = 0, sum = 0, next = job->base, end = job->base + job->ticks;

	pair_reader_ready();
	while (next < end) {
		int outcome = take_one(reader, job->take, &sum);

		if (outcome == TICK_MORE) {
			if (got++ == 0)
				start = bench_stamp();
			next++;
			if (job->credit && next % CREDIT_EVERY == 0)
				__atomic_store_n(&job->taken, next, __ATOMIC_RELEASE);
		} else if (outcome == TICK_E_OVERRUN) {
			next = tick_reader_stats(reader).next;
		}
	}
	job->reader = (double)(bench_stamp() - start) / (double)(got > 0 ? got : 1);
	job->received = got;
	job->lost = tick_reader_stats(reader).lost;
	job->sum = sum;
	tick_reader_close(&reader);
}

struct ring_flow
ring_flow(const struct ring_rig *rig, uint64_t ticks, bool credit, enum ring_take take)
{
	struct flow_job *job = rig->pair->arena;
	struct pair_job pair = {.writer = write_flow, .reader = read_flow, .arg = job};
	double ns = rig->pair->clock.ns_per_stamp;
	struct ring_flow flow;

	job->rig = rig;
	job->ticks = ticks;
	job->base = rig->ring->next;
	job->taken = job->base;
	job->credit = credit;
	job->take = take;
	flow = (struct ring_flow){.verdict = pair_run(rig->pair, &pair)};
	flow.writer_ns = job->writer * ns;
	flow.reader_ns = job->reader * ns;
	flow.published = ticks;
	flow.received = job->received;
	flow.lost = job->lost;
	return flow;
}

/* Fills half the ring, and memory beside it, whenever the reader has emptied it. */
static void
write_drain(void *arg)
{
	struct flow_job *job = arg;

	for (uint32_t round = 1; round <= DRAIN_ROUNDS; round++) {
		for (uint64_t i = 0; i < DRAIN_TICKS; i++)
			ring_rig_publish(job->rig->ring, i);
		for (uint64_t i = 0; i < DRAIN_TICKS; i++)
			words_store(&job->twin[i], &job->twin[0], sizeof(job->twin[0]));
		__atomic_store_n(&job->rounds, round, __ATOMIC_RELEASE);
		while (__atomic_load_n(&job->drained, __ATOMIC_ACQUIRE) < round)
			;
	}
}

static uint64_t
copy_out(const struct flow_job *job)
{
	uint64_t start = bench_stamp();

	for (uint64_t i = 0; i < DRAIN_TICKS; i++) {
		struct tick copy;

		memcpy(&copy, &job->twin[i], sizeof(copy));
		__asm__ volatile("" ::"r"(&copy) : "memory");
	}
	return bench_stamp() - start;
}

static void
read_drain(void *arg)
{
	struct flow_job *job = arg;
	struct tick_reader *reader = must_open(job->rig);
	uint64_t drain = 0, copy = 0, start, sum = 0;

	pair_reader_ready();
	for (uint32_t round = 1; round <= DRAIN_ROUNDS; round++) {
		while (__atomic_load_n(&job->rounds, __ATOMIC_ACQUIRE) < round)
			;
		start = bench_stamp();
		while (take_one(reader, job->take, &sum) == TICK_MORE)
			;
		drain += bench_stamp() - start;
		copy += copy_out(job);
		__atomic_store_n(&job->drained, round, __ATOMIC_RELEASE);
	}
	job->received = tick_reader_stats(reader).received;
	job->reader = (double)drain / (DRAIN_TICKS * DRAIN_ROUNDS);
	job->copy = (double)copy / (DRAIN_TICKS * DRAIN_ROUNDS);
	job->sum = sum;
	tick_reader_close(&reader);
}

struct ring_drain
ring_drain(const struct ring_rig *rig, enum ring_take take)
{
	struct flow_job *job = rig->pair->arena;
	struct pair_job pair = {.writer = write_drain, .reader = read_drain, .arg = job};
	double ns = rig->pair->clock.ns_per_stamp;
	struct ring_drain drain;

	job->rig = rig;
	job->take = take;
	job->rounds = job->drained = 0;
	drain = (struct ring_drain){.verdict = pair_run(rig->pair, &pair)};
	if (job->received != (uint64_t)DRAIN_TICKS * DRAIN_ROUNDS)
		drain.verdict.counted = false;
	drain.ns = job->reader * ns;
	drain.copy_ns = job->copy * ns;
	return drain;
}
