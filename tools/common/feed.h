/*
 * A feed by its name: waiting until it is there, and the word for how its
 * writer is. One thread.
 */
#ifndef TOOLS_COMMON_FEED_H
#define TOOLS_COMMON_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/common/pace.h"

/* Of one wait; the caller fills the first four, and leaves the rest zero. */
struct feed_wait {
	const char *program, *feed; /* for the line on stderr */
	bool wanted;                /* false: not at all */
	int64_t ns_max;             /* 0: for ever */
	struct pace pace;
	int64_t begun_ns;
	bool told;
};

/*
 * The feed is not there: sleeps a moment, and says on stderr that it waits,
 * once. False: time is over, a signal asked to stop, or nobody wants to wait.
 */
bool feed_wait(struct feed_wait *wait);

/* How many feed_others() names. */
#define FEED_OTHERS_MAX 4

/*
 * What else can be looked at, for who named a feed that is not there: "; feeds here:
 * a, b" of those with a file NAME.suffix in the folder ("/dev/shm", "ring"), by name;
 * "" without any. Returns out.
 */
const char *feed_others(const char *folder, const char *suffix, char *out, size_t room);

/* "alive", "stale", "dead", "replaced", else "unknown": what a check of the writer came to. */
const char *feed_writer_word(int outcome);

#endif
