/* What the command line asks for, once or again and again. */
#ifndef TOOLS_POOL_STATUS_SHOW_H
#define TOOLS_POOL_STATUS_SHOW_H

#include "tools/pool-status/options.h"

/* Each returns the exit code. */
int show_once(const struct options *o);
int show_follow(const struct options *o);

#endif
