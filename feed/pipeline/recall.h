/*
 * What the last writer told: the ids that arbitration goes on from, so that a
 * gap over a restart is told exactly, even after a kill.
 *
 * Two witnesses. The ring is the truth: what stands there was published. The
 * board reaches back further than the ring, but is written after it, and the
 * writer may have died in between or in the middle of an entry.
 *
 * Feed thread, at start, before anything is published.
 */
#ifndef FEED_PIPELINE_RECALL_H
#define FEED_PIPELINE_RECALL_H

#include "feed/core/arbiter.h"
#include "shm/board_writer.h"
#include "shm/ring.h"

/* Seeds the arbiter with the board's last ids of every instrument of the ring's directory. */
void recall_board_ids(const struct ring *ring, const struct board *board, struct arbiter *arbiter);

/* Then with those of the ticks in the ring: the board may be behind them. */
void recall_ring_ids(const struct ring *ring, struct arbiter *arbiter);

#endif
