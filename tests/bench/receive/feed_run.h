/*
 * feedd as a client of the receive benchmark: its arguments, and what its
 * segments tell when a run is over.
 */
#ifndef TESTS_BENCH_RECEIVE_FEED_RUN_H
#define TESTS_BENCH_RECEIVE_FEED_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/receive/run.h"

#define FEED_RUN_ARGUMENTS 40

struct feed_run {
	const char *argv[FEED_RUN_ARGUMENTS];
	char text[FEED_RUN_ARGUMENTS][2048];
	char feed[64];
};

/* Fills argv for feedd with that transport on `port`. */
void feed_run_arguments(struct feed_run *f, const struct run_rig *rig, enum run_client client,
    uint16_t port);

/*
 * Waits until feedd has counted as many messages as were sent. Returns false,
 * with *why (256 bytes), when that does not come or not all were published.
 */
bool feed_run_settle(const struct feed_run *f, uint64_t sent, uint64_t replies, char *why);

/* Sending to publishing of the stamped messages that are still in the ring, ns. */
void feed_run_ages(const struct feed_run *f, int64_t *p50, int64_t *p99);

/* Removes the segments. */
void feed_run_clean(const struct feed_run *f);

#endif
