/*
 * A directory of its own for the segments of one test, removed afterwards.
 */
#ifndef TESTS_SHM_FIXTURE_H
#define TESTS_SHM_FIXTURE_H

#include "shm/ring.h"

struct shm_fixture {
	char directory[64];  /* in /dev/shm, unique */
	char feed[128];      /* what tick_reader_open() takes: a path */
};

/* Makes the directory; fails the test when it cannot. */
void shm_fixture_init(struct shm_fixture *f);

/* Removes the segments and the directory. */
void shm_fixture_fini(struct shm_fixture *f);

/*
 * A ring called "t" in the fixture's directory. Fails the test when it cannot
 * be opened. Its writer, which is the test, may give no sign of life for 30 s
 * before it is called stale.
 */
void shm_fixture_ring(const struct shm_fixture *f, struct ring *r, uint64_t slots);

/* Publishes trade number `id` of instrument 0; all its words follow from id. */
void shm_fixture_publish(struct ring *r, int64_t id);

/* Publishes what a feed that took the ring over says of it. */
void shm_fixture_restart(struct ring *r);

#endif
