/*
 * What happened last in the simulation, for the one who has to find out why a
 * rule was broken; and a sum over everything that happened, to tell whether
 * two runs were the same.
 */
#ifndef TESTS_SIM_JOURNAL_H
#define TESTS_SIM_JOURNAL_H

#include <stdint.h>

void journal_clear(void);

/* `what` is a constant text; at sim.now. */
void journal_note(const char *what, int64_t line, int64_t a, int64_t b);

/* Sum over all notes so far. */
uint64_t journal_sum(void);

/* A rule is broken: prints seed, rule and the last notes, and ends the program with status 1. */
_Noreturn void journal_violation(const char *rule, int64_t a, int64_t b, int64_t c);

/* The same when a condition of the simulation's own does not hold. */
#define RULE(condition, rule, a, b, c) do { \
	if (!(condition)) \
		journal_violation(rule, a, b, c); \
} while (0)

#endif
