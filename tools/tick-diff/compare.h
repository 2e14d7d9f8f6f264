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

#define COMPARE_WORDS_MAX 512

/* What came of it. Numbers of ticks are those of the rings. */
struct compare_result {
	bool compared; /* both rings could be opened: the rest means something */
	bool broken;   /* one of them could not be read to its end */
	uint64_t equal, different, sessions;
	uint64_t missing[COMPARE_SIDES]; /* at the end of sessions: ticks that only the other has */
	struct {
		uint64_t session; /* from 1; 0: there is no difference */
		bool has[COMPARE_SIDES]; /* false: its session had ended */
		uint64_t tick[COMPARE_SIDES];
		char words[COMPARE_WORDS_MAX]; /* both have one: what differs */
	} first;
};

/*
 * Opens both rings, then compares them. Prints differences to stdout, what is
 * wrong with a ring to stderr; of the summary nothing. Returns EXIT_FINE,
 * EXIT_FEED (a difference, nothing to compare, or a ring that cannot be read
 * whole) or EXIT_OTHER.
 */
int compare_run(const struct compare_cfg *cfg, struct compare_result *result);

#endif
