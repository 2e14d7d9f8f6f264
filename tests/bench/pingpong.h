/*
 * The physical limit: one word on a line of its own goes to the other core,
 * another one comes back. Half a round trip is what a cache line takes.
 */
#ifndef TESTS_BENCH_PINGPONG_H
#define TESTS_BENCH_PINGPONG_H

#include <stdint.h>

struct pingpong {
	_Alignas(128) uint64_t there;
	_Alignas(128) uint64_t back;
	_Alignas(128) uint64_t asked; /* the asking side's count so far, */
	uint64_t answered;            /* and the answering side's */
};

void pingpong_reset(struct pingpong *p);

/* Mean stamps per round trip, without the first fifth. The other process must answer. */
double pingpong_ask(struct pingpong *p);

/* Returns when one pingpong_ask() was answered. */
void pingpong_answer(struct pingpong *p);

#endif
