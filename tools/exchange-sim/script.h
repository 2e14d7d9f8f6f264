/*
 * Faults from text, line by line: a file of --faults, or the body of POST
 * /fault. All of it or nothing.
 */
#ifndef TOOLS_EXCHANGE_SIM_SCRIPT_H
#define TOOLS_EXCHANGE_SIM_SCRIPT_H

#include "tools/exchange-sim/exchange.h"

/*
 * Plans every fault of the text, counted from `now`. Returns how many, with
 * their ids "3,4,5" appended to `ids` (or NULL); or -1, with
 * "ORIGIN:LINE: sentence" in error[cap], and nothing is planned.
 */
int script_add(struct exchange *x, struct bytes text, const char *origin, mono_t now,
    struct text *ids, char *error, size_t cap);

/* The same with the contents of a file. */
int script_load(struct exchange *x, const char *path, mono_t now, char *error, size_t cap);

#endif
