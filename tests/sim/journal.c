#include "tests/sim/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/feed.h"
#include "tests/sim/sim.h"

enum { NOTES_MAX = 128, PRINTED = 60 };

static struct note {
	mono_t at;
	const char *what;
	int64_t line, a, b;
} note[NOTES_MAX];

static uint64_t notes, sum;

void
journal_clear(void)
{
	notes = 0;
	sum = UINT64_C(0xcbf29ce484222325);
}

static void
add_to_sum(uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x100000001b3);
	sum ^= sum >> 29;
}

void
journal_note(const char *what, int64_t line, int64_t a, int64_t b)
{
	note[notes++ % NOTES_MAX] = (struct note){sim.now, what, line, a, b};
	for (const char *c = what; *c != '\0'; c++)
		add_to_sum((uint64_t)*c);
	add_to_sum((uint64_t)sim.now.ns);
	add_to_sum((uint64_t)line);
	add_to_sum((uint64_t)a);
	add_to_sum((uint64_t)b);
}

uint64_t
journal_sum(void)
{
	return sum;
}

static int64_t
ms_of(mono_t at)
{
	return mono_diff(at, sim.begun).ns / 1000000;
}

void
journal_violation(const char *rule, int64_t a, int64_t b, int64_t c)
{
	uint64_t first = notes > PRINTED ? notes - PRINTED : 0;

	for (uint64_t i = first; i < notes; i++) {
		const struct note *n = &note[i % NOTES_MAX];

		printf("%12" PRId64 " ms  line %2" PRId64 "  %s %" PRId64 " %" PRId64 "\n",
		    ms_of(n->at), n->line, n->what, n->a, n->b);
	}
	printf("seed %" PRIu64 ", %" PRId64 " ms: VIOLATION: %s (%" PRId64 ", %" PRId64 ", %" PRId64
	    ")\n", sim.seed, ms_of(sim.now), rule, a, b, c);
	printf("again: make sim SEEDS=1 SEED=%" PRIu64 "\n", sim.seed);
	fflush(stdout);
	feed_abandon();
	_Exit(1);
}
