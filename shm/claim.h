/*
 * The right to write a feed: a lock on NAME.lock, taken before any of the
 * feed's segments is touched and held until the process ends. Whoever holds
 * it is the only writer of ring, board and status.
 *
 * The file has mode 0600. A reader of the segments cannot open it, so it
 * cannot lock it, so it cannot keep a writer from starting; a lock on the
 * segments themselves could not promise that, because a read lock needs no
 * more than a read-only descriptor. docs/SHM.md, "Locks".
 *
 * Used by one thread at a time. One claim per file and process.
 */
#ifndef SHM_CLAIM_H
#define SHM_CLAIM_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shm/why.h"

struct claim {
	int fd; /* -1: not open */
	bool held;
	char path[PATH_MAX];
};

/* What a writer says of itself in the file. */
struct claim_sign {
	int64_t heartbeat_ns; /* changes as long as it lives; CLOCK_MONOTONIC */
	int64_t quiet_ns;     /* so long it may be silent without being ended */
};

/* Names the file: DIRECTORY/FEED.lock, /dev/shm when `directory` is NULL. Touches nothing. */
void claim_init(struct claim *c, const char *directory, const char *feed);

/*
 * Takes the right if it is free; does not wait. `sign` is what the file says
 * from then on. Returns 0, or -errno with words in why[SEGMENT_WHY_MAX]:
 * -EBUSY another process has it (the words name it), -EPERM the file belongs
 * to another user, -EEXIST it is no file of ours.
 */
int claim_take(struct claim *c, const struct claim_sign *sign, char *why);

/* Writes a new sign of life. Held claims only. One system call. */
void claim_beat(const struct claim *c, const struct claim_sign *sign);

/* Process that holds the right: its pid, 0 nobody does, -1 it cannot be named from here. */
pid_t claim_holder(const struct claim *c);

/* What its holder said last; all zero when it has said nothing. */
struct claim_sign claim_sign(const struct claim *c);

/*
 * Ends the holder that has been silent since `seen`, if it is still that
 * process and still silent. Returns 0 when SIGKILL was sent, -EPERM when that
 * is not permitted, -ESRCH when nobody holds the claim any more, -EAGAIN when
 * the holder changed or moved, -ENOENT when it cannot be named, or -errno.
 * Whether it is dead shows claim_take(), nothing else.
 */
int claim_end_holder(const struct claim *c, pid_t suspect, const struct claim_sign *seen);

/*
 * The decision of the above, once a pidfd stands for process `suspect`:
 * `holder` and `now` were read after it was opened. Pure.
 *
 * Why it can hit no innocent: while the pidfd's process lives its number is
 * its own. If the lock's holder has that number now, it is that process. If
 * the pidfd's process has died meanwhile, the signal fails with ESRCH.
 */
bool claim_may_end(pid_t suspect, const struct claim_sign *seen, pid_t holder,
    const struct claim_sign *now);

/* A pidfd of the holder to poll for its end, or -1. The caller closes it. */
int claim_watch_holder(const struct claim *c);

/* Does `path` name the file that we hold? Else another process may take the right, too. */
bool claim_is_named(const struct claim *c);

/* Gives the right back, closes; removes the file when held and `unlink_it`. */
void claim_close(struct claim *c, bool unlink_it);

#endif
