#include "tests/bench/pingpong.h"

#include <stddef.h>
#include <string.h>

#include "tests/bench/clock.h"

#define TRIPS 8000

void
pingpong_reset(struct pingpong *p)
{
	memset(p, 0, sizeof(*p));
}

static void
ask(struct pingpong *p, uint64_t from, uint64_t to)
{
	for (uint64_t i = from + 1; i <= to; i++) {
		size_t at = i % PINGPONG_LINES;

		__atomic_store_n(&p->there[at].word, i, __ATOMIC_RELEASE);
		while (__atomic_load_n(&p->back[at].word, __ATOMIC_ACQUIRE) != i)
			;
	}
}

double
pingpong_ask(struct pingpong *p)
{
	uint64_t from = p->asked, warm = from + TRIPS / 5, to = from + TRIPS;
	uint64_t start, end;

	p->asked = to;
	ask(p, from, warm);
	start = bench_stamp();
	ask(p, warm, to);
	end = bench_stamp();
	return (double)(end - start) / (double)(to - warm);
}

void
pingpong_answer(struct pingpong *p)
{
	uint64_t to = p->answered + TRIPS;

	for (uint64_t i = p->answered + 1; i <= to; i++) {
		size_t at = i % PINGPONG_LINES;

		while (__atomic_load_n(&p->there[at].word, __ATOMIC_ACQUIRE) != i)
			;
		__atomic_store_n(&p->back[at].word, i, __ATOMIC_RELEASE);
	}
	p->answered = to;
}
