/*
 * Two processes that measure something between them: this one, the writer, on
 * the first core we may use, a child of it, the reader, on the second. Both
 * run under SCHED_FIFO where that is permitted. A cache-line ping-pong before
 * and after says in what band the two cores were, and whether that changed.
 */
#ifndef TESTS_BENCH_PAIR_H
#define TESTS_BENCH_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/bench/clock.h"

#define PAIR_SECONDS_MAX 20 /* a section that takes longer hangs: SIGALRM ends it */

struct pair {
	int core[2];
	bool realtime; /* SCHED_FIFO is permitted */
	struct bench_clock clock;
	void *arena;   /* shared with the child, populated in both */
	size_t arena_bytes;
};

/* One section. The reader says pair_reader_ready(); the writer starts after that. */
struct pair_job {
	void (*writer)(void *arg);
	void (*reader)(void *arg); /* NULL: the other core is left alone */
	void *arg;                 /* in the arena what both write */
};

struct pair_verdict {
	double rtt_ns;   /* ping-pong round trip, mean of before and after; 0 without a reader */
	double drift;    /* the larger of both through the smaller */
	long switches;   /* involuntary ones during the section, of both */
	bool counted;    /* drift <= 1.3 and switches <= 2 */
};

/* Returns 0, or -1 with words on stderr when there are not two cores or no memory. */
int pair_init(struct pair *p, size_t arena_bytes);

/* Runs a section. Ends the program when the child fails. */
struct pair_verdict pair_run(const struct pair *p, const struct pair_job *job);

/* The reader is set up; the section begins. */
void pair_reader_ready(void);

/* Held by the writer, SCHED_FIFO on core 0: for sections without a reader. */
void pair_pin(const struct pair *p, int which);
void pair_unpin(const struct pair *p);

#endif
