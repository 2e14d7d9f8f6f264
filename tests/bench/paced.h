/*
 * One message every so often: how long it takes to the reader, and how long
 * the sending call takes. The loops are inlined into each transport, so that
 * nothing but the transport's own calls is between the stamps. The plan is
 * kept after a stall: what is late is sent at once.
 */
#ifndef TESTS_BENCH_PACED_H
#define TESTS_BENCH_PACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/clock.h"

#define PACED_MESSAGES_MAX 100000
#define PACED_WARM_PART 50 /* the first 1/50 is not counted */

/* In the arena of the pair. */
struct paced {
	uint64_t every;    /* stamps between two messages */
	uint32_t messages;
	_Alignas(128) uint32_t sent_all;
	_Alignas(128) uint32_t received;
	uint32_t lost;
	unsigned latency[PACED_MESSAGES_MAX]; /* stamps, in order of arrival */
	unsigned call[PACED_MESSAGES_MAX];    /* stamps that the sender spent */
};

#define PACED_INLINE static inline __attribute__((always_inline))

/* `send` gets the stamp that the reader subtracts. */
PACED_INLINE void
paced_send(struct paced *p, void (*send)(void *ctx, uint64_t stamp, uint32_t i), void *ctx)
{
	uint64_t next = bench_stamp() + p->every;

	for (uint32_t i = 0; i < p->messages; i++, next += p->every) {
		uint64_t before, after;

		do {
			before = bench_stamp();
		} while (before < next);
		send(ctx, before, i);
		after = bench_stamp();
		p->call[i] = (unsigned)(after - before);
	}
	__atomic_store_n(&p->sent_all, 1, __ATOMIC_RELEASE);
}

/* What one look at the transport came to. */
enum paced_look { PACED_NOTHING, PACED_GOT, PACED_LOST };

/* `receive` sets the sender's stamp and the message's number when there is one. */
PACED_INLINE void
paced_receive(struct paced *p,
    enum paced_look (*receive)(void *ctx, uint64_t *stamp, uint32_t *i), void *ctx)
{
	uint32_t got = 0, last = 0, nothing = 0;

	while (got < p->messages && last + 1 < p->messages) {
		uint64_t stamp;
		enum paced_look look = receive(ctx, &stamp, &last);

		if (look == PACED_GOT)
			p->latency[got++] = (unsigned)(bench_stamp_after_loads() - stamp);
		else if (look == PACED_NOTHING && ++nothing % 1024 == 0 &&
		    __atomic_load_n(&p->sent_all, __ATOMIC_ACQUIRE) && nothing > 1 << 24)
			break;
	}
	p->received = got;
}

struct paced_result {
	double p50_ns, p99_ns, p999_ns, max_ns;
	double call_p50_ns; /* less one reading of the clock */
	uint32_t missing;
};

void paced_init(struct paced *p, const struct bench_clock *clock, unsigned rate, unsigned millis);

/* Sorts the stamps. */
struct paced_result paced_result(struct paced *p, const struct bench_clock *clock);

#endif
