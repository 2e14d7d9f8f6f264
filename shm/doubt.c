/*
 * What a reader makes of a slot that does not hold its tick. In a sound ring
 * that is a lap or a tick to come. But a ring may be damaged, and then a
 * sequence word or the hint may say anything: no single wrong word may make a
 * reader wait for ever or count losses that never were.
 */
#include "shm/reader_impl.h"

static uint64_t
hint_now(const struct tick_reader *r)
{
	return __atomic_load_n(&r->header->hint, __ATOMIC_ACQUIRE);
}

static uint64_t
seq_of(const struct tick_reader *r, uint64_t number)
{
	return __atomic_load_n(&r->slots[number & r->mask].seq, __ATOMIC_ACQUIRE);
}

/* Can this sequence word stand in the slot of `number`? */
static int
fits_slot(const struct tick_reader *r, uint64_t number, uint64_t seq)
{
	return seq != 0 && (((seq - 1) / 2 ^ number) & r->mask) == 0 && seq / 2 <= TICK_NUMBER_MAX;
}

/*
 * How far a number that stands in a slot can be ahead of a hint that was read
 * after it: the hint is stored every TICK_HINT_EVERY ticks; as much again for
 * stores that a weakly ordered machine shows late.
 */
static uint64_t
slack(const struct tick_reader *r)
{
	uint64_t length = r->mask + 1;

	return length < 2 * TICK_HINT_EVERY ? length : 2 * TICK_HINT_EVERY;
}

/*
 * The hint was stored after the tick before it was complete, so that tick's
 * slot holds it or a younger one, and none much younger than the hint is now.
 */
static int
hint_is_credible(const struct tick_reader *r, uint64_t hint)
{
	uint64_t seq;

	if (hint == 0)
		return 1;
	if (hint > TICK_NUMBER_MAX)
		return 0;
	seq = seq_of(r, hint - 1);
	return fits_slot(r, hint - 1, seq) && seq >= 2 * hint &&
	    seq / 2 <= hint_now(r) + slack(r);
}

/* Without a hint: one behind the youngest tick that stands where it belongs. */
static uint64_t
end_by_slots(const struct tick_reader *r)
{
	uint64_t end = r->at.checked.first;

	for (uint64_t i = 0; i <= r->mask; i++) {
		uint64_t seq = seq_of(r, i);

		if (fits_slot(r, i, seq) && seq / 2 > end)
			end = seq / 2;
	}
	return end;
}

uint64_t
reader_find_end(const struct tick_reader *r)
{
	uint64_t n = hint_now(r);

	if (n > r->at.checked.first && !hint_is_credible(r, n))
		return end_by_slots(r);
	for (uint64_t i = 0; i <= r->mask; i++) {
		uint64_t seq = seq_of(r, n);

		if (seq < 2 * n + 2)
			break;
		if (fits_slot(r, n, seq) && seq / 2 <= hint_now(r) + slack(r))
			n = seq / 2; /* one further, or a whole lap */
		else
			n++; /* damaged, but behind it there may be more */
	}
	return n;
}

static int
lose_damaged(struct tick_reader *r, uint64_t to)
{
	r->damaged += to - r->next;
	reader_lose(r, to);
	return TICK_E_DAMAGED;
}

/* Our tick was published and is not in its slot: past it, and past all of its kind behind it. */
static int
skip_damage(struct tick_reader *r, uint64_t hint)
{
	uint64_t to = r->next + 1;

	while (to < hint && to - r->next <= r->mask && seq_of(r, to) < 2 * to + 2)
		to++;
	return lose_damaged(r, to);
}

/* The slot holds a younger tick than ours: go on half a ring behind the writer. */
static int
lapped(struct tick_reader *r, uint64_t end)
{
	uint64_t to = reader_oldest_safe(r, end);

	return reader_lose(r, to > r->next ? to : r->next + 1);
}

/*
 * In a sound ring the number `at` in our slot is not more than a ring's length
 * below the hint as it was before (the writer has been in every slot since),
 * and hardly above the hint as it is afterwards.
 */
int
reader_lapped(struct tick_reader *r)
{
	uint64_t before = hint_now(r), seq = seq_of(r, r->next), after = hint_now(r);
	uint64_t at = (seq - 1) / 2, length = r->mask + 1;
	int fits = fits_slot(r, r->next, seq);

	if (seq == 2 * r->next + 2)
		return TICK_END; /* there after all: it comes with the next call */
	if (seq < 2 * r->next + 2)
		return reader_nothing(r);
	if (fits && at + length >= before && at <= after + slack(r))
		return lapped(r, at > after ? at : after);
	if (fits && !hint_is_credible(r, after))
		return lapped(r, at);
	return r->next < after ? skip_damage(r, after) : reader_nothing(r);
}

int
reader_doubt(struct tick_reader *r)
{
	uint64_t hint = hint_now(r), seq = seq_of(r, r->next), end;

	if (seq == 2 * r->next + 2 || !hint_is_credible(r, hint))
		return TICK_END;
	if (r->next < hint && seq < 2 * r->next + 2)
		return skip_damage(r, hint);
	if (r->next <= hint + slack(r))
		return TICK_END;
	/* A damaged hint led us beyond the end. Nothing was lost, it was only not there yet. */
	end = reader_find_end(r);
	if (end < r->next)
		reader_move(r, end);
	return TICK_E_DAMAGED;
}
