#include "shm/survey.h"

/* No feed comes near it: 4.6e18 ticks. A number beyond is damage. */
#define NUMBER_MAX (1ull << 62)

struct ring_view {
	const struct tick *slots;
	uint64_t nslots;
};

static uint64_t
seq_at(const struct ring_view *v, uint64_t i)
{
	return __atomic_load_n(&v->slots[i].seq, __ATOMIC_RELAXED);
}

/* The number in a slot; false when there is none or it does not belong there. */
static bool
number_at(const struct ring_view *v, uint64_t i, uint64_t *number)
{
	uint64_t seq = seq_at(v, i);

	*number = (seq - 1) / 2;
	return seq != 0 && *number < NUMBER_MAX && (*number & (v->nslots - 1)) == i;
}

static uint64_t
seq_max(const struct ring_view *v)
{
	uint64_t max = 0;

	for (uint64_t i = 0; i < v->nslots; i++)
		if (seq_at(v, i) > max)
			max = seq_at(v, i);
	return max;
}

/*
 * The newest number decides every slot: a writer fills them in turn. Only the
 * newest may be half written. Returns how many slots hold something else.
 */
static uint64_t
count_bad(const struct ring_view *v, uint64_t max, uint64_t first)
{
	uint64_t newest = (max - 1) / 2, bad = 0;

	for (uint64_t back = 0; back < v->nslots; back++) {
		uint64_t n = newest - back;
		bool written = max != 0 && back <= newest && n >= first;
		uint64_t wanted = !written ? 0 : back == 0 ? max : 2 * n + 2;

		bad += seq_at(v, n & (v->nslots - 1)) != wanted;
	}
	return bad;
}

static uint64_t
count_below(const struct ring_view *v, uint64_t limit)
{
	uint64_t n, count = 0;

	for (uint64_t i = 0; i < v->nslots; i++)
		count += number_at(v, i, &n) && n < limit;
	return count;
}

/* The number in the middle of all that are where they belong, by bisection. */
static uint64_t
median(const struct ring_view *v)
{
	uint64_t half = count_below(v, NUMBER_MAX) / 2, median = 0;

	for (uint64_t step = NUMBER_MAX / 2; step > 0; step /= 2)
		if (count_below(v, median + step) <= half)
			median += step;
	return median;
}

/*
 * If more than half the slots are right, so is the median; then the newest
 * right one is less than a ring's length above it.
 */
static void
recover(const struct ring_view *v, uint64_t first, uint64_t hint, struct survey *s)
{
	uint64_t n, middle = median(v), max = 0, next, bad;

	for (uint64_t i = 0; i < v->nslots; i++)
		if (number_at(v, i, &n) && n < middle + v->nslots && seq_at(v, i) > max)
			max = seq_at(v, i);
	bad = count_bad(v, max, first);
	if (bad > 0)
		s->bad = bad;
	next = max / 2 + (max & 1);
	if (hint > next && (next == 0 || hint <= next + 2 * v->nslots))
		next = hint;
	s->recovered = next > 0 && next < NUMBER_MAX - v->nslots;
	s->next = s->recovered ? next + v->nslots : 0;
}

struct survey
survey_slots(const struct tick *slots, uint64_t nslots, uint64_t first, uint64_t hint)
{
	const struct ring_view v = {slots, nslots};
	uint64_t max = seq_max(&v);
	struct survey s = {.torn = max & 1, .recovered = true};

	s.next = max / 2 > first ? max / 2 : first;
	s.bad = count_bad(&v, max, first);
	if (s.bad == 0 && (hint > s.next || s.next >= NUMBER_MAX))
		s.bad = ~0ull;
	if (s.bad != 0) {
		s.torn = false;
		recover(&v, first, hint, &s);
	}
	return s;
}
