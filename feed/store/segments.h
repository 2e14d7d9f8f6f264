/*
 * The three segments of a feed, opened as one: either all of them begin a new
 * epoch or none. Feed thread, at start.
 */
#ifndef FEED_STORE_SEGMENTS_H
#define FEED_STORE_SEGMENTS_H

#include "feed/conf/config.h"
#include "shm/board_writer.h"
#include "shm/ring.h"
#include "shm/status_writer.h"

/*
 * Opens ring, board and status of cfg->feed. The caller holds the feed's
 * claim (standby.h). The three are zeroed. Logs what was replaced and
 * why. Returns 0, or -errno (logged); then all are closed, their files stay,
 * and none was started unless the system refused a rename. -EEXIST: the ring
 * has instruments of another product. `discard` is NULL, or why a ring that is
 * there gives way to a new one (ring.h).
 */
int segments_open(const struct config *cfg, const char *discard, struct ring *ring,
    struct board *board, struct status_writer *status);

#endif
