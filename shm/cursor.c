#include <tickring/reader.h>

#include <stdlib.h>
#include <string.h>

#include "shm/reader_impl.h"

/* Goes to a number without counting: received + skipped + lost = next - start still holds. */
void
reader_move(struct tick_reader *r, uint64_t to)
{
	r->start += to - r->next;
	r->next = to;
}

uint64_t
tick_reader_tell(const struct tick_reader *reader)
{
	return reader->next;
}

void
tick_reader_seek_end(struct tick_reader *reader, enum tick_start where)
{
	uint64_t to = reader_find_end(reader);

	if (where == TICK_FROM_OLDEST)
		to = reader_oldest_safe(reader, to);
	reader_move(reader, to);
	reader_note_epoch(reader);
}

int
tick_reader_seek(struct tick_reader *reader, uint64_t number)
{
	uint64_t end = reader_find_end(reader), to;
	const struct tick *t = &reader->slots[number & reader->mask];

	if (number > end)
		return TICK_E_RANGE;
	reader_move(reader, number);
	reader_note_epoch(reader);
	if (number == end)
		return TICK_END;
	if (__atomic_load_n(&t->seq, __ATOMIC_ACQUIRE) == 2 * number + 2)
		return TICK_MORE;
	to = reader_oldest_safe(reader, end);
	reader_lose(reader, to > number ? to : number + 1);
	return TICK_E_OVERRUN;
}

int
tick_reader_next_batch(struct tick_reader *reader, struct tick *out, size_t max, size_t *n)
{
	int outcome = TICK_MORE;

	for (*n = 0; *n < max; ++*n) {
		outcome = tick_reader_next(reader, &out[*n]);
		if (outcome != TICK_MORE)
			break;
	}
	return outcome;
}

int
tick_reader_clone(struct tick_reader **out, const struct tick_reader *reader)
{
	struct tick_reader *r = malloc(sizeof(*r));
	size_t bytes = reader->filter.ids / 8;
	int outcome = TICK_E_SYSTEM;

	*out = NULL;
	if (!r)
		return TICK_E_SYSTEM;
	*r = *reader;
	r->bell_fd = -1;
	r->bell_epoch = 0;
	r->received = r->skipped = r->lost = r->overruns = r->restarts = 0;
	r->slept = r->polled = r->damaged = 0;
	r->start = r->next;
	r->filter.wanted = bytes > 0 ? malloc(bytes) : NULL;
	if (r->filter.wanted)
		memcpy(r->filter.wanted, reader->filter.wanted, bytes);
	if (r->filter.wanted || bytes == 0)
		outcome = attach_again(&r->at, &reader->at);
	if (outcome != 0) {
		free(r->filter.wanted);
		free(r);
		return outcome;
	}
	reader_use_mapping(r);
	*out = r;
	return 0;
}
