/*
 * The three segments of a feed together: ring, board, status.
 */
#ifndef FEED_SEGMENTS_H
#define FEED_SEGMENTS_H

#include "feed/base/mono.h"
#include "feed/base/wall.h"
#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "shm/board_writer.h"
#include "shm/ring.h"
#include "shm/status_writer.h"

struct segments {
	struct ring ring;
	struct board board;
	struct status_writer status;
};

/* Opens all three. Returns 0, or -1 after saying why in the log. A zeroed one is closed. */
int segments_open(struct segments *s, const struct config *cfg);
void segments_close(struct segments *s, bool unlink_them);

/*
 * Tells the pool of the connection attempts that the last run noted in the
 * status segment: the exchange counts them still. Returns how many.
 */
unsigned segments_recall_connects(const struct segments *s, struct pool *pool, wall_t now,
    mono_t mono);

#endif
