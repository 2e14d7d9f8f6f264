/* What is shown once: header and directory, board, status, one line on the writer. */
#ifndef TOOLS_SHM_INSPECT_HEAD_H
#define TOOLS_SHM_INSPECT_HEAD_H

#include "tools/shm-inspect/options.h"

/* Each returns the exit code. */
int head_run(const struct options *o);
int check_run(const struct options *o);
int board_run(const struct options *o);
int status_run(const struct options *o);

#endif
