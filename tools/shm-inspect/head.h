/* What is shown once: header and directory, board, status, one line on the writer. */
#ifndef TOOLS_SHM_INSPECT_HEAD_H
#define TOOLS_SHM_INSPECT_HEAD_H

#include "tools/shm-inspect/options.h"

struct tick_status;
struct tick_status_reader;

/*
 * As tick_status_read(), but tries for a tenth of a second while the writer is
 * in the middle of an update.
 */
int status_read(const struct tick_status_reader *reader, struct tick_status *out);

/* Each returns the exit code. */
int head_run(const struct options *o);
int check_run(const struct options *o);
int board_run(const struct options *o);
int status_run(const struct options *o);

#endif
