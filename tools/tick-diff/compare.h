/*
 * Compares what two rings hold, tick by tick, but for what a replay cannot
 * have: the number of a tick and the time of its publishing.
 *
 * A session runs from a feed's START or RESTART to the next one. These words
 * and STOP are the writer's own: they part the sessions and are not compared.
 */
#ifndef TOOLS_TICK_DIFF_COMPARE_H
#define TOOLS_TICK_DIFF_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#define COMPARE_SIDES 2

struct compare_cfg {
	const char *feed[COMPARE_SIDES];
	bool prefix;     /* the second may lack the end of each session */
	uint64_t show;   /* so many differences are printed */
};

struct compare_counts {
	uint64_t equal, different, sessions;
	uint64_t missing[COMPARE_SIDES]; /* at the end of sessions: ticks that only the other has */
};

/*
 * Prints differences to stdout, what is wrong with a ring to stderr. Returns
 * EXIT_FINE, EXIT_FEED (a difference, or a ring that cannot be read whole) or
 * EXIT_OTHER.
 */
int compare_run(const struct compare_cfg *cfg, struct compare_counts *counts);

#endif
