/*
 * The physical limit: one word on a line of its own goes to the other core,
 * another one comes back. Half a round trip is what a cache line takes. The
 * trips take turns on many lines, for how far one is away depends on the part
 * of the last-level cache that it belongs to.
 */
#ifndef TESTS_BENCH_PINGPONG_H
#define TESTS_BENCH_PINGPONG_H

#include <stdint.h>

#define PINGPONG_LINES 64

struct pingpong_line {
	_Alignas(128) uint64_t word;
};

struct pingpong {
	struct pingpong_line there[PINGPONG_LINES], back[PINGPONG_LINES];
	_Alignas(128) uint64_t asked; /* the asking side's count so far, */
	uint64_t answered;            /* and the answering side's */
};

void pingpong_reset(struct pingpong *p);

/* Mean stamps per round trip, without the first fifth. The other process must answer. */
double pingpong_ask(struct pingpong *p);

/* Returns when one pingpong_ask() was answered. */
void pingpong_answer(struct pingpong *p);

#endif
