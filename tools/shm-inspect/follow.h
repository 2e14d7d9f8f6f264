/* --follow: ticks as they come, and what happens to the reading. */
#ifndef TOOLS_SHM_INSPECT_FOLLOW_H
#define TOOLS_SHM_INSPECT_FOLLOW_H

#include "tools/shm-inspect/options.h"

/* Runs until a signal, the count, the duration or a closed pipe ends it. Returns the exit code. */
int follow_run(const struct options *o);

#endif
