/*
 * The inner loop over price levels: usual ones, ["price","quantity"] of usual
 * decimals, one behind the other without white space. Pure.
 *
 * The same loop three times: in portable C, for SSE2 (every x86-64) and for
 * AVX-512 (two levels at once); levels_run() is the best for this machine,
 * chosen before main().
 */
#ifndef FEED_VENUE_BINANCE_LEVELS_RUN_H
#define FEED_VENUE_BINANCE_LEVELS_RUN_H

#include <stdbool.h>

#include "feed/venue/binance/levels.h"

/*
 * Reads levels from the bracket at p, behind those that are there, as long as
 * they are usual and there is room. Returns the position of the bracket that
 * ends the array, or of the first level that was not read; or any at or behind
 * `end`, and levels->count then means nothing. Reads up to 64 bytes from any
 * position before `end`, and 8 bytes before a number (pair.h).
 */
typedef const char *levels_run_fn(struct levels *levels, const char *p, const char *end);

/* Points to one of those below. */
extern levels_run_fn *levels_run;

levels_run_fn levels_run_portable;
#ifdef __x86_64__
levels_run_fn levels_run_sse2;
levels_run_fn levels_run_avx512; /* only where levels_run_has_avx512() */
#endif

/* Does this machine, and the system on it, let AVX-512 be used as it is here? */
bool levels_run_has_avx512(void);

#endif
