/* --live: the view, redrawn on a terminal or printed in blocks. */
#ifndef TOOLS_SHM_INSPECT_LIVE_H
#define TOOLS_SHM_INSPECT_LIVE_H

#include "tools/shm-inspect/options.h"

/* Runs until a key, a signal or the duration ends it. Returns the exit code. */
int live_run(const struct options *o);

#endif
