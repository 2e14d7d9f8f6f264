/*
 * The answer to --check-config. One thread, and nothing is started.
 */
#ifndef FEED_APP_CHECK_H
#define FEED_APP_CHECK_H

#include <stdio.h>

#include "feed/plan/reload.h"

/*
 * Reads the configuration and opens what it names. When all is right: the
 * effective configuration on `out`; on `err` what a start would do, and then
 * warnings, each a line that begins with "warning: ". Otherwise nothing but
 * the problems, one a line, on `err`. Returns the exit code: 0, or 2 when
 * there were problems.
 */
int check_config(FILE *out, FILE *err, const struct reload_source *source);

#endif
