/*
 * What a user would write without this library, 128 bytes a message: a queue
 * under a process-shared mutex, a Unix datagram socket, a pipe. All of them
 * lose nothing and have one reader; they slow the writer down instead.
 */
#ifndef TESTS_BENCH_PLAIN_H
#define TESTS_BENCH_PLAIN_H

#include "tests/bench/figures.h"
#include "tests/bench/paced.h"
#include "tests/bench/pair.h"

enum plain_kind {
	PLAIN_MUTEX_POLLED, /* the reader locks and looks all the time */
	PLAIN_MUTEX,        /* the reader sleeps on a condition variable */
	PLAIN_DATAGRAM,     /* the reader asks all the time (MSG_DONTWAIT) */
	PLAIN_PIPE,         /* the same (O_NONBLOCK) */
	PLAIN_COUNT
};

/* One message every so often; see paced.h. */
struct pair_verdict plain_paced(const struct pair *pair, enum plain_kind kind, unsigned rate,
    unsigned millis, struct paced_result *out);

/* As fast as it goes; *ns is the time per message at the reader. */
struct pair_verdict plain_flow(const struct pair *pair, enum plain_kind kind, unsigned messages,
    double *ns);

#define PLAIN_FIGURES (PLAIN_COUNT * 4)

/* The rows of all kinds; figure[PLAIN_FIGURES]. */
void plain_figures_init(struct figure *figure);

/* Measures each kind once and adds what counts. */
void plain_figures_run(const struct pair *pair, struct figure *figure, unsigned millis);

#endif
