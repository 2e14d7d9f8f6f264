#include "tests/bench/ring_rig.h"

#include <stdio.h>
#include <unistd.h>

#include "feed/io/clock.h"

#define WAIT_NS 1000000

/* In the arena. */
struct paced_job {
	const struct ring_rig *rig;
	enum ring_take take;
	struct paced paced;
};

PACED_INLINE void
send_tick(void *ctx, uint64_t stamp, uint32_t i)
{
	struct ring_tick t = {
		.meta = ring_meta(i & 1023, TICK_QUOTE, TICK_FLAG_LAST, 1),
		.exch_ns = i,
		.recv_ns = (int64_t)stamp,
		.v = {i, 1, i, 2},
		.id = i,
		.first_id = TICK_ABSENT,
		.trade_ns = i,
		.mono_ns = i,
	};

	ring_publish(ctx, &t);
}

/* Three fields of line 1, then the check. */
PACED_INLINE enum paced_look
look_in_place(void *ctx, uint64_t *stamp, uint32_t *i)
{
	const struct tick *t;
	int outcome = tick_reader_peek(ctx, &t);

	if (outcome != TICK_MORE)
		return outcome == TICK_E_OVERRUN ? PACED_LOST : PACED_NOTHING;
	*stamp = (uint64_t)TICK_LOAD(&t->recv_ns);
	*i = (uint32_t)TICK_LOAD(&t->exch_ns);
	(void)TICK_LOAD(&t->quote.bid_px);
	if (!tick_reader_valid(ctx))
		return PACED_LOST;
	tick_reader_advance(ctx);
	return PACED_GOT;
}

PACED_INLINE enum paced_look
look_copying(void *ctx, uint64_t *stamp, uint32_t *i)
{
	struct tick t;
	int outcome = tick_reader_next(ctx, &t);

	if (outcome != TICK_MORE)
		return outcome == TICK_E_OVERRUN ? PACED_LOST : PACED_NOTHING;
	*stamp = (uint64_t)t.recv_ns;
	*i = (uint32_t)t.exch_ns;
	return PACED_GOT;
}

static void
send_and_ring(void *ctx, uint64_t stamp, uint32_t i)
{
	const struct ring_rig *rig = ctx;

	send_tick(rig->ring, stamp, i);
	bell_ring(rig->bell, clock_mono().ns);
}

PACED_INLINE enum paced_look
look_and_sleep(void *ctx, uint64_t *stamp, uint32_t *i)
{
	enum paced_look look = look_in_place(ctx, stamp, i);

	if (look == PACED_NOTHING)
		tick_reader_wait(ctx, WAIT_NS);
	return look;
}

static void
write_paced(void *arg)
{
	struct paced_job *job = arg;

	if (job->take == TAKE_SLEEPING)
		paced_send(&job->paced, send_and_ring, (void *)(uintptr_t)job->rig);
	else
		paced_send(&job->paced, send_tick, job->rig->ring);
}

static void
read_paced(void *arg)
{
	struct paced_job *job = arg;
	struct tick_reader *reader;

	if (tick_reader_open(&reader, job->rig->feed, TICK_FROM_NEWEST) != 0)
		_exit(1);
	pair_reader_ready();
	if (job->take == TAKE_COPY)
		paced_receive(&job->paced, look_copying, reader);
	else if (job->take == TAKE_SLEEPING)
		paced_receive(&job->paced, look_and_sleep, reader);
	else
		paced_receive(&job->paced, look_in_place, reader);
	tick_reader_close(&reader);
}

struct pair_verdict
ring_paced(const struct ring_rig *rig, unsigned rate, unsigned millis, enum ring_take take,
    struct paced_result *out)
{
	struct paced_job *job = rig->pair->arena;
	struct pair_job pair = {.writer = write_paced, .reader = read_paced, .arg = job};
	struct pair_verdict verdict;

	job->rig = rig;
	job->take = take;
	paced_init(&job->paced, &rig->pair->clock, rate, millis);
	verdict = pair_run(rig->pair, &pair);
	*out = paced_result(&job->paced, &rig->pair->clock);
	return verdict;
}
