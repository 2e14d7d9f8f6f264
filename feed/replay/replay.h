/*
 * Runs captures through the pipeline of a feed into its shared memory: the
 * ticks are those of the day itself but for mono_ns, the time of publishing.
 *
 * Takes the place of the application; one thread.
 */
#ifndef FEED_REPLAY_REPLAY_H
#define FEED_REPLAY_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "feed/conf/config.h"

struct replay_cfg {
	const char *const *file; /* in the order in which they were written */
	size_t files;
	int64_t speed_milli;     /* 1000: as it was, 2000: twice as fast; 0: at once */
};

/*
 * Finds the configuration that the capture was made with, as a file to load.
 * Returns its descriptor, or -errno after saying why on stderr.
 */
int replay_config(const char *file);

/* Returns the exit code: 0, or 1 when something could not be read or was missing (logged). */
int replay_run(const struct config *cfg, const struct replay_cfg *replay);

#endif
