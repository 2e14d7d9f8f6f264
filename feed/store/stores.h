/*
 * Everything of a feed that lies in shared memory, together: the claim that
 * makes this process its writer, ring, bell, board and status. Feed thread.
 */
#ifndef FEED_STORE_STORES_H
#define FEED_STORE_STORES_H

#include <signal.h>
#include <stdbool.h>

#include "feed/base/mono.h"
#include "feed/base/wall.h"
#include "feed/conf/config.h"
#include "feed/core/pool.h"
#include "shm/bell.h"
#include "shm/board_writer.h"
#include "shm/claim.h"
#include "shm/ring.h"
#include "shm/status_writer.h"

struct stores {
	struct claim claim;
	struct ring ring;
	struct bell bell;
	struct board board;
	struct status_writer status;
	unsigned looked_at; /* of the files: whose turn it was */
	bool replayed;      /* ids go on from the board alone: the ring has a replay's own ticks */
};

/* Nothing is open: may be closed. */
void stores_init(struct stores *s);

/*
 * Takes the claim; waits for it as a standby may. Readers notice nothing:
 * what may refuse to start is asked after this and before stores_open().
 * Returns as standby_take().
 */
int stores_claim(struct stores *s, const struct config *cfg, const volatile sig_atomic_t *stop);

/*
 * With the claim: opens the rest, a new epoch begins. `discard` is NULL, or why
 * a ring that is there gives way to a new one (ring.h). Returns 0 or -errno (logged).
 */
int stores_open(struct stores *s, const struct config *cfg, const char *discard);

void stores_close(struct stores *s, bool unlink_them);

/* Publishes the status, and shows signs of life everywhere else. */
void stores_publish(struct stores *s, const struct config *cfg, const struct tick_status *status,
    mono_t now);

/*
 * Looks whether the files have their names still: one of ring, board, status
 * and lock with each call, two system calls. Returns the path of one that was
 * removed or replaced by somebody, or NULL. New readers do not find that feed,
 * and another process may write it as well.
 */
const char *stores_lost(struct stores *s);

/*
 * Tells the pool of the connection attempts that the last run noted in the
 * status segment: the exchange counts them still. Returns how many.
 */
unsigned stores_recall_connects(const struct stores *s, struct pool *pool, wall_t now,
    mono_t mono);

/*
 * What the last run was told by REST: no requests until *until. Returns
 * why, NONE: nothing was, or it is over.
 */
enum tick_reason stores_recall_pause(const struct stores *s, wall_t now, mono_t mono,
    mono_t *until);

#endif
