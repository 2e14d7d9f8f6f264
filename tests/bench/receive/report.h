/*
 * What the receive benchmark found: medians, a table on standard output, JSON
 * in a file, and how far the goals are reached.
 */
#ifndef TESTS_BENCH_RECEIVE_REPORT_H
#define TESTS_BENCH_RECEIVE_REPORT_H

#include "tests/bench/receive/run.h"

#define REPORT_MODES 7
#define REPORT_ROUNDS_MAX 15

struct report_mode {
	const char *name;
	enum wares_mix mix;
	unsigned per_record, pace;
	unsigned clients; /* a bit for each that takes part */
	bool syscalls;    /* they are counted, in a run of its own */
};

/* In the order in which they are run. */
extern const struct report_mode report_modes[REPORT_MODES];

/* All runs of one client in one mode. */
struct report_cell {
	unsigned rounds; /* that did not fail */
	char why[256];   /* of the last one that failed */
	double figure[RUN_FIGURES][REPORT_ROUNDS_MAX];
};

struct report {
	struct report_cell cell[REPORT_MODES][RUN_CLIENTS];
};

/* Adds a run. A counted run (run_cfg.count_syscalls) adds its count only. */
void report_add(struct report *r, unsigned mode, const struct run_cfg *cfg,
    const struct run_result *result);

/* Prints the table of a mode. */
void report_print(const struct report *r, unsigned mode);

/* Prints the goals: what was reached, by what factor. */
void report_print_goals(const struct report *r);

/* Writes the list of all medians. Returns 0 or -errno. */
int report_write(const struct report *r, const char *path);

#endif
