/*
 * The rows of streams in the status segment: a few at each snapshot, all of
 * them about once a second, so that thousands of streams do not hold up the
 * feed thread ten times a second.
 *
 * Feed thread.
 */
#ifndef FEED_STATUS_SNAPSHOT_STREAMS_H
#define FEED_STATUS_SNAPSHOT_STREAMS_H

#include <tickring/status.h>

#include "feed/base/mono.h"
#include "feed/base/wall.h"
#include "feed/core/pool.h"
#include "shm/status_writer.h"

/* What rates are reckoned from. A zeroed one begins. */
struct snapshot_streams {
	unsigned next;  /* row that is next */
	mono_t taken;   /* last call; zero: none yet */
	struct {
		mono_t at;
		uint64_t messages;
	} before[TICK_STREAMS_MAX];
};

/*
 * Publishes the rows whose turn it is; all of them at the first call. Streams
 * are numbered as in the pool, `name[i]` is the name of number i, n of them.
 * Returns how many rows there are.
 */
unsigned snapshot_streams_take(struct snapshot_streams *s, struct status_writer *writer,
    const struct pool *pool, char *const *name, unsigned n, wall_t now, mono_t mono);

#endif
