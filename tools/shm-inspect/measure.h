/* --latency and --rate. */
#ifndef TOOLS_SHM_INSPECT_MEASURE_H
#define TOOLS_SHM_INSPECT_MEASURE_H

#include "tools/shm-inspect/options.h"

/* Measures for the duration and prints the result. Returns the exit code. */
int measure_run(const struct options *o);

#endif
